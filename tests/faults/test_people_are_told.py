"""Whatever moment the collector dies at, and whatever the receivers do: every alarm reaches its person, at most one duplicate for a
crash, every end is told, and what is shelved stays quiet.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.faults.killer import MOMENTS
from tests.faults.line import Line, Sent
from tests.faults.receivers import Inbox, black_hole, serving, webhook
from tests.faults.rig import ROOT, Json, Oxygrid, mqtt, oxygrid, say, wait_until
from tests.servers import HOST, Server, free_port

pytestmark = [pytest.mark.faults, pytest.mark.server]

SHELVED = "line-shelved"
ASSETS = [*(f"line-{n}" for n in range(len(MOMENTS))), SHELVED]
SITES = [{"id": f"s-{asset}", "assets": [{"id": asset, "kind": "pipeline", "nominal_bar": 4.1}]} for asset in ASSETS]
AT_ONCE = {
    "everywhere": {"LP-LL": {"on_delay_s": 0, "off_delay_s": 0}},
    "assets": {f"s-{SHELVED}/{SHELVED}": {"LP-L": {"on_delay_s": 0, "off_delay_s": 0}}},
}


def reading(asset: str, bar: float) -> Sent:
    ts_ms = time.time_ns() // 1_000_000
    return Sent(f"oxygrid/v1/s-{asset}/{asset}", b'{"ts": %d, "values": {"line_pressure_bar": %.2f}}' % (ts_ms, bar))


def person(name: str, *ways: tuple[str, str]) -> Json:
    return {"id": name, "name": name, "role": "nurse", "ways": [{"channel": channel, "to": to} for channel, to in ways]}


def hook(name: str, url: str, timeout_s: float = 5) -> Json:
    return {"id": name, "kind": "webhook", "url": url, "timeout_s": timeout_s, "sites": ["s-line-0"], "min_priority": "high"}


def to_people(inbox: Inbox) -> list[Any]:
    return [body for body in inbox.bodies if body.get("person")]


def told(inbox: Inbox, event: str) -> Counter[str]:
    """How many messages named each asset's alarm with that event."""
    return Counter(alarm["asset"] for body in to_people(inbox) for alarm in body["alarms"] if alarm["event"] == event)


def command(subject: Oxygrid, *args: str) -> None:
    argv = [sys.executable, "-m", "collector", *args, "-c", str(subject.config)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_killed_at_every_moment_between_the_alarm_and_sent(tmp_path: Path, broker: Server) -> None:
    with webhook() as inbox:
        chain = {"id": "all", "steps": [{"tell": "asha"}], "repeat_every_min": 60, "last_resort": "asha"}
        more = {"people": [person("asha", ("hook", "asha"))], "chains": [chain], "notify": {"channels": [hook("hook", inbox.url)]}}
        with oxygrid(tmp_path / "o", {"sites": SITES, "mqtt": mqtt(broker), "rules": AT_ONCE, **more}) as subject:
            subject.start_and_wait()
            with Line(broker.port) as line:
                line.publish([reading(SHELVED, 3.5)])
                wait_until(lambda: told(inbox, "raised")[SHELVED] == 1, 15, "the alarm that is to be shelved is told")
                alarm = f"s-{SHELVED}/{SHELVED}/LP-L"
                command(subject, "shelve", alarm, "--by", "Asha", "--why", "work", "--for", "10m")
                subject.kill()
                for moment, asset in zip(MOMENTS, ASSETS, strict=False):
                    subject.program = ["-m", "tests.faults.killer", moment, asset]
                    subject.start_and_wait()
                    line.publish([reading(asset, 1.0)])
                    assert subject.process is not None
                    assert subject.process.wait(20) == -9, f"it died {moment}"
                subject.program = ["-m", "collector"]
                subject.start_and_wait()
                wait_until(lambda: told(inbox, "raised").keys() == set(ASSETS), 20, "all are told")
                line.publish(reading(asset, 4.1) for asset in ASSETS)
                wait_until(lambda: told(inbox, "cleared").keys() >= set(ASSETS) - {SHELVED}, 30, "every end is told")
                counts = told(inbox, "raised")
                for moment, asset in zip(MOMENTS, ASSETS, strict=False):
                    say(f"killed {moment}: {counts[asset]} message(s)")
                assert counts[SHELVED] == 1
                assert max(counts.values()) <= 2
                assert max(told(inbox, "cleared").values()) == 1
                assert subject.stop()[0] == 0


@contextmanager
def bad_servers() -> Iterator[dict[str, str]]:
    """Servers that refuse, hang, answer 500, and take a message and lose it."""

    class Broken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(500 if self.path == "/500" else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base class's)
            pass

    with serving(Broken) as url, black_hole() as port:
        yield {
            "refuses": f"http://{HOST}:{free_port()}/",
            "hangs": f"http://{HOST}:{port}/",
            "fails": f"{url}/500",
            "loses": f"{url}/204",
        }


def test_receivers_that_refuse_hang_fail_and_lose_have_another_beside_them(tmp_path: Path, broker: Server) -> None:
    with webhook() as inbox, bad_servers() as bad:
        people = [person(name, (name, name), ("good", name)) for name in bad]
        chain = {"id": "all", "steps": [{"tell": "team"}], "repeat_every_min": 0.05, "last_resort": "team"}
        more: Json = {"people": people, "teams": [{"id": "team", "members": list(bad)}], "chains": [chain]}
        channels = [hook("good", inbox.url), *(hook(name, url, 1) for name, url in bad.items())]
        base = {"sites": SITES, "mqtt": mqtt(broker), "rules": AT_ONCE, "notify": {"channels": channels}}
        with oxygrid(tmp_path / "o", {**base, **more}) as subject, Line(broker.port) as line:
            subject.start_and_wait()
            begun_s = time.monotonic()
            line.publish([reading("line-1", 1.0)])
            wait_until(lambda: {body["person"] for body in to_people(inbox)} == set(bad), 20, "all four are told")
            say(f"all four told within {time.monotonic() - begun_s:.1f} s")
            line.publish([reading("line-1", 4.1)])
            wait_until(lambda: hearing(inbox, "cleared") >= set(bad) - {"loses"}, 25, "they hear the end")
            assert subject.stop()[0] == 0


def hearing(inbox: Inbox, event: str) -> set[str]:
    """Who was told of that event."""
    return {body["person"] for body in to_people(inbox) if any(alarm["event"] == event for alarm in body["alarms"])}
