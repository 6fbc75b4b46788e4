"""The outbox as a person reads it: the newest first, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.commands.notices import lines
from collector.outputs import Notice, StateChange
from collector.store.state import StateStore
from collector.store.state_reader import StateReader
from tests.unit.collector.kpi.cases import at, said


def notice(n: int, channel: str, site: str = "dh", person: str = "", **more: str) -> Notice:
    transition = said("line/LP-L", n, "raised", site=site)
    return Notice(id=f"{transition.id}/{channel}", channel=channel, due_ms=at(n), transition=transition, person=person, **more)  # type: ignore[arg-type]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[StateReader]:
    """One of each outcome, made a second after the other."""
    given = [
        notice(0, "log"),
        notice(1, "mail", person="asha", to="asha@example.org"),
        notice(2, "sms", person="asha", to="+911"),
        notice(3, "sms", person="ravi", to="+912"),
        notice(4, "mail", site="other", person="ravi"),
        notice(5, "hook"),
    ]
    with closing(StateStore(tmp_path / "state.db")) as store:
        store.commit(StateChange(notices=given))
        store.notices_sent([given[0].id], at(0.4))
        store.notice_failed(given[1].id, "451 try later", at(31))
        store.notices_sent([given[1].id], at(31))
        store.notice_failed(given[2].id, "no network", at(62))
        store.notice_moved(given[3].id, notice(6, "mail", person="ravi", to="r@example.org"), at(4), "modem: SIM is locked")
        store.notice_given_up(given[5].id, at(86_400), "404")
    with closing(StateReader.open_reader(tmp_path / "state.db")) as opened:
        yield opened


def test_each_says_to_whom_and_what_became_of_it(reader: StateReader) -> None:
    told = [line.split("  ", 1)[1] for line in lines(reader.notices(100))]
    shown = [" ".join(line.split()) for line in told]
    assert shown == [
        "ravi mail r@example.org medium raised dh/line/LP-L waiting",
        "everybody hook medium raised dh/line/LP-L given up, 1 attempt: 404",
        "ravi mail medium raised other/line/LP-L waiting",
        "ravi sms +912 medium raised dh/line/LP-L went by another way, 1 attempt: modem: SIM is locked",
        f"asha sms +911 medium raised dh/line/LP-L waiting, 1 attempt: no network; tried again at {told[4].rsplit(' ', 1)[1]}",
        "asha mail asha@example.org medium raised dh/line/LP-L sent after 30 s, 2 attempts",
        "everybody log medium raised dh/line/LP-L sent after 0 s",
    ]


def test_only_what_is_asked_for(reader: StateReader) -> None:
    def found(**asked: object) -> list[tuple[str, str]]:
        return [(view.person, view.channel) for view in reader.notices(**{"limit": 100, **asked})]  # type: ignore[arg-type]

    assert found(site="other") == [("ravi", "mail")]
    assert found(site="oth") == []
    assert found(person="asha") == [("asha", "sms"), ("asha", "mail")]
    assert found(waiting=True) == [("ravi", "mail"), ("ravi", "mail"), ("asha", "sms")]
    assert found(waiting=True, site="dh", person="ravi", limit=5) == [("ravi", "mail")]
    assert found(limit=2) == [("ravi", "mail"), ("", "hook")]
    assert found(person="' OR 1=1 --") == []
    assert list(lines([])) == ["no notices"]
