"""What more signals and more rules cost: one size in one process, no broker and no database.

    echo '{"config": "oxygrid.yaml", "sites": 80, "assets": [["psa1", "psa_plant"]]}' | python -m bench.scale

Everything that the collector imports is imported, the configuration is read from its file, every signal is sent once through the real
decoder and evaluator; then the memory is read. After that come quiet readings, one value per message, in an order that jumps between sites.
"""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec

from bench import machine
from bench.fleet import Fleet, every_signal, quiet, write_config
from bench.subjects import ROOT
from collector import app
from collector.config import Config, load
from collector.config.rulebook import rule_set
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Batch, Decoded, Message
from collector.rules.model import Rule, RuleSet
from collector.store.line import Series, observation_lines
from devices.kinds.catalogue import KINDS
from devices.payloads.native import Reading, encode
from devices.signal import Observation

NOW_MS = 1_764_000_000_000
BATCH = 500
TURNS = 20_000
MESSAGES = 60_000


class Size(msgspec.Struct, frozen=True):
    """`rules` 0 stands for the default rules; else so many made-up ones are in force, shared equally by the kinds of the fleet."""

    config: str
    sites: int
    assets: list[tuple[str, str]]
    rules: int = 0
    messages: int = MESSAGES


class Cost(msgspec.Struct, frozen=True):
    """CPU in µs per reading of quiet messages (median batch); `minute_us` is CPU per site for a minute that passes without a message,
    `longest_ms` that of all sites at once in the minute's longest second; `turn_ns` the pace of the machine meanwhile, by a fixed loop."""

    signals: int
    assets: int
    load_s: float
    rss_mib: float
    peak_mib: float
    decode_us: float
    fold_us: float
    lines_us: float
    minute_us: float
    longest_ms: float
    turn_ns: float
    transitions: int

    @property
    def us(self) -> float:
        return self.decode_us + self.fold_us

    @property
    def slow(self) -> float:
        """The same in turns of the fixed loop, so that a machine that changes its pace between two sizes counts for less."""
        return self.us * 1000 / self.turn_ns


