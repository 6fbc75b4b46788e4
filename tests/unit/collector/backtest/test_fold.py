"""Batches of a journal and blocks of a database give the same alarms, and those of the running collector."""

from __future__ import annotations

import json

from collector.backtest.block import Block
from collector.backtest.fold import fold
from collector.backtest.side import Side
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Batch, Decoded, Message
from tests.unit.collector.backtest.past import SITE, START_MS, STEP_MS, pressures

PRESSURES = pressures((4.0, 30), (3.1, 12), (4.0, 30), (3.5, 30), (4.0, 30))
END_MS = START_MS + 132 * STEP_MS
RULES = rule_set(Rules())


def batches() -> list[Decoded]:
    decoder = Decoder([SITE])
    found = [decoder.decode(Batch(1, START_MS, [Message("$oxygrid/start", b"{}")]))]
    for seq, (time_ms, bar) in enumerate(zip(PRESSURES.times, PRESSURES.columns["line_pressure_bar"], strict=True), start=2):
        body = json.dumps({"ts": time_ms, "values": {"line_pressure_bar": bar}}).encode()
        found.append(decoder.decode(Batch(seq, time_ms, [Message("oxygrid/v1/dh/line", body)])))
    return found


def live() -> list[tuple[str, int]]:
    evaluator, change = Evaluator([SITE], RULES), StateChange()
    for batch in batches():
        evaluator.step(batch, change)
    evaluator.advance(END_MS, change)
    return [(t.alarm, t.event_ms) for t in change.transitions if t.event == "raised" and t.annunciate]


def told(side: Side) -> list[tuple[str, int]]:
    return [(episode.alarm, episode.raised_ms) for episode in side.episodes.all() if episode.told]


def test_batches_and_blocks_give_what_the_running_collector_gives() -> None:
    of_batches, of_blocks = Side([SITE], RULES, START_MS), Side([SITE], RULES, START_MS)
    fold([of_batches], batches(), (START_MS, END_MS), lambda *_: None)
    middle = START_MS + 47 * STEP_MS
    halves = [
        Block(SITE.id, START_MS, middle, [PRESSURES._replace(times=PRESSURES.times[:47], columns=cut(slice(0, 47)))]),
        Block(SITE.id, middle, END_MS, [PRESSURES._replace(times=PRESSURES.times[47:], columns=cut(slice(47, None)))]),
    ]
    fold([of_blocks], halves, (START_MS, END_MS), lambda *_: None)
    assert told(of_batches) == told(of_blocks) == live() == [
        ("dh/line/LP-LL", START_MS + 310_000), ("dh/line/LP-L", START_MS + 780_000),
    ]  # fmt: skip


def cut(part: slice) -> dict[str, list[float | bool | str | None]]:
    return {name: list(column[part]) for name, column in PRESSURES.columns.items()}


def test_every_side_gets_everything() -> None:
    sides = [Side([SITE], RULES, START_MS), Side([SITE], rule_set(Rules.model_validate({"everywhere": {"LP-LL": {"enabled": False}}})), 0)]
    seen: list[int] = []
    fold(sides, batches(), (START_MS, END_MS), lambda _ms, readings: seen.append(readings))
    assert [len(told(side)) for side in sides] == [2, 2]
    assert told(sides[1])[0] == ("dh/line/LP-L", START_MS + 360_000)
    assert sum(seen) == 132
