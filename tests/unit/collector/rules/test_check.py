"""All checks together: what is found where, once, for the assets on which it is so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collector.config.rulebook import default_rules
from collector.rules.check import Found, check
from collector.rules.layers import Layer, Layers
from collector.rules.model import Rule, RuleOverride
from devices.assets import Site
from tests.unit.collector.rules.rulebench import GOOD, rule
from tests.unit.collector.rules.test_vocabulary import ASSETS

SITE = Site.model_validate({"id": "a", "assets": ASSETS})
HIDDEN = "can never be seen"


def overrides(given_: dict[str, Any]) -> dict[str, RuleOverride]:
    return {name: RuleOverride.model_validate(each) for name, each in given_.items()}


def found(*sites: Site, rules: tuple[Rule, ...] = (), **scopes: dict[str, Any]) -> list[Found]:
    """What the checks say of one layer over the default rules: whole rules, and everywhere, sites, assets."""
    mine = Layer(
        rules,
        overrides(scopes.get("everywhere", {})),
        {name: overrides(each) for name, each in scopes.get("sites", {}).items()},
        {name: overrides(each) for name, each in scopes.get("assets", {}).items()},
        rules_at=("add",),
    )
    return check(Layers([Layer(default_rules()), mine]), sites or (SITE,))


def plants(*flows: float, name: str = "p", **given_: object) -> Site:
    assets = [{"id": f"psa{n}", "kind": "psa_plant", "rated_flow_lpm": flow, **given_} for n, flow in enumerate(flows)]
    return Site.model_validate({"id": name, "assets": assets})


def test_the_shipped_rules_are_without_error_warning_and_note_on_every_kind_of_asset() -> None:
    assert found() == []
    assert found(plants(500, 1000, duty=False, analyser="ultrasonic", dryer="desiccant")) == []


def test_the_shipped_rules_would_be_right_for_an_operator_too() -> None:
    """Judged as somebody's own: nothing but the delays that domain reference 8 sets at less than two intervals of ten seconds."""
    told = check(Layers([Layer(), Layer(default_rules())]), [SITE])
    assert all(one.severity == "warning" and "less than two sampling intervals" in one.text for one in told)
    assert {one.text.split(":")[0] for one in told} == {"LP-LL", "LP-HH", "PU-XL", "RM-O2"}


def test_what_an_override_does_wrong_is_found_where_it_stands() -> None:
    assert found(everywhere={"LP-L": {"limit": 45}}) == [
        Found(
            "error",
            1,
            ("everywhere", "LP-L", "limit"),
            "45 is outside the sane range of line_pressure_bar (−0.2 … 16 bar); 45 psi would be 3.10 bar: write 45 psi",
        )
    ]
    (one,) = found(sites={"a": {"AU-24": {"clear": 20}}})
    assert (one.severity, one.layer, one.path) == ("error", 1, ("sites", "a", "AU-24", "clear"))
    (one,) = found(assets={"a/line": {"LP-LL": {"clear": 3}}})
    assert (one.severity, one.layer, one.path) == ("error", 1, ("assets", "a/line", "LP-LL", "clear"))


def test_a_whole_rule_is_told_by_its_id_as_well_as_its_place() -> None:
    (one,) = found(rules=(rule(id="MY-1"), rule(id="MY-2", signals=["power"])))
    assert one == Found("error", 1, ("add", 1, "signals", 0), "MY-2: unknown signal of psa_plant 'power'; did you mean 'power_kw'?")


def test_an_override_that_makes_the_unchanged_limit_wrong_is_the_cause() -> None:
    """The clear limit is that of the default rules; the limit that was moved past it is what has to be mended."""
    (one,) = found(everywhere={"LP-LL": {"limit": "89 % of nominal_bar"}})
    assert (one.path, one.severity) == (("everywhere", "LP-LL", "limit"), "error")
    assert one.text.startswith("85 % of nominal_bar (3.485) is on the wrong side of limit 89 % of nominal_bar (3.649)")


@pytest.mark.parametrize("scope", [{"everywhere": {"LP-LL": {"limit": "91 % of nominal_bar", "clear": "95 % of nominal_bar"}}}])
def test_a_rule_that_an_override_hides_for_good_is_found_for_the_assets_where_it_is_so(scope: dict[str, Any]) -> None:
    more = Site.model_validate(
        {"id": "b", "assets": [{"id": f"z{n}", "kind": "pipeline", "nominal_bar": bar} for n, bar in enumerate((4, 4, 5))]}
    )
    told = found(more, **scope)
    assert [(one.severity, one.path) for one in told] == [("error", ("everywhere", "LP-LL", "limit"))] * 2
    assert told[0].text.startswith("LP-L (below 3.6) can never be seen: LP-LL (below 3.64), which hides it, is open whenever it is")
    assert [one.text[one.text.rindex("(") :] for one in told] == ["(at b/z0 and 1 more)", "(at b/z2)"]


