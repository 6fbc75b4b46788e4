"""A storm of alarms, and those who are told: is every high one told in time, and does nobody get more than their share.

    python -m bench.alarm_storm [--alarms N] [--sites N] [--seconds N] [--rounds N] [--folder PATH]

The calls, storm control, outbox and senders of a running collector, on real files and in real time; the receivers take a message in
100 ms, eight at once. Each site has a nurse and an engineer of its own, ten sites share a district room, and one state room hears of
every high alarm at once. What is missing is the fold of readings (see bench.alarm_flood) and the network.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bench import machine
from bench.table import Bar, Figure, percentile, table
from collector.calls import Served
from collector.config.people import Chain, Duty, Person
from collector.notify.calling import Calling
from collector.notify.exchange import Exchange
from collector.notify.house import House
from collector.notify.messages import Envelope
from collector.notify.outbox import Hooks, Notifier
from collector.notify.render import Form
from collector.outputs import Nature, Priority, StateChange, Transition
from collector.store.state import StateStore
from collector.threads import PatientThread
from devices.assets import Site

STEP_S = 0.1
TAKES_S = 0.1
SETTLE_S = 35.0
PRIORITIES: tuple[tuple[Priority, ...], ...] = (("high", "medium", "high", "low"), ("medium", "low", "low", "medium"))
"""Every second site has no high alarm: what goes there, and to its district, is within budgets."""
NATURES: tuple[Nature, ...] = ("process", "suspect_sensor", "communication")
BUDGET = 12


class Receiver:
    """Takes every message, and remembers what it named, to whom, and when."""

    digests = True
    form: Form = "full"

    def __init__(self, channel: str) -> None:
        self.id = channel
        self.named_s: dict[tuple[str, str], float] = {}
        self.others: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()

    async def send(self, envelope: Envelope) -> None:
        await asyncio.sleep(TAKES_S)
        now_s = time.monotonic()
        self.messages[envelope.to] += 1
        highest = set()
        for notice in envelope.notices:
            for transition in (notice.transition, *notice.also):
                highest.add(transition.priority)
                self.named_s.setdefault((envelope.to, transition.occurrence), now_s)
        if "high" not in highest:
            self.others[envelope.to] += 1


class Timed(Exchange):
    """An exchange that says how long its turns take, and of them CPU."""

    turns_ms: list[float]
    cpu_s = 0.0

    def serve(self, now_ms: int, limit: int = 400) -> Served | None:
        begun_s, cpu_s = time.perf_counter(), time.thread_time()
        found = super().serve(now_ms, limit)
        self.cpu_s += time.thread_time() - cpu_s
        self.turns_ms.append((time.perf_counter() - begun_s) * 1000)
        return found


class Measured(NamedTuple):
    """One storm. Times of high alarms are from the step that raised them until a receiver had taken a message that names them."""

    high_nurse_s: list[float]
    high_state_s: list[float]
    high_told_pct: float
    most_others: int
    messages: int
    to_state: int
    turns_ms: list[float]
    turns_cpu_s: float
    hear_us: float
    lag_ms: list[float]
    commits_ms: list[float]
    grown_mib: float
    cpu_s: float


def house(sites: int) -> House:
    """Everybody, on the one channel that fits."""
    places = [_site(n) for n in range(sites)]
    names = [f"{role}-{n:04}" for n in range(sites) for role in ("nurse", "engineer")]
    names += [*(f"district-{n}" for n in range(-(-sites // 10))), "state"]
    settings = Duty.model_validate({"messages_per_hour": BUDGET})
    return House(places, [_person(name) for name in names], (), (), [_chain(n) for n in range(sites)], settings)


def _site(number: int) -> Site:
    return Site.model_validate({"id": f"site-{number:04}", "district": f"d{number // 10}", "timezone": "Asia/Kolkata", "assets": []})


def _person(name: str) -> Person:
    return Person.model_validate({"id": name, "name": name, "role": "nurse", "ways": [{"channel": _channel(name), "to": name}]})


def _channel(name: str) -> str:
    return "rooms" if name.startswith(("district", "state")) else "people"


def _chain(site: int) -> Chain:
    steps: list[dict[str, Any]] = [
        {"tell": f"nurse-{site:04}"},
        {"tell": "state", "priority": "high"},
        {"tell": f"engineer-{site:04}", "after_min": 0.25},
        {"tell": f"district-{site // 10}", "after_min": 0.5},
    ]
    given = {"id": f"c{site}", "sites": [f"site-{site:04}"], "steps": steps, "last_resort": "state"}
    return Chain.model_validate(given)


def transitions(alarms: int, sites: int, at_ms: int) -> Iterator[Transition]:
    """Alarms of all priorities and natures, site by site in turn."""
    for n in range(alarms):
        site, asset = f"site-{n % sites:04}", f"a{n // sites:03}"
        priority, nature = PRIORITIES[n % sites % 2][n // sites % 4], NATURES[n // sites % 3]
        yield Transition(
            occurrence=f"{site}/{asset}/LP-LL@{at_ms}", site=site, asset=asset, rule="LP-LL", event="raised", state="unacknowledged",
            priority=priority, event_ms=at_ms, evaluated_ms=at_ms, raised_ms=at_ms, text=f"{site}, {asset}: pipeline pressure failing",
            nature=nature, value=1.0, limit=3.28, unit="bar", annunciate=True, condition=True,
        )  # fmt: skip


async def storm(folder: Path, alarms: int, sites: int, seconds: float) -> Measured:
    """Raise them evenly over so many seconds, and wait until the first words are out."""

    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    thread, receivers = PatientThread("state"), [Receiver("people"), Receiver("rooms")]
    with closing(StateStore(folder / "state.db")) as store:
        exchange = Timed(house(sites))
        exchange.turns_ms = []
        calling = Calling(exchange, store.calls, thread, now_ms, lambda: wake())  # noqa: PLW0108  (made below)
        notifier = Notifier(
            receivers,
            store,
            thread,
            now_ms,
            lambda: 0.5,
            exchange.house.site,
            hooks=Hooks(elsewhere=calling.elsewhere, parallel={"people": 8, "rooms": 8}),
        )
        wake, lags = notifier.wake, list[float]()
        tasks = [asyncio.create_task(each) for each in (calling.run(), notifier.run(), _lag(lags))]
        raised_s, commits_ms = dict[str, float](), list[float]()
        waiting = list(transitions(alarms, sites, now_ms()))
        per_step = max(1, round(alarms * STEP_S / seconds))
        rss_kib, cpu_s, hear_s = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), 0.0
        begun_s = time.monotonic()
        for step, first in enumerate(range(0, alarms, per_step)):
            await asyncio.sleep(max(0.0, begun_s + step * STEP_S - time.monotonic()))
            portion = waiting[first : first + per_step]
            clock_s = time.perf_counter()
            change = StateChange(transitions=portion, calls=calling.hear(portion))
            hear_s += time.perf_counter() - clock_s
            clock_s = time.perf_counter()
            await thread.run(store.commit, change)
            commits_ms.append((time.perf_counter() - clock_s) * 1000)
            raised_s.update((transition.occurrence, time.monotonic()) for transition in portion)
            calling.committed(change)
        await asyncio.sleep(SETTLE_S)
        grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rss_kib) / 1024
        used_s = time.process_time() - cpu_s
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    thread.close()
    people, rooms = receivers
    high = [t for t in waiting if t.priority == "high"]
    nurse = [people.named_s.get((f"nurse-{t.site[5:]}", t.occurrence)) for t in high]
    state = [rooms.named_s.get(("state", t.occurrence)) for t in high]
    return Measured(
        [at_s - raised_s[t.occurrence] for t, at_s in zip(high, nurse, strict=True) if at_s is not None],
        [at_s - raised_s[t.occurrence] for t, at_s in zip(high, state, strict=True) if at_s is not None],
        100.0 * (1 - (nurse.count(None) + state.count(None)) / (2 * len(high))),
        max((*people.others.values(), *rooms.others.values()), default=0),
        people.messages.total() + rooms.messages.total(),
        rooms.messages["state"],
        exchange.turns_ms,
        exchange.cpu_s,
        hear_s / alarms * 1e6,
        lags,
        commits_ms,
        grown_mib,
        used_s,
    )


async def _lag(found: list[float]) -> None:
    """How late the loop is, asked every 10 ms: so much later a message would be taken."""
    while True:
        begun_s = time.perf_counter()
        await asyncio.sleep(0.01)
        found.append((time.perf_counter() - begun_s) * 1000 - 10)


def figures(rounds: list[Measured]) -> list[Figure]:
    """The table's rows."""
    return [
        Figure("high alarm → its nurse has it: slowest", [max(r.high_nurse_s, default=0) for r in rounds], "s", Bar("at most", 30.0)),
        Figure("high alarm → the state room has it: slowest", [max(r.high_state_s, default=0) for r in rounds], "s", Bar("at most", 30.0)),
        Figure("high alarm → its nurse has it: median", [percentile(r.high_nurse_s, 0.5) for r in rounds], "s"),
        Figure("high alarms named to both", [r.high_told_pct for r in rounds], "%", Bar("at least", 100.0)),
        Figure("messages without a high alarm, to one person: most", [r.most_others for r in rounds], "", Bar("at most", BUDGET)),
        Figure("messages in all", [r.messages for r in rounds], ""),
        Figure("messages to the state room", [r.to_state for r in rounds], ""),
        Figure("a turn of the calls: slowest", [max(r.turns_ms) for r in rounds], "ms"),
        Figure("all turns: CPU", [r.turns_cpu_s for r in rounds], "s"),
        Figure("in the evaluator's path, an alarm", [r.hear_us for r in rounds], "µs"),
        Figure("the loop is late: p99", [percentile(r.lag_ms, 0.99) for r in rounds], "ms"),
        Figure("the loop is late: most", [max(r.lag_ms) for r in rounds], "ms"),
        Figure("a step of the evaluator is on disk: p99", [percentile(r.commits_ms, 0.99) for r in rounds], "ms"),
        Figure("a step of the evaluator is on disk: slowest", [max(r.commits_ms) for r in rounds], "ms"),
        Figure("memory gained", [r.grown_mib for r in rounds], "MiB"),
        Figure("CPU of all of it, storm and after", [r.cpu_s for r in rounds], "s"),
    ]


def measure(folder: Path, alarms: int = 10_000, sites: int = 500, seconds: float = 60.0, rounds: int = 1) -> list[Figure]:
    found = []
    for number in range(rounds):
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        found.append(asyncio.run(storm(place, alarms, sites, seconds)))
    return figures(found)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.alarm_storm", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--alarms", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0, help="over how long they come")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to put the files; the disk that is measured")
    asked = parser.parse_args(argv)
    print(f"{asked.alarms:,} alarms at {asked.sites} sites in {asked.seconds:g} s (fixed loop: {min(machine.calibrate(2)):.0f} ns)")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        print(table(measure(Path(folder), asked.alarms, asked.sites, asked.seconds, asked.rounds)))


if __name__ == "__main__":
    main()
