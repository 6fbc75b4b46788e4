"""Which minutes are loud: a value outside of its band, or a silence that may be told."""

from __future__ import annotations

import pytest

from collector.backtest.block import joined
from collector.backtest.rows import Minutes, Silences, is_inside, is_ragged, observation, outside, rows_of
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.evaluator import Evaluator
from collector.rules.condition import Watch
from collector.site import SiteFold
from devices.assets import Site
from devices.signal import Observation, Value

MINUTE = 60_000
SITE = Site.model_validate(
    {
        "id": "dh",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
            {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
            {"id": "oc", "kind": "concentrator"},
        ],
    }
)


def fold() -> SiteFold:
    return Evaluator([SITE], rule_set(Rules())).sites["dh"]


def test_rows_are_in_the_order_of_time_and_of_the_assets() -> None:
    line = joined("line", "pipeline", {"line_pressure_bar": ([10, 20], [4.0, 4.1]), "o2_flow_lpm": ([10, 20], [5.0, 6.0])})
    psa = joined("psa", "psa_plant", {"state": ([5, 20], ["off", "fault"]), "power_kw": ([20], [1.0])})
    assert rows_of([line, psa]) == [
        (5, "psa", "psa_plant", {"state": "off"}),
        (10, "line", "pipeline", {"line_pressure_bar": 4.0, "o2_flow_lpm": 5.0}),
        (20, "line", "pipeline", {"line_pressure_bar": 4.1, "o2_flow_lpm": 6.0}),
        (20, "psa", "psa_plant", {"state": "fault", "power_kw": 1.0}),
    ]
    assert (is_ragged(line), is_ragged(psa)) == (False, True)


def test_a_row_is_an_observation_received_when_it_was_measured() -> None:
    assert observation((5, "psa", "psa_plant", {"state": "off"}), "dh") == Observation("dh", "psa", "psa_plant", 5, 5, {"state": "off"})


@pytest.mark.parametrize(
    ("value", "inside"),
    [(3.0, True), (2.0, True), (1.9, False), (4.0, True), (4.1, False), ("off", True), ("fault", False), (True, False), (False, True)],
)
def test_a_value_is_inside_as_the_fold_asks(value: Value, inside: bool) -> None:
    assert is_inside(Watch(2.0, 4.0, frozenset({"fault", True})), value) is inside


def test_minutes_are_turns_of_the_site() -> None:
    minutes = Minutes(5_000)
    assert [minutes.of(ms) for ms in (4_999, 5_000, 64_999, 65_000)] == [-1, 0, 0, 1]
    assert minutes.begin(2) == 125_000
    assert list(minutes.between(64_999, 125_000)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("signal", "values", "loud"),
    [
        ("line_pressure_bar", [4.0] * 12, set()),
        ("line_pressure_bar", [4.0] * 6 + [3.5] + [4.0] * 5, {1}),
        ("line_pressure_bar", [4.9] + [4.0] * 10 + [3.1], {0, 1}),
        ("o2_flow_lpm", [1e4] * 12, set()),
    ],
)
def test_the_minutes_of_values_outside_of_their_band(signal: str, values: list[Value], loud: set[int]) -> None:
    block = joined("line", "pipeline", {signal: ([n * 10_000 for n in range(12)], values)})
    assert outside(block, fold().assets["line"].program, Minutes(0)) == loud


def test_states_and_contacts_and_missing_values() -> None:
    times = [n * MINUTE for n in range(4)]
    columns = {"state": (times, ["running_on_spec", "fault", "standby", "off"]), "mains_ok": (times[2:], [True, False])}
    block = joined("psa", "psa_plant", columns)  # type: ignore[arg-type]
    assert outside(block, fold().assets["psa"].program, Minutes(0)) == {1, 3}


NAMES = {"line": ("pipeline", "line_pressure_bar"), "psa": ("psa_plant", "o2_purity_pct"), "oc": ("concentrator", "o2_flow_lpm")}


def missed(*said: tuple[str, list[int]], end: int = 60) -> set[int]:
    """Minutes in which silence may be told, of assets that speak at these minutes."""
    names = {
        "line": ("pipeline", "line_pressure_bar", 4.0),
        "psa": ("psa_plant", "o2_purity_pct", 94.0),
        "oc": ("concentrator", "o2_flow_lpm", 5.0),
    }
    assets = {}
    for asset, at in said:
        kind, signal, value = names[asset]
        assets[asset] = joined(asset, kind, {signal: ([minute * MINUTE for minute in at], [value] * len(at))})
    return Silences(fold(), 0).minutes(assets, (0, end * MINUTE), Minutes(0))


def test_nobody_is_missed_who_speaks_every_minute() -> None:
    always = list(range(60))
    assert missed(("line", always), ("psa", always), ("oc", always)) == set()


def test_a_silence_of_two_minutes_makes_all_its_minutes_loud() -> None:
    always = list(range(60))
    gap = [n for n in always if not 20 < n < 25]
    assert missed(("line", gap), ("psa", always), ("oc", always)) == set(range(20, 26))


def test_who_never_spoke_and_who_falls_silent_is_missed_to_the_end() -> None:
    always = list(range(60))
    assert missed(("line", always), ("psa", always)) == set(range(61))
    assert missed(("line", list(range(30))), ("psa", always), ("oc", always)) == set(range(29, 61))


def test_what_was_said_in_the_stretch_before_counts() -> None:
    silences, minutes = Silences(fold(), 0), Minutes(0)
    assets = {
        name: joined(name, kind, {signal: ([n * MINUTE for n in range(60)], [1.0] * 60)})
        for name, kind, signal in (
            ("line", "pipeline", "line_pressure_bar"),
            ("psa", "psa_plant", "o2_purity_pct"),
            ("oc", "concentrator", "run_h"),
        )
    }
    assert silences.minutes(assets, (0, 60 * MINUTE), minutes) == set()
    later = {name: block._replace(times=[(60 + n) * MINUTE for n in range(60)]) for name, block in assets.items()}
    assert silences.minutes(later, (60 * MINUTE, 120 * MINUTE), minutes) == set()
    assert silences.minutes({}, (120 * MINUTE, 130 * MINUTE), minutes) == set(range(120, 131)), "nobody is heard any more"
