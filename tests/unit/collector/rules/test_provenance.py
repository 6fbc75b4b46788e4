from __future__ import annotations

from collector.rules.model import Rule
from collector.rules.provenance import Origin, Sourced

RULE = Rule.model_validate(
    {"id": "XX-L", "kind": "pipeline", "type": "below", "signals": ["line_pressure_bar"], "limit": 3, "priority": "low", "message": "m"}
)


def test_an_origin_is_told_as_file_and_line_and_an_override_says_for_what() -> None:
    assert str(Origin("default.yaml", 12, "rule")) == "default.yaml:12"
    assert str(Origin("/etc/oxygrid/oxygrid.yaml", 40, "site")) == "/etc/oxygrid/oxygrid.yaml:40 (site)"


def test_what_was_said_comes_in_the_order_of_the_fields_whoever_said_it() -> None:
    at, other = Origin("default.yaml", 3, "rule"), Origin("my.yaml", 1, "asset")
    sourced = Sourced(RULE, at, {"priority": other, "limit": at})
    assert sourced.said() == [("limit", RULE.limit, at), ("priority", "low", other)]
