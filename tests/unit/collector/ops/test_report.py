from __future__ import annotations

import msgspec

from collector.config.rulebook import default_rules
from collector.evaluator import Evaluator
from collector.ops.report import ALARM, EVERY_MS, LIMIT, LIMITS_EVERY, STATUS, points
from collector.outputs import StateChange
from collector.records import Decoded, Point
from collector.rules.model import RuleSet
from collector.views import AlarmView
from devices.assets import Site
from devices.signal import Observation, Value
from tests.unit.collector.ops.world import ALARM as PRESSURE
from tests.unit.collector.ops.world import SHELVED, START_MS

SITE = Site.model_validate(
    {
        "id": "dh",
        "district": "kasganj",
        "region": "up",
        "latitude": 27.8,
        "longitude": 78.6,
        "delivery_lead_hours": 8,
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
            {"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 500},
            {"id": "c1", "kind": "concentrator"},
            {"id": "c2", "kind": "concentrator"},
        ],
    }
)


def alarm(asset: str, rule: str) -> AlarmView:
    return msgspec.structs.replace(PRESSURE, alarm=f"dh/{asset}/{rule}", asset=asset, rule=rule, condition=True)


class Clinic:
    """One site and what is said of it."""

    def __init__(self) -> None:
        self.evaluator = Evaluator([SITE], RuleSet(rules=default_rules()))

    def say(self, asset: str, kind: str, at_ms: int, **values: Value) -> None:
        reading = Observation("dh", asset, kind, at_ms, at_ms, values)
        self.evaluator.step(Decoded(self.evaluator.cursor + 1, at_ms, [reading], [], 1, len(values)), StateChange())

    def row(self, measurement: str, *alarms: AlarmView, at_ms: int = START_MS) -> Point:
        (found,) = [point for point in points(self.evaluator, alarms, at_ms) if point.measurement == measurement]
        return found

    def limits(self, at_ms: int) -> dict[tuple[str, str], dict[str, Value | int]]:
        rows = [point for point in points(self.evaluator, [], at_ms) if point.measurement == "rule_limit"]
        return {(row.tags.get("asset", ""), row.tags["rule"]): row.fields for row in rows}


def test_a_site_that_never_spoke_is_all_silent() -> None:
    row = Clinic().row("site_status")
    assert (row.tags, row.time_ms) == ({"site": "dh", "district": "kasganj", "region": "up"}, START_MS)
    assert row.fields == {
        "latitude": 27.8,
        "longitude": 78.6,
        "delivery_lead_h": 8.0,
        "open_high": 0,
        "open_medium": 0,
        "open_low": 0,
        "unacknowledged": 0,
        "plants": 1,
        "plants_down": 0,
        "purity_low": 0,
        "assets": 4,
        "silent_assets": 4,
        "dark": 1,
        "concentrators": 2,
        "concentrators_lost": 2,
        "concentrators_low": 0,
        "concentrators_in_use": 0,
    }


def test_alarms_are_counted_by_what_they_say() -> None:
    quiet = msgspec.structs.replace(alarm("psa1", "PU-LL"), state="suppressed")
    over = msgspec.structs.replace(alarm("psa1", "PL-DN"), state="returned", condition=False, priority="medium")
    fields = Clinic().row("site_status", alarm("line", "LP-LL"), alarm("c1", "CN-LL"), alarm("c1", "CN-L"), quiet, over).fields
    assert (fields["open_high"], fields["open_medium"], fields["open_low"], fields["unacknowledged"]) == (3, 1, 0, 3)
    assert (fields["purity_low"], fields["concentrators_low"], fields["plants_down"]) == (1, 1, 0)
    assert Clinic().row("site_status", alarm("psa1", "PL-DN")).fields["plants_down"] == 1


