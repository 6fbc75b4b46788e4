"""The rig of the fault tests: `oxygrid run` as a process that can be killed, and what can be seen of it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from collector.journal import SqliteJournal
from collector.outputs import Transition
from collector.store.state import StateStore
from tests.servers import HOST, Server, _die_with_parent, free_port

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("OXYGRID_FULL") == "1"
"""The load that the project promises to bear; else one that is done in seconds."""
START_S = 30.0
DATABASE = "oxygrid"

Json = dict[str, Any]


def scaled(full: int, quick: int) -> int:
    return full if FULL else quick


def wait_until(condition: Callable[[], object], within_s: float, what: str, every_s: float = 0.1) -> float:
    """Wait for it; how many seconds it took."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < within_s, f"not within {within_s:g} s: {what}"
        time.sleep(every_s)
    return time.monotonic() - begun_s


def say(line: str) -> None:
    """A measurement, for who runs pytest with -s, or reads the captured output."""
    print(f"  {line}", flush=True)


class Oxygrid:
    """`oxygrid run` on a folder of its own. `sections` of the configuration come over the usual ones; None takes one away."""

    def __init__(self, folder: Path, sections: Json, *, data_dir: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.data_dir, self.ops_port = folder, data_dir or folder / "data", free_port()
        self.config, self.log = folder / "site.yaml", folder / "oxygrid.log"
        self.sections: Json = {"data_dir": str(self.data_dir), "ops": {"port": self.ops_port, "log_level": "info"}, **sections}
        self.write_config(self.sections)
        self.process: subprocess.Popen[bytes] | None = None
        self.program: list[str] = ["-m", "collector"]
        self.starts = 0

    def write_config(self, sections: Json) -> None:
        """YAML 1.2 takes JSON as it is."""
        self.config.write_text(json.dumps(sections, indent=1))

    def start(self, *, before: Callable[[], None] = _die_with_parent) -> None:
        """Start; don't wait."""
        with self.log.open("ab") as log:
            argv = [sys.executable, *self.program, "run", "-c", str(self.config)]
            self.process = subprocess.Popen(
                argv,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=before,  # noqa: PLW1509  (the test has one thread)
            )
        self.starts += 1

    def start_and_wait(self) -> float:
        self.start()
        return self.wait_ready()

    def wait_ready(self) -> float:
        return wait_until(self.is_ready, START_S, f"ready; the end of its log:\n{self.words()[-3000:]}", 0.05)

    def is_ready(self) -> bool:
        """Connected to the broker, and the database takes what it is given."""
        assert self.process is not None
        assert self.process.poll() is None, f"ended with code {self.process.returncode}:\n{self.words()[-3000:]}"
        try:
            return self.page("readyz") is not None
        except OSError:
            return False

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_and_start(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> tuple[int, float]:
        """Ask it to end: its exit code, and after how many seconds it came."""
        assert self.process is not None
        begun_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        return code, time.monotonic() - begun_s

    def reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def page(self, name: str) -> bytes:
        with urllib.request.urlopen(f"http://{HOST}:{self.ops_port}/{name}", timeout=5) as answer:
            body: bytes = answer.read()
            return body

    def status(self) -> Json:
        found: Json = json.loads(self.page("status"))
        return found

    def words(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rss_mib(self) -> float:
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_s(self) -> float:
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # ---- what it left on disk; also while it runs -----------------------------------------------------------------------------

    def transitions(self) -> list[Transition]:
        with closing(StateStore.open_reader(self.data_dir / "state.db")) as state:
            return state.transitions(limit=100_000)

    def counters(self) -> dict[str, dict[str, int]]:
        with closing(StateStore.open_reader(self.data_dir / "state.db")) as state:
            return state.counters()

    def journalled(self, prefix: str = "oxygrid/") -> int:
        """Messages from gateways in the journal, each as often as it was delivered."""
        count = after = 0
        with closing(SqliteJournal.open_reader(self.data_dir / "journal.db")) as journal:
            while batches := journal.read(after, limit=1000):
                count += sum(message.topic.startswith(prefix) for batch in batches for message in batch.messages)
                after = batches[-1].seq
        return count


@contextmanager
def oxygrid(folder: Path, sections: Json, *, data_dir: Path | None = None) -> Iterator[Oxygrid]:
    """Not yet started; killed at the end if it runs."""
    subject = Oxygrid(folder, sections, data_dir=data_dir)
    try:
        yield subject
    finally:
        subject.end()


def mqtt(broker: Server) -> Json:
    return {"url": f"mqtt://{HOST}:{broker.port}"}


def influx(server: Server, **more: object) -> Json:
    return {"url": server.http, **more}


def plants(sites: int, per_site: int = 2) -> list[Json]:
    """Sites with oxygen plants only, which are quiet when nothing but counters comes from them."""
    assets = [{"id": f"psa{n}", "kind": "psa_plant", "rated_flow_lpm": 500} for n in range(per_site)]
    return [{"id": f"site-{n}", "assets": assets} for n in range(sites)]


def topics(sites: list[Json]) -> list[str]:
    return [f"oxygrid/v1/{site['id']}/{asset['id']}" for site in sites for asset in site["assets"]]


def query(server: Server, influxql: str) -> list[Json]:
    """The series of the answer; times in Unix milliseconds. None while the collector has not made the database yet."""
    parameters = urllib.parse.urlencode({"db": DATABASE, "epoch": "ms", "q": influxql})
    with urllib.request.urlopen(f"{server.http}/query?{parameters}", timeout=60) as answer:
        result = json.load(answer)["results"][0]
    if "database not found" in result.get("error", ""):
        return []
    assert "error" not in result, result
    series: list[Json] = result.get("series", [])
    return series


def stored(server: Server, kind: str, signal_name: str) -> dict[str, dict[int, float]]:
    """Topic → {time in ms: value} of all that the database has."""
    found: dict[str, dict[int, float]] = {}
    for series in query(server, f'SELECT "{signal_name}" FROM "{kind}" GROUP BY "site", "asset"'):
        topic = f"oxygrid/v1/{series['tags']['site']}/{series['tags']['asset']}"
        assert topic not in found, "one asset has two series"
        rows = series["values"]
        found[topic] = dict(rows)
        assert len(found[topic]) == len(rows), "one time stands twice in a series"
    return found


def count(server: Server, kind: str, signal_name: str) -> int:
    try:
        found = query(server, f'SELECT count("{signal_name}") FROM "{kind}"')
    except (OSError, urllib.error.URLError):
        return 0
    return int(found[0]["values"][0][1]) if found else 0
