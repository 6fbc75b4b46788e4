from __future__ import annotations

import re

import msgspec
import pytest

from collector.commands.kpi_lines import report_lines
from collector.kpi.tally import Tally
from devices.assets import Site
from tests.unit.collector.kpi.cases import SITE, START_MS, at, said, spell

DAY = 86_400.0
ZONE = SITE.zone


def lines(*, until_s: float = 30 * DAY) -> list[str]:
    tally = Tally({"dh": SITE}, START_MS)
    tally.remember(said("manifold/RS-LO", -3 * DAY, "acknowledged", raised_s=-4 * DAY, by="Asha"))
    said_ = [
        *(t for n in range(6) for t in spell("line/LP-L", n * 400.0, 300, priority="high")),
        said("line/LP-L", 2310, "acknowledged", raised_s=2000, by="Ravi", state="normal", condition=False),
        *(said(f"conc-{n}/CN-LL", DAY + n, "raised", priority="high") for n in range(11)),
        said("psa1/PU-L", 2 * DAY, "shelved", by="", why="", condition=False),
        said("psa1/PL-DN", 2 * DAY, "discovered_late"),
    ]
    for transition in sorted(said_, key=lambda t: t.evaluated_ms):
        tally.add(transition)
    return list(report_lines(tally.report("dh", at(until_s)), ZONE))


def test_the_report_fits_on_one_screen() -> None:
    found = lines()
    assert len(found) <= 45
    assert found[0] == (
        "Alarms of dh (1 site), 2025-11-24 to 2025-12-24, 30 days: 17 alarms (17 high, 0 medium, 0 low), 1 of them woke somebody at night;"
        " 1 discovered late"
    )


@pytest.mark.parametrize(
    "row",
    [
        ("too much", "most alarms in any 10 minutes", "11", "target at most 10"),
        ("too much", "median minutes to an answer, high", "38 min", "target at most 5, manageable to 15"),
        ("good", "time in flood", "0.023 %", "target at most 1, manageable to 2.5"),
    ],
)
def test_verdicts_stand_first_beside_the_target(row: tuple[str, ...]) -> None:
    assert row in [tuple(re.split(r" {2,}", line.strip())) for line in lines()]


def test_what_is_to_be_mended_is_said_with_what_to_do() -> None:
    text = "\n".join(lines())
    assert "  6 ×  dh/line/LP-L      high  5 of 6 raised within 5 min of clearing: an off-delay 120 s longer would have merged 5" in text
    assert "floods: 1\n  2025-11-25 21:30  a flood of 11 alarms in 10 min, mostly CN-LL (100 %)" in text
    assert "dh/manifold/RS-LO  medium  34 d  acknowledged by Asha" in text
    assert "  … and 7 more (--json has them all)" in text
    assert "high: 1 answered, 11 never: median 38 min, nine in ten within 38 min, longest 38 min" in text
    assert "shelved: 1 ×, 1 different alarms, 28 d altogether, 1 without a name or a reason" in text


def test_without_alarms_there_are_figures_and_nothing_to_mend() -> None:
    bare = Site.model_validate({"id": "dh", "assets": []})
    found = list(report_lines(Tally({"dh": bare}, START_MS).report("dh", at(3 * DAY)), ZONE))
    assert found[1] == "  3 days of data: the targets are meant for 30 days or more"
    assert not [line for line in found if ("most frequent" in line and "×" in line) or "floods" in line or "on for more" in line]


def test_the_report_is_json() -> None:
    report = Tally({"dh": SITE}, START_MS).report("dh", at(DAY))
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report
