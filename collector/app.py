"""The composition root: builds the parts, wires them as `pipeline.py` draws them, and stops them in good order.

This file reads the clock, the signals and the process; nothing inside does.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from collector.audit import digest
from collector.build import door_of, source_of, store_of
from collector.clerk import Answer, Clerk, Configuration
from collector.config import Config
from collector.config.rulebook import rule_set
from collector.config.sources import JetStream
from collector.counts import Count, message_of, word_of, wrong_count
from collector.decoding import Decoder
from collector.errors import JournalError, OxygridError, UserError
from collector.evaluator import Evaluator
from collector.feed import Feed
from collector.journal import SqliteJournal
from collector.ops.logs import set_up_logs
from collector.ops.metrics import Exposition
from collector.ops.report import EVERY_MS as REPORT_EVERY_MS
from collector.ops.server import Ops, Private
from collector.ops.status import site_view
from collector.ops.watch import Views, Watch
from collector.outputs import Command, StateChange
from collector.pipeline import Desk, Evaluation, ingest, set_aside
from collector.rules.model import RuleSet
from collector.selfwatch import ROOM_MOST_MIB, Health
from collector.shelves import Cursors, ExportShelf, WindowShelf
from collector.store.history import SqliteHistory
from collector.store.influx import InfluxStore
from collector.store.state import StateStore
from collector.telling import Telling
from collector.threads import PatientThread, Thread
from collector.version import VERSION
from collector.views import AlarmView, SiteView, alarm_view
from collector.writer import Places, Writer

log = logging.getLogger(__name__)

DRAIN_S = 2.0
CLOSE_S = 1.0
CANCEL_TRIES, CANCEL_S = 4, 0.25
HOUSEKEEPING_S = 1.0
GC_THRESHOLDS = (50_000, 20, 100)
HEALTH_EVERY_MS = 60_000
HEAD_EVERY_MS = 86_400_000
REPORT_PORTION = 200
"""So many rows at a time: a country has ten thousand a minute, and alarms go on meanwhile."""
READERS = ("evaluator", "quarantine", "writer")


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def run(config: Config, *, embedded: bool, reload: Callable[[], Config]) -> int:
    """Run until SIGTERM or SIGINT. Exit code 0; 1 where the collector had to give up. Raises UserError for what a person can mend."""
    set_up_logs(config.ops.log_format, config.ops.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_run(config, embedded=embedded, reload=reload))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where there is one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _run(config: Config, *, embedded: bool, reload: Callable[[], Config]) -> int:
    if not embedded:
        return await _collect(config, None, reload)
    from collector.embedded import EmbeddedNats

    given = config.embedded
    for unused in ("mqtt", "jetstream"):
        if getattr(config, unused) is not None:
            log.warning("--embedded: the section %s is not used; gateways come in on port %d (embedded.mqtt_port)", unused, given.mqtt_port)
    server = EmbeddedNats(Path(config.data_dir), mqtt_port=given.mqtt_port, max_bytes=given.max_bytes, door=door_of(config))

    def load() -> Config:
        server.take_accounts()
        return reload()

    await server.start()
    try:
        return await _collect(config, server.jetstream, load)
    finally:
        await server.stop()


async def _collect(config: Config, embedded: JetStream | None, reload: Callable[[], Config]) -> int:
    collector = Collector(config, wall_clock_ms, embedded)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, collector.stop)
    loop.add_signal_handler(signal.SIGHUP, collector.reload_from, reload)
    return await collector.run()


class Collector:
    """One collector on one data folder. `run` returns after `stop`. `told` is given every change once it is on disk."""

    def __init__(
        self,
        config: Config,
        now_ms: Callable[[], int],
        embedded: JetStream | None = None,
        told: Callable[[StateChange], None] = lambda _: None,
    ) -> None:
        self._config, self._now_ms, self._told = config, now_ms, told
        self._stopping = asyncio.Event()
        self._reloading: asyncio.Task[None] | None = None
        _make_folder(Path(config.data_dir))
        self._journal = _journal_of(config)
        self._state = StateStore(config.state_path)
        self._store = store_of(config)
        self._journal_thread, self._state_thread = Thread("journal"), PatientThread("state")
        snapshots = self._state.snapshots()
        self._journal.begin_after(max([self._state.last_audited_seq(), *(s.cursor for s in snapshots)]))
        self._cursors = Cursors(self._journal, self._journal_thread, READERS)
        self._feed = Feed(self._journal, self._journal_thread, Decoder(config.sites, config.topic_prefix).decode, now_ms)
        self.source = source_of(config, now_ms, embedded)
        self.telling = Telling(lambda: self._config, self._state, self._state_thread, now_ms, self._by_clerk)
        rules = rule_set(config.rules)
        self.evaluation = Evaluation(Evaluator(config.sites, rules, snapshots), self._feed, self._desk())
        self._configuration = digests_of(config, rules)
        self._clerk = Clerk(self._feed, self._refusal, Configuration(*self._state.configuration()))
        self.writer = self._make_writer()
        self._journal_stats = self._journal.stats()
        self._alarms_changed = False
        self._alarms: list[AlarmView] = [alarm_view(t) for t in self._state.alarms()]
        self._counters = self._state.counters()
        self._waiting = self._state.waiting()
        self._said = (Health(True, False, 0.0, float(ROOM_MOST_MIB)), 0)
        self._head_said_ms = self._reported_ms = 0
        self._disk_free_bytes = shutil.disk_usage(config.data_dir).free
        self.watch = Watch(self._views(), now_ms)
        history = self._store.problems if isinstance(self._store, SqliteHistory) else []
        self._problems = (*self._journal.problems, *self._state.problems, *history)
        for problem in (*self._problems, *config.notes):
            log.warning("%s", problem)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> int:
        """Everything at once, until `stop` or until a part gives up."""
        registry = CollectorRegistry()
        registry.register(Exposition(self.watch.rows, self.watch.numbers))
        private = Private(self.telling.command, self.telling.drill, self._count, self._site_view)
        ops = Ops(registry, self.watch.status, self.watch.problems, private)
        await ops.start(self._config.ops.host, self._config.ops.port, Path(self._config.data_dir) / "control.sock")
        await self._start_answers(ops)
        self._say_head()
        await self._clerk.begin(self._configuration, [f"oxygrid {VERSION}", *self._problems])
        running = {name: asyncio.create_task(part, name=name) for name, part in self._parts().items()}
        _rest_the_garbage_collector()
        log.info("collecting: %d sites", len(self._config.sites))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({stopping, *running.values()}, return_when=asyncio.FIRST_COMPLETED)
            return _verdict(running)
        finally:
            stopping.cancel()
            await self._shut_down(running, ops)

    def _parts(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {
            "source": self.source.run(),
            "ingest": ingest(self.source, self._feed, self.watch.received),
            "evaluate": self.evaluation.run(),
            "write": self.writer.run(),
            "quarantine": set_aside(self._feed, self._state, self._state_thread, self._cursors.at["quarantine"], self._was_set_aside),
            **self.telling.parts(),
            "housekeeping": self._keep_house(),
        }

    async def _shut_down(self, running: dict[str, asyncio.Task[None]], ops: Ops) -> None:
        """Stop taking, work off what is here for a moment, save, close."""
        await ops.stop()
        await self.telling.answering.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.source.close()
        await _cancelled(running["source"], running["ingest"])
        await self._note_the_end()
        deadline = time.monotonic() + DRAIN_S
        while time.monotonic() < deadline and not self._drained():  # noqa: ASYNC110  (two readers, each at its own pace)
            await asyncio.sleep(0.02)
        await _cancelled(*running.values())
        await self._save()
        await self._store.close()
        self._journal_thread.close()
        self._state_thread.close()
        self._journal.close()
        self._state.close()
        log.info("stopped")

    async def _start_answers(self, ops: Ops) -> None:
        try:
            await self.telling.answering.start()
        except UserError:
            await ops.stop()
            raise

    async def _note_the_end(self) -> None:
        why = "asked to" if self._stopping.is_set() else "a part of it gave up"
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._clerk.end(why)
        except (TimeoutError, JournalError) as exc:
            log.warning("the stop can't be entered into the audit trail (%s)", exc or "the disk takes nothing")

    async def _save(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.evaluation.close()
                await self._cursors.flush()
        except (TimeoutError, JournalError) as exc:
            log.warning("not everything could be saved (%s); the next start works the rest off again", exc or "the disk takes nothing")

    def _drained(self) -> bool:
        last = self._feed.last_seq
        return self.evaluation.evaluator.cursor >= last and self.writer.stats.cursor >= last

    # ---- parts ---------------------------------------------------------------------------------------------------------------

    def _desk(self) -> Desk:
        return Desk(
            write=lambda change: self._state_thread.run(self._state.commit, change),
            open_alarms=lambda: self._state_thread.run(self._state.alarms),
            notices=self.telling.notices,
            committed=self._committed,
            saved=lambda seq: self._cursors.done("evaluator", seq),
            passed=self._judged,
            calls=self.telling.calls,
        )

    def _judged(self, seq: int) -> None:
        self.watch.passed("evaluator", seq)
        self.telling.judged()

    def _site_view(self, name: str) -> SiteView | None:
        return site_view(self.evaluation.evaluator, name, self._now_ms())

    def _make_writer(self) -> Writer:
        cursor = self._cursors.at["writer"]
        if isinstance(self._store, SqliteHistory):
            cursor = min(cursor, self._store.applied_seq())
        places = Places(
            self._feed,
            self._stored,
            lambda rejected: self._state_thread.run(self._state.reject_lines, rejected, self._now_ms()),
            ExportShelf(self._state, self._state_thread),
            WindowShelf(self._state, self._state_thread),
        )
        return Writer(self._store, places, self._now_ms, cursor)

    def _stored(self, seq: int) -> None:
        self._cursors.done("writer", seq)
        self.watch.passed("writer", seq)

    def _was_set_aside(self, seq: int) -> None:
        self._cursors.done("quarantine", seq)
        self.watch.passed("quarantine", seq)

    def _committed(self, change: StateChange) -> None:
        self.watch.committed(change)
        self._clerk.committed(change)
        self._alarms_changed = self._alarms_changed or bool(change.transitions)
        self._told(change)
        self.telling.committed(change)

    def _views(self) -> Views:
        return Views(
            source=self.source.status,
            journal=lambda: self._journal_stats,
            positions=self._positions,
            writer=lambda: self.writer.stats,
            evaluator=lambda: self.evaluation.evaluator,
            alarms=lambda: self._alarms,
            dropped=self._dropped,
            quarantined=lambda: self._counters.get("quarantined", {}),
            notices_waiting=lambda: self._waiting["notices"],
            disk_problem=lambda: self._feed.problem,
            disk_free_bytes=lambda: self._disk_free_bytes,
            channels=self.telling.notifier.status,
            calls=self.telling.calling.figures,
        )

    def _positions(self) -> dict[str, int]:
        """How far each reader of the journal has come; what is saved of it may lie a minute behind."""
        return {**self._cursors.at, "evaluator": self.evaluation.evaluator.cursor, "writer": self.writer.stats.cursor}

    def _dropped(self) -> dict[str, int]:
        stats, counters = self._journal_stats, self._counters
        kinds = ("exports_dropped", "notices_dropped", "unknown_assets_dropped")
        return {"journal": stats.dropped_messages, "journal_damaged": stats.damaged_messages} | {
            kind.removesuffix("_dropped"): sum(counters.get(kind, {}).values()) for kind in kinds
        }

    # ---- housekeeping --------------------------------------------------------------------------------------------------------

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)  # first of all: a session that has not had its second to begin is not a lost one
            try:
                await self._cursors.flush()
                await self._look_around()
                await self._say_health()
                await self._report()
                self._say_head()
            except JournalError as exc:
                log.error("%s", exc)

    async def _look_around(self) -> None:
        """Figures for /metrics and /status, so that neither waits for a disk."""
        self._journal_stats = await self._journal_thread.run(self._journal.stats)
        self._disk_free_bytes = (await self._journal_thread.run(shutil.disk_usage, self._config.data_dir)).free
        state = self._state
        if self._alarms_changed:
            self._alarms_changed = False
            self._alarms = [alarm_view(t) for t in await self._state_thread.run(state.alarms)]
        self._counters = await self._state_thread.run(state.counters)
        self._waiting = await self._state_thread.run(state.waiting)

    async def _say_health(self) -> None:
        health, (said, at_ms) = self.watch.health(), self._said
        if health != said or self._now_ms() - at_ms >= HEALTH_EVERY_MS:
            await self._feed.append([health.message()])
            self._said = (health, self._now_ms())

    async def _report(self) -> None:
        """What the dashboards show of this moment; they read a database that is asked in InfluxQL."""
        if isinstance(self._store, InfluxStore) and self._now_ms() - self._reported_ms >= REPORT_EVERY_MS:
            self._reported_ms = self._now_ms()
            points = self.watch.points()
            while portion := list(islice(points, REPORT_PORTION)):
                await self._state_thread.run(self._state.commit, StateChange(points=portion))

    def _say_head(self) -> None:
        """The end of the audit trail goes into the log, which is kept elsewhere: who rewrites the whole trail is found by it."""
        if self._now_ms() - self._head_said_ms >= HEAD_EVERY_MS:
            self._head_said_ms = self._now_ms()
            log.info("audit head %s", self._state.head)

    # ---- from outside --------------------------------------------------------------------------------------------------------

    async def _by_clerk(self, command: Command) -> Answer:
        return await self._clerk.command(command)

    async def _count(self, count: Count) -> Answer:
        """A count goes the way of every reading."""
        wrong = wrong_count(count, self._config.sites)
        if wrong:
            return Answer(taken=False, text=wrong)
        return await self._clerk.count(word_of(count), message_of(count, self._config.topic_prefix, self._now_ms()))

    def _refusal(self, command: Command) -> str:
        """By the evaluator of this moment: a reload puts another in its place."""
        return self.evaluation.evaluator.refusal(command)

    def reload_from(self, load: Callable[[], Config]) -> None:
        """Take the changed configuration whole, or refuse it whole and go on as before."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload(load))

    async def _reload(self, load: Callable[[], Config]) -> None:
        try:
            config = await asyncio.to_thread(load)
            rules = await asyncio.to_thread(rule_set, config.rules)
            await self._clerk.configure(await asyncio.to_thread(digests_of, config, rules))
        except OxygridError as exc:
            log.error("the changed configuration is refused, the old one stays in force:\n%s", exc)
            return
        fixed = [name for name in _FIXED if getattr(config, name) != getattr(self._config, name)]
        self._config = config.model_copy(update={name: getattr(self._config, name) for name in _FIXED})
        self.evaluation.replace(lambda snapshots: Evaluator(config.sites, rules, snapshots))
        self.telling.reload()
        self._feed.decode_again(Decoder(config.sites, self._config.topic_prefix).decode)
        if isinstance(self._store, InfluxStore):
            self._store.use_sites(config.sites)
        for note in config.notes:
            log.warning("%s", note)
        later = f"; what changed in {', '.join(fixed)} needs a restart" if fixed else ""
        log.info("configuration reloaded: %d sites%s", len(config.sites), later)


