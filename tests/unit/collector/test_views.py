from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from collector.audit import Row, encode
from collector.outputs import AlarmState, Bounded, Command, StockEstimate, TrailEntry, Transition
from collector.views import QUIET, AlarmView, AuditView, StatusView, alarm_view, audit_view

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
    condition=True,
    annunciate=True,
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
        condition=True,
        annunciate=True,
    )


def test_what_is_kept_quiet_says_how() -> None:
    shelved = msgspec.structs.replace(
        TRANSITION, event="shelved", state="shelved", by="Asha", why="new gauge", until_ms=99, annunciate=False
    )
    view = alarm_view(shelved)
    assert (view.state, view.by, view.why, view.until_ms, view.is_open) == ("shelved", "Asha", "new gauge", 99, False)
    hidden = alarm_view(msgspec.structs.replace(TRANSITION, state="suppressed", hidden_by="LP-LL", nature="suspect_sensor"))
    assert (hidden.hidden_by, hidden.nature, hidden.condition, hidden.is_open) == ("LP-LL", "suspect_sensor", True, False)


@pytest.mark.parametrize("state", get_args(AlarmState))
def test_an_alarm_that_is_not_normal_is_open_or_kept_quiet(state: AlarmState) -> None:
    view = alarm_view(msgspec.structs.replace(TRANSITION, state=state))
    assert (view.is_open, state in QUIET, state == "normal").count(True) == 1


def test_a_row_of_the_trail_is_told_flat() -> None:
    command = Command("shelve", "a/line/LP-L", "Asha", "new gauge", 15.0, True)
    body = encode(TrailEntry(kind="command", at_ms=5, seq=7, nth=0, command=command, state="shelved"))
    assert audit_view(Row(3, 5, 7, 0, body, b"\xab")) == AuditView(
        n=3,
        at_ms=5,
        kind="command",
        alarm="a/line/LP-L",
        command="shelve",
        by="Asha",
        why="new gauge",
        minutes=15.0,
        one_shot=True,
        state="shelved",
        hash="ab",
    )
    stop = encode(TrailEntry(kind="stop", at_ms=5, seq=7, nth=-1, what="asked to"))
    assert audit_view(Row(3, 5, 7, -1, stop, b"")) == AuditView(n=3, at_ms=5, kind="stop", what="asked to")
    for rubbish in (b"?", b"\xff\xfe", b'{"kind": "x"}'):
        assert audit_view(Row(3, 5, 7, -1, rubbish, b"")) == AuditView(n=3, at_ms=5, kind="unreadable")


def test_an_answer_of_a_newer_collector_with_more_fields_is_read() -> None:
    answer = b'{"version": "9", "at_ms": 1, "new": {"x": 1}, "alarms": []}'
    assert msgspec.json.decode(answer, type=StatusView) == StatusView(version="9", at_ms=1)


def test_unknown_stock_stays_unknown_through_json() -> None:
    unknown = StockEstimate("a", 1, Bounded(), Bounded(), Bounded(1.0, 2.0, None), Bounded(), Bounded(), "none", [], None)
    assert msgspec.json.decode(msgspec.json.encode(unknown), type=StockEstimate) == unknown
