"""Checks of rules that are in force together: what hides what, what is always so, who is hidden under whom."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.rules.check_pairs import check_pairs, check_set
from collector.rules.compile import Programs, declared
from collector.rules.condition import Verdict
from collector.rules.model import Rule, RuleSet
from devices.assets import Asset, Site
from tests.unit.collector.rules.rulebench import rule, state_rule, told
from tests.unit.collector.rules.test_vocabulary import ASSETS

WORSE = {"id": "XX-LL", "limit": 3, "clear": 3.5, "priority": "medium"}
HIGH = {"id": "XX-H", "type": "above", "limit": 6, "clear": 5.5}
GATE = {"signal": "state", "states": ["standby"]}
OTHER_GATE = {"signal": "mains_ok", "states": ["true"]}
SITE = Site.model_validate({"id": "a", "assets": ASSETS})


def between(*rules: Rule) -> list[str]:
    """What is found between rules whatever the numbers, and with those of a plant of 4.1 bar."""
    found = [*check_set(rules, frozenset(each.id for each in rules)), *check_pairs(rules, {"nominal_bar": 4.1})]
    return [f"{severity}: {text}" for severity, _, text in told(found)]


@pytest.mark.parametrize("asset", SITE.assets, ids=lambda asset: asset.kind)
def test_the_default_rules_are_quiet(asset: Asset) -> None:
    rules = [each for each in default_rules() if each.kind in {asset.kind, "any"}]
    assert told(check_set(rules, frozenset(each.id for each in default_rules()))) == []
    assert told(check_pairs(rules, declared(asset))) == []


@pytest.mark.parametrize("kind", ["site", "collector"])
def test_the_default_rules_of_no_asset_are_quiet(kind: str) -> None:
    rules = [each for each in default_rules() if each.kind == kind]
    assert told(check_set(rules, frozenset())) == []
    assert told(check_pairs(rules, {})) == []


# ---- whatever the numbers ----------------------------------------------------------------------------------------------------------


def test_an_asset_has_one_rule_of_each_id() -> None:
    (said,) = between(rule(), rule(kind="any", signals=["power_kw"], limit=1, clear=2))
    assert said == "error: XX-L is there for psa_plant and for any, and an asset has one alarm of each id; give one another id"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((rule(under=["XX-LX"]), rule(**WORSE)), "error: unknown rule of psa_plant 'XX-LX'; did you mean 'XX-LL'?"),
        (
            (rule(under=["XX-LL"], priority="high"), rule(**WORSE)),
            "error: XX-L (high) would be hidden under XX-LL (medium), which is less urgent; "
            "name rules that are as urgent or more, or give XX-LL a higher priority",
        ),
        (
            (rule(under=["XX-L"]),),
            "error: these are hidden under each other, and none would be seen: XX-L under XX-L; take one of them out of under",
        ),
        (
            (rule(under=["XX-LL"], priority="medium"), rule(**WORSE, under=["XX-3"]), rule(**WORSE | {"id": "XX-3"}, under=["XX-L"])),
            "error: these are hidden under each other, and none would be seen: XX-L under XX-LL under XX-3 under XX-L; "
            "take one of them out of under",
        ),
    ],
)
def test_under_names_a_worse_rule_and_goes_round_in_no_circle(rules: tuple[Rule, ...], said: str) -> None:
    assert said in between(*rules)
    assert sum("under each other" in each for each in between(*rules)) == ("under each other" in said)


def test_a_rule_of_any_kind_may_be_under_one_that_some_kinds_have() -> None:
    of_any = rule(id="XX-A", kind="any", type="out_of_range", signals=None, limit=None, clear=None, under=["SN-SI"])
    assert told(check_set([of_any], frozenset({"SN-SI"}))) == []
    assert len(told(check_set([of_any], frozenset()))) == 1


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEF"), max_size=3, unique=True), max_size=6))
def test_a_cycle_is_told_exactly_where_there_is_one(graph: dict[str, list[str]]) -> None:
    rules = [rule(id=f"XX-{name}", under=[f"XX-{other}" for other in others if other in graph]) for name, others in graph.items()]
    found = [text for _, _, text in told(check_set(rules, frozenset())) if "under each other" in text]
    assert bool(found) == _has_cycle({name: [other for other in others if other in graph] for name, others in graph.items()})


def _has_cycle(graph: dict[str, list[str]]) -> bool:
    """By taking away what leads nowhere, again and again."""
    left = dict(graph)
    while leaves := [name for name, others in left.items() if not any(other in left for other in others)]:
        left = {name: others for name, others in left.items() if name not in leaves}
    return bool(left)


# ---- never seen --------------------------------------------------------------------------------------------------------------------

NEVER = "can never be seen"


@pytest.mark.parametrize(
    ("mild", "worse", "said"),
    [
        ({}, {}, None),
        (
            {"limit": 2.5},
            {},
            "error: XX-L (below 2.5) can never be seen: XX-LL (below 3), which hides it, is open whenever it is; "
            "XX-LL has to be the worse of the two",
        ),
        ({"limit": 3}, {}, NEVER),
        ({"limit": "nominal_bar - 2"}, {}, NEVER),
        (
            {"limit": 2.5, "on_delay_s": 10},
            {"on_delay_s": 60},
            "warning: XX-L (below 2.5) is hidden under XX-LL (below 3), which is the milder",
        ),
        ({"limit": 3, "on_delay_s": 10}, {"on_delay_s": 60}, None),
        ({"limit": 2.5}, {"gates": [GATE]}, None),
        ({"limit": 2.5, "gates": [OTHER_GATE, GATE]}, {"gates": [GATE]}, NEVER),
        ({"limit": 2.5}, {"suppressed_while": [GATE]}, None),
        ({"limit": 2.5, "suppressed_while": [GATE]}, {"suppressed_while": [GATE]}, NEVER),
        ({"limit": 2.5}, {"needs": "duty"}, None),
        ({"limit": 2.5, "needs": "duty"}, {"needs": "duty"}, NEVER),
        ({"limit": 2.5}, {"signals": ["outlet_pressure_bar"]}, None),
        ({"limit": 2.5, "pick": "highest"}, {}, NEVER),
        ({"signals": ["tower_a_bar", "tower_b_bar"], "limit": 2}, {"signals": ["tower_a_bar", "tower_b_bar"], "pick": "highest"}, None),
        ({"type": "outside", "limit": 2, "upper": 9}, {"type": "outside", "upper": 8}, NEVER),
        ({"type": "outside", "limit": 2, "upper": 9}, {}, None),
        ({"limit": 2}, {"type": "outside", "upper": 8}, NEVER),
    ],
)
def test_a_rule_under_one_that_always_holds_with_it_is_never_seen(
    mild: dict[str, object], worse: dict[str, object], said: str | None
) -> None:
    found = between(rule(**{"under": ["XX-LL"]} | mild), rule(**WORSE | worse))
    assert len(found) == (said is not None)
    assert all(said in each for each in found if said)


@pytest.mark.parametrize(
    ("mild", "worse", "hidden"),
    [
        (
            {"type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["off"]},
            {"type": "state", "signals": ["state"], "raise_states": ["fault", "standby"], "clear_states": ["off"]},
            True,
        ),
        (
            {"type": "state", "signals": ["state"], "raise_states": ["fault", "standby"], "clear_states": ["off"]},
            {"type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["off"]},
            False,
        ),
        ({"type": "rising", "limit": 5, "window_s": 60}, {"type": "rising", "limit": 4, "window_s": 60}, True),
        ({"type": "rising", "limit": 5, "window_s": 60}, {"type": "rising", "limit": 4, "window_s": 90}, False),
        ({"type": "rising", "limit": 3, "window_s": 60}, {"type": "rising", "limit": 4, "window_s": 60}, False),
        ({"type": "falling", "limit": 5, "window_s": 60}, {"type": "falling", "limit": 4, "window_s": 60}, True),
        ({"type": "hours_left", "limit": 5}, {"type": "hours_left", "limit": 6}, True),
        ({"type": "hours_left", "limit": 5, "hours": "on_site"}, {"type": "hours_left", "limit": 6}, False),
        ({"type": "forecast", "limit": 3, "within_h": 99}, {"type": "forecast", "limit": 3, "within_h": 100}, True),
        ({"type": "forecast", "limit": 3, "within_h": 101}, {"type": "forecast", "limit": 3, "within_h": 100}, False),
        ({"type": "changeover", "limit": 2}, {"type": "changeover", "limit": 3}, True),
        ({"type": "standby", "limit": 2}, {"type": "standby", "limit": 3}, True),
        ({"type": "standby", "limit": 2}, {"type": "changeover", "limit": 3}, False),
        ({"type": "silent"}, {"type": "silent"}, False),
    ],
)
def test_so_it_is_with_rules_of_every_type_that_has_a_worse_side(mild: dict[str, object], worse: dict[str, object], hidden: bool) -> None:
    bare = {"clear": None} | ({"limit": None} if "limit" not in mild else {})
    found = between(rule(**bare | {"under": ["XX-LL"]} | mild), rule(**{"id": "XX-LL", "priority": "medium"} | bare | worse))
    assert [NEVER in each for each in found] == [True] * hidden


# ---- always so ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "contradict"),
    [
        ({}, {}, False),
        ({"limit": 7}, {}, True),
        ({"limit": 6}, {}, True),
        ({"limit": "nominal_bar + 2"}, {}, True),
        ({"limit": 7, "priority": "info"}, {}, False),
        ({"limit": 7, "gates": [GATE]}, {}, True),
        ({"limit": 7, "gates": [GATE]}, {"gates": [OTHER_GATE]}, False),
        ({"limit": 7}, {"signals": ["outlet_pressure_bar"]}, False),
        ({"limit": 7}, {"type": "outside", "limit": 1, "upper": 6}, True),
        ({"limit": 5}, {"type": "outside", "limit": 1, "upper": 6}, False),
    ],
)
def test_two_rules_of_which_one_is_raised_at_every_value_contradict_each_other(
    low: dict[str, object], high: dict[str, object], contradict: bool
) -> None:
    found = between(rule(**low), rule(**HIGH | high))
    assert [("contradict each other: one of them is raised at every value" in each) for each in found] == [True] * contradict


def test_the_states_of_two_rules_may_leave_none_out() -> None:
    on, off = {"raise_states": ["true"], "clear_states": ["false"]}, {"raise_states": ["false"], "clear_states": ["true"]}
    (said,) = between(state_rule(signals=["mains_ok"], **on), state_rule(id="XX-2", signals=["mains_ok"], **off))
    assert said.startswith("error: XX-L (in true) and XX-2 (in false) contradict each other")
    assert between(state_rule(), state_rule(id="XX-2", raise_states=["off"])) == []


# ---- parts -------------------------------------------------------------------------------------------------------------------------

PART = {"type": "below", "signals": ["product_tank_bar"], "limit": 4, "clear": 5}
ABOVE = {"type": "above", "signals": ["product_tank_bar"], "limit": 3, "clear": 2}
IN_FAULT = {"type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["off"]}


@pytest.mark.parametrize(
    ("type_", "parts", "said"),
    [
        ("all_of", [PART, ABOVE], None),
        ("all_of", [PART, ABOVE | {"limit": 4}], "error: parts 1 (below 4) and 2 (above 4) are never true together: XX-L could never be"),
        ("all_of", [ABOVE | {"limit": 5}, PART], "error: parts 1 (above 5) and 2 (below 4) are never true together"),
        ("any_of", [PART, ABOVE | {"limit": 5}], None),
        ("all_of", [IN_FAULT, IN_FAULT | {"raise_states": ["standby"]}], "error: parts 1 (in fault) and 2 (in standby) are never true"),
        ("any_of", [PART, PART | {"limit": 3}], "warning: parts 1 (below 4) and 2 (below 3): one holds whenever the other does"),
        ("all_of", [PART, PART | {"limit": 3}], "warning: parts 1 (below 4) and 2 (below 3): one holds whenever the other does"),
        ("any_of", [PART, PART | {"signals": ["air_receiver_bar"]}], None),
        ("any_of", [PART, IN_FAULT], None),
    ],
)
def test_parts_can_be_true_together_and_none_is_idle(type_: str, parts: list[dict[str, object]], said: str | None) -> None:
    found = between(rule(type=type_, signals=None, limit=None, clear=None, parts=parts))
    assert len(found) == (said is not None)
    assert all(each.startswith(said) for each in found if said)


def test_parts_of_other_kinds_are_of_other_assets() -> None:
    parts = [PART | {"kind": "psa_plant"}, ABOVE | {"kind": "manifold", "limit": 5}]
    assert between(rule(kind="site", type="all_of", signals=None, limit=None, clear=None, parts=parts)) == []


# ---- what is said is so ------------------------------------------------------------------------------------------------------------

PRESSURES = st.floats(1, 15).map(lambda number: round(number, 1))
LIMITS = st.one_of(
    st.fixed_dictionaries({"type": st.just("below"), "limit": PRESSURES}),
    st.fixed_dictionaries({"type": st.just("above"), "limit": PRESSURES}),
    st.tuples(PRESSURES, PRESSURES).map(lambda pair: {"type": "outside", "limit": min(pair), "upper": max(pair) + 0.1}),
)
PLANT = Site.model_validate({"id": "a", "assets": ASSETS[:1]})


@given(LIMITS, LIMITS)
def test_what_is_called_hidden_or_contradictory_is_so_for_every_reading(first: dict[str, object], second: dict[str, object]) -> None:
    """Against the conditions themselves, beside every limit, between them and far away. (At the limit itself neither raises.)"""
    one, two = rule(**first, clear=None, under=["XX-2"]), rule(**second, clear=None, id="XX-2")
    said = " ".join(between(one, two))
    by_id = Programs(RuleSet(rules=(one, two))).of_asset(PLANT, PLANT.assets[0]).by_id
    conditions = [by_id[one.id], by_id[two.id]]
    edges = [float(str(given_[name])) for given_ in (first, second) for name in ("limit", "upper") if name in given_]
    beside = [value for edge in edges for value in (math.nextafter(edge, -math.inf), math.nextafter(edge, math.inf))]
    middles = [(low + high) / 2 for low, high in combinations(sorted(beside), 2)]
    readings = [value for value in (-math.inf, math.inf, *beside, *middles) if value not in edges]
    raised = [[c.judge({"product_tank_bar": value}) is Verdict.RAISE for c in conditions] for value in readings]
    hidden = all(worse for mild, worse in raised if mild)
    assert hidden == (NEVER in said)
    alone = any(all(each[n] for each in raised) for n in (0, 1))
    assert alone or all(any(each) for each in raised) == ("contradict" in said)
