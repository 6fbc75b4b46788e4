"""What is shown of a case that failed: the differences, why, the latest values, and what came before."""

from __future__ import annotations

from pathlib import Path

from collector.cases import check, report
from tests.unit.collector.cases.casefiles import LINE, ran

CASE = """
cases:
  - name: it clears too early
    series: {line/line_pressure_bar: 4x6 3x6 3.3x9}
    events: [{at: 75s, ack: line/LP-LL, by: Asha}]
    expect: [{at: 200s, only: LP-LL, alarms: none}]
  - name: it is right
    series: {line/line_pressure_bar: 4x6}
    expect: [{at: 60s, alarms: none}]
"""


def test_the_diff_of_a_case_as_it_is_printed(tmp_path: Path) -> None:
    results = ran(tmp_path, LINE + CASE)
    file = tmp_path / "case.yaml"
    assert list(report.lines(results, verbose=False)) == [
        f"{file}: 2 cases, 1 FAILED",
        "",
        f"FAILED {file}:4: it clears too early",
        f"  {file}:7: at 3m20s",
        "                expected  found",
        "    line/LP-LL  normal    acknowledged",
        "    line/LP-LL: line_pressure_bar is 3.3 bar, not below 3.2 and not yet at 3.4: nothing changes",
        "    line/LP-LL: raised at 1m10s, and its condition has not cleared",
        "    the latest values then",
        "      line: line_pressure_bar 3.3 (0s old)",
        "    what came before",
        "      0s – 50s           line: line_pressure_bar 4  (6 times)",
        "      1m – 1m10s         line: line_pressure_bar 3  (2 times)",
        "      1m10s              * line/LP-LL raised, now unacknowledged",
        "      1m15s              » ack line/LP-LL by Asha",
        "      1m15s              * line/LP-LL acknowledged",
        "      1m20s – 1m50s      line: line_pressure_bar 3  (4 times)",
        "      2m                 line: line_pressure_bar 3.3",
        "      2m                 * line/LP-L raised, now suppressed",
        "      2m10s – 3m20s      line: line_pressure_bar 3.3  (8 times)",
        "",
        "2 cases: 1 right, 1 failed",
    ]


def test_every_case_is_named_where_that_is_asked_for(tmp_path: Path) -> None:
    results = ran(tmp_path, LINE + CASE)
    lines = list(report.lines(results, verbose=True))
    assert lines[1] == "  FAILED it clears too early"
    assert lines[2].startswith("           1m10s line/LP-LL raised, high: hospital, line: pipeline pressure failing")
    assert "  ok     it is right" in lines


def test_only_the_last_lines_are_shown_of_a_long_case(tmp_path: Path) -> None:
    text = "cases: [{name: it, series: {line/line_pressure_bar: 4~4.5x30}, expect: [{at: 290s, alarms: {line/LP-HH: unacknowledged}}]}]"
    (result,) = ran(tmp_path, LINE + text)
    timeline = result.failures[0].timeline
    assert timeline[0] == "… 16 earlier lines"
    assert timeline[-1].endswith("line: line_pressure_bar 4.5")


def test_what_is_not_as_usual_about_a_message_is_said(tmp_path: Path) -> None:
    series = "[4@none 4@1970 4@-1h 4@+1h 4@retained, {values: 4x1, from: 50s, sent: 60s, backfill: true}]"
    text = f"cases: [{{name: it, series: {{line/line_pressure_bar: {series}}}, expect: [{{at: 60s, alarms: {{line/LP-LL: shelved}}}}]}}]"
    (result,) = ran(tmp_path, LINE + text)
    said = [line.partition("[")[2] for line in result.failures[0].timeline if "[" in line]
    assert said == [
        "without stamp]", "with a wrong stamp]", "stamped -1h]", "stamped +1h]", "retained]", "measured at 50s, backfill]",
    ]  # fmt: skip


def test_the_sum_counts_cases(tmp_path: Path) -> None:
    found = check.summary(ran(tmp_path, LINE + CASE))
    assert (found.passed, found.failed, [case.name for case in found.cases]) == (1, 1, ["it clears too early", "it is right"])
