"""A running collector and its people's answers: the link in a notice, pressed; the code of a notice, sent back; each acknowledges."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collector.notify.channels.pdu import unpacked
from collector.notify.texts.gsm7 import text_of
from tests.faults.line import Line
from tests.faults.receivers import Inbox, webhook
from tests.faults.rig import Json, Oxygrid, oxygrid, wait_until
from tests.integration.modem import modem
from tests.integration.test_app import LP_LL, command, reading, sections
from tests.integration.test_calling import people
from tests.integration.test_gsm import delivered
from tests.servers import Server, free_port

pytestmark = pytest.mark.server


@contextmanager
def answering(folder: Path, broker: Server) -> Iterator[tuple[Oxygrid, Line, Inbox, str]]:
    (folder / "token").write_text("hunter2\n")
    port = free_port()
    given: Json = {"port": port, "public_url": f"http://127.0.0.1:{port}", "reply_token_file": str(folder / "token")}
    with webhook() as inbox:
        base = sections(broker)
        base["sites"] = [*base["sites"], {"id": "nowhere", "assets": []}]
        with oxygrid(folder, {**base, **people(inbox, repeat_every_min=60), "answers": given}) as subject:
            subject.start_and_wait()
            with Line(broker.port) as line:
                yield subject, line, inbox, f"http://127.0.0.1:{port}"


def asked(url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


def first(inbox: Inbox) -> Json:
    wait_until(lambda: bool(inbox.bodies), 15, "somebody is told")
    body: dict[str, Any] = inbox.bodies[0]
    return body


def test_the_link_of_a_notice_acknowledges(tmp_path: Path, broker: Server) -> None:
    with answering(tmp_path, broker) as (subject, line, inbox, url):
        line.publish([reading(1.0)])
        found = re.search(rf"{re.escape(url)}/a/\S+", first(inbox)["text"])
        assert found is not None
        status, page = asked(found[0])
        assert (status, "Hello Asha." in page) == (200, True)
        assert subject.transitions()[-1].event == "raised"
        status, page = asked(found[0], {"do": "on_it"})
        assert (status, "You have 30 minutes" in page) == (200, True)
        wait_until(lambda: subject.transitions()[-1].event == "acknowledged", 10, "acknowledged")
        assert (subject.transitions()[-1].by, subject.transitions()[-1].alarm) == ("Asha", LP_LL)
        trail = command(subject, "audit", "list").stdout
        assert "Asha" in trail
        assert "on it, 30 minutes" in trail
        status, page = asked(found[0], {"do": "ack"})
        assert (status, "Somebody has answered already: Asha" in page) == (409, True)
        assert (subject.data_dir / "answers.key").stat().st_mode & 0o777 == 0o600
        assert subject.stop()[0] == 0


def test_the_code_of_a_notice_acknowledges_after_a_restart_too(tmp_path: Path, broker: Server) -> None:
    with answering(tmp_path, broker) as (subject, line, inbox, url):
        line.publish([reading(1.0)])
        found = re.search(r"send back ([A-Z0-9]+)", first(inbox)["text"])
        assert found is not None
        subject.kill()
        subject.start_and_wait()
        assert asked(f"{url}/reply", {"from": "asha", "text": found[1]})[0] == 403
        status, said = asked(f"{url}/reply?token=hunter2", {"from": "somebody", "text": found[1]})
        assert (status, "not yours" in said) == (200, True)
        status, said = asked(f"{url}/reply?token=hunter2", {"from": "asha", "text": f"ok {found[1].lower()}"})
        assert (status, said.startswith("Thank you, Asha.")) == (200, True)
        wait_until(lambda: subject.transitions()[-1].event == "acknowledged", 10, "acknowledged")
        line.publish([reading(4.1)])
        wait_until(lambda: subject.transitions()[-1].event == "cleared", 15, "over")
        wait_until(lambda: "over" in asked(f"{url}/reply?token=hunter2", {"from": "asha", "text": found[1]})[1], 10, "told that it is over")


def text_of_submit(pdu: str) -> str:
    """The text of an SMS that a modem was given, in the plain alphabet or UCS-2."""
    data = bytes.fromhex(pdu)[1:]
    rest = data[4 + (data[2] + 1) // 2 :]
    coding, length, body = rest[1], rest[3], rest[4:]
    return body.decode("utf-16-be") if coding == 8 else text_of(unpacked(body, length))


def test_without_any_network_a_code_is_sent_by_a_modem_and_comes_back_by_it(tmp_path: Path, broker: Server) -> None:
    with modem() as sim, webhook() as inbox:
        more = people(inbox, repeat_every_min=60)
        more["notify"]["channels"].append({"id": "sms", "kind": "gsm", "device": sim.path, "replies": True})
        more["people"][0]["ways"] = [{"channel": "sms", "to": "+919837000001"}]
        base = sections(broker)
        base["sites"] = [*base["sites"], {"id": "nowhere", "assets": []}]
        with oxygrid(tmp_path, {**base, **more}) as subject:
            subject.start_and_wait()
            with Line(broker.port) as line:
                line.publish([reading(1.0)])
            wait_until(lambda: bool(sim.sent), 20, "an SMS goes out")
            text = text_of_submit(sim.sent[0])
            assert text.startswith("a: Pipeline pressure failing 1 bar.")
            sim.card[3] = delivered("+919837000001", f"{text.split()[-1]} 15")
            wait_until(lambda: subject.transitions()[-1].event == "acknowledged", 20, "acknowledged")
            wait_until(lambda: len(sim.sent) > 1, 20, "and thanked for")
            assert text_of_submit(sim.sent[-1]).startswith("Thank you, Asha.")
            assert sim.card == {}
            assert subject.stop()[0] == 0