def test_an_override_for_one_asset_is_caught_and_the_other_is_not_named() -> None:
    (one,) = found(plants(1, 2), assets={"p/psa1": {"PU-L": {"limit": 89, "clear": 89.5, "worse_limit": 88}}})
    assert (one.severity, one.layer, one.path) == ("error", 1, ("assets", "p/psa1", "PU-L", "limit"))
    assert one.text == (
        "PU-L (below 89) can never be seen: PU-LL (below 90), which hides it, is open whenever it is; PU-LL has to be the worse of the two"
    )


def test_what_an_asset_declares_is_told_at_the_asset() -> None:
    tank = Site.model_validate({"id": "t", "assets": [{"id": "t", "kind": "lox_tank", "capacity_kg": 1, "reorder_pct": 15}]})
    line = Site.model_validate({"id": "l", "assets": [{"id": "l", "kind": "pipeline", "nominal_bar": 13.5}]})
    low, high = found(tank, line)
    assert (low.severity, low.layer, low.path) == ("warning", None, ("sites", 0, "assets", 0, "reorder_pct"))
    assert low.text.startswith("LX-RO (below 15) can never be seen: LX-LO (below 20)")
    assert (high.severity, high.layer, high.path) == ("error", None, ("sites", 1, "assets", 0, "nominal_bar"))
    assert high.text == "LP-HH: 120 % of nominal_bar (16.2) is outside the sane range of line_pressure_bar (−0.2 … 16 bar) (at l/l)"


def test_an_asset_that_reports_too_seldom_for_a_delay_is_told_once_for_all_that_do() -> None:
    assets = [{"id": f"z{n}", "kind": "pipeline", "nominal_bar": 4 + n, "interval_s": 60} for n in range(3)]
    told = found(Site.model_validate({"id": "b", "assets": assets}))
    assert {(one.severity, one.layer, one.path[:4]) for one in told} == {("warning", None, ("sites", 0, "assets", n)) for n in range(3)}
    assert {one.text.split(":")[0] for one in told} == {"LP-LL", "LP-HH", "PU-XL"}


def test_a_delay_of_the_operator_is_held_to_two_intervals() -> None:
    (one,) = found(everywhere={"LP-LL": {"on_delay_s": 5}})
    assert (one.severity, one.path) == ("warning", ("everywhere", "LP-LL", "on_delay_s"))
    assert one.text.endswith("20 or more is right (at a/line)")


def test_a_number_that_is_possible_and_was_meant_in_another_unit_is_asked_after_with_the_numbers_of_the_asset() -> None:
    one, hidden = found(everywhere={"LP-L": {"limit": 0.37, "clear": 3.9}})
    assert HIDDEN in hidden.text
    assert (one.severity, one.path) == ("warning", ("everywhere", "LP-L", "limit"))
    assert one.text == "0.37 bar, far from the 3.69 that it changes; 0.37 MPa would be 3.70 bar: write 0.37 MPa (at a/line)"


def test_a_rule_of_another_kind_is_not_changed_by_an_override_of_an_asset() -> None:
    (one,) = found(assets={"a/line": {"PU-L": {"limit": 90}}})
    assert (one.severity, one.path) == ("error", ("assets", "a/line", "PU-L"))
    assert one.text.startswith("a/line is a pipeline: unknown rule of pipeline 'PU-L'; did you mean 'PU-XL'?")


def test_a_site_without_such_an_asset_is_told_that_nothing_changes() -> None:
    (one,) = found(plants(500), sites={"p": {"LX-LO": {"limit": 25, "clear": 28}}})
    assert (one.severity, one.path) == ("warning", ("sites", "p", "LX-LO"))
    assert one.text == "p has no asset that LX-LO is about; this changes nothing"


def test_a_high_rule_that_is_switched_off_is_noted_and_not_judged() -> None:
    (one,) = found(everywhere={"LP-LL": {"enabled": False, "limit": 45}})
    assert one == Found("note", 1, ("everywhere", "LP-LL", "enabled"), "LP-LL is of priority high and switched off: nobody will be told")
    assert found(everywhere={"LP-L": {"enabled": False}}) == []


def test_a_rule_twice_in_one_file_is_an_error_and_in_two_files_a_replacement() -> None:
    (one,) = found(rules=(rule(id="MY-1"), rule(id="MY-1")))
    assert one == Found("error", 1, ("add", 1, "id"), "rule MY-1 of psa_plant stands twice, as item 1 and 2; keep one")
    two = Layers([Layer(default_rules()), Layer((rule(id="MY-1"),)), Layer((rule(id="MY-1"),))])
    assert check(two, [SITE]) == []


