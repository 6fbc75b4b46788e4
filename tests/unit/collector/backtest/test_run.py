"""A backtest from beginning to end, over a past in memory."""

from __future__ import annotations

from typing import Any

import pytest

from collector.backtest.compare import Fate
from collector.backtest.run import Progress, Question, backtest
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.errors import UserError
from collector.outputs import Transition
from tests.unit.collector.backtest.episode import transition
from tests.unit.collector.backtest.past import SITE, START_MS, STEP_MS, MemoryPast, past_of, pressures

MINUTE_MS = 60_000
PRESSURES = pressures((4.0, 30), (3.5, 12), (4.0, 30), (3.5, 30), (4.0, 30))
"""Low from 5 to 7 and from 12 to 17 minutes."""


def rules(**everywhere: dict[str, Any]) -> Rules:
    return Rules.model_validate({"everywhere": {name.replace("_", "-"): change for name, change in everywhere.items()}})


def asked(from_min: float = 0, to_min: float = 22, *, warm_up_min: float = 0, recorded: list[Transition] | None = None) -> Question:
    new = rule_set(rules(LP_L={"on_delay_s": 150}))
    times = (START_MS + round(from_min * MINUTE_MS), START_MS + round(to_min * MINUTE_MS), round(warm_up_min * MINUTE_MS))
    return Question((SITE,), *times, rule_set(Rules()), new, recorded)


def fates(question: Question, past: MemoryPast) -> list[tuple[Fate, str, int]]:
    report = backtest(question, past, lambda _: None)
    return [(pair.fate, pair.alarm, (pair.at_ms - START_MS) // 1000) for pair in report.sites[0].alarms]


def test_a_longer_delay_loses_the_short_dip_and_moves_the_long_one() -> None:
    report = backtest(asked(), past_of(PRESSURES), lambda _: None)
    (site,) = report.sites
    assert [(pair.fate, pair.alarm, pair.later_ms) for pair in site.alarms] == [
        ("lost", "dh/line/LP-L", 0), ("moved", "dh/line/LP-L", 90_000),
    ]  # fmt: skip
    assert [pair.at_ms for pair in site.missed] == [START_MS + 360_000]
    assert (site.old_pages.total, site.new_pages.total) == (2, 1)
    assert report.readings == 132
    assert report.against == "the rules in force"


def test_what_was_raised_while_warming_up_is_not_counted() -> None:
    assert fates(asked(8, warm_up_min=8), past_of(PRESSURES)) == [("moved", "dh/line/LP-L", 780)]
    assert fates(asked(14, warm_up_min=3), past_of(PRESSURES)) == [("gained", "dh/line/LP-L", 870)], "the old one was open before"


def test_against_what_is_on_record() -> None:
    on_record = [transition("raised", 0, 0)]
    moved = [
        Transition(
            occurrence="dh/line/LP-L@1", site="dh", asset="line", rule="LP-L", event="raised", state="unacknowledged", priority="medium",
            event_ms=START_MS + 780_000, evaluated_ms=START_MS + 780_000, raised_ms=START_MS + 780_000, text="", annunciate=True,
        )
    ]  # fmt: skip
    report = backtest(asked(recorded=[*on_record, *moved]), past_of(PRESSURES), lambda _: None)
    assert [(pair.fate, pair.later_ms) for pair in report.sites[0].alarms] == [("moved", 90_000)]
    assert report.against == "what is on record"


@pytest.mark.parametrize(
    ("question", "note"),
    [
        (asked(-10, 22), "note: begins 10m after --from"),
        (asked(5, 22, warm_up_min=30), "note: the warm-up is 5m: the memory does not reach back further"),
        (asked(0, 90), "note: ends 1h8m10s before --to"),
        (asked(), "note: holds readings alone"),
    ],
)
def test_what_the_source_lacks_is_said(question: Question, note: str) -> None:
    report = backtest(question, past_of(PRESSURES), lambda _: None)
    assert any(note.removeprefix("note: ") in said for said in report.notes), report.notes


@pytest.mark.parametrize("past", [MemoryPast([], None), MemoryPast([], (START_MS - 10, START_MS - 1)), MemoryPast([], (1 << 50, 1 << 51))])
def test_a_range_without_data_is_refused(past: MemoryPast) -> None:
    with pytest.raises(UserError, match="the memory holds nothing of"):
        backtest(asked(), past, lambda _: None)


def test_it_tells_how_far_it_is() -> None:
    told: list[Progress] = []
    backtest(asked(), past_of(PRESSURES), told.append)
    assert told[-1].readings == 132
    assert 0.99 < told[-1].share <= 1


def test_silence_at_the_end_is_said() -> None:
    late = asked(0, 60)
    assert ("same", "dh/line/SN-SI", (131 * STEP_MS + 120_000) // 1000) in fates(late, past_of(PRESSURES))
