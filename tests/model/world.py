"""One site under two eyes: the collector's evaluator and the reference fold the same history, and must say the same after every step."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import SiteSnapshot, StateChange, Transition
from collector.records import Batch, Decoded, Message
from collector.rules.model import RuleSet
from devices.assets import Site
from tests.model.life import Told
from tests.model.reference import Reference

START_MS = 1_764_000_000_000
UNSEEN = frozenset({"discovered_late"})


def told_of(transition: Transition) -> Told:
    return Told(**{name: getattr(transition, name) for name in Told._fields})


@dataclass(frozen=True)
class Saved:
    """What was on disk: snapshots, and how much had been told by then."""

    snapshots: list[SiteSnapshot]
    batches: int
    told: int


@dataclass
class World:
    site: Site
    rules: RuleSet
    now_ms: int = START_MS
    change: StateChange = field(default_factory=StateChange)
    batches: list[Decoded] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decoder = Decoder([self.site])
        self.evaluator = Evaluator([self.site], self.rules)
        self.reference = Reference(self.site, self.rules)
        self.saved = Saved([], 0, 0)
        self.compared = 0
        self.control("start", {})

    # ---- what happens --------------------------------------------------------------------------------------------------------

    def pass_time(self, by_ms: int) -> None:
        """Nothing comes."""
        self.now_ms += by_ms
        self.evaluator.advance(self.now_ms, self.change)
        self.reference.advance(self.now_ms, self._estimates())
        self.compare()

    def messages(self, *messages: Message) -> None:
        """One batch, a millisecond later at least."""
        self.now_ms += 1
        batch = self.decoder.decode(Batch(len(self.batches) + 1, self.now_ms, list(messages)))
        self.batches.append(batch)
        self.evaluator.step(batch, self.change)
        self.reference.step(batch, self._estimates())
        self.compare()

    def reading(self, asset: str, lag_ms: int | None, values: dict[str, Any]) -> Message:
        stamp = {} if lag_ms is None else {"ts": max(1, self.now_ms + 1 - lag_ms)}
        return Message(f"oxygrid/v1/{self.site.id}/{asset}", json.dumps({**stamp, "values": values}).encode())

    def control(self, name: str, body: dict[str, Any]) -> None:
        self.messages(Message(f"$oxygrid/{name}", json.dumps(body).encode()))

    def save(self) -> None:
        self.saved = Saved(self.evaluator.snapshots(self.evaluator.sites), len(self.batches), len(self.change.transitions))

    def restart(self, gap_ms: int) -> None:
        """Stopped in good order, and begun again after a while."""
        self.save()
        self.evaluator = Evaluator([self.site], self.rules, self.saved.snapshots)
        self.now_ms += gap_ms
        self.control("start", {})

    def crash(self) -> None:
        """Killed: what was on disk is loaded, and the journal behind it is folded again. It says again what it had said, word for word."""
        before = self.change.transitions[self.saved.told :]
        self.evaluator, again = Evaluator([self.site], self.rules, self.saved.snapshots), StateChange()
        for batch in self.batches[self.saved.batches :]:
            self.evaluator.step(batch, again)
        self.evaluator.advance(self.now_ms, again)
        assert again.transitions == before

    # ---- what must hold ------------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """The same things told at the same times, each alarm's in the same order; the same commands refused; the same states shown."""
        found = [told_of(t) for t in self.change.transitions[self.compared :] if t.event not in UNSEEN]
        self.compared = len(self.change.transitions)
        wanted, self.reference.told = self.reference.told, []
        assert not difference(found, wanted), "\n".join(difference(found, wanted))
        assert [bool(entry.refused) for entry in self.change.audit] == self.reference.refused, self.change.audit[-1]
        book = self.evaluator.sites[self.site.id].book
        shown = {book.name(key): alarm.state for key, alarm in book.alarms.items() if alarm.state != "normal"}
        assert shown == self.reference.shown()

    def check_invariants(self) -> None:
        """What must hold whatever the rules say."""
        ids = Counter(t.id for t in self.change.transitions)
        assert [name for name, times in ids.items() if times > 1] == []
        for alarm in {t.alarm for t in self.change.transitions}:
            check_story([t for t in self.change.transitions if t.alarm == alarm and t.event not in UNSEEN])

    def _estimates(self) -> dict[int, Any]:
        return {estimate.at_ms: estimate for estimate in self.change.stock if estimate.site == self.site.id}


def check_story(story: list[Transition]) -> None:
    """Of one alarm: each occurrence is raised once and ends once; who was told of it is told of its end, and nobody else is."""
    told, open_one = False, ""
    for t in story:
        if t.event == "raised":
            open_one, told = t.occurrence, t.annunciate
        elif t.event in {"cleared", "reset"}:
            assert t.occurrence == open_one
            assert t.annunciate is told
            open_one, told = "", False
        elif t.annunciate:
            assert t.occurrence == open_one
            assert t.state in {"unacknowledged", "latched_unacknowledged"}
            told = True


def difference(found: list[Told], wanted: list[Told]) -> list[str]:
    """What the collector told and should not have, and the other way round; alarms are told in any order, each one's story in its own."""
    lines: list[str] = []
    for alarm in sorted({each.alarm for each in (*found, *wanted)}):
        one, other = ([each for each in side if each.alarm == alarm] for side in (found, wanted))
        if one != other:
            lines += [f"collector: {_line(each)}" for each in one] + [f"reference: {_line(each)}" for each in other]
    return lines


def _line(told: Told) -> str:
    """Times in seconds since the beginning."""
    times = {name: (value - START_MS) / 1000 for name, value in told._asdict().items() if name.endswith("_ms") and value}
    return ", ".join(f"{name}={value}" for name, value in {**told._asdict(), **times}.items() if value not in ("", None))
