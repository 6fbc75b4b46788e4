from __future__ import annotations

from collector.notify.health import BROKEN_AFTER, Breaker, Rate


def test_it_breaks_after_failures_in_a_row_and_one_success_mends_it() -> None:
    breaker = Breaker()
    for _ in range(BROKEN_AFTER - 1):
        breaker.failed()
    breaker.worked()
    for _ in range(BROKEN_AFTER - 1):
        breaker.failed()
    assert not breaker.broken
    states = []
    for step in (breaker.failed, breaker.worked):
        step()
        states.append(breaker.broken)
    assert states == [True, False]


def test_a_rate_lets_so_many_go_in_any_minute() -> None:
    rate = Rate(2)
    for at_ms in (0, 10_000):
        assert rate.wait_s(at_ms) == 0
        rate.took(at_ms)
    assert rate.wait_s(20_000) == 40
    assert rate.wait_s(60_000) == 0
    rate.took(60_000)
    assert rate.wait_s(60_001) == 9.999


def test_no_limit_and_a_clock_that_jumps_back() -> None:
    assert Rate(None).wait_s(0) == 0
    rate = Rate(1)
    rate.took(1_000_000)
    assert rate.wait_s(1_000_000) == 60
    assert rate.wait_s(10) == 0
