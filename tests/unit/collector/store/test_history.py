"""The embedded history: what is written is read back, in values and in steps."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import UserError
from collector.ports import Outcome, Store
from collector.records import Decoded, Point
from collector.store.history import DAY_MS, SqliteHistory
from collector.store.history_query import Bucket
from devices.signal import Observation, Value

NOW = 1_764_000_000_000 // 900_000 * 900_000
MINUTE, QUARTER, HOUR = 60_000, 900_000, 3_600_000
SERIES = ("s/psa1", "o2_purity_pct")


def batch(seq: int, rows: list[tuple[int, dict[str, Value]]], received_ms: int | None = None, asset: str = "psa1", tie: int = 0) -> Decoded:
    received = received_ms if received_ms is not None else max(ms for ms, _ in rows)
    events = [Observation("s", asset, "psa_plant", ms, received, values, tie=tie) for ms, values in rows]
    return Decoded(seq, received, list(events), [], len(rows), sum(len(v) for _, v in rows))


def purity(*rows: tuple[int, float]) -> list[tuple[int, dict[str, Value]]]:
    return [(ms, {"o2_purity_pct": value}) for ms, value in rows]


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[SqliteHistory]:
    opened = SqliteHistory(tmp_path / "history.db")
    yield opened
    await opened.close()


async def test_it_is_a_store(history: SqliteHistory) -> None:
    store: Store = history
    assert await store.write([]) == Outcome()


async def test_values_of_every_type_are_read_back(history: SqliteHistory) -> None:
    await history.write([batch(1, [(NOW, {"o2_purity_pct": 93.0, "mains_ok": True, "state": "standby"}), (NOW + 5, {"mains_ok": False})])])
    assert await history.values("s/psa1", "o2_purity_pct", NOW, NOW + 10) == [(NOW, 93.0)]
    assert await history.values("s/psa1", "mains_ok", NOW, NOW + 10) == [(NOW, 1.0), (NOW + 5, 0.0)]
    assert await history.values("s/psa1", "state", NOW, NOW + 10) == [(NOW, "standby")]
    assert await history.values("s/psa2", "state", NOW, NOW + 10) == []
    assert await history.range("s/psa1", "state", NOW, NOW + 10, 10) == []
    assert await history.range("s/psa1", "mains_ok", NOW, NOW + 10, 10) == [Bucket(NOW, 0.5, 0.0, 1.0, 2)]


async def test_written_twice_is_written_once_and_ties_are_kept_apart(history: SqliteHistory) -> None:
    for _ in range(2):
        await history.write([batch(1, purity((NOW, 93.0)))])
    await history.write([batch(2, purity((NOW, 95.0)), tie=1)])
    assert await history.range(*SERIES, NOW, NOW + MINUTE, MINUTE) == [Bucket(NOW, 94.0, 93.0, 95.0, 2)]


async def test_applied_seq_is_that_of_the_file(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    assert history.applied_seq() == 0
    await history.write([batch(4, purity((NOW, 1.0))), batch(5, purity((NOW + 1, 1.0)))])
    await history.write([batch(2, purity((NOW, 1.0)))])
    await history.close()
    history = SqliteHistory(tmp_path / "history.db")
    assert (history.applied_seq(), history.problems) == (5, [])
    await history.close()


async def test_a_write_that_fails_asks_to_be_written_again_and_nothing_of_it_is_kept(history: SqliteHistory) -> None:
    await history.write([batch(1, purity((NOW, 93.0)))])
    history._db.conn.execute("CREATE TRIGGER cut BEFORE INSERT ON recent WHEN new.value = 66 BEGIN SELECT RAISE(ABORT, 'cut'); END")
    bad = batch(2, [(NOW + 1, {"o2_purity_pct": 94.0, "power_kw": 1.0}), (NOW + 2, {"o2_purity_pct": 66.0})])
    outcome = await history.write([bad])
    assert (outcome.keep, outcome.keep_s > 0, "cut" in outcome.problem) == (True, True, True)
    assert (history.applied_seq(), await history.values(*SERIES, NOW, NOW + 9)) == (1, [(NOW, 93.0)])
    history._db.conn.execute("DROP TRIGGER cut")
    assert await history.write([bad]) == Outcome()
    assert [value for _, value in await history.values(*SERIES, NOW, NOW + 9)] == [93.0, 94.0, 66.0]
    assert await history.values("s/psa1", "power_kw", NOW, NOW + 9) == [(NOW + 1, 1.0)]


async def test_roll_ups_are_those_of_the_raw_values_and_are_corrected(history: SqliteHistory) -> None:
    await history.write([batch(1, purity((NOW, 90.0), (NOW + MINUTE, 94.0), (NOW + QUARTER, 50.0)))])
    await history.roll_up("psa_plant", "s", NOW, NOW + QUARTER)
    await history.roll_up("gateway", "s", NOW, NOW + QUARTER)
    await history.roll_up("psa_plant", "t", NOW, NOW + QUARTER)
    assert rolled(history) == [(NOW, 92.0, 90.0, 94.0, 2)]
    await history.write([batch(2, purity((NOW + 2 * MINUTE, 95.0)), received_ms=NOW + 4 * HOUR)])  # late: what came before has moved to raw
    await history.write(
        [batch(3, purity((NOW + MINUTE, 97.0)), received_ms=NOW + 4 * HOUR + 1)]
    )  # and once more, another value for the same time
    await history.roll_up("psa_plant", "s", NOW, NOW + QUARTER)
    assert rolled(history) == [(NOW, 94.0, 90.0, 97.0, 3)]


def rolled(history: SqliteHistory) -> list[tuple[int, float, float, float, int]]:
    return history._db.rows("SELECT window_ms, mean, min, max, count FROM rollup ORDER BY series, window_ms")


async def test_moving_changes_no_answer(history: SqliteHistory) -> None:
    rows = [(NOW + n * MINUTE, float(n)) for n in range(300)]
    for seq, (ms, value) in enumerate(rows, 1):
        await history.write([batch(seq, purity((ms, value)))])
    assert await history.values(*SERIES, NOW, NOW + DAY_MS) == rows
    (moved,) = history._db.rows("SELECT count(*) FROM raw")[0]
    assert 180 <= moved < 300
    assert [b.count for b in await history.range(*SERIES, NOW, NOW + 5 * HOUR, HOUR)] == [60] * 5


async def test_old_raw_values_go_and_roll_ups_answer_for_them(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db", raw_days=2, rollup_days=4)
    for hour in range(24 * 6):
        start = NOW + hour * HOUR
        await history.write([batch(hour + 1, purity((start, float(hour)), (start + 5 * MINUTE, hour + 2.0)))])
        await history.roll_up("psa_plant", "s", start, start + QUARTER)
    end = NOW + 24 * 6 * HOUR
    values = await history.values(*SERIES, 0, end)
    assert end - 2 * DAY_MS - HOUR <= values[0][0] <= end - 2 * DAY_MS + HOUR
    fine = await history.range(*SERIES, end - 3 * DAY_MS, end, 5 * MINUTE)
    assert (fine[0], fine[-1].count) == (Bucket(end - 3 * DAY_MS, 24 * 3 + 1.0, 24 * 3.0, 24 * 3 + 2.0, 2), 1)
    coarse = await history.range(*SERIES, 0, end, DAY_MS)
    assert sum(b.count for b in coarse) == pytest.approx(24 * 4 * 2, abs=4)
    for n in range(2):  # the second is still where readings arrive when the window is rolled up again
        await history.write([batch(1000 + n, purity((end - 3 * DAY_MS, 0.0)), received_ms=end + n)])
    await history.roll_up("psa_plant", "s", end - 3 * DAY_MS, end - 3 * DAY_MS + QUARTER)
    assert (await history.range(*SERIES, end - 3 * DAY_MS, end, QUARTER))[0].count == 2  # a late value can't replace a whole window
    await history.close()


async def test_a_leap_of_the_clock_removes_nothing_for_a_day(history: SqliteHistory) -> None:
    await history.write([batch(1, purity((NOW, 93.0)))])
    for n in range(5):
        await history.write([batch(2 + n, purity((NOW + n, 93.0)), received_ms=NOW + 400 * DAY_MS + n * HOUR)])
    await history.write([batch(9, purity((NOW + 9, 93.0)), received_ms=NOW + HOUR)])
    assert len(await history.values(*SERIES, 0, NOW + DAY_MS)) == 6
    for n in range(30):
        await history.write([batch(10 + n, purity((NOW + 10, 93.0)), received_ms=NOW + 400 * DAY_MS + n * HOUR)])
    assert await history.values(*SERIES, 0, NOW + DAY_MS) == []


async def test_points_are_kept_and_bounded(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db", max_points=3)
    points = [Point("stock", {"site": "s", "source": "site"}, {"method": "flow", "connected_h": 5.5, "n": n}, NOW + n) for n in range(6)]
    for point in points:
        assert await history.write_points([point, point]) == Outcome()
    with closing(SqliteHistory.open_reader(tmp_path / "history.db")) as reader:
        assert reader.points("stock", NOW, NOW + 99) == points[3:]
        assert reader.points("alarm", NOW, NOW + 99) == []
    await history.close()


async def test_another_process_reads_and_none_writes(history: SqliteHistory, tmp_path: Path) -> None:
    await history.write([batch(1, purity((NOW, 93.0)))])
    with closing(SqliteHistory.open_reader(tmp_path / "history.db")) as reader:
        assert reader.series() == [("s", "psa1", "psa_plant", "o2_purity_pct")]
        assert reader.range(*SERIES, NOW, NOW + 1, 1) == [Bucket(NOW, 93.0, 93.0, 93.0, 1)]
    with pytest.raises(UserError, match="another process"):
        SqliteHistory(tmp_path / "history.db")


@pytest.mark.parametrize(("start", "end", "step"), [(0, 10, 0), (10, 0, 1), (0, 10**9, 1)])
async def test_a_curve_that_makes_no_sense_is_refused(history: SqliteHistory, start: int, end: int, step: int) -> None:
    with pytest.raises(UserError):
        await history.range(*SERIES, start, end, step)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 8 * HOUR), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    step=st.sampled_from([1000, MINUTE, 7 * MINUTE, QUARTER, 30 * MINUTE, HOUR]),
    seed=st.integers(0, 99),
)
async def test_a_curve_is_what_the_sorted_stream_gives(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, float]], step: int, seed: int
) -> None:
    """In any order, with some rolled up and some moved: the answer is that of a dictionary."""
    history = SqliteHistory(tmp_path_factory.mktemp("h") / "history.db")
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    stored: dict[int, float] = {}
    for seq, (offset, value) in enumerate(shuffled, 1):
        stored[NOW + offset] = value
        await history.write([batch(seq, purity((NOW + offset, value)), received_ms=NOW + 8 * HOUR + seq)])
    await history.roll_up("psa_plant", "s", NOW, NOW + 4 * HOUR)
    expected: dict[int, list[float]] = {}
    for ms, value in stored.items():
        expected.setdefault(ms // step * step, []).append(value)
    curve = await history.range(*SERIES, NOW, NOW + 9 * HOUR, step)
    assert [(b.time_ms, b.count, b.min, b.max) for b in curve] == [(ms, len(v), min(v), max(v)) for ms, v in sorted(expected.items())]
    assert [b.mean for b in curve] == pytest.approx([sum(v) / len(v) for _, v in sorted(expected.items())], abs=1e-6)
    await history.close()