def test_what_makes_no_sense_over_its_rule_is_told_once_although_it_holds_for_many() -> None:
    assert found(plants(1, 2), plants(3, name="q"), everywhere={"PU-L": {"type": "outside"}}) == [
        Found("error", 1, ("everywhere", "PU-L"), "rule PU-L of type outside needs upper")
    ]


def test_a_cycle_that_an_override_closes_is_found_at_the_override() -> None:
    told = found(sites={"a": {"AU-02": {"under": ["AU-06"]}}})
    assert ("error", ("sites", "a", "AU-02", "under")) in {(one.severity, one.path) for one in told}
    assert sum("AU-06 under AU-02 under AU-06" in one.text for one in told) == 1


def test_parts_of_a_rule_of_the_site_are_judged_on_the_assets_of_their_kind() -> None:
    part = {"type": "below", "signals": ["bank_a_bar"], "limit": "250 % of fill_bar", "clear": 200}
    rules = (rule(id="MY-1", kind="site", type="any_of", signals=None, limit=None, clear=None, parts=[part | {"kind": "manifold"}] * 2),)
    assert ("add", 0, "parts", 0, "limit") in [one.path for one in found(rules=rules) if one.severity == "error"]
    absolute = part | {"kind": "manifold", "limit": 400, "clear": 401}
    rules = (rule(id="MY-1", kind="site", type="any_of", signals=None, limit=None, clear=None, parts=[absolute, absolute | {"limit": 1}]),)
    assert ("add", 0, "parts", 0, "limit") in [one.path for one in found(rules=rules) if one.severity == "error"]


def test_rules_of_any_kind_are_judged_beside_those_of_each_kind() -> None:
    one, other = found(rules=(rule(id="LP-L", kind="any", signals=["o2_purity_pct"], limit=99, clear=99.5),))
    assert (one.severity, one.path) == ("error", ("add", 0, "id"))
    assert one.text.startswith("LP-L is there for pipeline and for any")
    assert (other.severity, other.path) == ("error", ("add", 0, "limit"))
    assert other.text.startswith("PU-HI (above 96.5) and LP-L (below 99) contradict each other")


NAMES = st.sampled_from(
    ["a", "state", "line_pressure_bar", "product_tank_bar", "bank_a_bar", "nominal_bar", "off", "true", "PU-L", "LP-L", "XX-L"]
)
NUMBERS = st.sampled_from([0, -3, 0.9, 3, 45, 1e9, "48 psi", "3 kg", "80 % of nominal_bar", "a + 2"])
LISTS = st.lists(NAMES, max_size=3)
GATES = st.fixed_dictionaries(
    {"signal": NAMES}, optional={"above": NUMBERS, "states": LISTS, "over": LISTS, "where": st.dictionaries(NAMES, NAMES)}
)
TESTS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(
        ["below", "above", "outside", "state", "rising", "falling", "stuck", "changeover", "forecast", "compare", "silent"]
    ),
    "signals": LISTS,
    **dict.fromkeys(("limit", "clear", "upper", "upper_clear", "window_s", "still_s", "within_h", "clear_h"), NUMBERS),
    **dict.fromkeys(("raise_states", "clear_states"), LISTS),
    "gates": st.lists(GATES, max_size=2),
    "moves": st.lists(st.fixed_dictionaries({"signal": NAMES, "by": NUMBERS}), max_size=2),
    "kind": st.sampled_from(["psa_plant", "pipeline", "manifold", "site", "any", "collector", "zz"]),
}
RULES = st.fixed_dictionaries(
    {},
    optional={
        **TESTS,
        "type": st.sampled_from(["below", "above", "outside", "state", "rising", "forecast", "compare", "any_of", "all_of", "hours_left"]),
        "parts": st.lists(st.fixed_dictionaries({}, optional=TESTS), max_size=3),
        "under": LISTS,
        "needs": NAMES,
        "worse_limit": NUMBERS,
        "suppressed_while": st.lists(GATES, max_size=2),
        "enabled": st.booleans(),
        "on_delay_s": st.sampled_from([0, 60]),
    },
)


@given(st.lists(RULES, max_size=4), st.dictionaries(st.sampled_from(["LP-L", "PU-L", "AU-24", "BK-CH"]), RULES, max_size=2))
def test_no_rule_that_can_be_written_does_harm(written: list[dict[str, Any]], changed: dict[str, dict[str, Any]]) -> None:
    """Whatever a person writes that has the form of a rule is judged, and every finding has a place in what they wrote."""
    rules = []
    for given_ in written:
        try:
            rules.append(Rule.model_validate(GOOD | given_))
        except ValidationError:
            continue
    everywhere = {}
    for name, given_ in changed.items():
        try:
            everywhere[name] = RuleOverride.model_validate({field: value for field, value in given_.items() if field != "kind"})
        except ValidationError:
            continue
    for one in check(Layers([Layer(default_rules()), Layer(tuple(rules), everywhere, rules_at=("add",))]), [SITE]):
        assert one.text
        assert one.layer != 0
