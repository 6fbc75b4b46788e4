"""Watches what is truly so while faults hold, and notes when a rule was due to speak."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bench.truth_claims import CLAIMS, Claim, Scene
from bench.truth_expect import ALWAYS, EXPECTED, SENSES, SPOILT, UNSEEN_FAULTS, expected_at
from bench.truth_judge import TrueThing
from collector.asset import SKEW_SAMPLES
from devices.gateway.emission import links_of
from devices.simulator.faults import Active, Fault

SLACK_S = 60.0
ORDINARY = "ordinary use"
CLOCK_READINGS = SKEW_SAMPLES + 2
"""A clock that is behind is told from a backlog after so many readings; until then they count as old."""


@dataclass(slots=True)
class _Watched:
    asset: str
    rule: str
    fault: str
    claim: Claim
    delay_ms: float
    true_ms: float = 0.0
    from_ms: int = 0
    due_ms: int = 0
    deadline_ms: int = 0


class Watch:
    """`things` are those that were due. `delays_s` has the rules in force, by asset ("" the site) and id: a rule that is not there is not
    expected to speak."""

    def __init__(self, scene: Scene, delays_s: Mapping[tuple[str, str], float], step_ms: int) -> None:
        self.things: list[TrueThing] = []
        self._scene, self._delays_s, self._step_ms = scene, delays_s, step_ms
        self._kinds = {asset.id: asset.kind for asset in scene.site.assets} | {"": "site"}
        self._gateways = {asset: link.gateway or "" for link in links_of(scene.site) for asset in link.assets}
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._unseen_ms: dict[tuple[str, str], float] = {}
        self._active: Active | None = None  # so that the first step looks

    def step(self, now_ms: int, active: Active) -> None:
        if active is not self._active:
            self._active = active
            self._rearrange(now_ms, tuple(active))
            self._unseen_ms = {key: self._unseen_until_ms(*key, active) for key in self._watched}
        for watched in self._watched.values():
            self._look(watched, now_ms)

    def close(self, now_ms: int) -> None:
        for watched in self._watched.values():
            self._end(watched, now_ms)
        self._watched = {}

    def _rearrange(self, now_ms: int, faults: tuple[Fault, ...]) -> None:
        wanted = {(asset, rule): ORDINARY for asset, rule in self._delays_s if rule in ALWAYS}
        wanted |= {
            (asset, rule): fault.name
            for fault in reversed(faults)
            for rule in EXPECTED[fault.name]
            for asset in expected_at(fault, rule, self._scene.site)
            if (asset, rule) in self._delays_s
        }
        for key in self._watched.keys() - wanted.keys():
            self._end(self._watched.pop(key), now_ms)
        for (asset, rule), fault_name in wanted.items():
            if (asset, rule) in self._watched:
                self._watched[asset, rule].fault = fault_name if fault_name != ORDINARY else self._watched[asset, rule].fault
            elif (claim := CLAIMS.get((self._kinds[asset], rule))) is not None:
                self._watched[asset, rule] = _Watched(asset, rule, fault_name, claim, self._delays_s[asset, rule] * 1000)

    def _look(self, watched: _Watched, now_ms: int) -> None:
        holds = watched.claim(self._scene, watched.asset)
        if holds is None:
            return
        if not holds or now_ms < self._unseen_ms[watched.asset, watched.rule]:
            if watched.from_ms:
                self._end(watched, now_ms)
            return
        if not watched.from_ms:
            watched.from_ms = now_ms
        else:
            watched.true_ms += self._step_ms
        if not watched.due_ms and watched.true_ms >= watched.delay_ms:
            watched.due_ms = now_ms
        if not watched.deadline_ms and watched.true_ms >= watched.delay_ms + SLACK_S * 1000:
            watched.deadline_ms = now_ms

    def _unseen_until_ms(self, asset: str, rule: str, active: Active) -> float:
        """Until when (as long as the same faults hold) the condition can't be seen: the asset is dark, or a transmitter that the rule lives
        by is spoilt, or its clock is behind and that is not known yet."""
        if not len(active) or rule in {"ST-OF", "ST-DK"}:
            return 0.0
        of_gateways = self._of_gateways(asset, active)
        spoilt = rule not in SENSES and any(f.name in SPOILT for each in ([asset] if asset else self._kinds) for f in active.of(each))
        if spoilt or active.named("site_dark") or any(fault.name in UNSEEN_FAULTS for fault in of_gateways):
            return math.inf
        behind = [fault for fault in of_gateways if fault.name == "clock_offset" and fault.number("offset_s") < 0]
        return max((fault.start_ms + CLOCK_READINGS * self._slowest_s(asset) * 1000 for fault in behind), default=0.0)

    def _slowest_s(self, asset: str) -> float:
        """The interval of the asset; of the site's slowest but the stores for the site."""
        own = self._scene.specs.get(asset)
        return own.interval_s if own else max(each.interval_s for each in self._scene.site.assets if each.kind != "cylinder_store")

    def _of_gateways(self, asset: str, active: Active) -> list[Fault]:
        """The faults of the gateway that reports for an asset; of all gateways for the site."""
        gateways = {self._gateways[asset]} if asset else set(self._gateways.values())
        return [fault for gateway in gateways for fault in active.of(gateway)]

    def _end(self, watched: _Watched, now_ms: int) -> None:
        """What was not so for long enough, a minute beyond its delay, was never due."""
        if watched.deadline_ms:
            self.things.append(
                TrueThing(watched.asset, watched.rule, watched.fault, watched.from_ms, watched.due_ms, watched.deadline_ms, now_ms)
            )
        watched.true_ms = 0.0
        watched.from_ms = watched.due_ms = watched.deadline_ms = 0
