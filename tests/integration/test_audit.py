"""`oxygrid shelve | unshelve | out-of-service | return | audit` with a running collector: what is asked is done or refused in a sentence,
every command is in the trail, also after a kill, and a trail that was changed is found."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from collector.cli import main
from collector.commands.control import send
from collector.config import load
from collector.errors import OxygridError
from collector.outputs import Command
from tests.faults.line import Line
from tests.faults.rig import Json, Oxygrid, mqtt, oxygrid, wait_until
from tests.integration.test_app import reading
from tests.servers import Server

pytestmark = pytest.mark.server

SITE = {"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]}
AT_ONCE = {"LP-L": {"on_delay_s": 0, "off_delay_s": 0}, "LP-LL": {"shelvable": False}}
LOW = "a/line/LP-L"
ASHA = ["--by", "Asha"]
SHELVE = ["shelve", LOW, *ASHA, "--why", "gauge is being replaced", "--for", "2h"]


class Told(NamedTuple):
    code: int
    out: str
    err: str


class Desk:
    """Runs `oxygrid …` in this process, for the collector that runs in its own."""

    def __init__(self, subject: Oxygrid, line: Line, capsys: pytest.CaptureFixture[str]) -> None:
        self.subject, self._line, self._capsys = subject, line, capsys

    def __call__(self, *args: str) -> Told:
        self._capsys.readouterr()
        return Told(main([*args, "-c", str(self.subject.config)]), *self._capsys.readouterr())

    def say(self, bar: float) -> None:
        self._line.publish([reading(bar)])

    def alarms(self, *args: str) -> list[Json]:
        found: list[Json] = json.loads(self("alarms", "--json", *args).out)
        return found

    def until(self, state: str, bar: float | None = None) -> Json:
        """The low pressure alarm shows that state (readings of `bar` come in meanwhile); how it is listed."""
        found: list[Json] = []

        def so() -> bool:
            if bar is not None:
                self.say(bar)
            found[:] = [alarm for alarm in self.alarms("--all") if alarm["alarm"] == LOW]
            return [alarm["state"] for alarm in found] == ([] if state == "normal" else [state])

        wait_until(so, 20, f"{LOW} is {state}")
        return found[0] if found else {}

    def trail(self) -> list[str]:
        rows: list[Json] = json.loads(self("audit", "list", "--json").out)
        return [f"{row['command'] or row['kind']}: {'refused' if row['refused'] else row['state'] or row['what']}" for row in rows]


@pytest.fixture
def desk(tmp_path: Path, broker: Server, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    sections = {"sites": [SITE], "mqtt": mqtt(broker), "rules": {"everywhere": AT_ONCE}}
    with oxygrid(tmp_path, sections) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            yield Desk(subject, line, capsys)


def test_a_shelf_from_its_beginning_to_its_end(desk: Desk) -> None:
    desk.until("unacknowledged", 3.5)
    assert desk(*SHELVE) == (0, f"shelved: {LOW} by Asha\n", "")
    shelved = desk.until("shelved")
    assert (shelved["by"], shelved["why"], shelved["condition"], shelved["annunciate"]) == ("Asha", "gauge is being replaced", True, False)
    assert desk.alarms() == []
    wait_until(lambda: [a["alarm"] for a in desk.subject.status()["quiet"]] == [LOW], 10, "the status lists it apart")
    assert desk.subject.status()["alarms"] == []
    text = desk("alarms", "--all").out
    assert re.search(
        r"no alarms\n\nshelved:\n  medium  a/line/LP-L  TRUE  until 20.*\(\d+ min left\) by Asha: gauge is being replaced", text
    )

    again = desk(*SHELVE)
    assert (again.code, again.out) == (1, "")
    assert again.err == f"oxygrid: {LOW}: it is shelved already; unshelve it first\n"
    assert desk("unshelve", LOW, *ASHA, "--why", "gauge is new") == (0, f"unshelved: {LOW} by Asha\n", "")
    desk.until("unacknowledged")
    assert "is not shelved" in desk("unshelve", LOW, *ASHA).err
    assert desk.trail() == [
        "start: " + desk.trail()[0][7:],
        "shelve: shelved",
        "shelve: refused",
        "unshelve: unacknowledged",
        "unshelve: refused",
    ]
    assert desk("audit", "list", "--alarm", "a/line").out.count("\n") == 4
    assert desk("audit", "list", "--alarm", "a/lin").out == "no entries\n"


def test_a_shelf_is_bounded_and_what_may_not_be_shelved_is_not(desk: Desk) -> None:
    too_long = desk("shelve", LOW, *ASHA, "--why", "gauge", "--for", "9h")
    assert (too_long.code, "at most 480 minutes, not 540" in too_long.err) == (1, True)
    emergency = desk("shelve", "a/line/LP-LL", *ASHA, "--why", "gauge", "--for", "5m")
    assert (emergency.code, "may not be shelved" in emergency.err) == (1, True)
    nobody = desk("shelve", "b/line/LP-L", *ASHA, "--why", "gauge", "--for", "5m")
    assert (nobody.code, "there is no alarm" in nobody.err) == (1, True)
    wait_until(lambda: desk.trail()[1:] == ["shelve: refused"] * 3, 10, "what was refused is in the trail")


def test_a_one_shot_shelf_ends_with_the_condition(desk: Desk) -> None:
    desk.until("unacknowledged", 3.5)
    assert desk(*SHELVE, "--one-shot").code == 0
    desk.until("shelved", 3.5)
    desk.until("normal", 4.1)


def test_out_of_service_and_back(desk: Desk) -> None:
    desk.until("unacknowledged", 3.5)
    assert desk("out-of-service", LOW, *ASHA, "--why", "job 17", "--for", "2d") == (0, f"out of service: {LOW} by Asha\n", "")
    assert (desk.until("out_of_service")["why"], desk.alarms()) == ("job 17", [])
    assert "it is out of service; return it to service first" in desk("ack", LOW, *ASHA).err
    assert desk("return", LOW, *ASHA) == (0, f"returned to service: {LOW} by Asha\n", "")
    desk.until("unacknowledged")
    assert desk.trail()[1:] == ["out_of_service: out_of_service", "ack: refused", "return: unacknowledged"]


def test_what_is_no_command_is_refused_by_the_collector_too(desk: Desk) -> None:
    """Who speaks to the socket without the command line."""
    config = load(desk.subject.config)
    with pytest.raises(OxygridError, match="the name of the person, 1 to 64 characters on one line"):
        send(config, Command("ack", LOW, "two\nlines"))
    with pytest.raises(OxygridError, match="no command: "):
        send(config, Command("erase", LOW, "Asha"))  # type: ignore[arg-type]
    assert len(desk.trail()) == 1


# ---- the trail -----------------------------------------------------------------------------------------------------------------------


@contextmanager
def database(desk: Desk) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(desk.subject.data_dir / "state.db", isolation_level=None)) as conn:
        yield conn


def test_the_trail_survives_a_kill_and_every_start_and_stop_is_in_it(desk: Desk) -> None:
    desk.until("unacknowledged", 3.5)
    assert desk(*SHELVE).code == 0
    head = desk("audit", "head").out.strip()
    assert re.fullmatch(r"n=2 hash=[0-9a-f]{64}", head)
    desk.subject.kill()
    assert desk("audit", "verify", "--head", head) == (0, f"ok: 2 rows, {head}\n", "")
    desk.subject.start_and_wait()
    assert f"audit head {head}" in desk.subject.words()
    desk.until("shelved")
    wait_until(lambda: len(desk.trail()) == 3, 10, "the start is in the trail")
    assert desk.subject.stop()[0] == 0
    assert [row.partition(":")[0] for row in desk.trail()] == ["start", "shelve", "start", "stop"]
    assert desk.trail()[-1] == "stop: asked to"
    assert desk("audit", "verify", "--head", head).code == 0


def test_other_rules_are_in_the_trail_by_their_digest(desk: Desk) -> None:
    sections = desk.subject.sections
    desk.subject.write_config({**sections, "rules": {"everywhere": {**AT_ONCE, "LP-L": {"on_delay_s": 5}}}})
    desk.subject.reload()
    wait_until(lambda: desk.trail()[1:] == ["configuration: other rules"], 15, "the reload is in the trail")
    desk.subject.reload()
    wait_until(lambda: desk.subject.words().count("configuration reloaded") == 2, 15, "nothing has changed")
    desk.subject.stop()
    desk.subject.write_config(sections)
    desk.subject.start_and_wait()
    wait_until(lambda: len(desk.trail()) >= 5, 10, "the start is in the trail")
    assert [row.partition(":")[0] for row in desk.trail()] == ["start", "configuration", "stop", "start", "configuration"]
    rows = json.loads(desk("audit", "list", "--json").out)
    assert rows[0]["rules"] == rows[3]["rules"] == rows[4]["rules"] != rows[1]["rules"]
    assert {row["sites"] for row in rows if row["sites"]} == {rows[0]["sites"]}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET body = replace(CAST(body AS TEXT), 'Asha', 'Bina') WHERE n = 2", "row 2: its hash is not that of its content"),
        ("DELETE FROM audit WHERE n = 2", "row 3: row 2 is before it missing"),
        ("DELETE FROM audit WHERE n > 2", "row 3: row 3 is missing at the end"),
    ],
)
def test_a_trail_that_was_changed_is_found_while_the_collector_runs(desk: Desk, statement: str, said: str) -> None:
    for command in ("out-of-service", "return"):
        more = ["--why", "job 17", "--for", "1h"] if command == "out-of-service" else []
        assert desk(command, LOW, *ASHA, *more).code == 0
    assert desk("audit", "verify").code == 0
    with database(desk) as conn:
        conn.execute(statement)
    found = desk("audit", "verify")
    assert (found.code, found.out) == (1, "")
    assert f"the audit trail is broken at {said}" in found.err


def test_a_trail_that_was_rewritten_as_a_whole_is_found_by_a_head_that_was_written_down(desk: Desk) -> None:
    assert desk("out-of-service", LOW, *ASHA, "--why", "job 17", "--for", "1h").code == 0
    head = desk("audit", "head").out.strip()
    desk.subject.stop()
    with database(desk) as conn:
        conn.execute("DELETE FROM audit")
        conn.execute("DELETE FROM meta WHERE key LIKE 'audit%'")
    assert desk("audit", "verify").code == 0
    found = desk("audit", "verify", "--head", f"INFO audit head {head}")
    assert (found.code, "row 2: is missing; its hash was written down" in found.err) == (1, True)
    assert desk("audit", "verify", "--head", "n=2").code == 2


# ---- record and replay ---------------------------------------------------------------------------------------------------------------


def test_commands_are_recorded_and_replayed(desk: Desk, tmp_path: Path) -> None:
    desk.until("unacknowledged", 3.5)
    assert desk(*SHELVE).code == 0
    assert desk("unshelve", LOW, *ASHA).code == 0
    assert desk("ack", LOW, *ASHA).code == 0
    told = [(t.event, t.state, t.by, t.until_ms) for t in desk.subject.transitions() if t.alarm == LOW]
    assert [event for event, *_ in told] == ["raised", "shelved", "unshelved", "acknowledged"]
    recorded = tmp_path / "recorded.jsonl"
    recorded.write_text(desk("record").out)
    lines = [json.loads(line) for line in desk("replay", str(recorded), "--json").out.splitlines()]
    assert [(t["event"], t["state"], t["by"], t["until_ms"]) for t in lines if t["occurrence"].startswith(f"{LOW}@")][: len(told)] == told