_FIXED = (
    "topic_prefix",
    "data_dir",
    "mqtt",
    "jetstream",
    "embedded",
    "journal",
    "influxdb",
    "history",
    "ops",
    "notify",
    "heartbeat",
    "answers",
)
"""Sections that are taken at the start only."""


def digests_of(config: Config, rules: RuleSet) -> Configuration:
    """What the rules and the sites are known by in the audit trail."""
    return Configuration(digest(rules.model_dump()), digest([site.model_dump_json() for site in config.sites]))


def _journal_of(config: Config) -> SqliteJournal:
    bounds = config.journal
    return SqliteJournal(
        config.journal_path,
        max_bytes=bounds.max_bytes,
        max_age_ms=int(bounds.max_age_h * 3_600_000),
        keep_ms=int(bounds.keep_h * 3_600_000),
    )


def _verdict(running: dict[str, asyncio.Task[None]]) -> int:
    """0 when nobody gave up; else 1, and the log says who and why."""
    code = 0
    for name, task in running.items():
        if task.done() and not task.cancelled():
            log.error("%s gave up: %s", name, task.exception(), exc_info=task.exception())
            code = 1
    return code


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    """Cancelled and over; asked again where a library swallowed it, and left behind after that."""
    for _ in range(CANCEL_TRIES):
        waiting = [task for task in tasks if not task.done()]
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting, timeout=CANCEL_S)


def _rest_the_garbage_collector() -> None:
    """What is here now stays for ever, and what a reading leaves behind is freed by counting: looking through all of it again and again for
    cycles costs up to a tenth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _make_folder(folder: Path) -> None:
    """The data folder, for its owner only. Raises UserError where it can't be made or written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise UserError(f"{folder}: the data folder can't be made: {exc.strerror}; choose another with data_dir or --data-dir") from exc
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{folder}: the data folder can't be written; give it to the user that runs oxygrid, or choose another")
