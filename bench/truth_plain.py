"""The same rules as plain thresholds: an alarm each time a reading is beyond its limit and the one before it was not.

No delay, no hysteresis, no gates, no suppression, and hours left from pressure × volume over the last flow: what is done where somebody
sets limits in a dashboard. Written without a line of what the collector judges with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from bench.truth_judge import Told
from collector.rules.compile import declared
from collector.rules.model import Rule, Test
from devices.assets import Asset, Manifold, Site
from devices.oxygen import CYLINDERS
from devices.signal import Observation, Value

Beyond = Callable[[Value], bool]
Read = Callable[[Mapping[str, Value]], Value | None]
GAP_INTERVALS = 1.5


class Plain:
    """`told` is what it said. An alarm ends with the first reading that is not beyond the limit."""

    def __init__(self, site: Site, rules: tuple[Rule, ...]) -> None:
        self.told: list[Told] = []
        self._open: dict[tuple[str, str], int] = {}
        self._priorities = {(a.id, r.id): r.priority for a in site.assets for r in rules if r.kind in {a.kind, "any"}}
        self._priorities |= {("", rule.id): rule.priority for rule in rules if rule.kind == "site"}
        self._checks = {a.id: [c for r in rules if r.kind in {a.kind, "any"} for c in _checks(r, a)] for a in site.assets}
        silent = [
            (asset, rule) for asset in site.assets for rule in rules if rule.kind == asset.kind and rule.type in {"silent", "offline"}
        ]
        self._silent = [(a.id, r.id, GAP_INTERVALS * a.interval_s * 1000, r.signals or ("",)) for a, r in silent]
        self._listens = {a.id: {s for name, _, _, signals in self._silent if name == a.id for s in signals if s} for a in site.assets}
        self._hours = [(rule.id, rule.limit.offset) for rule in rules if rule.type == "hours_left" and rule.limit]
        self._manifolds = {asset.id: asset for asset in site.assets if isinstance(asset, Manifold)}
        self._heard_ms: dict[tuple[str, str], int] = {}
        self._banks: dict[str, Mapping[str, Value]] = {}

    def observe(self, obs: Observation) -> None:
        asset, values, now_ms = obs.asset, obs.values, obs.received_ms
        self._heard_ms[asset, ""] = now_ms
        for name in self._listens[asset]:
            if name in values:
                self._heard_ms[asset, name] = now_ms
        for key, read, beyond in self._checks[asset]:
            value = read(values)
            if value is not None and beyond(value) is not (key in self._open):
                self._turn(key, key not in self._open, now_ms)
        if asset in self._manifolds:
            self._banks[asset] = values
            hours = self._hours_left()
            for rule, limit_h in self._hours:
                self._turn(("", rule), hours is not None and hours < limit_h, now_ms)

    def tick(self, now_ms: int) -> None:
        """Whoever has missed a reading is silent."""
        for asset, rule, gap_ms, signals in self._silent:
            known = [self._heard_ms[asset, name] for name in signals if (asset, name) in self._heard_ms]
            if known:
                self._turn((asset, rule), now_ms - min(known) > gap_ms, now_ms)

    def close(self) -> None:
        """The end: what is open stays so."""
        for (asset, rule), at_ms in self._open.items():
            self.told.append(self._alarm(asset, rule, at_ms, None))

    def _turn(self, key: tuple[str, str], beyond: bool, now_ms: int) -> None:
        if beyond:
            self._open.setdefault(key, now_ms)
        elif key in self._open:
            self.told.append(self._alarm(*key, self._open.pop(key), now_ms))

    def _alarm(self, asset: str, rule: str, at_ms: int, until_ms: int | None) -> Told:
        priority = self._priorities[asset, rule]
        return Told(asset, rule, priority, at_ms, until_ms, pages=((at_ms, priority),))

    def _hours_left(self) -> float | None:
        """Pressure × volume of all banks over what flows out of them now; None while nothing does."""
        litres = flow = 0.0
        for name, values in self._banks.items():
            flow += _number(values.get("o2_flow_lpm"))
            for bank, spec in self._manifolds[name].banks.items():
                bar = _number(values.get("reserve_bar" if bank == "reserve" else f"bank_{bank}_bar"))
                litres += bar * spec.cylinders * CYLINDERS[spec.type].water_l
        return litres / 60 / flow if flow > 0 else None


def _number(value: Value | None) -> float:
    return value if isinstance(value, float) else 0.0


def _checks(rule: Rule, asset: Asset) -> list[tuple[tuple[str, str], Read, Beyond]]:
    """((asset, rule), the value that counts, whether it is beyond the limit); none for rules that are no threshold."""
    if rule.needs and not getattr(asset, rule.needs, False):
        return []
    key, known = (asset.id, rule.id), declared(asset)
    tests: tuple[Test, ...] = rule.parts if rule.type == "any_of" else (rule,)
    found = ((_read(test), _beyond(test, known)) for test in tests)
    return [(key, read, beyond) for read, beyond in found if beyond is not None][:1]


def _beyond(test: Test, known: dict[str, float]) -> Beyond | None:
    """A change-over is an empty bank, and a stand-by bank the emptier one, as far as a threshold can tell."""
    if test.type == "state":
        return lambda value: (str(value).lower() if isinstance(value, bool) else value) in test.raise_states
    limit, upper = (None if each is None else each.value(known) for each in (test.limit, test.upper))
    if test.type not in {"below", "above", "outside", "changeover", "standby"} or limit is None:
        return None
    least, most = (-math.inf, limit) if test.type == "above" else (limit, math.inf if upper is None else upper)
    return lambda value: value.__class__ is float and not least <= value <= most


def _read(test: Test) -> Read:
    """Of several signals the lowest or the highest, once all are there."""
    if len(test.signals) == 1:
        signal = test.signals[0]
        return lambda values: values.get(signal)
    chosen = max if test.pick == "highest" else min

    def read(values: Mapping[str, Value]) -> Value | None:
        numbers = [value for name in test.signals if isinstance(value := values.get(name), float)]
        return chosen(numbers) if len(numbers) == len(test.signals) else None

    return read
