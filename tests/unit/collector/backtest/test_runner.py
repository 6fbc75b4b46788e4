"""The numbers of the stock against the rules of the site."""

from __future__ import annotations

from typing import Any

import pytest

from collector.backtest.runner import Bands
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.evaluator import Evaluator
from devices.assets import Site

SITE = Site.model_validate({"id": "dh", "assets": [{"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}]})


@pytest.mark.parametrize(
    ("numbers", "raises"),
    [
        ({}, False),
        ({"on_site_h": 100.0, "connected_now_h": 50.0}, False),
        ({"on_site_h": 47.9}, True),
        ({"on_site_h": 48.0}, False),
        ({"connected_now_h": 5.9}, True),
        ({"demand_now_lpm": 300.0, "usual_lpm": 100.0}, True),
        ({"demand_now_lpm": 190.0, "usual_lpm": 100.0}, False),
        ({"demand_now_lpm": 40.0, "usual_lpm": 10.0}, False),
    ],
)
def test_a_number_raises_as_the_rules_say(numbers: dict[str, Any], raises: bool) -> None:
    conditions = [c for c in Evaluator([SITE], rule_set(Rules())).sites["dh"].conditions if c.rule.type != "dark"]
    assert Bands(conditions).raises(numbers) is raises
