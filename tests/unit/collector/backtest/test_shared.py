"""Several sets of rules over one stream that share what is measured: the same occurrences, and to the last value the same state of every
fold, as each would have alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from collector.backtest.block import AssetBlock, Block, joined
from collector.backtest.episodes import Episode
from collector.backtest.fold import fold
from collector.backtest.side import Side
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.records import Control, Decoded
from collector.rules.model import RuleSet
from devices.assets import Site
from devices.signal import Value

START_MS = 1_767_600_000_000
MINUTE_MS = 60_000
HOURS = 3
BANK = {"cylinders": 4, "type": "in-d"}
ASSETS: list[dict[str, Any]] = [
    {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
    {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
    {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
    {"id": "oc", "kind": "concentrator", "interval_s": 60},
    {"id": "gw", "kind": "gateway", "assets": ["line", "psa", "man", "oc"]},
]
TANK = {"id": "lox", "kind": "lox_tank", "capacity_kg": 6000, "relief_bar": 17}
SITES = {
    "with a gateway": Site.model_validate({"id": "dh", "beds": {"ward": 20}, "assets": ASSETS}),
    "without": Site.model_validate({"id": "dh", "assets": [*ASSETS[:3], TANK]}),
    "a line alone": Site.model_validate({"id": "dh", "assets": ASSETS[:1]}),
    "ultrasonic": Site.model_validate({"id": "dh", "assets": [{**ASSETS[0], "analyser": "ultrasonic"}, *ASSETS[1:3]]}),
}
DEFAULT = rule_set(Rules())
MILDER_RULES = {"LP-L": {"on_delay_s": 180}, "PU-L": {"limit": 91, "clear": 91.5}, "AU-24": {"limit": 10, "clear": 11}}
MILDER = rule_set(Rules.model_validate({"everywhere": MILDER_RULES}))
OTHER_WINDOWS = rule_set(Rules.model_validate({"everywhere": {"TW-ST": {"still_s": 90}, "AU-48": {"on_delay_s": 60}}}))
SIDES = {"alike": (DEFAULT, MILDER), "not alike": (DEFAULT, OTHER_WINDOWS), "one": (MILDER,)}

_BARS: list[Value | None] = [140.0, 139.5, 139.0, 100.0, 20.0, 11.0]
VALUES: dict[tuple[str, str], list[Value | None]] = {
    ("line", "line_pressure_bar"): [4.0, 4.05, 3.9, 3.95, 3.5, 3.1, 4.9, None],
    ("line", "o2_flow_lpm"): [200.0, 210.0, 0.0],
    ("line", "o2_purity_pct"): [94.0, 93.0, 81.0, None],
    ("psa", "state"): ["running_on_spec", "running_on_spec", "running_on_spec", "standby", "fault", "off", "starting"],
    ("psa", "o2_purity_pct"): [94.0, 93.5, 93.0, 91.2, 89.0, None],
    ("psa", "o2_flow_lpm"): [300.0, 310.0, 0.0, 510.0],
    ("psa", "cycle_count"): [1.0, 2.0, 3.0, 4.0],
    ("psa", "mains_ok"): [True, True, False],
    ("psa", "genset_on"): [False, True],
    ("man", "bank_a_bar"): _BARS,
    ("man", "bank_b_bar"): _BARS,
    ("man", "reserve_bar"): [140.0, 139.0, 70.0],
    ("man", "bank_in_use"): ["a", "a", "b", "reserve"],
    ("man", "o2_flow_lpm"): [0.0, 100.0, 300.0],
    ("oc", "o2_purity_pct"): [93.0, 92.0, 80.0],
    ("oc", "in_use"): [True, False],
    ("gw", "rssi_dbm"): [-60.0, -61.0],
    ("lox", "level_pct"): [60.0, 59.5, 39.0, 19.0],
    ("lox", "tank_pressure_bar"): [12.0, 12.1, 9.0],
}
EVERY_MS = {"oc": 60_000, "gw": 60_000}


@dataclass(frozen=True)
class Stretch:
    """What one signal is for so many of its samples: near one value, moving a little or not."""

    value: Value | None
    samples: int
    step: float


def _stretches(values: list[Value | None], share: int) -> st.SearchStrategy[list[Stretch]]:
    usual = values[:2]
    value = st.sampled_from([*usual * share, *values])
    return st.lists(st.builds(Stretch, value, st.integers(1, 90), st.sampled_from([0.0, 0.001, 0.01])), min_size=1, max_size=6)


def pasts(site: Site) -> st.SearchStrategy[list[Block]]:
    """Some hours of a site, in blocks of different length. `calm`: how much more often a signal is as usual."""
    ids = {asset.id for asset in site.assets}
    signals = [key for key in VALUES if key[0] in ids]

    def series(calm: int) -> st.SearchStrategy[dict[tuple[str, str], list[Stretch]]]:
        return st.fixed_dictionaries({key: st.one_of(_stretches(VALUES[key], calm), st.just([])) for key in signals})

    cuts = st.lists(st.integers(1, 150), max_size=2)
    return st.builds(_blocks, st.just(site), st.sampled_from([0, 4, 40]).flatmap(series), cuts)


def _blocks(site: Site, series: dict[tuple[str, str], list[Stretch]], cuts: list[int]) -> list[Block]:
    edges = sorted({START_MS, *(START_MS + cut * MINUTE_MS + 1234 for cut in cuts), START_MS + HOURS * 60 * MINUTE_MS})
    found = []
    for first_ms, end_ms in pairwise(edges):
        assets = [_asset(asset.id, asset.kind, series, first_ms, end_ms) for asset in site.assets]
        found.append(Block(site.id, first_ms, end_ms, [asset for asset in assets if asset is not None]))
    return found


def _asset(name: str, kind: str, series: dict[tuple[str, str], list[Stretch]], begin: int, end: int) -> AssetBlock | None:
    columns: dict[str, tuple[list[int], list[Value]]] = {}
    for (asset, signal), stretches in series.items():
        if asset == name:
            pairs = [(at, value) for at, value in _samples(name, stretches) if begin <= at < end]
            if pairs:
                columns[signal] = ([at for at, _ in pairs], [value for _, value in pairs])
    return joined(name, kind, columns) if columns else None


def _samples(asset: str, stretches: list[Stretch]) -> list[tuple[int, Value]]:
    every_ms = EVERY_MS.get(asset, 10_000)
    found: list[tuple[int, Value]] = []
    place = 0
    for stretch in stretches:
        for nth in range(stretch.samples):
            value = stretch.value
            if value is not None:
                moved = value + stretch.step * (nth % 7) if isinstance(value, float) else value
                found.append((START_MS + 137 + place * every_ms, moved))
            place += 1
    return found


END_MS = START_MS + HOURS * 60 * MINUTE_MS


def plainly(site: Site, rules: RuleSet, blocks: list[Block]) -> Side:
    side = Side([site], rules, START_MS)
    side.step(Decoded(1, START_MS, [Control("start", b"{}", START_MS)], [], 1, 0))
    seq = 2
    for block in blocks:
        for time_ms, group in block.moments():
            events = list(group)
            side.step(Decoded(seq, time_ms, [*events], [], len(events), len(events)))
            seq += 1
    side.advance(END_MS)
    return side


def known(side: Side) -> tuple[list[Episode], Any]:
    fold_ = side.evaluator.sites["dh"]
    return side.episodes.all(), msgspec.to_builtins(fold_.dump(END_MS))


PASTS = {name: pasts(site) for name, site in SITES.items()}


@pytest.mark.parametrize("rules", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("name", SITES)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_together_is_as_alone(name: str, rules: tuple[RuleSet, ...], data: st.DataObject) -> None:
    site, blocks = SITES[name], data.draw(PASTS[name])
    sides = [Side([site], each, START_MS) for each in rules]
    fold(sides, blocks, (START_MS, END_MS), lambda *_: None)
    for side, each in zip(sides, rules, strict=True):
        expected, found = known(plainly(site, each, blocks)), known(side)
        event(f"{min(3, len(expected[0]))} occurrences or more")
        assert found[0] == expected[0]
        assert found[1] == expected[1]


def calm(site: Site, **signals: list[Value]) -> list[Block]:
    """Six hours of these values, in turn."""
    found: dict[str, dict[str, tuple[list[int], list[Value]]]] = {}
    for name, values in signals.items():
        asset, _, signal = name.partition("__")
        times = [START_MS + n * 10_000 for n in range(HOURS * 360)]
        found.setdefault(asset, {})[signal] = (times, [values[n % len(values)] for n in range(len(times))])
    kinds = {asset.id: asset.kind for asset in site.assets}
    return [Block(site.id, START_MS, END_MS, [joined(asset, kinds[asset], columns) for asset, columns in found.items()])]


QUIET: dict[str, list[Value]] = {
    "line__line_pressure_bar": [4.0, 4.01],
    "psa__state": ["running_on_spec"],
    "psa__o2_purity_pct": [94.0, 94.1],
    "psa__o2_flow_lpm": [300.0, 310.0],
    "man__bank_in_use": ["a"],
    "man__bank_a_bar": [140.0, 140.1],
    "man__bank_b_bar": [140.0, 140.1],
    "man__o2_flow_lpm": [0.0],
}
BURNING: dict[str, list[Value]] = {"man__o2_flow_lpm": [400.0, 401.0], "psa__state": ["standby"], "psa__o2_flow_lpm": [0.0]}


def test_hours_left_that_are_few_are_found() -> None:
    """The stock is told what the folds observe, though only by one of them."""
    bank = {"cylinders": 4, "type": "in-d"}
    site = Site.model_validate({"id": "dh", "assets": [*ASSETS[:2], {"id": "man", "kind": "manifold", "banks": {"a": bank, "b": bank}}]})
    sides = [Side([site], each, START_MS) for each in (DEFAULT, MILDER)]
    fold(sides, calm(site, **{**QUIET, **BURNING}), (START_MS, END_MS), lambda *_: None)
    assert [{"AU-24", "AU-06"} & {episode.rule for episode in side.episodes.all()} for side in sides] == [{"AU-24", "AU-06"}] * 2


def test_a_rule_over_several_assets() -> None:
    line = {"type": "below", "kind": "pipeline", "signals": ["line_pressure_bar"], "limit": 3.6}
    plant = {"type": "below", "kind": "psa_plant", "signals": ["o2_purity_pct"], "limit": 91}
    rule = {
        "id": "XX-1",
        "kind": "site",
        "type": "all_of",
        "parts": [line, plant],
        "priority": "medium",
        "message": "both",
        "response": "look",
    }
    rules = rule_set(Rules.model_validate({"add": [rule]}))
    site = Site.model_validate({"id": "dh", "assets": ASSETS[:2]})
    low: list[Value] = [*[3.5] * 30, *[4.0] * 30]
    poor: list[Value] = [*[90.5] * 20, *[94.0] * 40]
    values = {name: QUIET[name] for name in ("psa__state", "psa__o2_flow_lpm")}
    blocks = calm(site, **values, line__line_pressure_bar=low, psa__o2_purity_pct=poor)
    side = Side([site], rules, START_MS)
    fold([side], blocks, (START_MS, END_MS), lambda *_: None)
    assert known(side) == known(plainly(site, rules, blocks))
    assert any(episode.rule == "XX-1" for episode in side.episodes.all())
