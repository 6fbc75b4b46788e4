"""Verdicts from values, for each type of rule; and the band that spares a quiet reading."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.rules.compile import Programs, declared, worse_first
from collector.rules.condition import Program, Verdict
from collector.rules.model import Rule, RuleSet
from devices.assets import Site

SITE = Site.model_validate(
    {
        "id": "dh",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
            {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
            {"id": "spare", "kind": "psa_plant", "rated_flow_lpm": 500, "duty": False},
            {
                "id": "man",
                "kind": "manifold",
                "banks": {
                    "a": {"cylinders": 10, "type": "in-d"},
                    "b": {"cylinders": 10, "type": "in-d", "fill_bar": 140},
                    "reserve": {"cylinders": 4, "type": "in-d"},
                },
            },
            {"id": "tank", "kind": "lox_tank", "capacity_kg": 6000},
        ],
    }
)
PROGRAMS = Programs(RuleSet(rules=default_rules()))


def program(asset_id: str) -> Program:
    return PROGRAMS.of_asset(SITE, next(asset for asset in SITE.assets if asset.id == asset_id))


def verdict(asset_id: str, rule: str, values: dict[str, Any]) -> str:
    return next(c for c in program(asset_id).conditions if c.rule.id == rule).judge(values).value


@pytest.mark.parametrize(
    ("asset", "rule", "values", "expected"),
    [
        ("line", "LP-LL", {"line_pressure_bar": 3.19}, "raise"),
        ("line", "LP-LL", {"line_pressure_bar": 3.2}, "hold"),
        ("line", "LP-LL", {"line_pressure_bar": 3.39}, "hold"),
        ("line", "LP-LL", {"line_pressure_bar": 3.4}, "clear"),
        ("line", "LP-LL", {}, "hold"),
        ("line", "LP-HH", {"line_pressure_bar": 4.81}, "raise"),
        ("line", "LP-HH", {"line_pressure_bar": 4.7}, "hold"),
        ("line", "LP-HH", {"line_pressure_bar": 4.6}, "clear"),
        ("psa", "PU-LL", {"o2_purity_pct": 89.0}, "raise"),
        ("psa", "PU-LL", {"o2_purity_pct": 89.0, "state": "running_on_spec", "o2_flow_lpm": 300.0}, "raise"),
        ("psa", "PU-LL", {"o2_purity_pct": 89.0, "state": "standby", "o2_flow_lpm": 0.0}, "pause"),
        ("psa", "PU-LL", {"o2_purity_pct": 89.0, "state": "off", "o2_flow_lpm": 0.0}, "clear"),
        ("psa", "PU-LL", {"o2_purity_pct": 89.0, "state": "running_off_spec", "o2_flow_lpm": 25.0}, "pause"),
        ("psa", "PL-DN", {"state": "fault"}, "raise"),
        ("psa", "PL-DN", {"state": "starting"}, "hold"),
        ("psa", "PL-DN", {"state": "maintenance"}, "hold"),
        ("psa", "PL-DN", {"state": "standby"}, "clear"),
        ("man", "BK-CH", {"bank_a_bar": 9.0, "bank_b_bar": 120.0}, "raise"),
        ("man", "BK-CH", {"bank_a_bar": 9.0}, "hold"),
        ("man", "BK-LL", {"bank_a_bar": 9.0, "bank_b_bar": 120.0}, "clear"),
        ("man", "BK-LL", {"bank_a_bar": 9.0, "bank_b_bar": 13.0}, "raise"),
        ("man", "RS-LO", {"reserve_bar": 74.0}, "raise"),
        ("man", "RS-US", {"bank_in_use": "reserve"}, "raise"),
        ("tank", "LX-LO", {"level_pct": 19.0}, "raise"),
    ],
)
def test_verdicts_of_default_rules(asset: str, rule: str, values: dict[str, Any], expected: str) -> None:
    assert verdict(asset, rule, values) == expected


def test_a_plant_kept_as_spare_has_no_plant_down_rule() -> None:
    assert "PL-DN" not in {c.rule.id for c in program("spare").conditions}
    assert "PL-DN" in {c.rule.id for c in program("psa").conditions}


def test_a_rule_whose_reference_is_not_declared_is_left_out() -> None:
    assert "LX-PH" not in {c.rule.id for c in program("tank").conditions}  # no relief_bar is declared


def test_fill_pressures_come_from_the_cylinder_type_unless_said() -> None:
    numbers = declared(next(a for a in SITE.assets if a.id == "man"))
    assert (numbers["fill_bar"], numbers["reserve_fill_bar"]) == (140.0, 150.0)


def test_assets_that_declare_the_same_share_a_program() -> None:
    lines = [{"id": f"line{n}", "kind": "pipeline", "nominal_bar": 4.0} for n in range(2)]
    site = Site.model_validate({"id": "dh", "assets": lines})
    assert PROGRAMS.of_asset(site, site.assets[0]) is PROGRAMS.of_asset(site, site.assets[1])


OUTSIDE = Rule.model_validate(
    {
        "id": "XX-O",
        "kind": "pipeline",
        "type": "outside",
        "signals": ["line_pressure_bar"],
        "limit": 3,
        "clear": 3.2,
        "upper": 5,
        "upper_clear": 4.8,
        "priority": "low",
        "message": "x",
    }
)


@pytest.mark.parametrize(("value", "expected"), [(2.9, "raise"), (3.1, "hold"), (4.0, "clear"), (4.9, "hold"), (5.1, "raise")])
def test_outside(value: float, expected: str) -> None:
    (condition,) = Programs(RuleSet(rules=(OUTSIDE,))).of_asset(SITE, SITE.assets[0]).conditions
    assert condition.judge({"line_pressure_bar": value}).value == expected


@given(
    st.sampled_from(["line", "psa", "man", "tank"]),
    st.floats(-50, 600, allow_nan=False),
    st.sampled_from(["off", "running_on_spec", "fault", "standby"]),
)
def test_no_condition_raises_inside_the_quiet_band(asset: str, number: float, state: str) -> None:
    """What the hot path skips could not have raised anything."""
    found = program(asset)
    values: dict[str, Any] = {name: state if name == "state" else "a" if name == "bank_in_use" else number for name in found.watches}
    quiet = all(
        watch.low <= values[name] <= watch.high if isinstance(values[name], float) else values[name] not in watch.loud
        for name, watch in found.watches.items()
    )
    if quiet:
        assert Verdict.RAISE not in {condition.judge(values) for condition in found.conditions}


def test_a_watch_that_only_serves_a_gate_is_quiet_for_every_value() -> None:
    watch = program("psa").watches["o2_flow_lpm"]
    assert (watch.low, watch.high) == (-math.inf, 500.0)  # FL-H alone bounds it


def test_rules_are_judged_behind_those_that_they_are_under() -> None:
    rules = {rule.id: rule for rule in default_rules()}
    mild_first = [rules[name] for name in ("PU-L", "LP-L", "PU-LL", "TW-ST", "LP-LL", "PU-XL")]
    assert [rule.id for rule in worse_first(mild_first)] == ["PU-XL", "PU-LL", "PU-L", "LP-LL", "LP-L", "TW-ST"]
    assert [c.rule.id for c in PROGRAMS.of_site(SITE) if c.rule.id.startswith("AU")] == ["AU-02", "AU-06", "AU-24", "AU-48"]
    assert [c.rule.id for c in program("psa").all if c.rule.id.startswith("PU")] == ["PU-XL", "PU-LL", "PU-L", "PU-HI", "PU-FC"]
