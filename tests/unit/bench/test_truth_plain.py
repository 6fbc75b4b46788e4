from __future__ import annotations

import pytest

from bench.truth_plain import Plain
from collector.config.rulebook import default_rules
from devices.assets import Site
from devices.signal import Observation, Value
from tests.unit.devices.simulator.sites import CYLINDERS_ONLY, HOSPITAL, START_MS

KINDS = {asset.id: asset.kind for asset in HOSPITAL.assets}


def said(site: Site, asset: str, signal: str, *values: Value) -> list[tuple[str, int]]:
    """(rule, minute) of the alarms raised while an asset sends these values, one a minute, in the order of their ends."""
    plain = Plain(site, default_rules())
    for minute, value in enumerate(values):
        at_ms = START_MS + minute * 60_000
        plain.observe(Observation(site.id, asset, KINDS[asset], at_ms, at_ms, {signal: value}))
    plain.close()
    return [(alarm.rule, (alarm.at_ms - START_MS) // 60_000) for alarm in plain.told]


def test_an_alarm_at_each_crossing_without_delay_or_hysteresis() -> None:
    """Limits at a nominal pressure of 4.1 bar: 3.69 and 3.28; both are said."""
    assert said(HOSPITAL, "line", "line_pressure_bar", 4.1, 3.6, 3.7, 3.6, 3.2) == [("LP-L", 1), ("LP-L", 3), ("LP-LL", 4)]
    assert said(HOSPITAL, "line", "line_pressure_bar", 5.0) == [("LP-HH", 0)]


def test_states_and_contacts() -> None:
    assert ("PL-DN", 1) in said(HOSPITAL, "psa1", "state", "standby", "off", "starting")
    assert said(HOSPITAL, "psa1", "mains_ok", True, False) == [("PW-LO", 1)]


def test_no_gate_knows_that_the_plant_only_starts() -> None:
    assert {rule for rule, _ in said(HOSPITAL, "psa1", "o2_purity_pct", 50.0)} == {"PU-L", "PU-LL", "PU-XL"}


def test_hours_left_are_pressure_times_volume_over_the_last_flow() -> None:
    plain = Plain(CYLINDERS_ONLY, default_rules())
    banks: dict[str, Value] = {"bank_a_bar": 50.0, "bank_b_bar": 0.0, "reserve_bar": 0.0, "o2_flow_lpm": 100.0}
    plain.observe(Observation("cylinders", "manifold", "manifold", START_MS, START_MS, banks))
    plain.close()
    hours = 50 * 24 * 46.7 / 100 / 60
    assert 6 < hours < 24
    assert {alarm.rule for alarm in plain.told if alarm.rule.startswith("AU")} == {"AU-48", "AU-24"}


@pytest.mark.parametrize(("seconds", "silent"), [(10, False), (20, True)])
def test_one_missed_reading_is_silence(seconds: int, silent: bool) -> None:
    plain = Plain(HOSPITAL, default_rules())
    plain.observe(Observation("hospital", "line", "pipeline", START_MS, START_MS, {"line_pressure_bar": 4.1}))
    plain.tick(START_MS + seconds * 1000)
    plain.close()
    assert [alarm.rule for alarm in plain.told] == (["SN-SI"] if silent else [])


@pytest.mark.parametrize(
    ("banks", "rules"),
    [
        ((140.0, 140.0), set()),
        ((11.0, 140.0), {"BK-CH", "BK-NR"}),
        ((11.0, 14.0), {"BK-CH", "BK-NR", "BK-LL"}),
    ],
)
def test_of_several_signals_the_one_that_the_rule_picks(banks: tuple[float, float], rules: set[str]) -> None:
    plain = Plain(HOSPITAL, default_rules())
    values: dict[str, Value] = {"bank_a_bar": banks[0], "bank_b_bar": banks[1], "bank_in_use": "reserve"}
    plain.observe(Observation("hospital", "manifold", "manifold", START_MS, START_MS, values))
    plain.close()
    assert {alarm.rule for alarm in plain.told if not alarm.rule.startswith("AU")} == rules | {"RS-US"}
