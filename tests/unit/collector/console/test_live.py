"""What the console knows follows the collector's file: whole at first, then row by row; and again whole when the file is another."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from collector.console.live import Live
from collector.outputs import StateChange
from collector.store.state import StateStore
from tests.unit.collector.console.cases import AT_MS, raised, stock, written


def test_changes_are_seen_and_nothing_is_read_while_nothing_changes(tmp_path: Path) -> None:
    with closing(StateStore(tmp_path / "state.db")) as store:
        store.commit(StateChange(transitions=[raised("a")], stock=[stock("a", 5.0)]))
        live = Live(tmp_path / "state.db")
        assert live.look()
        assert (list(live.alarms), live.stock["a"].slack_h.mid) == (["a/line/LP-LL"], 5.0)
        assert not live.look()
        acknowledged = raised("a", event="acknowledged", state="acknowledged", by="Asha", evaluated_ms=AT_MS + 900)
        store.commit(StateChange(transitions=[acknowledged, raised("b")], stock=[stock("a", 4.0, AT_MS + 60_000)]))
        assert live.look()
        assert {name: alarm.state for name, alarm in live.alarms.items()} == {
            "a/line/LP-LL": "acknowledged",
            "b/line/LP-LL": "unacknowledged",
        }
        assert live.stock["a"].slack_h.mid == 4.0
        store.commit(StateChange(transitions=[raised("a", event="cleared", evaluated_ms=AT_MS + 2_000)]))
        assert live.look()
        assert list(live.alarms) == ["b/line/LP-LL"]


def test_without_a_file_it_says_so_and_goes_on_when_there_is_one(tmp_path: Path) -> None:
    live = Live(tmp_path / "state.db")
    live.look()
    assert "there is no state here" in live.problem
    written(tmp_path, raised("a"))
    assert live.look()
    assert (live.problem, list(live.alarms)) == ("", ["a/line/LP-LL"])


def test_another_file_in_its_place_is_read_anew(tmp_path: Path) -> None:
    written(tmp_path, raised("a"))
    live = Live(tmp_path / "state.db")
    live.look()
    (tmp_path / "other").mkdir()
    written(tmp_path / "other", raised("b"))
    for name in ("state.db-wal", "state.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "other/state.db").replace(tmp_path / "state.db")
    assert live.look()
    assert list(live.alarms) == ["b/line/LP-LL"]
