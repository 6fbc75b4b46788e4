"""What is said of a refill, a fill and a changeover."""

from __future__ import annotations

import pytest

from collector.stock.bank import BankTrack
from collector.stock.events import changeover_event, fill_event, refill_event
from collector.stock.exchange import Exchange
from collector.stock.level import Rise
from collector.stock.manifold import Changeover
from devices.assets import Bank
from devices.oxygen import lox_litres_gas
from tests.unit.collector.stock.cases import START_MS


def refill(
    cylinders: int, before_bar: float, after_bar: float, counted: int | None = None, *, temp_measured: bool = True
) -> tuple[str, bool]:
    bank = BankTrack("m/a", Bank(cylinders=cylinders, type="in-d"), 10.0, 60)
    rise = Rise(START_MS, bank.litres(before_bar), bank.litres(after_bar), before_bar, after_bar)
    event = refill_event("s", "m", bank, rise, Exchange.of(bank, rise, temp_measured=temp_measured), counted)
    assert event.litres == pytest.approx(bank.litres(after_bar) - bank.litres(before_bar))
    assert (event.source, event.event, event.expected_bar, event.before_bar, event.pressure_bar) == (
        "m/a",
        "refill",
        150,
        before_bar,
        after_bar,
    )
    return event.text, event.short


@pytest.mark.parametrize(
    ("args", "text", "short"),
    [
        ((1, 10, 150), "+6,480 L, 1 cylinder: bank a refilled to 150 bar", False),
        ((24, 12, 148), "+151,165 L, 24 cylinders: bank a refilled to 148 bar", False),
        ((24, 12, 148, 24), "+151,165 L, 24 cylinders: bank a refilled to 148 bar", False),
        ((24, 100, 149), "+55,075 L, 24 cylinders: bank a refilled to 149 bar", False),
        (
            (24, 12, 110),
            "+108,484 L, 17 cylinders' worth: bank a refilled to 110 bar of 150: short fill, 24 cylinders at 110 bar "
            "(or 17 of them exchanged for full ones)",
            True,
        ),
        (
            (24, 12, 110, 24),
            "+108,484 L, 17 cylinders' worth: bank a refilled to 110 bar of 150: short fill, 24 cylinders at 110 bar",
            True,
        ),
        ((24, 12, 110, 17), "+108,484 L, 17 cylinders: bank a refilled to 110 bar of 150", False),
        (
            (24, 12, 110, 20),
            "+108,484 L, 17 cylinders' worth: bank a refilled to 110 bar of 150: short fill, 20 cylinders at 129 bar",
            True,
        ),
        ((2, 40, 60), "+1,839 L, 0.4 of a cylinder: bank a refilled to 60 bar of 150: short fill, 2 cylinders at 60 bar", True),
    ],
)
def test_a_refill_in_words(args: tuple[int, float, float] | tuple[int, float, float, int], text: str, short: bool) -> None:
    assert refill(*args) == (text, short)


def test_without_a_thermometer_a_cold_bank_is_not_called_short() -> None:
    assert refill(24, 12, 137, temp_measured=True)[1]
    assert not refill(24, 12, 137, temp_measured=False)[1]


def test_a_fill_in_kilograms_and_litres() -> None:
    rise = Rise(START_MS, lox_litres_gas(1900), lox_litres_gas(5200), 2400.0, 5700.0)
    event = fill_event("s", "lox", rise, 6000)
    assert event.text == "+3,300 kg, 2,436,575 L of gas: lox filled from 40 to 95 %"
    assert (event.kg, event.source, event.event) == (3300, "lox", "fill")
    assert event.litres == pytest.approx(lox_litres_gas(3300))


def test_a_changeover_in_words() -> None:
    event = changeover_event("s", "m", Changeover("a", "b", START_MS, 2))
    assert (event.text, event.source, event.id) == (
        "changed over from bank a to bank b, number 2 today",
        "m/b",
        f"s/m/m/b/changeover@{START_MS}",
    )
