from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from collector.commands.tables import (
    STATES,
    alarm_lines,
    all_alarm_lines,
    audit_lines,
    columns,
    hours,
    quarantine_lines,
    shown,
    span,
    status_lines,
)
from collector.outputs import AlarmState, Bounded, StockEstimate
from collector.ports import SourceStatus
from collector.views import (
    AlarmView,
    AssetView,
    AuditView,
    CursorView,
    QuarantinedView,
    QuarantineView,
    RefusedLineView,
    SiteView,
    StatusView,
    UnknownAssetView,
    ValueView,
)
from devices.signal import Value

NOW_MS = 1_000_000_000
LOW = AlarmView(
    alarm="a/line/LP-L",
    site="a",
    asset="line",
    rule="LP-L",
    state="acknowledged",
    priority="medium",
    raised_ms=NOW_MS - 600_000,
    text="drifting low",
)
LOW_LOW = msgspec.structs.replace(
    LOW, alarm="a/line/LP-LL", rule="LP-LL", priority="high", state="unacknowledged", raised_ms=NOW_MS - 30_000, text="failing"
)
STOCK = StockEstimate("a", 0, Bounded(6, 9, 13), Bounded(4.04, 5.06, None), Bounded(), Bounded(), Bounded(), "", [], None)


@pytest.mark.parametrize(
    ("bounded", "text"),
    [
        (Bounded(), "unknown"),
        (Bounded(6, 9, 13), "9 h (6-13)"),
        (Bounded(6, 9, None), "9 h (6-…)"),
        (Bounded(None, 9, 13), "9 h (?-13)"),
        (Bounded(99.96, 100.04, 1234.5), "100 h (100-1.23e+03)"),
    ],
)
def test_hours_left_are_said_with_their_bounds(bounded: Bounded, text: str) -> None:
    assert hours(bounded) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_spans_are_short(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(True, "yes"), (False, "no"), ("standby", "standby"), (93.4, "93.4"), (4.1234567, "4.12346")])
def test_values_are_readable(value: Value, text: str) -> None:
    assert shown(value) == text


def test_columns_are_aligned_and_end_without_blanks() -> None:
    assert list(columns([("a", "bbb", "c"), ("aa", "b", "")])) == ["a   bbb  c", "aa  b"]
    assert list(columns([])) == []


def test_the_most_urgent_alarm_comes_first() -> None:
    assert list(alarm_lines([LOW, LOW_LOW], NOW_MS)) == [
        "high    UNACK  a/line/LP-LL  30 s ago    failing",
        "medium  ACKED  a/line/LP-L   10 min ago  drifting low",
    ]
    assert list(alarm_lines([], NOW_MS)) == ["no alarms"]


SHELVED = msgspec.structs.replace(
    LOW, state="shelved", condition=True, by="Asha", why="gauge is being replaced", until_ms=NOW_MS + 720_000, text="low"
)
HIDDEN = msgspec.structs.replace(LOW, alarm="a/x/LP-L", state="suppressed", hidden_by="gw/ST-OF", text="low")
REMOVED = msgspec.structs.replace(SHELVED, alarm="a/y/LP-L", state="out_of_service", condition=False, why="job 17", until_ms=NOW_MS - 1)


def test_what_is_kept_quiet_is_listed_by_how_with_until_when_by_whom_and_why() -> None:
    assert list(all_alarm_lines([HIDDEN, REMOVED, SHELVED, LOW_LOW], NOW_MS)) == [
        "high  UNACK  a/line/LP-LL  30 s ago  failing",
        "",
        "shelved:",
        "  medium  a/line/LP-L  TRUE  until 1970-01-12T13:58:40Z (12 min left) by Asha: gauge is being replaced  low",
        "",
        "suppressed:",
        "  medium  a/x/LP-L  false  while gw/ST-OF holds  low",
        "",
        "out of service:",
        "  medium  a/y/LP-L  false  until 1970-01-12T13:46:39Z (0 s left) by Asha: job 17  low",
    ]
    assert list(all_alarm_lines([LOW_LOW], NOW_MS)) == list(alarm_lines([LOW_LOW], NOW_MS))
    assert next(all_alarm_lines([HIDDEN], NOW_MS)) == "no alarms"


@pytest.mark.parametrize("state", get_args(AlarmState))
def test_every_state_has_its_word(state: AlarmState) -> None:
    assert list(all_alarm_lines([msgspec.structs.replace(SHELVED, state=state)], NOW_MS))
    assert STATES[state].isupper()


