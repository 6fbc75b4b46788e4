"""Recorded messages through the same decoding and evaluator, in their own time, as fast as it goes.

The input is one JSON object a line: received_ms, topic, payload, retained (collector.recording). Lines must not go back in time.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TextIO

import msgspec

from collector.config import Config
from collector.config.rulebook import rule_set
from collector.decoding import Decoder
from collector.errors import UserError
from collector.evaluator import Evaluator
from collector.outputs import AuditEntry, StateChange, StockEstimate, Transition
from collector.ports import Outcome, Store
from collector.recording import from_line
from collector.records import Batch, Decoded, Message

SETTLE_MS = 600_000
"""Virtual time that passes after the last message, so that what is silent then is said."""


def replay(config: Config, file: Path, *, as_json: bool, stock: bool, store: bool) -> int:
    """Print every transition (and, with `stock`, every estimate); with `store`, write the readings to the configured database too."""
    source = sys.stdin.fileno() if str(file) == "-" else file
    with open(source, encoding="utf-8", errors="surrogateescape") as lines:  # noqa: PTH123  (a descriptor, or a path)
        rejects = asyncio.run(_replay(config, lines, str(file), as_json=as_json, stock=stock, store=store))
    if rejects and not as_json:
        sys.stderr.write(f"oxygrid: {rejects} messages or values could not be taken\n")
    return 0


def batches(lines: Iterator[tuple[int, Message]]) -> Iterator[Batch]:
    """Messages of one time of receipt are one batch."""
    for seq, (received_ms, group) in enumerate(groupby(lines, key=lambda line: line[0]), start=1):
        yield Batch(seq, received_ms, [message for _, message in group])


def fold(config: Config, source: Iterator[Batch]) -> Iterator[tuple[Decoded, StateChange]]:
    """Each batch decoded, and what it changed."""
    decoder = Decoder(config.sites, config.topic_prefix)
    evaluator = Evaluator(config.sites, rule_set(config.rules))
    for batch in source:
        decoded, change = decoder.decode(batch), StateChange()
        evaluator.step(decoded, change)
        yield decoded, change
    change = StateChange()
    evaluator.advance(evaluator.now_ms + SETTLE_MS, change)
    yield Decoded(0, evaluator.now_ms, [], [], 0, 0), change


async def _replay(config: Config, lines: TextIO, name: str, *, as_json: bool, stock: bool, store: bool) -> int:
    target = await _target(config) if store else None
    rejects = 0
    try:
        for decoded, change in fold(config, batches(_recorded(lines, name))):
            rejects += len(decoded.rejects)
            for transition in change.transitions:
                sys.stdout.write(_transition_line(transition, as_json=as_json) + "\n")
            for entry in change.audit:
                if entry.refused:
                    sys.stdout.write(_refused_line(entry, as_json=as_json) + "\n")
            for estimate in change.stock if stock else ():
                sys.stdout.write(_stock_line(estimate, as_json=as_json) + "\n")
            if target is not None:
                await _put(target, decoded, change)
    finally:
        if target is not None:
            await target.close()
    return rejects


def _recorded(lines: TextIO, name: str) -> Iterator[tuple[int, Message]]:
    last_ms = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        received_ms, message = from_line(line, f"{name}:{number}")
        if received_ms < last_ms:
            raise UserError(f"{name}:{number}: received_ms goes back; sort the file by it")
        last_ms = received_ms
        yield received_ms, message


async def _target(config: Config) -> Store:
    from collector.build import store_of

    return store_of(config)


async def _put(target: Store, decoded: Decoded, change: StateChange) -> None:
    """Written or refused, but never left out: what the store can't take now is tried again."""
    await _until_taken(lambda: target.write([decoded]))
    await _until_taken(lambda: target.write_points(change.points))


async def _until_taken(write: Callable[[], Awaitable[Outcome]]) -> None:
    while (outcome := await write()).keep:
        sys.stderr.write(f"oxygrid: {outcome.problem}; trying again\n")
        await asyncio.sleep(outcome.keep_s)


def _transition_line(transition: Transition, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode({"type": "transition", **msgspec.structs.asdict(transition)}).decode()
    return (
        f"{transition.event_ms} known {transition.evaluated_ms} {transition.event:<15} {transition.priority:<6} {transition.alarm}: "
        f"{transition.text}"
    )


def _refused_line(entry: AuditEntry, *, as_json: bool) -> str:
    """What somebody asked for and did not get; what was obeyed shows as a transition."""
    if as_json:
        return msgspec.json.encode({"type": "refused", **msgspec.structs.asdict(entry)}).decode()
    return f"{entry.at_ms} refused {entry.command.command} by {entry.command.by}: {entry.refused}"


def _stock_line(estimate: StockEstimate, *, as_json: bool) -> str:
    if as_json:
        return msgspec.json.encode({"type": "stock", **msgspec.structs.asdict(estimate)}).decode()
    hours = " ".join(
        f"{name} {'?' if bounded.mid is None else f'{bounded.mid:.1f}'} h"
        for name, bounded in (("now", estimate.connected_now_h), ("without plant", estimate.connected_h), ("on site", estimate.on_site_h))
    )
    return f"{estimate.at_ms} stock {estimate.site}: {hours}"
