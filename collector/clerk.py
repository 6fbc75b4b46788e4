"""Who takes operators' commands, and enters into the journal what belongs in the audit trail.

A command is checked and journalled like a reading, so that it is folded in its place; the answer is what became of it there. What is
refused at once is journalled too, as a record that does nothing: the trail holds every command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from collector.audit import Word
from collector.errors import JournalError
from collector.feed import Feed
from collector.orders import wrong_use
from collector.outputs import Command, StateChange
from collector.records import CONTROL, Decoded, Message

PATIENCE_S = 5.0
DONE = "done"
LATER = (
    "the command is written down and will be taken in its turn, but the collector still works off what came before it; "
    "look with `oxygrid alarms --all`"
)


class Answer(NamedTuple):
    """`taken` is false where nothing was done and nothing will be; `text` is then the reason."""

    taken: bool
    text: str = DONE


class Configuration(NamedTuple):
    """The digests of the rules and the sites in force."""

    rules: str
    sites: str


class Clerk:
    """`refusal` says why a command can't be done now, or nothing; `in_force` is the configuration that the trail knows of. Who gave a
    command waits at most `patience_s` for what became of it."""

    def __init__(self, feed: Feed, refusal: Callable[[Command], str], in_force: Configuration, patience_s: float = PATIENCE_S) -> None:
        self._feed, self._refusal, self._in_force, self._patience_s = feed, refusal, in_force, patience_s
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def command(self, command: Command) -> Answer:
        """Take a command, or refuse it with a reason. What is no command at all is not entered."""
        wrong = wrong_use(command)
        if wrong:
            return Answer(taken=False, text=wrong)
        refused = self._refusal(command)
        try:
            if refused:
                await self._enter(_record("refused", Word(command=command, refused=refused)))
                return Answer(taken=False, text=refused)
            batch = await self._enter(Message(f"{CONTROL}command", msgspec.json.encode(command)))
        except JournalError as exc:
            return Answer(taken=False, text=f"nothing was done, for it can't be written down: {exc}")
        return await self._outcome(batch.seq)

    async def count(self, word: Word, reading: Message) -> Answer:
        """Take a count that a person entered: the word about it and the reading itself become durable together, or neither does."""
        try:
            batch = await self._enter(_record("count", word), reading)
        except JournalError as exc:
            return Answer(taken=False, text=f"nothing was done, for it can't be written down: {exc}")
        return await self._outcome(batch.seq)

    def committed(self, change: StateChange) -> None:
        """What became of commands is on disk: tell those who wait."""
        for seq, refused in [*((a.seq, a.refused) for a in change.audit), *((n.seq, n.refused) for n in change.noted)]:
            waiting = self._waiting.get(seq)
            if waiting is not None and not waiting.done():
                waiting.set_result(Answer(taken=False, text=refused) if refused else Answer(taken=True))

    async def begin(self, configuration: Configuration, words: Sequence[str]) -> None:
        """The collector begins; `words` are its version and what had to be mended. Raises JournalError."""
        start = Word(what="; ".join(words), rules=configuration.rules, sites=configuration.sites)
        await self._enter(_record("start", start), *self._changed(configuration))
        self._in_force = configuration

    async def configure(self, configuration: Configuration) -> None:
        """Another configuration is about to be in force. Raises JournalError."""
        changed = self._changed(configuration)
        if changed:
            await self._enter(*changed)
            self._in_force = configuration

    async def end(self, why: str) -> None:
        """The collector ends. Raises JournalError."""
        await self._enter(_record("stop", Word(what=why)))

    def _changed(self, new: Configuration) -> list[Message]:
        """A record where other rules or sites are in force than the trail knows of; a trail that knows of none needs none."""
        old = self._in_force
        names = [name for name, before, now in zip(Configuration._fields, old, new, strict=True) if before != now]
        if not names or not old.rules:
            return []
        return [_record("configuration", Word(what=f"other {' and '.join(names)}", rules=new.rules, sites=new.sites))]

    async def _enter(self, *records: Message) -> Decoded:
        return await self._feed.append(records)

    async def _outcome(self, seq: int) -> Answer:
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[seq] = waiting
        try:
            async with asyncio.timeout(self._patience_s):
                return await waiting
        except TimeoutError:
            return Answer(taken=True, text=LATER)
        finally:
            del self._waiting[seq]


def _record(name: str, word: Word) -> Message:
    return Message(CONTROL + name, msgspec.json.encode(word))
