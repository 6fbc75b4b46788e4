"""What rules may name: it follows the catalogue and the models of assets, and nothing is left out."""

from __future__ import annotations

import pytest

from collector.rules.compile import declared
from collector.rules.vocabulary import COMPUTED, choices, flags, kinds, numbers, signals, states, unknown
from devices.assets import Asset, Site
from devices.kinds.catalogue import KINDS

BANK = {"cylinders": 10, "type": "in-d"}
ASSETS = [
    {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500, "power_kw": 40, "service_due_h": 2000},
    {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
    {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
    {"id": "tank", "kind": "lox_tank", "capacity_kg": 6000, "area_m2": 2, "relief_bar": 17},
    {"id": "store", "kind": "cylinder_store", "type": "in-d", "full": 3},
    {"id": "conc", "kind": "concentrator"},
    {"id": "gw", "kind": "gateway"},
]
SITE = Site.model_validate({"id": "a", "assets": ASSETS})


@pytest.mark.parametrize("asset", SITE.assets, ids=lambda asset: asset.kind)
def test_the_numbers_of_a_kind_are_those_that_limits_are_resolved_with(asset: Asset) -> None:
    assert declared(asset).keys() == numbers(asset.kind)


@pytest.mark.parametrize("asset", SITE.assets, ids=lambda asset: asset.kind)
def test_what_is_computed_follows_from_a_field_of_the_asset(asset: Asset) -> None:
    assert set(COMPUTED.get(asset.kind, {}).values()) <= type(asset).model_fields.keys()


def test_every_kind_has_its_signals_and_any_has_them_all() -> None:
    assert set(kinds()) == {*KINDS, "site", "any", "collector"}
    for kind in KINDS:
        assert KINDS[kind].signals.items() <= signals(kind).items()
        assert KINDS[kind].signals.keys() <= signals("any").keys()
    assert set(signals("collector")) == {"source_connected", "store_failing", "dropped_recently", "disk_free_mib"}
    assert signals("nothing") == {}


@pytest.mark.parametrize(
    ("kind", "signal", "names"),
    [
        ("manifold", "bank_in_use", {"a", "b", "reserve"}),
        ("concentrator", "in_use", {"true", "false"}),
        ("collector", "store_failing", {"true", "false"}),
        ("pipeline", "feeding", {"psa", "manifold", "lox", "mixed"}),
        ("pipeline", "line_pressure_bar", set()),
        ("pipeline", "nothing", set()),
        ("any", "in_use", {"true", "false"}),
    ],
)
def test_states_are_named_as_rules_name_them(kind: str, signal: str, names: set[str]) -> None:
    assert states(kind, signal) == names


def test_what_every_asset_declares_is_there_for_rules_of_any_kind() -> None:
    assert numbers("any") == {"interval_s"}
    assert numbers("site") == frozenset()


def test_flags_and_choices() -> None:
    assert flags("psa_plant") == {"duty"}
    assert flags("pipeline") == frozenset()
    assert "ultrasonic" in choices("psa_plant")["analyser"]
    assert "ultrasonic" in choices("any")["analyser"]
    assert choices("site") == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nominal_br", "unknown number 'nominal_br'; did you mean 'nominal_bar'?"),
        ("zzz", "unknown number 'zzz'; known: a_1, a_10, a_11, a_12, a_2, a_3, a_4, a_5, a_6, a_7, a_8, a_9, …"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_or_with_all(name: str, said: str) -> None:
    assert unknown("number", name, [*(f"a_{n}" for n in range(1, 13)), "nominal_bar"]) == said


def test_where_nothing_is_known_that_is_said() -> None:
    assert unknown("flag", "duty", ()) == "unknown flag 'duty'; known: none"