def test_what_is_heard_is_not_silent() -> None:
    clinic = Clinic()
    clinic.say("c1", "concentrator", START_MS, o2_purity_pct=93.0, in_use=True)
    clinic.say("line", "pipeline", START_MS + 60_000, line_pressure_bar=4.0)
    fields = clinic.row("site_status", at_ms=START_MS + 90_000).fields
    assert (fields["silent_assets"], fields["dark"], fields["heard_s"]) == (2, 0, 30.0)
    assert (fields["concentrators_lost"], fields["concentrators_in_use"]) == (1, 1)


def test_the_hours_left_are_those_of_the_newest_estimate() -> None:
    clinic = Clinic()
    clinic.say("line", "pipeline", START_MS, line_pressure_bar=4.0)
    clinic.evaluator.advance(START_MS + 120_000, StateChange())
    estimate = clinic.evaluator.sites["dh"].estimate
    assert estimate is not None
    assert clinic.row("site_status").fields.get("on_site_h") == estimate.on_site_h.mid


def test_an_alarm_that_is_not_normal_has_a_row_each_time() -> None:
    clinic = Clinic()
    rows = [point for point in points(clinic.evaluator, [PRESSURE, SHELVED], START_MS + 60_000) if point.measurement == "alarm_open"]
    assert [(row.tags["rule"], row.fields["state"], row.time_ms) for row in rows] == [
        ("LP-LL", "unacknowledged", START_MS + 60_000),
        ("LP-L", "shelved", START_MS + 60_000),
    ]
    tags = {"site": "dh", "district": "kasganj", "region": "up", "asset": "line", "kind": "pipeline", "rule": "LP-LL", "priority": "high"}
    assert rows[0].tags == tags
    assert rows[0].fields == {
        "state": "unacknowledged",
        "text": "pressure failing",
        "since_ms": START_MS,
        "nature": "process",
        "urgency": 3,
    }


def test_an_open_alarm_says_what_to_do_whatever_was_done_since() -> None:
    answered = msgspec.structs.replace(PRESSURE, condition=True, state="acknowledged", text="acknowledged by Asha.")
    text = Clinic().row("alarm_open", answered).fields["text"]
    assert "pipeline pressure failing" in str(text)
    assert "Switch to the reserve manifold" in str(text)


def test_alarms_of_the_collector_itself_are_among_them_but_it_is_no_site() -> None:
    itself = msgspec.structs.replace(PRESSURE, alarm="_collector/collector/CO-SRC", site="_collector", asset="collector", rule="CO-SRC")
    found = list(points(Clinic().evaluator, [itself], START_MS))
    assert [point.tags["site"] for point in found if point.measurement == "alarm_open"] == ["_collector"]
    assert [point.tags["site"] for point in found if point.measurement == "site_status"] == ["dh"]


def test_each_site_has_its_limits_once_in_a_quarter_of_an_hour() -> None:
    clinic = Clinic()
    told = [limits for minute in range(LIMITS_EVERY) if (limits := clinic.limits(START_MS + minute * EVERY_MS))]
    assert len(told) == 1
    limits = told[0]
    assert limits["line", "LP-LL"] == {"limit": 3.2, "clear": 3.4}
    assert limits["psa1", "RM-O2"] == {"limit": 19.5, "clear": 20.0, "upper": 23.5, "upper_clear": 23.0}
    assert limits["psa1", "FL-H"] == {"limit": 500.0, "clear": 475.0}
    assert limits["", "AU-48"] == {"limit": 48.0, "clear": 54.0}
    assert not {("psa1", "PL-DN"), ("psa1", "TW-ST"), ("psa1", "PU-FC")} & limits.keys()


def test_no_field_is_unknown_and_none_is_also_a_tag() -> None:
    clinic = Clinic()
    clinic.say("line", "pipeline", START_MS, line_pressure_bar=4.0)
    known = {"site_status": STATUS, "alarm_open": ALARM, "rule_limit": LIMIT}
    for minute in range(LIMITS_EVERY):
        for point in points(clinic.evaluator, [PRESSURE], START_MS + minute * EVERY_MS):
            assert point.fields.keys() <= set(known[point.measurement])
            assert not point.fields.keys() & point.tags.keys()