def measure(size: Size) -> Cost:
    """In a child process, so that the memory is that of this size alone."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench.scale"], cwd=ROOT, input=msgspec.json.encode(size), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(answer.stdout, type=Cost)


def size_of(fleet: Fleet, folder: Path, rules: int = 0, messages: int = MESSAGES) -> Size:
    config = write_config(folder / f"{fleet.sites}-{rules}.yaml", fleet, [f"data_dir: {folder}/data"])
    return Size(str(config), fleet.sites, list(fleet.assets), rules, messages)


def made_up_rules(count: int, kinds: Sequence[str]) -> RuleSet:
    """Rules that no quiet value meets: on the numbers of each kind in turn, below or above."""
    signals = {kind: [s for s in KINDS[kind].signals.values() if s.type == "number"] for kind in kinds}
    return RuleSet(rules=tuple(_rule(n, kind, signals[kind]) for n, kind in zip(range(count), cycle(kinds), strict=False)))


def _rule(n: int, kind: str, signals: Sequence[object]) -> Rule:
    signal = signals[n // 7 % len(signals)]
    below = n % 2 == 0
    limit = -1000.0 - n if below else 1e6 + n
    return Rule.model_validate(
        {
            "id": f"X{n // 1000}-{n % 1000:03}",
            "kind": kind,
            "type": "below" if below else "above",
            "signals": [signal.name],  # type: ignore[attr-defined]
            "limit": limit,
            "clear": limit,
            "on_delay_s": 10,
            "priority": "low",
            "message": "made up",
        }
    )


class Bed:
    """The parts that keep state per signal, and the time that passes for them."""

    def __init__(self, config: Config, rules: RuleSet) -> None:
        self.decoder = Decoder(config.sites)
        self.evaluator = Evaluator(config.sites, rules)
        self.series = Series(config.sites)
        self.seq = 0
        self.now_ms = NOW_MS
        self.transitions = 0

    def decode(self, messages: list[Message]) -> Decoded:
        self.seq += 1
        self.now_ms += 1
        return self.decoder.decode(Batch(self.seq, self.now_ms, messages))

    def fold(self, decoded: Decoded) -> None:
        change = StateChange()
        self.evaluator.step(decoded, change)
        self.transitions += len(change.transitions)

    def pass_a_minute(self) -> tuple[float, float]:
        """CPU of the whole minute and of its longest second, s: for so long nothing else is done."""
        spent = []
        for _ in range(60):
            self.now_ms += 1000
            change = StateChange()
            start = time.process_time()
            self.evaluator.advance(self.now_ms, change)
            spent.append(time.process_time() - start)
            self.transitions += len(change.transitions)
        return sum(spent), max(spent)


def everything(fleet: Fleet, seq: int) -> Iterator[Message]:
    """Every signal of every asset once."""
    for site in fleet.site_ids():
        for asset, kind in fleet.assets:
            yield Message(f"oxygrid/v1/{site}/{asset}", every_signal(kind, NOW_MS + seq, seq))


def single_values(fleet: Fleet, count: int) -> Iterator[Message]:
    """One quiet value per message, of assets in random order, with times that go on."""
    draw = random.Random(1)
    sites, numbers = fleet.site_ids(), {kind: [s for s in KINDS[kind].signals.values() if s.type == "number"] for _, kind in fleet.assets}
    for n in range(count):
        asset, kind = draw.choice(fleet.assets)
        signal = draw.choice(numbers[kind])
        payload = encode(Reading(ts=NOW_MS + 1000 + n, seq=n + 10, values={signal.name: quiet(signal)}))
        yield Message(f"oxygrid/v1/{draw.choice(sites)}/{asset}", payload)


def in_batches(messages: Iterator[Message]) -> Iterator[list[Message]]:
    while batch := list(islice(messages, BATCH)):
        yield batch


def run(size: Size) -> Cost:
    fleet = Fleet(size.sites, tuple((asset, kind) for asset, kind in size.assets))
    start = time.process_time()
    config = load(Path(size.config))
    kinds = sorted({kind for _, kind in fleet.assets})
    bed = Bed(config, made_up_rules(size.rules, kinds) if size.rules else rule_set(config.rules))
    load_s = time.process_time() - start
    for messages in in_batches(everything(fleet, 1)):
        _lines(bed, decoded := bed.decode(messages))
        bed.fold(decoded)
    gc.collect()
    rss_mib, peak_mib = machine.memory_mib(), machine.memory_mib(what="VmHWM")
    times = [_one_batch(bed, messages) for messages in in_batches(single_values(fleet, size.messages))]
    minute_s, longest_s = bed.pass_a_minute()
    columns = [machine.median(list(column)) for column in zip(*times, strict=True)]
    decode_us, fold_us, lines_us = (seconds * 1e6 / BATCH for seconds in columns[:3])
    minute_us = minute_s / fleet.sites * 1e6
    return Cost(
        fleet.signals,
        fleet.size,
        load_s,
        rss_mib,
        peak_mib,
        decode_us,
        fold_us,
        lines_us,
        minute_us,
        longest_s * 1000,
        columns[3],
        bed.transitions,
    )


def _one_batch(bed: Bed, messages: list[Message]) -> tuple[float, float, float, float]:
    """Seconds of decoding, of folding, of writing lines; and ns per turn of the fixed loop."""
    a = time.process_time()
    decoded = bed.decode(messages)
    b = time.process_time()
    bed.fold(decoded)
    c = time.process_time()
    _lines(bed, decoded)
    return b - a, c - b, time.process_time() - c, machine.turn_ns(TURNS)


def _lines(bed: Bed, decoded: Decoded) -> None:
    observation_lines(bed.series, [event for event in decoded.events if type(event) is Observation])


def main() -> None:
    assert app.READERS  # all that the collector imports counts
    print(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Size))).decode())


if __name__ == "__main__":
    main()
