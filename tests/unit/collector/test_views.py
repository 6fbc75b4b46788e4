from __future__ import annotations

import msgspec
import pytest

from collector.outputs import Bounded, StockEstimate, Transition
from collector.views import AlarmView, StatusView, alarm_view

TRANSITION = Transition(
    occurrence="a/line/LP-LL@5",
    site="a",
    asset="line",
    rule="LP-LL",
    event="raised",
    state="unacknowledged",
    priority="high",
    event_ms=15,
    evaluated_ms=20,
    raised_ms=5,
    text="low",
    value=3.1,
    limit=3.28,
    unit="bar",
)


@pytest.mark.parametrize(("asset", "alarm"), [("line", "a/line/LP-LL"), ("", "a/LP-LL")])
def test_an_alarm_is_the_last_transition_without_its_history(asset: str, alarm: str) -> None:
    assert alarm_view(msgspec.structs.replace(TRANSITION, asset=asset)) == AlarmView(
        alarm=alarm,
        site="a",
        asset=asset,
        rule="LP-LL",
        state="unacknowledged",
        priority="high",
        raised_ms=5,
        text="low",
        value=3.1,
        limit=3.28,
        unit="bar",
    )


def test_an_answer_of_a_newer_collector_with_more_fields_is_read() -> None:
    answer = b'{"version": "9", "at_ms": 1, "new": {"x": 1}, "alarms": []}'
    assert msgspec.json.decode(answer, type=StatusView) == StatusView(version="9", at_ms=1)


def test_unknown_stock_stays_unknown_through_json() -> None:
    unknown = StockEstimate("a", 1, Bounded(), Bounded(), Bounded(1.0, 2.0, None), Bounded(), Bounded(), "none", [], None)
    assert msgspec.json.decode(msgspec.json.encode(unknown), type=StockEstimate) == unknown
