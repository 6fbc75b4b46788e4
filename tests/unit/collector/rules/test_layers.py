"""Layers of rules: which one wins, field by field, and where each field was set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rules.layers import Layer, Layers, Misfit, Place, Traced
from collector.rules.model import Rule, RuleOverride

RULE = {"kind": "pipeline", "type": "below", "signals": ["line_pressure_bar"], "limit": 3, "clear": 3.2, "priority": "low", "message": "m"}


def rule(name: str = "XX-L", **given_: object) -> Rule:
    return Rule.model_validate({"id": name} | RULE | given_)


def changes(**by_rule: dict[str, Any]) -> dict[str, RuleOverride]:
    return {name.replace("_", "-"): RuleOverride.model_validate(given_) for name, given_ in by_rule.items()}


def layers(*more: Layer) -> Layers:
    return Layers([Layer((rule(), rule("XX-H", type="above", limit=5, clear=4.8))), *more])


def only(found: list[Traced], name: str = "XX-L") -> Traced:
    (traced,) = [each for each in found if each.rule.id == name]
    return traced


def test_a_later_layer_replaces_a_rule_whole_and_adds_new_ones_behind() -> None:
    mine = Layer((rule(limit=2, clear=2.5, on_delay_s=7), rule("MY-1")), rules_at=("rules", "add"))
    found = layers(mine)
    assert [(r.id, r.on_delay_s) for r in found.rule_set.rules] == [("XX-L", 7), ("XX-H", 0), ("MY-1", 0)]
    assert found.whole["XX-L", "pipeline"].at == Place("rule", 1, ("rules", "add", 0))
    assert found.whole["MY-1", "pipeline"].place(("limit",)) == Place("rule", 1, ("rules", "add", 1, "limit"))


def test_a_rule_of_another_kind_is_another_rule() -> None:
    found = layers(Layer((rule(kind="manifold", signals=["bank_a_bar"]),)))
    assert {(r.id, r.kind) for r in found.rule_set.rules} == {("XX-L", "pipeline"), ("XX-H", "pipeline"), ("XX-L", "manifold")}


def test_the_nearest_wins_and_of_two_at_the_same_scope_the_later_field_by_field() -> None:
    first = Layer(
        everywhere=changes(XX_L={"limit": 2.9, "priority": "medium"}),
        assets={"a/line": changes(XX_L={"message": "first"})},
        at=("rules", "files", 0),
    )
    second = Layer(
        everywhere=changes(XX_L={"limit": 2.8}),
        sites={"a": changes(XX_L={"clear": 3.1, "message": "second"})},
        at=("rules",),
    )
    found = layers(first, second)
    traced = only(found.of("a", "line", "pipeline"))
    assert (traced.rule.limit, traced.rule.priority, traced.rule.message) == (rule(limit=2.8).limit, "medium", "first")
    assert traced.places["limit"] == Place("everywhere", 2, ("rules", "everywhere", "XX-L", "limit"))
    assert traced.places["priority"] == Place("everywhere", 1, ("rules", "files", 0, "everywhere", "XX-L", "priority"))
    assert traced.places["clear"] == Place("site", 2, ("rules", "sites", "a", "XX-L", "clear"))
    assert traced.places["message"] == Place("asset", 1, ("rules", "files", 0, "assets", "a/line", "XX-L", "message"))
    assert traced.places["signals"] == Place("rule", 0, ("rules", 0, "signals"))
    assert traced.before == rule()
    assert not traced.is_in(0)
    assert only(found.of("a", "line", "pipeline"), "XX-H").is_in(0)


def test_elsewhere_only_what_is_for_everywhere_holds() -> None:
    found = layers(Layer(everywhere=changes(XX_L={"limit": 2.9}), sites={"a": changes(XX_L={"limit": 1})}))
    assert only(found.of("b", "line", "pipeline")).rule.limit == rule(limit=2.9).limit
    assert only(found.of("b", "line", "pipeline"), "XX-H").rule.limit == rule(limit=5).limit


def test_a_field_within_a_field_stands_within_its_place_and_one_that_was_never_set_at_the_rule() -> None:
    traced = only(layers().of("a", "line", "pipeline"))
    assert traced.place(("signals", 0)) == Place("rule", 0, ("rules", 0, "signals", 0))
    assert traced.place(("response",)) == traced.at == Place("rule", 0, ("rules", 0))
    assert traced.place(()) == traced.at


@pytest.mark.parametrize(
    ("given_", "path", "inner", "said"),
    [
        ({"type": "outside"}, (), (), "needs upper"),
        ({"limit": "5 kg"}, ("limit",), ("limit",), "'kg' is a unit of mass"),
        ({"signals": ["state"], "type": "state"}, (), (), "needs raise_states and clear_states"),
    ],
)
def test_what_makes_no_sense_over_its_rule_is_told_at_its_place_and_left_out(
    given_: dict[str, object], path: tuple[str, ...], inner: tuple[str, ...], said: str
) -> None:
    found = layers(Layer(sites={"a": changes(XX_L=given_)}, assets={"a/line": changes(XX_L={"limit": 1})}, at=("rules",)))
    misfits: list[Misfit] = []
    traced = only(found.of("a", "line", "pipeline", misfits))
    assert (traced.rule.type, traced.rule.limit) == ("below", rule(limit=1).limit)
    (misfit,) = misfits
    assert (misfit.rule, misfit.place, misfit.path) == ("XX-L", Place("site", 1, ("rules", "sites", "a", "XX-L", *path)), inner)
    assert said in misfit.text


def test_layers_list_their_overrides_from_the_general_to_the_near() -> None:
    layer = Layer(everywhere=changes(XX_L={}), sites={"a": changes(XX_H={})}, assets={"a/b": {}})
    assert [(scope, name, list(overrides)) for scope, name, overrides in layer.overrides] == [
        ("everywhere", "", ["XX-L"]),
        ("site", "a", ["XX-H"]),
        ("asset", "a/b", []),
    ]


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.integers(1, 3),
        "on_delay_s": st.integers(0, 9),
        "priority": st.sampled_from(["low", "medium"]),
        "enabled": st.booleans(),
    },
)
OVERRIDES = FIELDS.map(lambda given_: changes(XX_L=given_))
LAYERS = st.lists(
    st.builds(
        Layer,
        everywhere=OVERRIDES,
        sites=st.dictionaries(st.sampled_from("ab"), OVERRIDES, max_size=2),
        assets=st.dictionaries(st.sampled_from(["a/x", "a/y", "b/x"]), OVERRIDES, max_size=3),
    ),
    max_size=4,
)


@given(LAYERS)
def test_what_is_traced_is_what_is_in_force(more: list[Layer]) -> None:
    """The rule set that everybody uses, and the trace that says where its fields come from, are two ways to the same rules."""
    found = layers(*more)
    for site in "abc":
        for asset in ("x", "y", ""):
            assert [each.rule for each in found.of(site, asset, "pipeline")] == list(found.rule_set.changed(site, asset, "pipeline"))
