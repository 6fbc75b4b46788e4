"""Cases that are met and cases that are not: the real decoder and evaluator, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.collector.cases.casefiles import LINE, ran

LOW = "cases:\n  - name: it\n    series: {line/line_pressure_bar: 4x6 3x6 4x9}\n    expect:\n"
GATEWAY = "assets: [{id: line, kind: pipeline, nominal_bar: 4.0}, {id: gw1, kind: gateway}]\n"


def met(folder: Path, expectation: str, text: str = LINE + LOW) -> bool:
    (result,) = ran(folder, f"{text}      - {expectation}\n")
    return result.passed


@pytest.mark.parametrize(
    ("expectation", "is_met"),
    [
        ("{at: 69s, alarms: none}", True),
        ("{at: 70s, alarms: none}", False),
        ("{at: 70s, alarms: {line/LP-LL: unacknowledged}}", True),
        ("{at: 70s, alarms: {line/LP-LL: unacknowledged high}}", True),
        ("{at: 70s, alarms: {line/LP-LL: {state: unacknowledged, priority: low}}}", False),
        ("{at: 70s, alarms: {line/LP-LL: acknowledged}}", False),
        ("{at: 70s, alarms: {line/LP-L: unacknowledged}}", False),
        ("{at: 70s, only: line/LP-L, alarms: none}", True),
        ("{at: 70s, only: [LP-L, LP-HH], alarms: none}", True),
        ("{at: 70s, only: LP-L, alarms: {line/LP-LL: unacknowledged}}", True),
        ("{at: 70s, only: LP-LL, alarms: {line/LP-LL: normal}}", False),
        ("{raised: line/LP-LL, at: 70s}", True),
        ("{raised: line/LP-LL, at: 71s}", False),
        ("{raised: line/LP-LL, between: [1m, 2m]}", True),
        ("{raised: line/LP-LL, between: [71s, 2m]}", False),
        ("{raised: line/LP-LL, between: [1m, 2m], times: 1}", True),
        ("{raised: line/LP-LL, between: [1m, 2m], times: 2}", False),
        ("{raised: line/LP-LL, between: [1m, 2m], happened: 70s}", True),
        ("{raised: line/LP-LL, between: [1m, 2m], happened: 60s}", False),
        ("{cleared: line/LP-LL, at: 150s}", True),
        ("{not_raised: line/LP-LL, between: [0, 69s]}", True),
        ("{not_raised: line/LP-LL, between: [0, 70s]}", False),
        ("{not_raised: line/LP-HH}", True),
        ("{not_raised: line/LP-LL}", False),
    ],
)
def test_what_is_expected_is_met_or_not(tmp_path: Path, expectation: str, is_met: bool) -> None:
    assert met(tmp_path, expectation) is is_met


def test_an_alarm_that_is_not_named_is_a_difference(tmp_path: Path) -> None:
    (result,) = ran(tmp_path, f"{LINE}{LOW}      - {{at: 70s, alarms: none}}\n")
    (failure,) = result.failures
    assert (failure.line, failure.at, failure.at_s) == (6, "1m10s", 70.0)
    assert [(d.alarm, d.expected, d.found) for d in failure.differences] == [("line/LP-LL", "normal", "unacknowledged")]


def test_every_expectation_is_looked_at_in_the_order_of_time(tmp_path: Path) -> None:
    text = f"{LINE}{LOW}      - {{cleared: line/LP-LL, at: 1m}}\n      - {{raised: line/LP-LL, at: 10s}}\n"
    (result,) = ran(tmp_path, text)
    assert [failure.line for failure in result.failures] == [7, 6]


def test_a_command_is_obeyed_and_one_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    events = "    events: [{at: 65s, ack: line/LP-LL}, {at: 75s, ack: line/LP-LL, by: Asha}, {at: 76s, shelve: line/LP-LL, minutes: 600}]\n"
    text = LINE + LOW.replace("    expect:\n", events + "    expect:\n")
    assert met(tmp_path, "{refused: ack line/LP-LL, at: 65s}", text)
    assert met(tmp_path, "{at: 75s, alarms: {line/LP-LL: acknowledged}}", text)
    assert met(tmp_path, "{acknowledged: line/LP-LL, at: 75s}", text)
    assert not met(tmp_path, "{refused: ack line/LP-LL, at: 75s}", text)
    assert met(tmp_path, "{refused: shelve line/LP-LL, at: 76s}", text)
    assert not met(tmp_path, "{refused: reset line/LP-LL, at: 76s}", text)


def test_a_restart_in_the_middle_of_the_delay_loses_nothing(tmp_path: Path) -> None:
    text = LINE + LOW.replace("    expect:\n", "    events: [{at: 65s, collector: restarts}]\n    expect:\n")
    assert met(tmp_path, "{raised: line/LP-LL, at: 70s}", text)


def test_a_stopped_collector_judges_when_it_is_back(tmp_path: Path) -> None:
    events = "    events: [{at: 55s, collector: stops}, {at: 100s, collector: starts}]\n"
    text = LINE + LOW.replace("    expect:\n", events + "    expect:\n")
    assert met(tmp_path, "{not_raised: line/LP-LL, between: [0, 99s]}", text)
    assert met(tmp_path, "{raised: line/LP-LL, at: 100s, happened: 70s}", text)


def test_a_lost_broker_hands_over_what_was_sent_meanwhile(tmp_path: Path) -> None:
    events = "    events: [{at: 55s, broker: lost}, {at: 80s, broker: back}]\n"
    text = LINE + LOW.replace("    expect:\n", events + "    expect:\n")
    assert met(tmp_path, "{raised: line/LP-LL, at: 80s, happened: 70s}", text)


def test_a_last_will_makes_a_gateway_dark(tmp_path: Path) -> None:
    case = "cases:\n  - name: it\n    series: {line/line_pressure_bar: 4x6}\n    events: [{at: 60s, offline: gw1}]\n    expect:\n"
    assert met(tmp_path, "{raised: gw1/ST-OF, between: [6m, 6m30s]}", GATEWAY + case)


def test_late_data_is_discovered_and_raises_nothing_live(tmp_path: Path) -> None:
    series = "[4x60, {values: 3x12 4x12, from: 2m, sent: 1h, backfill: true}]"
    case = f"cases:\n  - name: it\n    series: {{line/line_pressure_bar: {series}}}\n    expect:\n"
    assert met(tmp_path, "{not_raised: line/LP-LL, between: [0, 2h]}", LINE + case)
    assert met(tmp_path, "{discovered_late: line/LP-LL, between: [1h, 1h2m], happened: 2m10s}", LINE + case)


def test_what_the_collector_says_of_itself_is_a_series_too(tmp_path: Path) -> None:
    case = "cases:\n  - name: it\n    series: {collector/source_connected: false x9}\n    expect:\n"
    assert met(tmp_path, "{raised: collector/CO-SRC, at: 60s}", LINE + case)
    assert met(tmp_path, "{at: 60s, alarms: {collector/CO-SRC: unacknowledged high}}", LINE + case)


def test_a_number_out_of_range_is_set_aside_and_said(tmp_path: Path) -> None:
    series = "    series: {line/line_pressure_bar: 4x2 99x2}\n"
    case = f"cases:\n  - name: it\n{series}    expect: [{{at: 30s, alarms: {{line/LP-HH: unacknowledged}}}}]\n"
    (result,) = ran(tmp_path, LINE + case)
    assert any("! line: out_of_range" in line for line in result.failures[0].timeline)
