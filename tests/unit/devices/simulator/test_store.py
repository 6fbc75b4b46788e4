from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.store import Store
from tests.unit.devices.simulator.sites import HOUR_MS, START_MS, STORE


@given(st.lists(st.integers(0, 60), max_size=20))
def test_no_cylinder_appears_or_vanishes(wishes: list[int]) -> None:
    store = Store(STORE, Random(1))
    for number, wish in enumerate(wishes):
        full = store.full
        assert store.take(wish) == min(wish, full)
        store.deliver(START_MS + number * HOUR_MS, 2 * HOUR_MS)
        assert store.full + store.empty == 51
        assert store.full >= 0


def test_supplier_comes_after_the_lead_time() -> None:
    store = Store(STORE, Random(1))
    store.take(20)
    store.deliver(START_MS, 8 * HOUR_MS)
    store.deliver(START_MS + 8 * HOUR_MS - 1, 8 * HOUR_MS)
    assert store.full == 31
    store.deliver(START_MS + 8 * HOUR_MS, 8 * HOUR_MS)
    assert (store.full, store.empty) == (51, 0)


def test_nobody_is_called_for_a_few() -> None:
    store = Store(STORE, Random(1))
    store.take(15)
    for hour in range(100):
        store.deliver(START_MS + hour * HOUR_MS, 8 * HOUR_MS)
    assert store.full == 36


def test_wards_take_about_three_in_a_hundred_a_day() -> None:
    store = Store(STORE.model_copy(update={"full": 1000}), Random(1))
    for _ in range(8640):
        store.use(10.0)
    assert 15 <= store.empty <= 45


def test_shortage_and_rescue() -> None:
    store = Store(STORE, Random(1))
    store.run_out()
    assert store.read() == {"full_count": 0.0, "empty_count": 51.0}
    store.rescue()
    assert store.read() == {"full_count": 51.0, "empty_count": 0.0}
