"""The state store: one transaction per step, nothing twice, everything bounded."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.errors import JournalError, UserError
from collector.outputs import AlarmEvent, AlarmState, Bounded, Notice, SiteSnapshot, StateChange, StockEstimate, StockEvent, Transition
from collector.ports import Rejected
from collector.records import Point, Reject
from collector.store.state import _BESIDE, StateStore
from collector.store.state_reader import FORMAT, StateReader
from collector.store.state_rows import DirtyWindow, Limits

NOW = 1_764_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[StateStore]:
    with closing(StateStore(path)) as opened:
        yield opened


def transition(n: int = 0, event: AlarmEvent = "raised", state: AlarmState = "unacknowledged", at_ms: int = NOW) -> Transition:
    return Transition(
        occurrence=f"s/a{n}/LP-L@{NOW}",
        site="s",
        asset=f"a{n}",
        rule="LP-L",
        event=event,
        state=state,
        priority="high",
        event_ms=at_ms,
        evaluated_ms=at_ms,
        raised_ms=NOW,
        text="पाइपलाइन का दबाव कम है",
        value=3.1,
        limit=3.2,
        unit="bar",
    )


def notice(n: int, channel: str = "mail", due_ms: int = NOW) -> Notice:
    return Notice(id=f"{transition(n).id}/{channel}", channel=channel, due_ms=due_ms, subject="s", body="b", transition=transition(n))


def estimate(at_ms: int) -> StockEstimate:
    some = Bounded(1.0, 2.0, None)
    return StockEstimate("s", at_ms, some, some, some, some, some, "flow", [], at_ms)


def reject(n: int, reason: str = "malformed", signal: str | None = None) -> Reject:
    return Reject(n, f"oxygrid/v1/s/x{n}", reason, "found this, wanted that", signal, b'{"values": {"power_w": 3}}')


def everything() -> StateChange:
    return StateChange(
        snapshots=[SiteSnapshot("s", 7, b"\x00state")],
        transitions=[transition()],
        notices=[notice(0)],
        points=[Point("stock", {"site": "s"}, {"x": 1.5, "n": 3}, NOW)],
        stock=[estimate(NOW)],
        stock_events=[StockEvent("s", "m", "m/a", "refill", NOW, 5.0)],
    )


def test_a_step_is_all_there_after_a_restart(path: Path) -> None:
    change = everything()
    with closing(StateStore(path)) as store:
        store.commit(change)
    with closing(StateStore(path)) as store:
        assert store.snapshots() == change.snapshots
        assert store.transitions() == store.alarms() == change.transitions
        assert [d.notice for d in store.due_notices(NOW)] == change.notices
        assert store.exports.pending() == [(1, change.points[0])]
        assert store.stock() == {"s": change.stock[0]}
        assert store.stock_events() == change.stock_events
        assert store.waiting() == {"notices": 1, "exports": 1, "windows": 0}
        assert store.problems == []


def test_a_notice_to_a_person_is_kept_whole(store: StateStore) -> None:
    to_person = Notice(
        id="n", channel="sms", due_ms=NOW, transition=transition(), person="asha", to="+911", role="nurse", language="hi", step=2,
        hours_h=5.5, call=("Ravi, +912",), code="K7", topic="drill", facts={"sites": "3"},
    )  # fmt: skip
    store.commit(StateChange(notices=[to_person]))
    assert [due.notice for due in store.due_notices(NOW)] == [to_person]


def test_what_waits_beside_a_notice_is_found_by_its_id(store: StateStore) -> None:
    store.commit(StateChange(notices=[notice(n, channel) for n in range(3) for channel in ("mail", "sms")]))
    again = Notice(id=f"{transition(1).occurrence}/again", channel="mail", due_ms=NOW + 1, transition=transition(1))
    store.commit(StateChange(notices=[again]))
    assert [each.notice.id for each in store.notices_beside("mail", [notice(1)])] == [again.id]
    plan = store._db.rows("EXPLAIN QUERY PLAN " + _BESIDE, ("a", "b", "mail"))
    assert "sqlite_autoindex_notice_1" in plan[0][3]


def test_a_step_done_again_adds_nothing_but_exports(store: StateStore) -> None:
    store.commit(everything())
    store.notices_sent([notice(0).id], NOW)
    store.commit(everything())
    assert (len(store.transitions()), store.due_notices(NOW), len(store.stock_events())) == (1, [], 1)


def test_a_step_that_fails_leaves_nothing(store: StateStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TRIGGER cut BEFORE INSERT ON stock_event BEGIN SELECT RAISE(ABORT, 'cut'); END")
    with pytest.raises(JournalError, match="cut"):
        store.commit(everything())
    assert (store.snapshots(), store.transitions(), store.alarms(), store.due_notices(NOW), store.stock()) == ([], [], [], [], {})
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TRIGGER cut")
    store.commit(everything())
    assert len(store.transitions()) == 1


@pytest.mark.parametrize(
    ("steps", "standing"),
    [
        pytest.param([("raised", "unacknowledged")], "unacknowledged", id="raised"),
        pytest.param([("raised", "unacknowledged"), ("acknowledged", "acknowledged")], "acknowledged", id="acknowledged"),
        pytest.param([("raised", "unacknowledged"), ("cleared", "returned")], "returned", id="cleared and not acknowledged"),
        pytest.param([("raised", "unacknowledged"), ("acknowledged", "acknowledged"), ("cleared", "normal")], None, id="over"),
        pytest.param([("raised", "unacknowledged"), ("discovered_late", "normal")], "unacknowledged", id="what was found late is not now"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_alarms_as_they_stand(store: StateStore, steps: list[tuple[AlarmEvent, AlarmState]], standing: str | None, at_once: bool) -> None:
    transitions = [transition(0, event, state, NOW + n) for n, (event, state) in enumerate(steps)]
    for part in [transitions] if at_once else [[t] for t in transitions]:
        store.commit(StateChange(transitions=part))
    assert [t.state for t in store.alarms()] == ([standing] if standing else [])
    assert store.transitions() == transitions
    assert store.alarms("elsewhere") == []
    assert store.alarms("s") == store.alarms()


def test_the_log_is_read_from_a_time_on_and_ends_with_the_newest(store: StateStore) -> None:
    store.commit(StateChange(transitions=[transition(n, at_ms=NOW + n) for n in range(10)]))
    assert [t.evaluated_ms - NOW for t in store.transitions(NOW + 4, limit=3)] == [7, 8, 9]


def test_an_older_estimate_replaces_none(store: StateStore) -> None:
    for at_ms in (NOW, NOW - 5, NOW + 5):
        store.commit(StateChange(stock=[estimate(at_ms)]))
    assert store.stock()["s"].at_ms == NOW + 5


def test_notices_from_due_to_done(store: StateStore) -> None:
    store.commit(StateChange(notices=[notice(0, due_ms=NOW + 5), notice(1), notice(2, "hook"), notice(3, due_ms=NOW + 99)]))
    assert [d.notice.id for d in store.due_notices(NOW + 10)] == [notice(1).id, notice(2, "hook").id, notice(0).id]
    assert [d.notice.id for d in store.due_notices(NOW + 10, channel="hook")] == [notice(2, "hook").id]
    assert [d.notice.id for d in store.due_notices(NOW + 10, limit=1, channel="mail")] == [notice(1).id]
    store.notice_failed(notice(1).id, "451 try later", NOW + 50)
    assert store.due_notices(NOW + 49, channel="mail") == [store.due_notices(NOW + 5)[-1]]
    (again,) = [d for d in store.due_notices(NOW + 50) if d.attempts]
    assert (again.notice.id, again.attempts, again.error) == (notice(1).id, 1, "451 try later")
    assert store.next_notice_ms("mail") == NOW + 5
    store.notices_sent([notice(0).id], NOW)
    store.notices_sent([notice(0).id], NOW)
    store.notice_given_up(notice(1).id, NOW, "gone")
    store.notice_failed(notice(0).id, "late word", 0)
    assert [d.notice.id for d in store.due_notices(NOW + 98, channel="mail")] == []
    assert store.next_notice_ms("nobody") is None
    assert store.counters()["notices"] == {"sent": 1, "given_up": 1}


def test_exports_are_bounded_and_what_falls_out_is_counted(path: Path) -> None:
    points = [Point("alarm", {}, {"n": n}, NOW + n) for n in range(10)]
    with closing(StateStore(path, Limits(exports=4))) as store:
        store.commit(StateChange(points=points))
        pending = store.exports.pending(3)
        assert [p for _, p in pending] == points[6:9]
        store.exports.done(n for n, _ in pending)
        assert [p for _, p in store.exports.pending()] == points[9:]
        assert store.counters()["exports_dropped"] == {"": 6}


def test_the_log_of_alarms_is_bounded_by_rows_and_age(path: Path) -> None:
    with closing(StateStore(path, Limits(transitions=5, transitions_ms=1000))) as store:
        store.commit(StateChange(transitions=[transition(n, at_ms=NOW + n) for n in range(8)]))
        assert len(store.transitions()) == 5
        store.commit(StateChange(transitions=[transition(9, at_ms=NOW + 1006)]))
        assert [t.evaluated_ms - NOW for t in store.transitions()] == [6, 7, 1006]
        assert len(store.alarms()) == 9


def test_notices_are_bounded_and_the_unsent_is_counted(path: Path) -> None:
    with closing(StateStore(path, Limits(notices=2))) as store:
        store.commit(StateChange(notices=[notice(0), notice(1)]))
        store.notices_sent([notice(0).id], NOW)
        store.commit(StateChange(notices=[notice(2), notice(3)]))
        assert [d.notice.id for d in store.due_notices(NOW)] == [notice(2).id, notice(3).id]
        assert store.counters()["notices_dropped"] == {"": 1}


def test_quarantine_keeps_counts_and_adds_nothing_twice(store: StateStore) -> None:
    rejects = [reject(0), reject(1, "out_of_range", "o2_purity_pct"), reject(1, "out_of_range", "o2_purity_pct")]
    assert store.quarantine(4, NOW, rejects) == 3
    assert store.quarantine(4, NOW, rejects) == 0
    assert store.counters()["quarantined"] == {"malformed": 1, "out_of_range": 2}
    newest = store.quarantined(2)
    assert [(q.seq, q.index, q.signal, q.at_ms) for q in newest] == [(4, 1, "o2_purity_pct", NOW)] * 2
    assert store.quarantined()[-1].sample == rejects[0].sample


def test_quarantine_is_bounded_and_counts_stay_right_when_decoding_again(path: Path) -> None:
    with closing(StateStore(path, Limits(quarantine=5))) as store:
        batches = {seq: [reject(n) for n in range(4)] for seq in (1, 2, 3)}
        for _ in range(2):
            for seq, rejects in batches.items():
                store.quarantine(seq, NOW, rejects)
        assert [(q.seq, q.index) for q in store.quarantined()] == [(3, 3), (3, 2), (3, 1), (3, 0), (2, 3)]
        assert store.counters()["quarantined"] == {"malformed": 12}
        assert store.counters()["quarantine_dropped"] == {"malformed": 7}


def test_unknown_assets_are_listed_so_that_they_can_be_adopted(path: Path) -> None:
    with closing(StateStore(path, Limits(unknown_assets=2))) as store:
        store.quarantine(1, NOW, [reject(1, "unknown_asset"), reject(1, "unknown_asset"), reject(2, "unknown_site")])
        store.quarantine(2, NOW + 9, [reject(1, "unknown_asset")])
        store.quarantine(2, NOW + 9, [reject(1, "unknown_asset")])
        first, second = store.unknown_assets()
        assert (first.asset, first.count, first.first_ms, first.last_ms, first.signals) == ("x1", 3, NOW, NOW + 9, ["power_w"])
        assert second.asset == "x2"
        store.quarantine(3, NOW + 10, [reject(3, "unknown_asset")])
        assert [u.asset for u in store.unknown_assets()] == ["x1", "x3"]
        assert store.counters()["unknown_assets_dropped"] == {"": 1}


def test_refused_lines_are_kept_once(path: Path) -> None:
    with closing(StateStore(path, Limits(rejected_lines=2))) as store:
        lines = [Rejected(f"m f={n}", "field type conflict") for n in range(3)]
        store.reject_lines(lines, NOW)
        store.reject_lines(lines[1:], NOW + 1)
        assert store.rejected_lines() == [lines[2], lines[1]]
        assert store.counters()["rejected_lines"] == {"": 3}


def test_a_window_marked_again_meanwhile_stays_dirty(store: StateStore) -> None:
    window = 900_000
    store.windows.mark({("psa_plant", "s", 0), ("psa_plant", "s", window)})
    assert store.windows.due(window - 1) == []
    due = store.windows.due(2 * window)
    assert due == [DirtyWindow("psa_plant", "s", 0, 1), DirtyWindow("psa_plant", "s", window, 1)]
    store.windows.mark([("psa_plant", "s", 0)])
    store.windows.done(due)
    assert store.windows.due(2 * window) == [DirtyWindow("psa_plant", "s", 0, 2)]


def test_ten_thousand_transitions_are_one_quick_step(store: StateStore) -> None:
    change = StateChange(transitions=[transition(n) for n in range(10_000)], notices=[notice(n) for n in range(10_000)])
    started = time.process_time()
    store.commit(change)
    assert time.process_time() - started < 1.0
    assert len(store.alarms()) == 10_000


def test_another_process_reads_while_it_is_written(store: StateStore, path: Path) -> None:
    with closing(StateReader.open_reader(path)) as reader:
        store.commit(everything())
        assert reader.alarms() == [transition()]
        assert reader.counters() == {}
        with pytest.raises(UserError, match="another process"):
            StateStore(path)


def test_a_newer_layout_is_refused(path: Path) -> None:
    StateStore(path).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {len(FORMAT.migrations) + 1}")
    with pytest.raises(UserError, match="newer than this Oxygrid"):
        StateStore(path)


def test_no_state_is_said(path: Path) -> None:
    with pytest.raises(UserError, match="no state here"):
        StateReader.open_reader(path)


def test_a_damaged_file_is_moved_aside_and_what_is_readable_is_kept(path: Path) -> None:
    with closing(StateStore(path)) as store:
        store.commit(everything())
        store.commit(StateChange(transitions=[transition(n) for n in range(500)]))
    with closing(sqlite3.connect(path)) as conn:
        (page,) = conn.execute("PRAGMA page_count").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    with closing(StateStore(path)) as store:
        (problem,) = store.problems
        assert "damaged" in problem
        assert "not all of it was readable" in problem
        assert store.snapshots() == everything().snapshots
        assert [d.notice for d in store.due_notices(NOW)] == [notice(0)]
        assert len(store.alarms()) > 0
        store.commit(everything())
    assert len(list(path.parent.glob("state.db.damaged-*"))) == 1
