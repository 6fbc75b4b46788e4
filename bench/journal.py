"""How quick the journal and the embedded history are on this disk: `python -m bench.journal`."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from collector.journal import SqliteJournal
from collector.records import Decoded, Message
from collector.store.history import SqliteHistory
from devices.signal import Observation, Value

NOW = 1_764_000_000_000
BATCHES = {1: 400, 100: 200, 1000: 60}


def messages(n: int) -> list[Message]:
    payload = {"ts": NOW, "seq": 18211, "values": {"o2_purity_pct": 93.4, "line_pressure_bar": 4.12, "o2_flow_lpm": 412}}
    return [Message(f"oxygrid/v1/kasganj-dh/psa{i % 50}", json.dumps({**payload, "seq": i}).encode()) for i in range(n)]


def journal(folder: Path) -> None:
    titles = ("messages a batch", "appends/s", "messages/s", "p50 ms", "p99 ms", "append µs CPU/msg", "read µs CPU/msg")
    print("  ".join(titles))
    for size, count in BATCHES.items():
        opened, batch = SqliteJournal(folder / f"journal-{size}.db"), messages(size)
        times, cpu = [], time.process_time()
        for n in range(count):
            started = time.perf_counter()
            opened.append(batch, NOW + n)
            times.append(time.perf_counter() - started)
        cpu = time.process_time() - cpu
        reading, after = time.process_time(), 0
        while batches := opened.read(after):
            after = batches[-1].seq
        reading = time.process_time() - reading
        opened.close()
        total, p99 = sum(times), statistics.quantiles(times, n=100)[98]
        figures = (count / total, size * count / total, 1e3 * statistics.median(times), 1e3 * p99)
        row = (str(size), *(f"{figure:.2f}" for figure in figures), *(f"{1e6 * s / size / count:.2f}" for s in (cpu, reading)))
        print("  ".join(cell.rjust(len(title)) for cell, title in zip(row, titles, strict=True)))


async def history(folder: Path) -> None:
    """50 assets of 10 signals, a reading each 10 s, written once a second, for a tenth of a day; then 5,000 values at once."""
    opened = SqliteHistory(folder / "history.db")
    values: dict[str, Value] = {f"signal_{n}": 1.5 * n for n in range(10)}
    rows, wall, cpu = 0, time.perf_counter(), time.process_time()
    for second in range(8640):
        ms = NOW + second * 1000
        events = [Observation("s", f"a{second % 10 * 5 + n}", "psa_plant", ms, ms, values) for n in range(5)]
        await opened.write([Decoded(second + 1, ms, list(events), [], 5, 50)])
        rows += 50
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = (folder / "history.db").stat().st_size
    each = f"{cpu / rows * 1e6:.1f} µs CPU and {size / rows:.0f} bytes a value"
    print(f"history, 50 values a write: {rows / wall:.0f} values/s, {each}")
    start = time.perf_counter()
    await opened.roll_up("psa_plant", "s", NOW, NOW + 900_000)
    print(f"roll-up of 500 series: {(time.perf_counter() - start) * 1e3:.0f} ms")
    start = time.perf_counter()
    curve = await opened.range("s/a7", "signal_3", NOW, NOW + 8_640_000, 60_000)
    print(f"a curve of {len(curve)} steps: {(time.perf_counter() - start) * 1e3:.1f} ms")
    started, size = time.perf_counter(), 0
    for n in range(20):
        ms = NOW + 10_000_000 + n
        events = [Observation("s", f"a{i % 50}", "psa_plant", ms + i, ms, values) for i in range(500)]
        await opened.write([Decoded(10_000 + n, ms, list(events), [], 500, 5000)])
        size += 5000
    print(f"history, 5,000 values a write: {size / (time.perf_counter() - started):.0f} values/s")
    await opened.close()


def main() -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        journal(Path(folder))
        asyncio.run(history(Path(folder)))


if __name__ == "__main__":
    main()
