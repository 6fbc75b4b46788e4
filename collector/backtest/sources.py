"""The three sources of a backtest: the journal's messages, the embedded history's columns, InfluxDB's columns."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from collector.backtest.block import AssetBlock, Block, Series, joined
from collector.decoding import Decoder
from collector.journal import SqliteJournal
from collector.records import Decoded
from collector.store.history_columns import HistoryColumns
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.signal import Signal

if TYPE_CHECKING:
    from collector.store.influx_read import InfluxReader

T = TypeVar("T")

STRETCH_MS = 86_400_000
"""What is read at once of a site: a day."""


class JournalPast:
    """Messages as they came, with statuses, commands and lost sessions, all sites in one stream."""

    name = "journal"
    has_receipt = True

    def __init__(self, path: Path, prefix: str) -> None:
        self._reader = SqliteJournal.open_reader(path)
        self._prefix = prefix

    def span_ms(self, sites: Sequence[Site]) -> tuple[int, int] | None:  # noqa: ARG002  a journal is of all sites
        stats = self._reader.stats()
        if stats.last_seq < stats.first_seq:
            return None
        first, last = self._reader.read(stats.first_seq - 1, 1), self._reader.read(stats.last_seq - 1, 1)
        return (first[0].received_ms, last[0].received_ms) if first and last else None

    def parts(self, sites: Sequence[Site]) -> list[tuple[Site, ...]]:
        return [tuple(sites)]

    def read(self, sites: Sequence[Site], start_ms: int, end_ms: int) -> Iterator[Decoded | Block]:
        decoder, after = Decoder(sites, self._prefix), 0
        while batches := self._reader.read(after):
            for batch in batches:  # all of them: where the clock was put right, times of receipt go back
                if start_ms <= batch.received_ms < end_ms:
                    yield decoder.decode(batch)
            after = batches[-1].seq

    def close(self) -> None:
        self._reader.close()


class HistoryPast:
    """Readings of the embedded history, one site after another."""

    name = "embedded history"
    has_receipt = False

    def __init__(self, path: Path) -> None:
        self._columns = HistoryColumns(path)

    def span_ms(self, sites: Sequence[Site]) -> tuple[int, int] | None:
        spans = [span for site in sites if (span := self._columns.span_ms(site.id)) is not None]
        return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None

    def parts(self, sites: Sequence[Site]) -> list[tuple[Site, ...]]:
        return [(site,) for site in sites]

    def read(self, sites: Sequence[Site], start_ms: int, end_ms: int) -> Iterator[Decoded | Block]:
        for site in sites:
            kinds = {asset.id: asset.kind for asset in site.assets}
            series = [one for one in self._columns.series(site.id) if kinds.get(one.asset) == one.kind]
            for begin_ms in range(start_ms, end_ms, STRETCH_MS):
                finish_ms = min(begin_ms + STRETCH_MS, end_ms)
                found: dict[str, dict[str, Series]] = defaultdict(dict)
                for one, columns in self._columns.stretch(series, begin_ms, finish_ms).items():
                    found[one.asset][one.signal] = columns
                yield Block(site.id, begin_ms, finish_ms, [joined(asset, kinds[asset], signals) for asset, signals in found.items()])

    def close(self) -> None:
        self._columns.close()


class InfluxPast:
    """Readings of InfluxDB, one site after another. While a day is folded the next one is fetched."""

    name = "InfluxDB"
    has_receipt = False

    def __init__(self, reader: InfluxReader) -> None:
        self._reader = reader
        self._runner = asyncio.Runner()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="influxdb")
        self._fields: dict[str, list[Signal]] = {}
        self._ask(reader.open())

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._runner.run, question).result()

    def span_ms(self, sites: Sequence[Site]) -> tuple[int, int] | None:
        pairs = {(asset.kind, site.id) for site in sites for asset in site.assets}
        spans = [span for kind, site in sorted(pairs) if (span := self._ask(self._reader.span_ms(kind, site))) is not None]
        return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None

    def parts(self, sites: Sequence[Site]) -> list[tuple[Site, ...]]:
        return [(site,) for site in sites]

    def read(self, sites: Sequence[Site], start_ms: int, end_ms: int) -> Iterator[Decoded | Block]:
        stretches = [
            (site, begin_ms, min(begin_ms + STRETCH_MS, end_ms)) for site in sites for begin_ms in range(start_ms, end_ms, STRETCH_MS)
        ]
        coming: deque[Future[Block]] = deque()
        for stretch in stretches:
            coming.append(self._thread.submit(self._runner.run, self._block(*stretch)))
            if len(coming) > 1:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()

    async def _block(self, site: Site, start_ms: int, end_ms: int) -> Block:
        blocks = []
        for asset in site.assets:
            signals = await self._known(asset.kind)
            if signals:
                times, columns = await self._reader.stretch(asset.kind, (site.id, asset.id), signals, (start_ms, end_ms))
                blocks.append(_unique(AssetBlock(asset.id, asset.kind, times, columns)))
        return Block(site.id, start_ms, end_ms, [block for block in blocks if block.times])

    async def _known(self, kind: str) -> list[Signal]:
        """The signals of a kind that were ever written."""
        if kind not in self._fields:
            written = await self._reader.fields(kind)
            self._fields[kind] = [signal for signal in KINDS[kind].signals.values() if signal.name in written]
        return self._fields[kind]

    def close(self) -> None:
        self._ask(self._reader.close())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()


def _unique(block: AssetBlock) -> AssetBlock:
    """Of several rows within one millisecond the last value of each signal counts."""
    if len(set(block.times)) == len(block.times):
        return block
    signals: Mapping[str, Series] = {
        name: _columns({time: value for time, value in zip(block.times, column, strict=True) if value is not None})
        for name, column in block.columns.items()
    }
    return joined(block.asset, block.kind, signals)


def _columns(values: Mapping[int, float | bool | str]) -> Series:
    return list(values), list(values.values())
