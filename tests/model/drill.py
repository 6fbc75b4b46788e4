"""Rules that no hospital has: every trait of an alarm in every mixture, on few signals and with short delays, so that much happens."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.rules.model import RuleSet

BASES: list[dict[str, Any]] = [
    {"id": "PU-A", "type": "below", "signals": ["o2_purity_pct"], "limit": 92, "clear": 92.5},
    {"id": "PU-B", "type": "below", "signals": ["o2_purity_pct"], "limit": 90, "clear": 91},
    {"id": "PU-C", "type": "below", "signals": ["o2_purity_pct"], "limit": 82, "clear": 85},
    {"id": "FL-A", "type": "above", "signals": ["o2_flow_lpm"], "limit": 500, "clear": 475},
    {"id": "RO-A", "type": "outside", "signals": ["room_o2_pct"], "limit": 19.5, "clear": 20, "upper": 23.5, "upper_clear": 23},
    {"id": "ST-A", "type": "state", "signals": ["state"], "raise_states": ["fault", "off"], "clear_states": ["running_on_spec", "standby"]},
]
WORSE = {"PU-A": ["PU-B", "PU-C", "ST-A"], "PU-B": ["PU-C"], "PU-C": [], "FL-A": ["PU-A", "ST-A"], "RO-A": ["FL-A"], "ST-A": ["PU-C"]}
NAMED = [f"psa/{base['id']}" for base in BASES]
_RUNNING = {"signal": "state", "states": ["running_on_spec", "running_off_spec"]}
_GATES: list[list[dict[str, Any]]] = [
    [],
    [],
    [_RUNNING],
    [{**_RUNNING, "over": ["off", "fault"]}],
    [{**_RUNNING, "over": ["off", "maintenance"]}, {"signal": "o2_flow_lpm", "above": 25}],
]
_ESCALATES: list[list[dict[str, Any]]] = [
    [],
    [],
    [{"priority": "high", "gate": {"signal": "mains_ok", "states": ["false"]}}],
    [{"priority": "medium", "after_s": 200}, {"priority": "high", "after_s": 600}],
    [{"priority": "high", "hours": "connected", "below_h": 6}],
]


def _traits(base: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "on_delay_s": st.sampled_from([0, 0, 10, 60]),
            "off_delay_s": st.sampled_from([0, 30, 60]),
            "latched": st.sampled_from([False, False, True]),
            "auto_ack": st.sampled_from([False, False, True]),
            "realarm_s": st.sampled_from([None, 0, 300]),
            "shelvable": st.sampled_from([True, True, True, False]),
            "priority": st.sampled_from(["high", "medium", "low", "info"]),
            "under": st.lists(st.sampled_from(WORSE[base["id"]]), unique=True) if WORSE[base["id"]] else st.just([]),
            "suppressed_while": st.sampled_from([[], [], [{"signal": "state", "states": ["maintenance"]}]]),
            "gates": st.sampled_from(_GATES if base["type"] != "state" else [[]]),
            "escalates": st.sampled_from(_ESCALATES),
            "worse_limit": st.sampled_from([None, *({"below": [86], "above": [550]}.get(base["type"], []))]),
        }
    ).map(lambda traits: {"kind": "psa_plant", "message": "m", **base, **traits})


def drills() -> st.SearchStrategy[RuleSet]:
    """A set of these, with the default rules about who is heard, and those on the hours left."""
    kept = [r for r in default_rules() if r.type in {"silent", "offline", "dark", "out_of_range"} or r.type == "hours_left"]
    return st.tuples(*(_traits(base) for base in BASES)).map(lambda rules: RuleSet.model_validate({"rules": [*rules, *kept]}))
