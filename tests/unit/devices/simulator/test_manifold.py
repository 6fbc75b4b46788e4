from __future__ import annotations

from random import Random

import pytest

from devices.assets import Bank as BankSpec
from devices.oxygen import usable_litres
from devices.simulator.manifold import SOUND, Ailment, Bank, Manifold
from devices.simulator.store import Store
from tests.unit.devices.simulator.sites import MANIFOLD, MINUTE_MS, START_MS, STORE


def manifold(seed: int = 1) -> Manifold:
    return Manifold(MANIFOLD, Random(seed))


def bars(of: Manifold) -> dict[str, float]:
    return {name: bank.bar(of.temp_c) for name, bank in of.banks.items()}


@pytest.mark.parametrize("temp_c", [5.0, 30.0, 45.0])
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_content_agrees_with_the_gas_law(temp_c: float, share: float) -> None:
    bank = Bank(BankSpec(cylinders=10, type="in-d"), share)
    expected_l = usable_litres(10, 46.7, bank.bar(temp_c), temp_c, 10.0)
    assert bank.usable_l(10.0, temp_c) == pytest.approx(expected_l, rel=1e-6)


def test_a_full_bank_cools_down_without_losing_gas() -> None:
    """150 bar filled at 30 °C are about 140 at 15 °C: 0.7 bar per kelvin."""
    bank = Bank(BankSpec(cylinders=10, type="in-d"), 1.0)
    before_l = bank.gas_l
    assert bank.bar(30.0) == pytest.approx(150.0, abs=1e-6)
    assert bank.bar(15.0) == pytest.approx(140.0, abs=1.5)
    assert bank.gas_l == before_l


def test_empties_a_then_b_then_the_reserve() -> None:
    plant = manifold()
    order = [plant.in_use]
    total_l = plant.available_l()
    drawn_l = 0.0
    while plant.available_l() > 1.0:
        part_l = min(2000.0, plant.available_l())
        plant.draw(part_l)
        drawn_l += part_l
        if plant.in_use != order[-1]:
            order.append(plant.in_use)
            waiting = {"a": ("b", "reserve"), "b": ("reserve",), "reserve": ()}
            assert all(bars(plant)[name] > 140 for name in waiting[order[-2]] if name != order[-1])
    assert order == ["a", "b", "reserve"]
    assert drawn_l == pytest.approx(total_l, abs=1.0)
    assert bars(plant) == pytest.approx(dict.fromkeys(("a", "b", "reserve"), 10.0), abs=0.1)


def test_a_stuck_changeover_leaves_only_the_reserve() -> None:
    plant = manifold()
    plant.ailment = Ailment(stuck=True)
    plant.draw(plant.usable_l("a") + 1000)
    assert plant.in_use == "reserve"
    assert bars(plant)["b"] > 140
    plant.ailment = SOUND
    plant.step_back()
    assert plant.in_use == "b"


def test_staff_change_an_empty_bank_within_the_hour_from_the_store() -> None:
    plant, store = manifold(), Store(STORE, Random(1))
    plant.draw(plant.usable_l("a"))
    assert plant.attend(START_MS, {"in-d": store}) == 0.0
    assert plant.attend(START_MS + 20 * MINUTE_MS, {"in-d": store}) == 0.0
    before_l = plant.banks["a"].gas_l
    gained_l = plant.attend(START_MS + 61 * MINUTE_MS, {"in-d": store})
    assert (store.full, store.empty) == (51 - 24, 24)
    assert gained_l == pytest.approx(plant.banks["a"].gas_l - before_l)
    assert bars(plant)["a"] > 140


def test_no_change_without_enough_full_cylinders() -> None:
    plant, store = manifold(), Store(STORE.model_copy(update={"full": 23}), Random(1))
    plant.draw(plant.usable_l("a"))
    plant.attend(START_MS, {"in-d": store})
    assert plant.attend(START_MS + 61 * MINUTE_MS, {"in-d": store}) == 0.0
    assert (store.full, store.empty) == (23, 0)


def test_reserve_is_refilled_at_half() -> None:
    plant = manifold()
    lost_l = plant.leak("reserve", 70.0)
    assert lost_l > 0
    plant.attend(START_MS, {})
    plant.attend(START_MS + 61 * MINUTE_MS, {})
    assert bars(plant)["reserve"] < 80, "above half nobody comes"
    plant.leak("reserve", 10.0)
    plant.attend(START_MS, {})
    plant.attend(START_MS + 61 * MINUTE_MS, {})
    assert bars(plant)["reserve"] > 140


def test_an_exhausted_manifold_gives_nothing_and_does_not_hang() -> None:
    plant = manifold()
    plant.draw(plant.available_l())
    before_l = sum(bank.gas_l for bank in plant.banks.values())
    plant.draw(plant.available_l())
    assert plant.available_l() == pytest.approx(0.0, abs=1e-6)
    assert sum(bank.gas_l for bank in plant.banks.values()) == pytest.approx(before_l, abs=1e-3)


@pytest.mark.parametrize(("banks", "first"), [(("reserve",), "reserve"), (("b",), "b"), (("a", "reserve"), "a")])
def test_any_set_of_banks_works(banks: tuple[str, ...], first: str) -> None:
    plant = Manifold(MANIFOLD.model_copy(update={"banks": {name: BankSpec(cylinders=2, type="in-b") for name in banks}}), Random(1))
    assert plant.in_use == first
    plant.draw(plant.available_l())
    assert plant.available_l() == pytest.approx(0.0, abs=1e-6)
    assert set(plant.read(4.0)) >= {"bank_in_use", "bank_temp_c", "outlet_pressure_bar", "o2_flow_lpm"}
