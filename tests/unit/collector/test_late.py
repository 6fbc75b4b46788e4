"""Late data: spans in which a condition held, in the data's own time."""

from __future__ import annotations

import pytest

from collector.asset import AssetState
from collector.config.rulebook import default_rules
from collector.late import CLOSE_AFTER_MS, Found, LateConditions
from collector.rules.compile import Programs
from collector.rules.model import RuleSet
from devices.assets import Site
from devices.signal import Observation, Timing

NOW_MS = 1_764_000_000_000
SITE = Site.model_validate({"id": "s", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.0}]})
LINE = SITE.assets[0]
GOOD, LOW = 4.0, 3.0


def asset() -> AssetState:
    return AssetState(LINE, Programs(RuleSet(rules=default_rules())).of_asset(SITE, LINE))


def seen(late: LateConditions, *stretches: tuple[int, int, float]) -> list[Found]:
    """A pressure every ten seconds from second to second, all received at NOW_MS."""
    line, found = asset(), list[Found]()
    for start_s, end_s, bar in stretches:
        for at_s in range(start_s, end_s, 10):
            event_ms = NOW_MS - 3_600_000 + at_s * 1000
            found += late.observe(
                line, Observation("s", "line", "pipeline", event_ms, NOW_MS, {"line_pressure_bar": bar}, int(Timing.BACKFILL))
            )
    return found


def spans(found: list[Found]) -> list[tuple[str, int, int | None]]:
    """(rule, start second, end second or None)"""
    at = NOW_MS - 3_600_000
    return [(name.rpartition("/")[2], (start - at) // 1000, None if end is None else (end - at) // 1000) for name, start, end, _ in found]


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(0, 300, GOOD)], []),
        ([(0, 10, LOW), (10, 300, GOOD)], []),
        ([(0, 60, GOOD), (60, 120, LOW), (120, 300, GOOD)], [("LP-LL", 70, 150)]),
        ([(0, 100, LOW), (100, 200, GOOD), (200, 300, LOW), (300, 400, GOOD)],
         [("LP-LL", 10, 130), ("LP-LL", 210, 330)]),
        ([(60, 120, LOW), (0, 60, GOOD), (120, 300, GOOD)], [("LP-LL", 70, 150)]),
    ],
    ids=["nothing", "shorter than the delay", "one span", "two spans, each told once", "what is older than seen is passed over"],
)  # fmt: skip
def test_spans_that_ended(stretches: list[tuple[int, int, float]], expected: list[tuple[str, int, int | None]]) -> None:
    assert spans(seen(LateConditions(), *stretches)) == expected


def test_what_has_not_ended_is_said_without_an_end_and_only_when_the_data_has_ended() -> None:
    late = LateConditions()
    assert seen(late, (0, 50, LOW)) == []
    assert late.due_ms == NOW_MS + CLOSE_AFTER_MS
    assert late.close(NOW_MS + CLOSE_AFTER_MS - 1) == []
    (found,) = late.close(NOW_MS + CLOSE_AFTER_MS)
    assert (found[0], found[2], found[3]) == ("line/LP-LL", None, LOW)
    assert late == LateConditions()


def test_nothing_is_due_before_anything_came_late() -> None:
    assert LateConditions().close(NOW_MS) == []
