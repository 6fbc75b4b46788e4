"""Ten thousand alarms within one second: how long until all of them are in the book, on disk and listed; and a restart with all of them
open.

    python -m bench.alarm_flood [--alarms N] [--sites N] [--batch N] [--channels N] [--rounds N] [--folder PATH]

Real files, in the folder named or in one for a moment, and the evaluation that runs in the collector: messages are journalled, folded,
told to a channel (the default configuration has one), and committed with the snapshots of their sites. What is missing is the broker.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar, NamedTuple

from bench import machine
from collector.config.notify import LogChannel, SmtpChannel
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.feed import Feed
from collector.journal import SqliteJournal
from collector.notify.decide import notices
from collector.outputs import Notice, SiteSnapshot, StateChange, Transition
from collector.pipeline import Desk, Evaluation
from collector.records import Decoded, Message
from collector.store.state import StateStore
from collector.store.state_reader import StateReader
from collector.threads import PatientThread, Thread
from collector.views import alarm_view
from devices.assets import Site

NOW_MS = 1_764_000_000_000
RULES = rule_set(Rules.model_validate({"everywhere": {"LP-LL": {"on_delay_s": 0}}}))
CHANNELS: list[LogChannel | SmtpChannel] = [
    LogChannel(id="log", kind="log"),
    SmtpChannel.model_validate({"id": "mail", "kind": "smtp", "host": "mail", "from": "a@b.example", "to": ["c@d.example"]}),
]


class Spent(NamedTuple):
    wall_s: float = 0.0
    cpu_s: float = 0.0


class Timed(Evaluator):
    """An evaluator that says what its parts cost: step → seconds, and of them seconds of CPU."""

    spent_s: ClassVar[dict[str, Spent]] = {}

    def step(self, batch: Decoded, out: StateChange) -> None:
        with timed("fold"):
            super().step(batch, out)

    def snapshots(self, names: Iterable[str]) -> list[SiteSnapshot]:
        with timed("snapshots"):
            return super().snapshots(names)


@contextmanager
def timed(what: str) -> Iterator[None]:
    wall_s, cpu_s, before = time.perf_counter(), time.process_time(), Timed.spent_s.get(what, Spent())
    yield
    Timed.spent_s[what] = Spent(before.wall_s + time.perf_counter() - wall_s, before.cpu_s + time.process_time() - cpu_s)


class District:
    """A district of `sites` sites with `alarms` lines in all, and the evaluation of its collector on real files."""

    def __init__(self, folder: Path, alarms: int, sites: int, channels: int) -> None:
        per_site = -(-alarms // sites)
        lines = [{"id": f"line-{n:03}", "kind": "pipeline", "nominal_bar": 4.1} for n in range(per_site)]
        self.sites = [Site.model_validate({"id": f"site-{n:04}", "assets": lines}) for n in range(sites)]
        self.topics = [f"oxygrid/v1/{site.id}/{line['id']}" for line in lines for site in self.sites][:alarms]
        self._by_id = {site.id: site for site in self.sites}
        self._channels = CHANNELS[:channels]
        self._path = folder / "state.db"
        self._journal = SqliteJournal(folder / "journal.db")
        self._threads = Thread("journal"), PatientThread("state")
        self._state = StateStore(self._path)
        self._now_ms = NOW_MS
        self._feed = Feed(self._journal, self._threads[0], Decoder(self.sites).decode, lambda: self._now_ms)
        self._evaluation = self._evaluate(Timed(self.sites, RULES))
        self._passed, self._more = 0, asyncio.Event()

    async def say(self, bar: float, batch: int) -> None:
        """Each line says its pressure, `batch` of them at a time; all is judged and on disk when it returns."""
        self._now_ms += 10_000
        body = json.dumps({"ts": self._now_ms, "values": {"line_pressure_bar": bar}}).encode()
        task = asyncio.create_task(self._evaluation.run())
        for first in range(0, len(self.topics), batch):
            with timed("journal and decode"):
                await self._feed.append([Message(topic, body) for topic in self.topics[first : first + batch]])
        while self._passed < self._feed.last_seq:
            await self._more.wait()
            self._more.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def listed(self) -> int:
        """Open alarms as the command line finds them: another connection to the file."""
        with timed("listed by another connection"), closing(StateReader.open_reader(self._path)) as reader:
            return sum(alarm_view(transition).is_open for transition in reader.alarms())

    async def restart(self) -> None:
        """From the opening of the files until another collector knows all of the alarms."""
        await self._evaluation.close()
        self._state.close()
        Timed.spent_s.clear()
        with timed("all"):
            with timed("state opened and checked"):
                self._state = StateStore(self._path)
            with timed("snapshots read"):
                snapshots = self._state.snapshots()
            with timed("evaluator built from them"):
                evaluator = Timed(self.sites, RULES, snapshots)
            with timed("open alarms read and retired"):
                evaluator.retire(self._state.alarms(), NOW_MS, StateChange())
        known = sum(alarm.condition for site in evaluator.sites.values() for alarm in site.book.alarms.values())
        assert known >= len(self.topics), f"{known} alarms are known"

    def close(self) -> None:
        for thread in self._threads:
            thread.close()
        self._state.close()
        self._journal.close()

    def _evaluate(self, evaluator: Evaluator) -> Evaluation:
        return Evaluation(
            evaluator,
            self._feed,
            Desk(
                write=self._write,
                open_alarms=lambda: self._threads[1].run(self._state.alarms),
                notices=self._notices,
                committed=lambda _: None,
                saved=lambda _: None,
                passed=self._was_passed,
            ),
        )

    async def _write(self, change: StateChange) -> None:
        with timed("commit"):
            await self._threads[1].run(self._state.commit, change)

    def _notices(self, transitions: Iterable[Transition]) -> list[Notice]:
        with timed("who is told"):
            return notices(transitions, self._channels, self._by_id)

    def _was_passed(self, seq: int) -> None:
        self._passed = seq
        self._more.set()


async def measure(folder: Path, asked: argparse.Namespace) -> dict[str, dict[str, Spent]]:
    """What each step cost, of the flood and of the restart; `all` is from the first message to the last alarm listed."""
    district = District(folder, asked.alarms, asked.sites, asked.channels)
    await district.say(4.1, asked.batch)
    gc.collect()
    gc.freeze()
    Timed.spent_s.clear()
    with timed("all"):
        await district.say(2.0, asked.batch)
        listed = district.listed()
    assert listed == asked.alarms, f"{listed} alarms are listed"
    found = {"raised": dict(Timed.spent_s)}
    await district.restart()
    found["restart"] = dict(Timed.spent_s)
    district.close()
    gc.unfreeze()
    return found


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.alarm_flood", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--alarms", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--batch", type=int, default=1000, help="messages that are made durable together")
    parser.add_argument("--channels", type=int, choices=(0, 1, 2), default=1, help="for notices: none, the log, mail too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to put the files; the disk that is measured")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        rounds = [asyncio.run(measure(Path(folder, str(n)), asked)) for n in range(asked.rounds)]
    print(f"{asked.alarms:,} alarms at {asked.sites} sites, {asked.batch} readings a batch, channels: {asked.channels}")
    print(f"(median of {asked.rounds}; fixed loop: {min(machine.calibrate(2)):.0f} ns)")
    print(f"{'':40}{'ms':>8}{'CPU ms':>9}")
    for part, bar_s in (("raised", 1.0), ("restart", 2.0)):
        for step in sorted(rounds[0][part], key="all".__eq__):
            wall_s, cpu_s = (machine.median([found[part][step][n] for found in rounds]) for n in (0, 1))
            print(f"{part:8} {step:31}{wall_s * 1000:8.0f}{cpu_s * 1000:9.0f}" + (f"   bar {bar_s:g} s" if step == "all" else ""))


if __name__ == "__main__":
    main()
