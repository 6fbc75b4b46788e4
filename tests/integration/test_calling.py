"""People are told by a running collector: step by step, until one of them answers, and of the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.line import Line
from tests.faults.receivers import Inbox, webhook
from tests.faults.rig import ROOT, Json, Oxygrid, oxygrid, wait_until
from tests.integration.test_app import LP_LL, command, metric, reading, sections
from tests.pdf import made, read
from tests.servers import Server

pytestmark = pytest.mark.server

SOON = 0.02
"""Minutes: a step that comes after a good second."""


def people(inbox: Inbox, **chain: Any) -> Json:
    """A nurse and a room, each on a channel of their own; the room when the nurse does not answer."""
    given = [
        {"id": "asha", "name": "Asha", "role": "nurse", "ways": [{"channel": "hook", "to": "asha"}]},
        {"id": "room", "name": "Room", "role": "control_room", "phone": "112", "ways": [{"channel": "hook", "to": "room"}]},
    ]
    steps = [{"tell": "asha"}, {"tell": "room", "after_min": SOON}]
    return {
        "notify": {"channels": [{"id": "hook", "kind": "webhook", "url": inbox.url, "min_priority": "high", "sites": ["nowhere"]}]},
        "people": given,
        "chains": [{"id": "all", "steps": steps, "repeat_every_min": SOON, "last_resort": "room", **chain}],
    }


@contextmanager
def called(folder: Path, broker: Server, **chain: Any) -> Iterator[tuple[Oxygrid, Line, Inbox]]:
    with webhook() as inbox:
        more = people(inbox, **chain)
        base = sections(broker)
        base["sites"] = [*base["sites"], {"id": "nowhere", "assets": []}]
        with oxygrid(folder, {**base, **more}) as subject:
            subject.start_and_wait()
            with Line(broker.port) as line:
                yield subject, line, inbox


def told(inbox: Inbox) -> list[tuple[str, str]]:
    """Who was told of what, in order."""
    return [(body["to"], body["alarms"][0]["event"]) for body in inbox.bodies]


def test_it_climbs_until_somebody_answers_and_all_hear_the_end(tmp_path: Path, broker: Server) -> None:
    with called(tmp_path, broker) as (subject, line, inbox):
        line.publish([reading(1.0)])
        wait_until(lambda: ("room", "raised") in told(inbox), 15, "the room is told")
        assert told(inbox)[0] == ("asha", "raised")
        done = command(subject, "ack", LP_LL, "--by", "Room", "--for", "30m")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: metric(subject, 'oxygrid_calls{state="acknowledged"}') == 1, 10, "it is quiet")
        count = len(inbox.bodies)
        line.publish([reading(4.1)])
        wait_until(lambda: {("asha", "cleared"), ("room", "cleared")} <= set(told(inbox)), 15, "both hear the end")
        assert set(told(inbox)[count:]) <= {("asha", "cleared"), ("room", "cleared"), ("room", "raised")}
        assert metric(subject, 'oxygrid_calls{state="open"}') == 0
        assert metric(subject, 'oxygrid_person_messages_total{person="asha"}') >= 2
        assert subject.stop()[0] == 0


def test_a_call_goes_on_after_a_kill(tmp_path: Path, broker: Server) -> None:
    with called(tmp_path, broker, repeat_every_min=60, steps=[{"tell": "asha"}, {"tell": "room", "after_min": 0.1}]) as (
        subject,
        line,
        inbox,
    ):
        line.publish([reading(1.0)])
        wait_until(lambda: told(inbox) == [("asha", "raised")], 15, "the nurse is told")
        subject.kill()
        subject.start_and_wait()
        wait_until(lambda: ("room", "raised") in told(inbox), 15, "the room is told, by the time of the first start")
        assert told(inbox)[-1] == ("room", "raised")
        assert 1 <= told(inbox).count(("asha", "raised")) <= 2


def test_a_drill_takes_the_whole_way_and_leaves_a_certificate(tmp_path: Path, broker: Server) -> None:
    asyncio.run(made("<p>a"))
    with called(tmp_path, broker) as (subject, _, inbox):
        page = tmp_path / "drill.html"
        argv = [sys.executable, "-m", "collector", "drill", "a", "--by", "Dr Rao", "--out", str(page), "-c", str(subject.config)]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as drill:
            wait_until(lambda: ("room", "raised") in told(inbox), 20, "it has climbed to the room")
            assert all("TEST" in body["subject"] for body in inbox.bodies)
            assert command(subject, "ack", "a/DRILL", "--by", "Room").returncode == 0
            said = drill.communicate(timeout=20)[0]
        assert drill.returncode == 0, said
        assert "Answered by Room after" in said
        assert "Every message was sent" in page.read_text()
        assert f"Certificate: {page}\n" in said
        assert f"As PDF: {tmp_path / 'drill.pdf'}\n" in said
        (only,) = read((tmp_path / "drill.pdf").read_bytes()).pages
        assert "Every message was sent" in only
        assert subject.transitions() == []
        assert command(subject, "ack", "a/DRILL", "--by", "Room").returncode == 1
        german = command(subject, "drill", "a", "--by", "Dr Rao", "--language", "de")
        assert (german.returncode, german.stderr) == (2, "oxygrid: --language 'de': there are texts in en, hi, fr, ar\n")
        unknown = command(subject, "drill", "b", "--by", "Dr Rao")
        assert (unknown.returncode, unknown.stderr) == (1, "oxygrid: unknown site 'b'; known: a, nowhere\n")


def test_people_who_come_in_while_an_alarm_is_open_are_told(tmp_path: Path, broker: Server) -> None:
    with webhook() as inbox, oxygrid(tmp_path, sections(broker)) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            line.publish([reading(1.0)])
            wait_until(subject.transitions, 15, "raised")
        subject.stop()
        more = people(inbox, repeat_every_min=60)
        subject.write_config({**subject.sections, **more, "sites": [*subject.sections["sites"], {"id": "nowhere", "assets": []}]})
        subject.start_and_wait()
        wait_until(lambda: ("asha", "raised") in told(inbox), 15, "the nurse is told")
