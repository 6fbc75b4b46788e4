"""CPU of the fold alone, per message, beside a chain of empty calls that does the same look-ups. `python -m bench.evaluator`."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

from collector.config.rulebook import default_rules
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Control, Decoded
from collector.rules.model import RuleSet
from devices.assets import Site
from devices.signal import Observation, Value

NOW_MS = 1_764_000_000_000
SITES = 20
BATCH = 500
BATCHES = 30
EVERY_MS = 10_000
"""Each asset speaks every ten seconds of its own time, as a gateway does."""
BANK = {"cylinders": 12, "type": "in-d"}
ASSETS = [
    {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
    {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
    {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
    {"id": "oc", "kind": "concentrator"},
]
KINDS = {"psa": "psa_plant", "line": "pipeline", "man": "manifold", "oc": "concentrator"}

EIGHT: dict[str, Value] = {
    "o2_purity_pct": 94.0,
    "outlet_pressure_bar": 4.2,
    "product_tank_bar": 5.5,
    "air_receiver_bar": 7.0,
    "feed_air_temp_c": 30.0,
    "room_temp_c": 28.0,
    "power_kw": 30.0,
    "filter_dp_bar": 0.15,
}
BANKS: dict[str, Value] = {"bank_a_bar": 120.0, "bank_b_bar": 140.0, "reserve_bar": 140.0, "bank_in_use": "a", "o2_flow_lpm": 100.0}
CASES: tuple[tuple[str, str, Mapping[str, Value]], ...] = (
    ("one value, quiet", "line", {"line_pressure_bar": 4.1}),
    ("one value without a rule", "oc", {"o2_flow_lpm": 5.0}),
    ("eight values, quiet", "psa", EIGHT),
    ("flow of the line, for the stock", "line", {"o2_flow_lpm": 230.0}),
    ("eight values and state and flow, for the stock", "psa", {**EIGHT, "state": "running_on_spec", "o2_flow_lpm": 230.0}),
    ("manifold, for the stock", "man", BANKS),
    ("one value while an alarm is open", "line", {"line_pressure_bar": 3.0}),
)


def sites() -> list[Site]:
    return [Site.model_validate({"id": f"s{n}", "assets": ASSETS}) for n in range(SITES)]


def batches(asset: str, values: Mapping[str, Value]) -> list[Decoded]:
    """Time goes on by EVERY_MS each time the sites have all spoken."""
    found, seq = [], 1
    for n in range(BATCHES):
        events: list[Observation] = []
        for _ in range(BATCH):
            at_ms = NOW_MS + (seq // SITES) * EVERY_MS
            moved = {name: value + seq % 7 * 0.001 if isinstance(value, float) else value for name, value in values.items()}
            events.append(Observation(f"s{seq % SITES}", asset, KINDS[asset], at_ms, at_ms, moved, 0, seq))
            seq += 1
        found.append(Decoded(n + 2, NOW_MS + n, list(events), [], BATCH, BATCH * len(values)))
    return found


def fold_us(asset: str, values: Mapping[str, Value]) -> float:
    """Median batch, µs per message. The clock of the journal stands still, so that no deadline falls into it."""
    evaluator, change = Evaluator(sites(), RuleSet(rules=default_rules())), StateChange()
    evaluator.step(Decoded(1, NOW_MS - 1, [Control("start", b"{}", NOW_MS - 1)], [], 1, 0), change)
    gc.collect()
    times = []
    for batch in batches(asset, values):
        start = time.process_time_ns()
        evaluator.step(batch, change)
        times.append((time.process_time_ns() - start) / BATCH / 1000)
    return statistics.median(times[2:])


class Chain:
    """What no fold can do without: site, asset, two stores by name, one look at a limit; four calls."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.times: dict[str, tuple[int, int]] = {}
        self.limits = {"line_pressure_bar": 3.3}

    def observe(self, obs: Observation) -> None:
        self.take(obs)
        self.look(obs)

    def take(self, obs: Observation) -> None:
        for name, value in obs.values.items():
            self.values[name] = value
            self.times[name] = (obs.event_ms, obs.received_ms)

    def look(self, obs: Observation) -> bool:
        return any(name in self.limits for name in obs.values)


def chain_us() -> float:
    assets = {f"s{n}": {"line": Chain()} for n in range(SITES)}
    find: Callable[[str], dict[str, Chain]] = assets.__getitem__
    times = []
    for batch in batches("line", {"line_pressure_bar": 4.1}):
        start = time.process_time_ns()
        for event in batch.events:
            if isinstance(event, Observation):
                find(event.site)[event.asset].observe(event)
        times.append((time.process_time_ns() - start) / BATCH / 1000)
    return statistics.median(times)


def main() -> None:
    least = chain_us()
    print(f"{'a chain of empty calls with the look-ups':50} {least:6.2f} µs")
    for label, asset, values in CASES:
        cost = fold_us(asset, values)
        print(f"{label:50} {cost:6.2f} µs   {cost / least:5.1f} ×")


if __name__ == "__main__":
    main()
