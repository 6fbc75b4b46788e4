import pytest
from pydantic import ValidationError

from collector.config.rulebook import default_rules
from collector.rules.limit import Limit, parse_limit
from collector.rules.model import Rule, RuleOverride, RuleSet

BELOW = {
    "id": "XX-L",
    "kind": "pipeline",
    "type": "below",
    "signals": ["line_pressure_bar"],
    "limit": 3,
    "priority": "low",
    "message": "low",
}


@pytest.mark.parametrize(
    ("text", "declared", "value", "said"),
    [
        (90, {}, 90.0, "90"),
        (-40.5, {}, -40.5, "-40.5"),
        ("80 % of nominal_bar", {"nominal_bar": 4.1}, 3.28, "80 % of nominal_bar"),
        ("112.5% of x", {"x": 2.0}, 2.25, "112.5 % of x"),
        ("rated_flow_lpm", {"rated_flow_lpm": 500.0}, 500.0, "rated_flow_lpm"),
        ("nominal_bar + 2.5", {"nominal_bar": 8.0}, 10.5, "nominal_bar + 2.5"),
        ("95 % of relief_bar - 1", {"relief_bar": 20.0}, 18.0, "95 % of relief_bar - 1"),
        ("80 % of relief_bar", {}, None, "80 % of relief_bar"),
    ],
)
def test_limits(text: float | str, declared: dict[str, float], value: float | None, said: str) -> None:
    limit = Limit.model_validate(parse_limit(text))
    assert limit.value(declared) == value
    assert str(limit) == said


@pytest.mark.parametrize("text", ["80 of nominal_bar", "nominal_bar * 2", "80 %", "__import__('os')", "", "1 + 1"])
def test_what_is_no_limit_is_refused_and_told_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="80 % of nominal_bar"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limit": None}, "needs limit"),
        ({"signals": []}, "needs signals"),
        ({"type": "outside"}, "needs upper"),
        ({"type": "state"}, "needs raise_states and clear_states"),
        ({"id": "lp-ll"}, "pattern"),
        ({"on_delay_s": -1}, "greater than or equal to 0"),
        ({"limit": float("nan")}, "finite"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rule.model_validate({**BELOW, **changes})


def test_the_nearest_override_wins_and_leaves_the_rest() -> None:
    rules = RuleSet.model_validate(
        {
            "rules": [BELOW],
            "everywhere": {"XX-L": {"priority": "medium", "on_delay_s": 5}},
            "sites": {"dh": {"XX-L": {"limit": "50 % of nominal_bar"}}},
            "assets": {"dh/line": {"XX-L": {"limit": 2}}},
        }
    )
    (elsewhere,) = rules.of("chc", "line", "pipeline")
    (at_site,) = rules.of("dh", "other", "pipeline")
    (at_asset,) = rules.of("dh", "line", "pipeline")
    assert (elsewhere.priority, elsewhere.on_delay_s, str(elsewhere.limit)) == ("medium", 5, "3")
    assert (at_site.priority, str(at_site.limit)) == ("medium", "50 % of nominal_bar")
    assert (at_asset.priority, str(at_asset.limit)) == ("medium", "2")


def test_a_rule_switched_off_is_gone() -> None:
    rules = RuleSet.model_validate({"rules": [BELOW], "sites": {"dh": {"XX-L": {"enabled": False}}}})
    assert rules.of("dh", "line", "pipeline") == ()
    assert len(rules.of("chc", "line", "pipeline")) == 1


def test_an_override_of_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"there is no rule 'LP-XX'; the rules are XX-L"):
        RuleSet(rules=(Rule.model_validate(BELOW),), everywhere={"LP-XX": RuleOverride.model_validate({"enabled": False})})


@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: f"{rule.id} {rule.kind}")
def test_every_default_rule_has_its_whole_rationalisation(rule: Rule) -> None:
    assert all((rule.message, rule.response, rule.cause, rule.consequence, rule.respond_min, rule.source))