def test_status_counts_what_is_kept_quiet() -> None:
    lines = list(status_lines(StatusView(version="1", at_ms=NOW_MS, quiet=[SHELVED, HIDDEN, HIDDEN]), NOW_MS))
    assert "kept quiet, see `oxygrid alarms --all`: SHELVED 1, SUPPRESSED 2" in lines


def test_the_audit_trail_says_who_did_what_and_what_became_of_it() -> None:
    shelve = AuditView(n=9, at_ms=0, kind="command", alarm="a/line/LP-L", command="shelve", by="Asha", why="new gauge", minutes=15.0)
    rows = [
        AuditView(n=8, at_ms=0, kind="start", what="oxygrid 1", rules="a" * 64, sites="b" * 64),
        msgspec.structs.replace(shelve, one_shot=True, state="shelved"),
        msgspec.structs.replace(shelve, n=10, refused="it is shelved already"),
        AuditView(n=11, at_ms=0, kind="stop", what="asked to"),
    ]
    assert list(audit_lines(rows)) == [
        "8   1970-01-01T00:00:00Z  oxygrid  start: oxygrid 1: rules aaaaaaaaaaaa, sites bbbbbbbbbbbb",
        "9   1970-01-01T00:00:00Z  Asha     shelve a/line/LP-L for 15 min, one-shot (new gauge): shelved",
        "10  1970-01-01T00:00:00Z  Asha     shelve a/line/LP-L for 15 min (new gauge): refused: it is shelved already",
        "11  1970-01-01T00:00:00Z  oxygrid  stop: asked to",
    ]
    assert list(audit_lines([])) == ["no entries"]


def test_status_says_all_of_a_running_collector() -> None:
    values: dict[str, ValueView] = {
        "line_pressure_bar": ValueView(4.1, 0, 3.0),
        "o2_flow_lpm": ValueView(120.0, 0, 400.0, "stale", "nothing for 7 min"),
    }
    status = StatusView(
        version="1",
        at_ms=NOW_MS,
        source=SourceStatus("mqtt", True, 0, received=7),
        sites=[SiteView("a", "Hospital", [AssetView("line", "pipeline", values=values), AssetView("gw", "gateway")], STOCK), SiteView("b")],
        alarms=[LOW],
        cursors=[CursorView("writer", 5, 2, 1.25)],
        dropped={"journal_messages": 0, "exports": 3},
        quarantined={"malformed": 2},
    )
    assert list(status_lines(status, NOW_MS)) == [
        "source mqtt: connected, 7 messages received",
        "",
        "a  Hospital",
        "  hours left: connected 9 h (6-13), without the plant 5.06 h (4.04-…), on site unknown",
        "  line  pipeline  3 s  line_pressure_bar 4.1, o2_flow_lpm 120 (stale: nothing for 7 min)",
        "  gw    gateway",
        "",
        "b",
        "  hours left: unknown",
        "",
        "medium  ACKED  a/line/LP-L  10 min ago  drifting low",
        "",
        "reader  batches behind  seconds behind",
        "writer  2               1.2",
        "quarantined: malformed 2",
        "dropped: exports 3",
    ]


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (StatusView(version="1", at_ms=0, live=False), "no collector answers; this is what the last one left on disk"),
        (
            StatusView(version="1", at_ms=0, source=SourceStatus("mqtt", False, 0, "refused")),
            "source mqtt: not connected: refused, 0 messages received",
        ),
    ],
)
def test_status_begins_with_what_to_know_first(status: StatusView, first: str) -> None:
    assert next(status_lines(status, NOW_MS)) == first


def test_quarantine_shows_reason_place_and_hint() -> None:
    quarantine = QuarantineView(
        counts={"malformed": 2},
        values=[QuarantinedView(received_ms=0, topic="t/a", signal=None, reason="malformed", detail="no JSON", sample="{")],
        unknown_assets=[
            UnknownAssetView(site="a", asset="x", topic="t/x", first_ms=0, last_ms=0, count=3, signals=["run_h"], hint="add it")
        ],
        refused_lines=[RefusedLineView("m f=1", "type conflict")],
    )
    assert list(quarantine_lines(quarantine)) == [
        "quarantined for ever, by reason: malformed 2",
        "1970-01-01T00:00:00Z  malformed  t/a    no JSON",
        "unknown assets:",
        "  t/x  3 messages  last 1970-01-01T00:00:00Z  add it",
        "refused by the database:",
        "  m f=1  type conflict",
    ]
