"""The embedded history as columns: what was written is read back, whatever table it lies in."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from collector.errors import UserError
from collector.records import Decoded
from collector.store.history import SqliteHistory
from collector.store.history_columns import HistoryColumns
from devices.signal import Observation, Value

NOW = 1_764_000_000_000
HOUR = 3_600_000


def said(seq: int, event_ms: int, received_ms: int, values: dict[str, Value], tie: int = 0, site: str = "s") -> Decoded:
    return Decoded(seq, received_ms, [Observation(site, "psa1", "psa_plant", event_ms, received_ms, values, tie=tie)], [], 1, len(values))


async def written(path: Path, *batches: Decoded) -> None:
    history = SqliteHistory(path)
    for batch in batches:
        await history.write([batch])
    await history.close()


def read(path: Path, start_ms: int, end_ms: int, site: str = "s") -> dict[str, tuple[list[int], list[Value]]]:
    with closing(HistoryColumns(path)) as columns:
        return {f"{one.asset}/{one.signal}": found for one, found in columns.stretch(columns.series(site), start_ms, end_ms).items()}


async def test_a_stretch_is_what_was_measured_in_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    rows: list[tuple[int, dict[str, Value]]] = [
        (NOW + n * 1000, {"o2_purity_pct": 90.0 + n, "state": "standby", "mains_ok": True}) for n in range(5)
    ]
    await written(path, *(said(n + 1, ms, ms, values) for n, (ms, values) in enumerate(rows)))
    found = read(path, NOW + 1000, NOW + 4000)
    times = [NOW + 1000, NOW + 2000, NOW + 3000]
    assert found == {
        "psa1/o2_purity_pct": (times, [91.0, 92.0, 93.0]),
        "psa1/state": (times, ["standby"] * 3),
        "psa1/mains_ok": (times, [1] * 3),
    }


async def test_what_has_been_moved_and_what_has_not_are_one(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    early = [said(n + 1, NOW + n * 1000, NOW + n * 1000, {"o2_purity_pct": float(n)}) for n in range(3)]
    corrected = said(9, NOW + 1000, NOW + 4 * HOUR + 1, {"o2_purity_pct": 50.0})
    await written(path, *early, said(8, NOW + 4 * HOUR, NOW + 4 * HOUR, {"o2_purity_pct": 9.0}), corrected)
    times, values = read(path, NOW, NOW + 5 * HOUR)["psa1/o2_purity_pct"]
    assert (times, values) == ([NOW, NOW + 1000, NOW + 2000, NOW + 4 * HOUR], [0.0, 50.0, 2.0, 9.0]), "the later write wins"


async def test_of_several_within_a_millisecond_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await written(path, said(1, NOW, NOW, {"o2_purity_pct": 1.0}), said(2, NOW, NOW, {"o2_purity_pct": 2.0}, tie=1))
    assert read(path, NOW, NOW + 1)["psa1/o2_purity_pct"] == ([NOW], [2.0])


async def test_sites_are_kept_apart_and_the_span_is_known(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await written(
        path, said(1, NOW, NOW, {"o2_purity_pct": 1.0}), said(2, NOW + 4 * HOUR, NOW + 4 * HOUR, {"o2_purity_pct": 2.0}, site="t")
    )
    assert list(read(path, 0, 1 << 50, "t").values()) == [([NOW + 4 * HOUR], [2.0])]
    with closing(HistoryColumns(path)) as columns:
        assert columns.span_ms("s") == (NOW, NOW)
        assert columns.span_ms("t") == (NOW + 4 * HOUR, NOW + 4 * HOUR)
        assert columns.span_ms("u") is None


def test_without_a_history_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no history here"):
        HistoryColumns(tmp_path / "history.db")
