from __future__ import annotations

from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from collector.cli import main
from collector.commands.kpi import time_ms
from collector.errors import UserError
from collector.kpi.report import KpiReport
from collector.outputs import StateChange
from collector.store.state import StateStore
from tests.unit.collector.kpi.cases import said, spell

DAY = 86_400.0
CONFIG = """
data_dir: data
sites:
  - id: dh
    district: kasganj
    region: up
    timezone: Asia/Kolkata
    assets: [{id: line, kind: pipeline, nominal_bar: 4.1}]
  - id: chc
    district: kasganj
    region: up
    timezone: Asia/Kolkata
    assets: [{id: line, kind: pipeline, nominal_bar: 4.1}]
  - id: far
    district: etah
    region: up
    assets: []
rules:
  sites:
    chc:
      LP-L: {off_delay_s: 90}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Three sites; of the first the log of 40 days, of the second of one hour."""
    path = tmp_path / "oxygrid.yaml"
    path.write_text(CONFIG)
    with closing(StateStore(tmp_path / "data/state.db")) as store:
        first = [said("line/LP-L", -40 * DAY, "raised"), said("line/LP-L", -39 * DAY, "acknowledged", raised_s=-40 * DAY, by="Asha")]
        here = [t for n in range(5) for t in spell("line/LP-LL", n * 200.0, 100, priority="high")]
        there = [t for n in range(5) for t in spell("line/LP-L", n * 200.0, 100, site="chc")]
        gone = [said("line/LP-L", 50, "raised", site="gone"), said("CO-DB", 60, "raised", site="_collector")]
        store.commit(StateChange(transitions=sorted([*first, *here, *there, *gone], key=lambda t: t.evaluated_ms)))
    return path


def report(config: Path, capsys: pytest.CaptureFixture[str], *args: str) -> KpiReport:
    """The period is the 30 days up to two hours after START_MS, 23:30 in Kolkata."""
    code = main(["alarms", "kpi", "-c", str(config), "--until", "2025-11-24T23:30", "--json", *args])
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return msgspec.json.decode(captured.out, type=KpiReport)


def test_all_sites_are_one_operator_and_what_is_not_configured_any_more_counts_too(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(config, capsys)
    assert (found.scope, found.sites, found.days, found.counts.annunciated) == ("all sites", 3, 30.0, 12)
    assert [(each.alarm, each.acknowledged_by) for each in found.standing] == [("dh/line/LP-L", "Asha")]


@pytest.mark.parametrize(
    ("args", "scope", "sites", "alarms"),
    [
        (("--site", "chc"), "chc", 1, 5),
        (("--district", "kasganj"), "kasganj", 2, 10),
        (("--region", "up"), "up", 3, 10),
        (("--district", "etah"), "etah", 1, 0),
    ],
)
def test_a_district_is_the_operator_of_its_sites(
    config: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], scope: str, sites: int, alarms: int
) -> None:
    found = report(config, capsys, *args)
    assert (found.scope, found.sites, found.counts.annunciated) == (scope, sites, alarms)


def test_the_advice_names_the_delays_of_the_rule_where_it_is_in_force(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    advice = {each.alarm: each.advice for each in report(config, capsys).offenders}
    assert "off_delay_s 210 (now 90) would have merged 4" in advice["chc/line/LP-L"]
    assert "off_delay_s 150 (now 30) would have merged 4" in advice["dh/line/LP-LL"]


def test_a_period_begins_where_the_log_does_and_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(config, capsys, "--days", "400")
    assert found.days == 40.08
    assert found.notes == []
    short = report(config, capsys, "--since", "2025-11-24T21:30")
    assert (short.days, short.counts.annunciated) == (0.08, 12)
    assert short.notes == ["0.0833 days of data: the targets are meant for 30 days or more"]


def test_for_people_it_is_one_screen(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alarms", "kpi", "-c", str(config), "--until", "2025-11-24T23:30", "--site", "dh"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 40
    assert lines[0].startswith(
        "Alarms of dh (1 site), 2025-10-25 to 2025-11-24, 30 days: 5 alarms (5 high, 0 medium, 0 low), 0 of them woke"
    )


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--site", "nowhere"), "no such site; sites, districts and regions of the configuration: chc, dh, etah, far, kasganj, up"),
        (("--until", "yesterday"), "'yesterday' is no day and no time"),
        (("--since", "2026-01-01", "--until", "2025-01-01"), "the period ends before it begins"),
        (("--until", "2024-01-01"), "nothing to report on yet"),
    ],
)
def test_what_can_not_be_reported_is_said(config: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], words: str) -> None:
    assert main(["alarms", "kpi", "-c", str(config), *args]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-02", 86_400_000 - 19_800_000),
        ("1970-01-02T08:00", 115_200_000 - 19_800_000),
        ("1970-01-02T08:00:00Z", 115_200_000),
        ("1970-01-02T08:00:00+01:00", 111_600_000),
    ],
)
def test_a_time_without_a_zone_is_by_the_clock_of_the_site(text: str, at_ms: int) -> None:
    assert time_ms(text, ZoneInfo("Asia/Kolkata")) == at_ms


def test_no_time_is_refused() -> None:
    with pytest.raises(UserError, match="no day and no time"):
        time_ms("soon", ZoneInfo("UTC"))
