"""Simulated hospitals through the real decoder and evaluator, with what was truly so beside what was told.

ran = run(HOSPITAL, "plant_trip", hours=4, claims={"down": lambda plant: plant.psas["psa1"].state in {"fault", "off"}})
ran.told                 every transition
ran.lasted("down", 60)   when "down" had been so for 60 s
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import PRIORITIES, StateChange, Transition
from collector.records import Batch, Message
from collector.rules.model import RuleSet
from devices.assets import Site
from devices.simulator.faults import Fault
from devices.simulator.fleet import Fleet, step_ms
from devices.simulator.plant import Plant
from tests.unit.devices.simulator.sites import HOUR_MS, START_MS

Claim = Callable[[Plant], bool | None]
"""Whether something is truly so; None where it can't be judged (a plant's purity while it stands by): neither counted nor a reset."""


@dataclass
class Ran:
    """What happened. `claims` has for each claim what it was at each step."""

    start_ms: int
    step_ms: int
    faults: tuple[Fault, ...]
    told: list[Transition] = field(default_factory=list)
    claims: dict[str, list[bool | None]] = field(default_factory=dict)

    def of(self, alarm: str, event: str) -> list[Transition]:
        """The transitions of one alarm (`asset/rule`)."""
        return [t for t in self.told if t.alarm.partition("/")[2] == alarm and t.event == event]

    def urgent(self) -> list[Transition]:
        """What somebody is told to act on: medium or high."""
        return [
            t
            for t in self.told
            if t.annunciate and t.event not in {"cleared", "reset"} and PRIORITIES.index(t.priority) >= PRIORITIES.index("medium")
        ]

    def still_open(self) -> set[str]:
        """Urgent alarms that were never cleared."""
        ended = {t.occurrence for t in self.told if t.event == "cleared"}
        return {t.alarm for t in self.urgent() if t.occurrence not in ended}

    def lasted(self, claim: str, delay_s: float) -> int:
        """When the claim had been true for so long without a break."""
        true_ms = 0
        for index, holds in enumerate(self.claims[claim]):
            if holds is not None:
                true_ms = true_ms + self.step_ms if holds else 0
            if holds and true_ms - self.step_ms >= delay_s * 1000:
                return self.start_ms + index * self.step_ms
        raise AssertionError(f"{claim} was never true for {delay_s:g} s: nothing to be told")


def run(site: Site, scenario: str | Sequence[Fault], *, hours: float, seed: int = 11, claims: Mapping[str, Claim] | None = None) -> Ran:
    """A site for so many hours. Messages that leave within a step come as they are sent, each a batch of its own."""
    fleet = Fleet([site], seed, START_MS, scenario)
    ran = Ran(START_MS, step_ms([site]), fleet.faults, claims={name: [] for name in claims or {}})
    evaluator, decoder, change = Evaluator([site], RuleSet(rules=default_rules())), Decoder([site]), StateChange()
    evaluator.step(decoder.decode(Batch(1, START_MS, [Message("$oxygrid/start", b"{}")])), change)
    plant = fleet.simulated[site.id].plant
    for at_ms in range(START_MS, START_MS + round(hours * HOUR_MS), ran.step_ms):
        for emission in fleet.run(at_ms + ran.step_ms):
            batch = Batch(evaluator.cursor + 1, max(evaluator.now_ms, emission.send_ms), [Message(emission.topic, emission.payload)])
            evaluator.step(decoder.decode(batch), change)
        for name, claim in (claims or {}).items():
            ran.claims[name].append(claim(plant))
        ran.told.extend(change.transitions)
        change = StateChange()
    return ran


class HoursBelow:
    """The claim that what hangs on the manifold lasts for less than so many hours, at the mean draw of the last quarter of an hour; `sure`:
    by at least the 5 % that content and flow may be wrong by."""

    def __init__(self, hours: float, step_s: float, *, sure: float = 0.95) -> None:
        self.limit_h = hours * sure
        self._draws_lpm: deque[float] = deque(maxlen=round(900 / step_s))

    def __call__(self, plant: Plant) -> bool:
        self._draws_lpm.append(plant.drawn_lpm())
        mean_lpm = sum(self._draws_lpm) / len(self._draws_lpm)
        return mean_lpm > 0 and sum(plant.connected_l().values()) / 60 / mean_lpm < self.limit_h
