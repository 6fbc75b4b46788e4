"""The journal and the embedded history as sources. InfluxDB needs a server: tests/integration/test_backtest.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from collector.backtest.block import Block
from collector.backtest.past import Past
from collector.backtest.sources import STRETCH_MS, HistoryPast, JournalPast
from collector.journal import SqliteJournal
from collector.records import Decoded, Message
from collector.store.history import SqliteHistory
from devices.assets import Site
from devices.signal import Observation
from tests.unit.collector.backtest.past import SITE, START_MS

PREFIX = "oxygrid/v1"
OTHER = Site.model_validate({"id": "other", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.0}]})


@contextmanager
def journal(path: Path) -> Iterator[JournalPast]:
    written = SqliteJournal(path)
    for n in range(6):
        body = json.dumps({"ts": START_MS + n * 1000, "values": {"line_pressure_bar": float(n)}}).encode()
        written.append([Message(f"{PREFIX}/dh/line", body), Message("$oxygrid/start", b"{}")], START_MS + n * 1000)
    written.close()
    with closing(JournalPast(path, PREFIX)) as past:
        yield past


def test_the_journal_gives_what_was_received_in_the_range(tmp_path: Path) -> None:
    with journal(tmp_path / "journal.db") as past:
        seam: Past = past
        assert seam.span_ms([SITE]) == (START_MS, START_MS + 5000)
        assert seam.parts([SITE, OTHER]) == [(SITE, OTHER)], "one stream of all sites"
        found = list(seam.read([SITE], START_MS + 1000, START_MS + 4000))
    batches = [item for item in found if isinstance(item, Decoded)]
    assert [(batch.seq, batch.received_ms - START_MS, len(batch.events)) for batch in batches] == [(2, 1000, 2), (3, 2000, 2), (4, 3000, 2)]


def test_an_empty_journal_has_no_span(tmp_path: Path) -> None:
    SqliteJournal(tmp_path / "journal.db").close()
    with closing(JournalPast(tmp_path / "journal.db", PREFIX)) as past:
        assert past.span_ms([SITE]) is None


async def history(path: Path) -> None:
    stored = SqliteHistory(path, raw_days=100)
    for seq, hour in enumerate((0, 1, 30), start=1):
        event_ms = START_MS + hour * 3_600_000
        gone = Observation(SITE.id, "gone", "psa_plant", event_ms, event_ms, {"o2_purity_pct": 9.0})
        line = Observation(SITE.id, "line", "pipeline", event_ms, event_ms, {"line_pressure_bar": 4.0 + hour, "o2_flow_lpm": 5.0})
        await stored.write([Decoded(seq, event_ms, [line, gone], [], 2, 3)])
    await stored.close()


async def test_the_history_gives_a_day_at_a_time_of_what_the_site_still_has(tmp_path: Path) -> None:
    await history(tmp_path / "history.db")
    with closing(HistoryPast(tmp_path / "history.db")) as past:
        seam: Past = past
        assert seam.parts([SITE, OTHER]) == [(SITE,), (OTHER,)]
        assert seam.span_ms([SITE, OTHER]) == (START_MS, START_MS + 30 * 3_600_000)
        assert seam.span_ms([OTHER]) is None
        found = [item for item in seam.read([SITE], START_MS, START_MS + 2 * STRETCH_MS - 1) if isinstance(item, Block)]
    assert [(block.start_ms - START_MS, block.end_ms - START_MS) for block in found] == [(0, STRETCH_MS), (STRETCH_MS, 2 * STRETCH_MS - 1)]
    (first,), (second,) = (block.assets for block in found)
    assert (first.asset, list(first.columns["line_pressure_bar"])) == ("line", [4.0, 5.0])
    assert list(second.columns["line_pressure_bar"]) == [34.0]
