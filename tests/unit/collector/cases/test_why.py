"""Why an alarm is as it is: the sentence for each way in which a rule can judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.collector.cases.casefiles import ran

SITE = """
assets:
  - {id: line, kind: pipeline, nominal_bar: 4.0}
  - {id: psa, kind: psa_plant, rated_flow_lpm: 500}
  - {id: man, kind: manifold, banks: {a: {cylinders: 4, type: in-d}, b: {cylinders: 4, type: in-d}}}
  - {id: gw, kind: gateway}
"""


@pytest.mark.parametrize(
    ("series", "look", "sentences"),
    [
        ("line/line_pressure_bar: 3x2", "{at: 5s, alarms: {line/LP-LL: acknowledged}}",
         ["line_pressure_bar is 3 bar, below 3.2: it counts towards raising", "so since 0s; it is raised after 10s, at 10s"]),
        ("line/line_pressure_bar: 4x2", "{at: 10s, alarms: {line/LP-LL: acknowledged}}",
         ["line_pressure_bar is 4 bar, at or above 3.4: it may clear"]),
        ("line/o2_flow_lpm: 4x2", "{at: 10s, alarms: {line/LP-LL: acknowledged}}",
         ["line_pressure_bar is not known, and what is not known changes nothing"]),
        ("psa/o2_purity_pct: 80x3, psa/state: standby x3", "{at: 20s, only: PU-LL, alarms: {psa/PU-LL: acknowledged}}",
         ["state is standby; the rule holds only while it is running_off_spec or running_on_spec",
          "o2_purity_pct is 80 pct, below 90: it counts towards raising"]),
        ("psa/o2_purity_pct: 80x3, psa/o2_flow_lpm: 3x3", "{at: 20s, only: PU-LL, alarms: {psa/PU-LL: acknowledged}}",
         ["o2_flow_lpm is 3.0; the rule holds only above 25"]),
        ("psa/state: fault x3", "{at: 20s, only: PL-DN, alarms: {psa/PL-DN: acknowledged}}",
         ["state is fault: it counts towards raising", "so since 0s; it is raised after 1m, at 1m"]),
        ("man/bank_a_bar: 8x2, man/bank_b_bar: 9x2", "{at: 10s, only: BK-LL, alarms: {man/BK-LL: acknowledged}}",
         ["the highest of bank_a_bar and bank_b_bar is 9 bar, below 15: it counts towards raising"]),
        ("line/line_pressure_bar: 4x2, psa/o2_flow_lpm: 1x60", "{at: 150s, only: SN-SI, alarms: {line/SN-SI: acknowledged}}",
         ["last fresh: line_pressure_bar 2m20s ago; silent after 2m", "raised at 2m10s, and its condition has not cleared"]),
        ("line/line_pressure_bar: 4x2", "{at: 3m, only: ST-OF, alarms: {gw/ST-OF: acknowledged}}",
         ["the last word of anybody there came 2m50s ago"]),
        ("line/line_pressure_bar: 4x2@1970", "{at: 10s, only: CK-BD, alarms: {line/CK-BD: acknowledged}}",
         ["its stamps are wrong", "so since 0s; it is raised after 10m, at 10m"]),
        ("line/line_pressure_bar: 3x2 3.3x9", "{at: 100s, only: LP-L, alarms: none}",
         ["line_pressure_bar is 3.3 bar, below 3.6: it counts towards raising", "suppressed by LP-LL"]),
    ],
)  # fmt: skip
def test_a_sentence_for_each_way_of_judging(tmp_path: Path, series: str, look: str, sentences: list[str]) -> None:
    (result,) = ran(tmp_path, f"{SITE}cases:\n  - name: it\n    series: {{{series}}}\n    expect: [{look}]\n")
    found = [sentence for difference in result.failures[0].differences for sentence in difference.why]
    assert [sentence for sentence in sentences if sentence not in found] == [], found


def test_a_shelf_is_named_with_whose_it_is(tmp_path: Path) -> None:
    events = "events: [{at: 70s, shelve: line/LP-L, by: Asha, why: regulator is being changed, minutes: 10}]"
    case = f"cases:\n  - name: it\n    series: {{line/line_pressure_bar: 3.5x9}}\n    {events}\n    expect: [{{at: 80s, alarms: none}}]\n"
    (result,) = ran(tmp_path, SITE + case)
    assert "on the shelf until 11m10s, by Asha: regulator is being changed" in result.failures[0].differences[0].why
