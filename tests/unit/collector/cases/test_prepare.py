"""What is wrong with a case file is said with its line and with what would be right; what is right is as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.cases.prepare import Configured, in_force, prepare
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from devices.assets import Site
from tests.unit.collector.cases.casefiles import LINE, problems, ran

CASE = "cases:\n  - name: it\n    series: {line/line_pressure_bar: 4x3}\n    expect: [{at: 20s, alarms: none}]\n"
LINES = [{"id": "line", "kind": "pipeline", "nominal_bar": 5}]
KNOWN = Site.model_validate({"id": "kasganj-dh", "timezone": "Asia/Kolkata", "assets": LINES})


def with_line(text: str) -> str:
    """A case with one more line of YAML, the sixth."""
    return f"{LINE}{CASE}    {text}\n"


def expecting(text: str) -> str:
    return f"{LINE}{CASE}".replace("{at: 20s, alarms: none}", text)


def test_a_right_file_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, LINE + CASE) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "case.yaml:1: a case file is a mapping with assets and a list of cases"),
        ("- 1\n", "case.yaml:1: a case file is a mapping"),
        (LINE, "case.yaml:1: cases: missing: The cases."),
        ("a: [\n", "case.yaml:2: this is not YAML"),
        (LINE + CASE + CASE, "case.yaml:6: cases: the key stands twice (first in line 2)"),
        (CASE, "case.yaml:2: cases[0]: no assets: write assets: […] as in the configuration"),
        ("site: kasganj-dh\n" + CASE, "case.yaml:1: site: there is no site 'kasganj-dh'; give the configuration with -c"),
        (LINE.replace("4.0", "40") + CASE, "case.yaml:1: assets[0].nominal_bar: found 40; should be at most 16"),
        (LINE + "intervall: 5s\n" + CASE, "case.yaml:2: intervall: unknown key 'intervall'; did you mean 'interval'?"),
        (LINE + "interval: 5\n" + CASE, "case.yaml:2: interval: 5 is no length of time; write it with its unit"),
        (LINE + "start: noon\n" + CASE, "case.yaml:2: start: 'noon' is no date and time; write it like 2026-01-05T08:00"),
        (LINE + "site: {timezone: Mars}\n" + CASE, "case.yaml:2: site.timezone: 'Mars' is no IANA time zone"),
        (LINE + "rules: {everywhere: {LP-LX: {limit: 3}}}\n" + CASE, "case.yaml:2: rules.everywhere.LP-LX: unknown rule 'LP-LX'"),
        (with_line("events: [{at: 5s}]"), "case.yaml:6: cases[0].events[0]: found nothing that happens; exactly one of ack, reset"),
        (with_line("events: [{at: 5s, ack: line/LP-LL, online: gw}]"), "cases[0].events[0]: found ack and online; exactly one of"),
        (with_line("events: [{at: 5s, online: gw, by: Asha}]"), "cases[0].events[0]: by does not belong to online"),
        (with_line("events: [{at: 5s, offline: gw1}]"), "cases[0].events[0].offline: unknown asset 'gw1'; known: collector, line"),
        (with_line("events: [{at: 5s, ack: line/LP-LX}]"), "cases[0].events[0].ack: unknown alarm 'line/LP-LX'; did you mean 'line/LP-L"),
        (with_line("events: [{at: 5s, broker: gone}]"), "cases[0].events[0].broker: found 'gone'; should be lost or back"),
        (with_line("events: [{at: -5s, broker: lost}]"), "cases[0].events[0].at: found '-5s'; should be at least 0"),
        (expecting("{at: 20s}"), "case.yaml:5: cases[0].expect[0]: found nothing that is expected; alarms: {…}"),
        (expecting("{alarms: none}"), "case.yaml:5: cases[0].expect[0]: when? Write at: 5m10s"),
        (expecting("{raised: line/LP-LL}"), "case.yaml:5: cases[0].expect[0]: when? Write at: 5m10s, or between: [5m, 6m]"),
        (expecting("{raised: line/LP-LL, between: [5m, 1m]}"), "case.yaml:5: cases[0].expect[0]: between: the first time comes after"),
        (expecting("{raised: LP-LX, at: 5s}"), "case.yaml:5: cases[0].expect[0].raised: unknown alarm 'LP-LX'"),
        (expecting("{raised: psa/LP-LL, at: 5s}"), "no rule makes an alarm 'psa/LP-LL' here; that rule is in force at line/LP-LL"),
        (expecting("{at: 5s, alarms: {line/LP-LL: up}}"), "expect[0].alarms.line/LP-LL: found 'up'; should be normal, "),
        (expecting("{at: 5s, only: LP-LX, alarms: none}"), "expect[0].only: unknown alarm 'LP-LX'"),
        (expecting("{at: 5s, refused: ack line/LX-LO}"), "expect[0].refused: unknown alarm 'line/LX-LO'"),
        (LINE + CASE.replace("line/line_pressure_bar", "lime/line_pressure_bar"), "unknown asset 'lime'; did you mean 'line'?"),
        (LINE + CASE.replace("line/line_pressure_bar", "line/line_presure_bar"), "did you mean 'line_pressure_bar'?"),
        (LINE + CASE.replace("line/line_pressure_bar", "line"), "series.line: found 'line'; asset/signal is right"),
        (LINE + CASE.replace("4x3", "{values: }"), "cases[0].series.line/line_pressure_bar.values: found None; a series is text"),
        (LINE + CASE.replace("4x3", "off x3"), "series.line/line_pressure_bar: found 'off'; line_pressure_bar is a number"),
        (LINE + CASE.replace("4x3", "4x25s"), "series.line/line_pressure_bar: x25s is no whole number of intervals of 10s"),
        (LINE + CASE.replace("4x3", "{values: 4x3, sent: 5s}"), "sent: before it was measured"),
        (LINE + CASE.replace("4x3", "{values: 4x3, every: -5s}"), "every: an interval is longer than nothing"),
        (LINE + CASE.replace("4x3", "{values: 4x3, stamp: [1]}"), "stamp: found [1]; a stamp is -6h, +1h, 1970, none"),
        (LINE + CASE.replace("4x3", "{value: 4x3}"), "unknown key 'value'; did you mean 'values'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(tmp_path: Path, text: str, said: str) -> None:
    found = problems(tmp_path, text)
    assert any(said in line for line in found), found
    assert all(line.startswith("case.yaml:") for line in found)


def test_every_problem_of_a_file_is_said_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = f"{LINE}{CASE}{CASE.removeprefix('cases:' + chr(10))}".replace("line/line_pressure_bar", "lime/line_pressure_bar")
    assert [line.split(": ")[0] for line in problems(tmp_path, text)] == ["case.yaml:4", "case.yaml:7"]


@pytest.mark.parametrize("series", ["0x3", "[4x3, 0x3]", "[4, {values: 0x3, from: 1m}]", "4.1", "{values: 0x3}"])
def test_what_yaml_takes_for_a_number_is_the_text_that_was_written(tmp_path: Path, series: str) -> None:
    assert problems(tmp_path, LINE + CASE.replace("4x3", series)) == []


def test_zero_ten_times_is_not_sixteen(tmp_path: Path) -> None:
    (result,) = ran(tmp_path, LINE + CASE.replace("4x3", "0x10").replace("{at: 20s, alarms: none}", "{raised: line/LP-LL, at: 10s}"))
    assert result.passed


def test_states_and_contacts_are_held_against_the_catalogue(tmp_path: Path) -> None:
    psa = "assets: [{id: psa, kind: psa_plant, rated_flow_lpm: 500}]\n"
    case = CASE.replace("line/line_pressure_bar: 4x3", "psa/state: runing_on_spec x3, psa/mains_ok: 1x3")
    found = problems(tmp_path, psa + case)
    assert "unknown state of state 'runing_on_spec'; did you mean 'running_on_spec'?" in found[0]
    assert "found 1.0; mains_ok is true or false" in found[1]


def test_a_site_of_the_configuration_brings_its_rules_and_what_the_file_changes_goes_over_them(tmp_path: Path) -> None:
    rules = Rules.model_validate({"everywhere": {"LP-LL": {"limit": 2, "on_delay_s": 0}}})
    configured = Configured({"kasganj-dh": KNOWN}, rules)
    text = (
        "site: kasganj-dh\nrules: {everywhere: {LP-LL: {on_delay_s: 20}}}\n"
        "cases:\n  - name: it\n    series: {line/line_pressure_bar: 2.1x5 1.9x3}\n"
        "    expect: [{not_raised: line/LP-LL, between: [0, 69s]}, {raised: line/LP-LL, at: 70s}]\n"
    )
    (result,) = ran(tmp_path, text, configured)
    assert result.failures == []
    assert "2026-01-05 08:01" in next(line for line in result.told if "LP-LL" in line), "in the time of the site"


def test_assets_beside_a_site_of_the_configuration_are_refused(tmp_path: Path) -> None:
    configured = Configured({"kasganj-dh": KNOWN}, Rules())
    found = problems(tmp_path, "site: kasganj-dh\n" + LINE + CASE, configured)
    assert found == ["case.yaml:2: assets: the assets are those of site 'kasganj-dh' of the configuration; leave them out here"]


def test_the_rules_of_the_configuration_do_not_touch_a_file_with_assets_of_its_own(tmp_path: Path) -> None:
    configured = Configured({"kasganj-dh": KNOWN}, Rules.model_validate({"everywhere": {"LP-LL": {"enabled": False}}}))
    assert problems(tmp_path, expecting("{not_raised: line/LP-LL}"), configured) == []


def test_a_case_says_otherwise_than_its_file(tmp_path: Path) -> None:
    text = LINE + "start: 2026-03-01T00:00\n" + CASE + "    start: 2026-04-01T00:00\n    interval: 1s\n"
    assert problems(tmp_path, text) == []
    case = {"name": "it", "start": "2026-04-01T00:00", "interval": "1s", "series": {"line/o2_flow_lpm": "1x2"}}
    data = {"start": "2026-03-01T00:00", "assets": LINES, "cases": [{**case, "expect": [{"at": 0, "alarms": {}}]}]}
    ((prepared,), found) = prepare(data, Configured({}, Rules()))
    assert found == []
    assert prepared.script.begin_ms == 1_775_001_600_000
    assert [one.at_ms for one in prepared.script.said] == [0, 1000]


def test_the_alarms_of_a_site_are_those_of_its_assets_of_the_site_and_of_the_collector() -> None:
    found = in_force(KNOWN, rule_set(Rules()))
    assert {"line/LP-LL", "AU-06", "collector/CO-SRC", "line/CK-BD"} <= found
    assert "line/PL-DN" not in found
