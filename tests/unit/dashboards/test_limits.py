from __future__ import annotations

from math import nextafter

import pytest

from collector.config.rulebook import default_rules
from collector.kpi.targets import BY_ID
from collector.rules.model import RuleOverride
from dashboards.colours import NORMAL, PRIORITY
from dashboards.limits import Step, above, bands, kpi, priority_of

HIGH, MEDIUM, LOW = PRIORITY["high"], PRIORITY["medium"], PRIORITY["low"]


def test_below_each_limit_the_colour_is_that_of_the_worst_rule() -> None:
    assert bands("site", "AU-48", "AU-24") == (Step(None, MEDIUM), Step(24.0, LOW), Step(48.0, NORMAL))
    assert bands("site", "AU-06", "AU-02") == (Step(None, HIGH), Step(6.0, NORMAL))


def test_limits_on_both_sides_leave_a_band_in_the_middle() -> None:
    assert bands("psa_plant", "PU-L", "PU-LL", "PU-XL", "PU-HI") == (
        Step(None, HIGH), Step(90.0, LOW), Step(92.0, NORMAL), Step(96.5, LOW),
    )  # fmt: skip
    assert bands("psa_plant", "RM-O2") == (Step(None, HIGH), Step(19.5, NORMAL), Step(23.5, HIGH))


def test_the_rules_are_the_one_source() -> None:
    """Another limit in the rules is another threshold, and nothing else has to be changed."""
    stricter = [RuleOverride.model_validate({"limit": 93}).applied_to(rule) if rule.id == "PU-L" else rule for rule in default_rules()]
    assert bands("psa_plant", "PU-L", rules=stricter) == (Step(None, LOW), Step(93.0, NORMAL))


def test_a_limit_that_differs_from_asset_to_asset_is_no_band() -> None:
    with pytest.raises(ValueError, match=r"LP-LL: 80 % of nominal_bar is no plain number; draw it from the measurement `rule_limit`"):
        bands("pipeline", "LP-LL")


@pytest.mark.parametrize("rule", ["PL-DN", "XX-XX"])
def test_what_has_no_limit_has_no_band(rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        bands("psa_plant", rule)


def test_a_rule_lends_its_priority_to_its_line() -> None:
    assert (priority_of("pipeline", "LP-LL"), priority_of("pipeline", "LP-L")) == ("high", "medium")


def test_a_target_is_met_by_its_limit_itself() -> None:
    day = BY_ID["per_day"]
    assert kpi("per_day") == (Step(None, NORMAL), Step(nextafter(day.good, 1e9), MEDIUM), Step(nextafter(day.manageable, 1e9), HIGH))
    assert kpi("worst_10min") == (Step(None, NORMAL), Step(nextafter(BY_ID["worst_10min"].good, 1e9), HIGH))
    assert kpi("low_pct") == (Step(None, HIGH), Step(BY_ID["low_pct"].manageable, MEDIUM), Step(BY_ID["low_pct"].good, NORMAL))
    assert kpi("response_medium_min", 60.0)[1].value == nextafter(1800.0, 1e9)


def test_a_figure_without_a_rule_may_have_a_limit_of_its_own() -> None:
    assert above(3, "low") == (Step(None, NORMAL), Step(3, LOW))
