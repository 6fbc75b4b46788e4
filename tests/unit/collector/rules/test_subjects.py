"""Which assets are checked apart: as few as there are different ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.rules.compile import declared
from collector.rules.layers import Layer, Layers
from collector.rules.model import RuleOverride
from collector.rules.subjects import EVERYWHERE, Scope, Subject, subjects
from devices.assets import Site

LAYERS = Layers([Layer(default_rules())])
BANK = {"cylinders": 10, "type": "in-d"}


def site(*assets: dict[str, Any], name: str = "a") -> Site:
    return Site.model_validate({"id": name, "assets": [{"id": f"x{n}", **asset} for n, asset in enumerate(assets)]})


def line(**given_: object) -> dict[str, object]:
    return {"kind": "pipeline", "nominal_bar": 4.1, **given_}


def found(*sites: Site, layers: Layers = LAYERS) -> list[tuple[str, int]]:
    return [(subject.name, subject.count) for subject in subjects(layers, sites)]


def over(**scopes: dict[str, dict[str, Any]]) -> Layers:
    """The default rules with changes of sites or assets."""
    changed = {
        scope: {name: {rule: RuleOverride.model_validate(given_) for rule, given_ in by_rule.items()} for name, by_rule in names.items()}
        for scope, names in scopes.items()
    }
    return Layers([Layer(default_rules()), Layer(**changed)])  # type: ignore[arg-type]


def test_assets_that_declare_the_same_are_one_wherever_they_stand() -> None:
    assert found(site(line(), line(zone="ward")), site(line(), name="b")) == [("a/x0", 3)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (line(), line(nominal_bar=5)),
        (line(), line(interval_s=60)),
        ({"kind": "manifold", "banks": {"a": BANK}}, {"kind": "manifold", "banks": {"a": BANK | {"fill_bar": 140}}}),
        ({"kind": "manifold", "banks": {"a": BANK}}, {"kind": "manifold", "banks": {"a": BANK | {"type": "in-b"}}}),
        ({"kind": "manifold", "banks": {"a": BANK}}, {"kind": "manifold", "banks": {"a": BANK}, "changeover_bar": 12}),
        ({"kind": "psa_plant", "rated_flow_lpm": 500}, {"kind": "psa_plant", "rated_flow_lpm": 500, "dryer": "desiccant"}),
        ({"kind": "psa_plant", "rated_flow_lpm": 500}, {"kind": "psa_plant", "rated_flow_lpm": 500, "duty": False}),
    ],
)
def test_what_a_rule_refers_to_makes_them_different(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(found(site(first, second))) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"kind": "concentrator"}, {"kind": "concentrator", "rated_flow_lpm": 5}),
        ({"kind": "psa_plant", "rated_flow_lpm": 500}, {"kind": "psa_plant", "rated_flow_lpm": 500, "product_tank_l": 50}),
        ({"kind": "manifold", "banks": {"a": BANK}}, {"kind": "manifold", "banks": {"a": BANK | {"cylinders": 3}}}),
    ],
)
def test_what_no_rule_of_the_kind_refers_to_makes_none(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert found(site(first, second)) == [("a/x0", 2)]


def test_an_override_makes_another_scope_only_of_the_kinds_whose_rules_it_changes() -> None:
    assets = (line(), line(), {"kind": "concentrator"})
    layers = over(sites={"b": {"LP-L": {"on_delay_s": 90}}}, assets={"a/x1": {"LP-LL": {"on_delay_s": 9}}})
    scopes = {subject.name: subject.scope for subject in subjects(layers, [site(*assets), site(*assets, name="b")])}
    assert scopes == {"a/x0": EVERYWHERE, "a/x1": Scope("a", "x1"), "b/x0": Scope("b"), "a/x2": EVERYWHERE}


def test_an_override_of_the_whole_site_leaves_its_assets_as_they_are() -> None:
    assert found(site(line()), site(line(), name="b"), layers=over(sites={"b": {"AU-24": {"limit": 30}}})) == [("a/x0", 2)]


def test_ten_thousand_assets_of_five_kinds_are_five() -> None:
    kinds: list[dict[str, Any]] = [
        line(),
        {"kind": "psa_plant", "rated_flow_lpm": 500},
        {"kind": "manifold", "banks": {"a": BANK, "b": BANK}},
    ]
    kinds += [{"kind": "lox_tank", "capacity_kg": 6000}, {"kind": "concentrator"}]
    one = site(*kinds)
    many = [one.model_copy(update={"id": f"s{n}"}) for n in range(2000)]
    assert [count for _, count in found(*many)] == [2000] * 5


def test_a_rule_that_asks_for_duty_is_not_in_force_on_a_spare() -> None:
    plant, spare = site({"kind": "psa_plant", "rated_flow_lpm": 1}, {"kind": "psa_plant", "rated_flow_lpm": 1, "duty": False}).assets
    rule = next(each for each in default_rules() if each.needs == "duty")
    assert Subject(EVERYWHERE, "a", plant, ()).has(rule)
    assert not Subject(EVERYWHERE, "a", spare, ()).has(rule)


MANIFOLDS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.just("manifold")},
        optional={"changeover_bar": st.sampled_from([8, 10]), "room_temp_c": st.sampled_from([20, 30])},
    ).flatmap(
        lambda given_: st.dictionaries(
            st.sampled_from(["a", "b", "reserve"]),
            st.fixed_dictionaries(
                {"cylinders": st.integers(1, 3), "type": st.sampled_from(["in-d", "in-b", "eu-50"])}, optional={"fill_bar": st.just(100)}
            ),
            min_size=1,
        ).map(lambda banks: {**given_, "banks": banks})
    ),
    min_size=1,
    max_size=8,
)


@given(MANIFOLDS)
def test_assets_taken_for_one_declare_the_same_numbers_as_far_as_rules_ask(assets: list[dict[str, Any]]) -> None:
    asked = {"changeover_bar", "fill_bar", "reserve_fill_bar", "interval_s"}
    one = site(*assets)
    numbers = [tuple(declared(asset).get(name) for name in sorted(asked)) for asset in one.assets]
    assert len(set(numbers)) <= len(found(one)) <= len(assets)
    assert sum(count for _, count in found(one)) == len(assets)
