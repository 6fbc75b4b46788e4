"""Stories of alarms: readings at virtual times go through the real decoder and evaluator; each step names every transition it expects.

    story = Story(PIPELINE)
    story.say(0, "line", line_pressure_bar=3.2)      # at second 0
    story.expect()                                   # nothing yet
    story.say(10, "line", line_pressure_bar=3.2)
    story.expect("line/LP-LL raised")

Times are seconds from START_MS. `restart` loads the evaluator from its snapshots, as a process that was killed would.
"""

from __future__ import annotations

import json
from typing import Any

from collector.alarms.panel import key_of
from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import StateChange, Transition
from collector.records import Batch, Message
from collector.rules.model import RuleSet
from devices.assets import Site

QUIETLY = frozenset({"raised", "cleared", "suppressed", "unsuppressed"})
START_MS = 1_760_000_040_000
SITE = "dh"


class Story:
    def __init__(self, assets: list[dict[str, Any]], rules: RuleSet | None = None, **site: Any) -> None:
        self.site = Site.model_validate({"id": SITE, "assets": assets, **site})
        self.rules = rules or RuleSet(rules=default_rules())
        self.evaluator = Evaluator([self.site], self.rules)
        self.decoder = Decoder([self.site])
        self.seq = 0
        self.change = StateChange()
        self.told: list[Transition] = []
        self.log: list[Transition] = []
        self.control(0, "start", {})

    def say(self, at_s: float, asset: str, *, stamp_s: float | None = None, **values: Any) -> None:
        """A live reading, received at `at_s`, measured at `stamp_s` (the same when not given). `backfill`, `seq` go beside the values."""
        beside: dict[str, Any] = {key: values.pop(key) for key in ("backfill", "seq", "ts") if key in values}
        body = {"ts": START_MS + int((at_s if stamp_s is None else stamp_s) * 1000), "values": values, **beside}
        self.message(at_s, f"oxygrid/v1/{SITE}/{asset}", json.dumps(body).encode())

    def message(self, at_s: float, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.seq += 1
        batch = Batch(self.seq, START_MS + int(at_s * 1000), [Message(topic, payload, retained)])
        self.evaluator.step(self.decoder.decode(batch), self.change)

    def control(self, at_s: float, name: str, payload: dict[str, Any]) -> None:
        self.message(at_s, f"$oxygrid/{name}", json.dumps(payload).encode())

    def keep_saying(self, asset: str, start_s: float, end_s: float, every_s: float = 10.0, **values: Any) -> None:
        at_s = start_s
        while at_s <= end_s:
            self.say(at_s, asset, **values)
            at_s += every_s

    def wait(self, until_s: float) -> None:
        """Nothing comes until then."""
        self.evaluator.advance(START_MS + int(until_s * 1000), self.change)

    def restart(self) -> None:
        """A new evaluator from the snapshots of this moment."""
        snapshots = self.evaluator.snapshots(self.evaluator.sites)
        self.evaluator = Evaluator([self.site], self.rules, snapshots)

    def expect(self, *transitions: str, only: str = "") -> None:
        """Exactly these since the last time: "asset/rule event", in order. `only`: look at this rule. What is suppressed or shelved is
        judged and logged without a word to anybody: see `logged`."""
        seen, self.change = self.change.transitions, StateChange()
        self.log.extend(seen)
        seen = [t for t in seen if t.annunciate or t.event not in QUIETLY]
        self.told.extend(seen)
        found = [f"{t.alarm.removeprefix(SITE + '/')} {t.event}" for t in seen if only in ("", t.rule)]
        assert found == list(transitions), [t.text for t in seen]

    def command(self, at_s: float, name: str, alarm: str, by: str = "Asha", **more: Any) -> str:
        """A person's command; returns why it was refused, or an empty string."""
        self.control(at_s, "command", {"command": name, "alarm": f"{SITE}/{alarm}", "by": by, **more})
        return self.change.audit[-1].refused

    def state(self, alarm: str) -> str:
        """What the alarm shows now."""
        found = self.evaluator.sites[SITE].book.alarms.get(key_of(alarm))
        return found.state if found else "normal"

    @property
    def last(self) -> Transition:
        return self.told[-1]
