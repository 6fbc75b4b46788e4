"""What makes a sensor doubtful, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec
import pytest

from collector.honesty import CHARACTERS, LEARN_LOOKS, Honesty, HonestyState
from devices.assets import Asset, Bank, LoxTank, Manifold, Pipeline, PsaPlant
from devices.kinds.catalogue import KINDS
from devices.signal import Value

LINE = Pipeline(id="line", kind="pipeline", nominal_bar=4.1)
PSA = PsaPlant(id="psa", kind="psa_plant", rated_flow_lpm=500)
MANIFOLD = Manifold(id="man", kind="manifold", banks={name: Bank(cylinders=10, type="in-d") for name in ("a", "b", "reserve")})
TANK = LoxTank(id="lox", kind="lox_tank", capacity_kg=6000)
START_MS = 1_764_000_000_000
STILL_MS = 1_800_000
LOOK_MS = 30_000
At = Callable[[int], dict[str, Value]]


class Watched:
    """A sensor that is looked at twice a minute."""

    def __init__(self, asset: Asset) -> None:
        self.asset, self.honesty, self.at_ms = asset, Honesty(asset, STILL_MS), START_MS

    def look(self, looks: int, at: At, *, stale: bool = False) -> Watched:
        for n in range(looks):
            self.at_ms += 0 if stale else LOOK_MS
            values = at(n)
            self.honesty.take(values, dict.fromkeys(values, (self.at_ms, self.at_ms)))
        return self

    @property
    def doubts(self) -> dict[str, str]:
        return {name: doubt for name, (doubt, _, _) in self.honesty.doubts.items()}


def test_every_watched_signal_and_its_mover_are_signals_of_the_kind() -> None:
    for kind, characters in CHARACTERS.items():
        assert set(characters) <= set(KINDS[kind].signals)
        assert {c.mover for c in characters.values() if c.mover} <= set(KINDS[kind].signals)


def line(bar: float, flow: Callable[[int], float]) -> At:
    return lambda n: {"line_pressure_bar": bar, "o2_flow_lpm": flow(n)}


def test_a_flat_line_while_the_flow_varies_is_stuck_after_its_time_and_over_when_it_moves() -> None:
    watched = Watched(LINE).look(60, line(4.1, lambda n: 200.0 + n))
    assert watched.doubts == {}
    watched.look(1, line(4.1, lambda _n: 260.0))
    assert watched.doubts == {"line_pressure_bar": "stuck"}
    assert watched.honesty.stuck() == "line_pressure_bar"
    watched.look(1, line(4.11, lambda _n: 260.0))
    assert watched.doubts == {}


def test_a_flat_line_while_nothing_happens_is_honest() -> None:
    assert Watched(LINE).look(2_000, line(4.1, lambda n: 200.0 + n % 2)).doubts == {}


def test_a_sensor_that_always_flickered_may_not_stand_still_though_nothing_happens() -> None:
    rng = Random(4)
    watched = Watched(LINE).look(60, lambda _n: {"line_pressure_bar": round(4.1 + rng.gauss(0, 0.008), 2)})
    assert watched.look(60, lambda _n: {"line_pressure_bar": 4.11}).doubts == {}
    assert watched.look(2, lambda _n: {"line_pressure_bar": 4.11}).doubts == {"line_pressure_bar": "stuck"}


def test_a_coarse_sensor_may_stand_still_and_so_may_one_that_reads_nothing() -> None:
    rng = Random(4)
    coarse = Watched(LINE).look(2_000, lambda _n: {"line_pressure_bar": round(4.13 + rng.gauss(0, 0.008), 1)})
    assert coarse.doubts == {}
    empty = Watched(LINE).look(60, lambda _n: {"line_pressure_bar": round(4.1 + rng.gauss(0, 0.008), 2)})
    assert empty.look(200, lambda _n: {"line_pressure_bar": 0.0}).doubts == {}


def test_what_is_not_reported_any_more_is_silent_and_not_stuck() -> None:
    watched = Watched(LINE).look(2, line(4.1, lambda _n: 200.0)).look(5_000, line(4.1, lambda n: 200.0 + n), stale=True)
    assert watched.doubts == {}


def banks(flow: float, in_use: str = "a") -> At:
    return lambda _n: {"bank_a_bar": 100.0, "bank_b_bar": 150.0, "bank_in_use": in_use, "o2_flow_lpm": flow}


def test_a_bank_is_stuck_when_it_must_have_fallen_by_what_was_drawn() -> None:
    """10 cylinders of 46.7 L: 467 L for a bar; 100 L/min for 31 min are 6.6 bar, 20 L/min are 1.3."""
    assert Watched(MANIFOLD).look(62, banks(100.0)).doubts == {"bank_a_bar": "stuck"}
    assert Watched(MANIFOLD).look(62, banks(20.0)).doubts == {}
    assert Watched(MANIFOLD).look(62, banks(100.0, "b")).doubts == {"bank_b_bar": "stuck"}


def test_purity_that_stands_still_in_standby_is_honest() -> None:
    def plant(state: str) -> At:
        return lambda n: {"o2_purity_pct": 94.0, "o2_flow_lpm": 100.0 + 5 * n, "state": state}

    assert "o2_purity_pct" not in Watched(PSA).look(100, plant("standby")).doubts
    assert Watched(PSA).look(100, plant("running_on_spec")).doubts["o2_purity_pct"] == "stuck"


def test_noise_that_was_never_there_is_doubted_and_a_real_collapse_is_not() -> None:
    rng = Random(2)
    watched = Watched(LINE).look(LEARN_LOOKS + 10, lambda _n: {"line_pressure_bar": 4.1 + rng.gauss(0, 0.008)})
    calm = watched.honesty.dump()
    watched.look(60, lambda _n: {"line_pressure_bar": 4.1 + rng.gauss(0, 0.3)})
    assert watched.doubts == {"line_pressure_bar": "noisy"}
    watched.look(200, lambda _n: {"line_pressure_bar": 4.1 + rng.gauss(0, 0.008)})
    assert watched.doubts == {}
    watched.honesty = Honesty(LINE, STILL_MS, calm)
    watched.look(40, lambda n: {"line_pressure_bar": 4.1 - 0.05 * n + rng.gauss(0, 0.008)})
    assert watched.doubts == {}


@pytest.mark.parametrize(("asset", "signal", "before", "after"), [(TANK, "level_pct", 60.0, 40.0), (MANIFOLD, "bank_temp_c", 30.0, 55.0)])
def test_a_jump_that_physics_forbids_is_doubted_for_a_while(asset: Asset, signal: str, before: float, after: float) -> None:
    watched = Watched(asset).look(3, lambda _n: {signal: before})
    assert watched.look(1, lambda _n: {signal: after}).doubts == {signal: "jumped"}
    assert watched.look(25, lambda _n: {signal: after}).doubts == {}


def test_it_goes_on_from_a_snapshot_as_if_nothing_had_been() -> None:
    one, other = Watched(LINE), Watched(LINE)
    for watched in (one, other):
        watched.look(50, line(4.1, lambda n: 200.0 + n))
    other.honesty = Honesty(LINE, STILL_MS, msgspec.msgpack.decode(msgspec.msgpack.encode(other.honesty.dump()), type=HonestyState))
    for watched in (one, other):
        watched.look(20, line(4.1, lambda n: 250.0 + n))
    assert one.honesty.dump() == other.honesty.dump()
    assert one.doubts == {"line_pressure_bar": "stuck"}


def test_nobody_shares_a_doubt_with_another() -> None:
    stuck, calm = Watched(LINE).look(100, line(4.1, lambda n: 200.0 + n)), Watched(LINE)
    assert (stuck.doubts, calm.doubts) == ({"line_pressure_bar": "stuck"}, {})
