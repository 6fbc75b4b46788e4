"""From the command line to the question: times, sites, and which source is taken."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from collector.backtest.ask import chosen_sites, moment_ms, open_past, recorded
from collector.config import Config
from collector.errors import UserError
from collector.journal import SqliteJournal
from collector.outputs import StateChange
from collector.records import Decoded, Message
from collector.store.history import SqliteHistory
from collector.store.state import StateStore
from devices.assets import Site
from devices.signal import Observation
from tests.unit.collector.backtest.episode import at, transition
from tests.unit.collector.backtest.past import SITE

ABROAD = Site.model_validate({"id": "blida", "timezone": "Africa/Algiers", "assets": []})


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-01-05T12:00:00Z", at(0)),
        ("2026-01-05T17:30:00+05:30", at(0)),
        ("2026-01-05T17:30", at(0)),
        ("2026-01-05 17:30:00", at(0)),
        ("2026-01-06", at(6.5 * 60)),
    ],
)
def test_a_time_is_of_its_zone_or_of_the_site(text: str, ms: int) -> None:
    assert moment_ms("--from", text, [SITE]) == ms


@pytest.mark.parametrize(
    ("text", "sites", "said"),
    [
        ("noon", [SITE], "--from 'noon' is no time; 2026-01-31, 2026-01-31T08:00 or"),
        ("2026-01-05T12:00", [SITE, ABROAD], "the sites are in Africa/Algiers, Asia/Kolkata; give the zone, e.g. 2026-01-05T12:00Z"),
    ],
)
def test_what_is_no_time_is_refused(text: str, sites: list[Site], said: str) -> None:
    with pytest.raises(UserError, match=said):
        moment_ms("--from", text, sites)


def test_sites_are_all_or_the_one_that_is_named() -> None:
    config = Config.model_validate({"sites": [SITE, ABROAD]})
    assert chosen_sites(config, None) == (SITE, ABROAD)
    assert chosen_sites(config, "blida") == (ABROAD,)
    with pytest.raises(UserError, match="there is no site 'dg'; known: dh, blida"):
        chosen_sites(config, "dg")


def configured(folder: Path) -> Config:
    return Config.model_validate({"sites": [SITE], "data_dir": str(folder)})


async def fill(config: Config, *, journal: float | None = None, history: float | None = None) -> None:
    """Each with something at that minute."""
    if journal is not None:
        log = SqliteJournal(config.journal_path)
        log.append([Message("$oxygrid/start", b"{}")], at(journal))
        log.close()
    if history is not None:
        stored = SqliteHistory(config.history_path)
        said = Observation("dh", "line", "pipeline", at(history), at(history), {"line_pressure_bar": 4.0})
        await stored.write([Decoded(1, at(history), [said], [], 1, 1)])
        await stored.close()


@pytest.mark.parametrize(
    ("journal", "history", "from_minute", "taken"),
    [
        (-10, -500, 0, "journal"),
        (10, -500, 0, "embedded history"),
        (10, 20, 0, "journal"),
        (20, 10, 0, "embedded history"),
        (None, 10, 0, "embedded history"),
        (10, None, 0, "journal"),
    ],
)
async def test_the_first_source_that_reaches_back_is_taken(
    tmp_path: Path, journal: float | None, history: float | None, from_minute: float, taken: str
) -> None:
    config = configured(tmp_path)
    await fill(config, journal=journal, history=history)
    with closing(open_past(config, "auto", [SITE], at(from_minute))) as past:
        assert past.name == taken


async def test_the_source_that_is_named_is_taken(tmp_path: Path) -> None:
    config = configured(tmp_path)
    await fill(config, journal=-10, history=10)
    with closing(open_past(config, "history", [SITE], at(0))) as past:
        assert past.name == "embedded history"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("journal", "no journal there"),
        ("history", "no embedded history there"),
        ("influxdb", "no influxdb section in the configuration"),
        ("auto", "nothing of the past is to be found: .*no journal there; no influxdb section .*; .*no embedded history there"),
    ],
)
def test_without_a_source_it_is_refused(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_past(configured(tmp_path), source, [SITE], at(0))  # type: ignore[arg-type]


def test_what_is_on_record_is_read_from_the_state(tmp_path: Path) -> None:
    config = configured(tmp_path)
    store = StateStore(config.state_path)
    store.commit(StateChange(transitions=[transition("raised", minute, minute) for minute in (-5, 5, 50)]))
    store.close()
    assert [t.event_ms for t in recorded(config, at(0), at(30))] == [at(5)]


def test_without_a_state_nothing_is_on_record(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing on record there; leave --against recorded out"):
        recorded(configured(tmp_path), at(0), at(30))
