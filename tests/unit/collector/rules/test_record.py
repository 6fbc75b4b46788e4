from __future__ import annotations

import csv
import io

import pytest

from collector.config.rulebook import default_rules
from collector.rules.model import Rule
from collector.rules.record import rationalisation
from tests.unit.collector.rules.rulebench import rule, state_rule

COLUMNS = [
    "alarm_id", "tag", "type", "set_point", "unit", "priority", "class", "cause", "consequence_if_ignored", "operator_action",
    "time_to_respond_min", "confirm_by", "on_delay_s", "off_delay_s", "deadband", "latching", "suppression_logic", "escalation", "owner",
    "basis", "revision", "date",
]  # fmt: skip
"""Domain reference 5.5, in its order."""


@pytest.mark.parametrize("of", default_rules(), ids=lambda of: f"{of.id} {of.kind}")
def test_every_rule_has_every_column_in_the_order_of_the_standard(of: Rule) -> None:
    row = rationalisation(of)
    assert list(row) == COLUMNS
    asked = {"class", "unit", "escalation"}
    assert [name for name in COLUMNS if not row[name] and name not in asked] == []


def test_a_row_says_what_the_rule_says() -> None:
    row = rationalisation(
        rule(
            gates=[{"signal": "o2_flow_lpm", "above": 50}],
            suppressed_while=[{"signal": "state", "states": ["maintenance"]}],
            under=["XX-LL"],
            latched=True,
            shelvable=False,
            escalates=[
                {"priority": "high", "after_s": 3600, "hours": "on_site", "below_h": 6, "gate": {"signal": "mains_ok", "states": ["false"]}}
            ],
            category="OP",
            date="2025-03-31",
            revision=3,
        )
    )
    assert row["tag"] == "psa_plant product_tank_bar"
    assert (row["set_point"], row["unit"], row["deadband"]) == ("4", "bar", "clears when `product_tank_bar` at or above 4.5")
    assert (row["time_to_respond_min"], row["on_delay_s"], row["latching"], row["class"]) == ("5", "60", "until reset", "OP")
    assert row["suppression_logic"] == (
        "only while `o2_flow_lpm` is above 50, or not known; not while XX-LL of the same asset is open: one fact, one alarm; "
        "suppressed while `state` is `maintenance`; shelving: no"
    )
    assert row["escalation"] == (
        "high when it has been open for 1 h and all that is on site lasts, if the plant stops, less than 6 h and `mains_ok` is `false`"
    )
    assert (row["revision"], row["date"]) == ("3", "2025-03-31")


@pytest.mark.parametrize(
    ("of", "set_point", "unit"),
    [
        (state_rule(), "`state` is `fault`", ""),
        (rule(type="outside", limit=2, upper="nominal_bar + 3"), "2 / nominal_bar + 3", "bar"),
        (rule(type="forecast", limit=3, within_h=48), "48", "h"),
        (rule(kind="site", type="hours_left", signals=None, limit=6), "6", "h"),
        (rule(limit="48 psi"), "3.30948", "bar"),
    ],
)
def test_the_set_point_is_a_number_with_its_unit_where_there_is_one(of: Rule, set_point: str, unit: str) -> None:
    row = rationalisation(of)
    assert (row["set_point"], row["unit"]) == (set_point, unit)


def test_rows_survive_a_csv_file() -> None:
    rows = [rationalisation(each) for each in default_rules()]
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    assert list(csv.DictReader(io.StringIO(file.getvalue()))) == rows
