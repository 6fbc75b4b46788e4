"""The desk that takes answers, whatever way they come: whose they are, whether there is still something to answer, and the command.

Every answer gets words in the language of who gave it: done, over, already answered, not theirs, unknown, in its turn, refused and why.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from collector.answers.words import Do, Reply
from collector.calls import ON_IT_MINUTES, Calls, Found, Missing, NotFound
from collector.clerk import LATER, Answer
from collector.notify.texts.catalogue import Language, language_of, marked, word
from collector.notify.texts.direction import isolate
from collector.notify.texts.line import clean
from collector.outputs import Command

LONGEST_MINUTES = 240

_WORD = re.compile(r"[A-Za-z0-9]+")
_MOST_WORDS = 12

WORDS: dict[Missing, str] = {
    "unknown": marked("No open alarm has this code. Send back the code of the newest message."),
    "not_yours": marked("This link or code is not yours, or it has been changed. Nothing was done."),
    "over": marked("This alarm is over. There is nothing to answer: {alarm}."),
    "answered": marked("Somebody has answered already: {by} ({alarm})."),
}


class Known(NamedTuple):
    """A person as they are greeted."""

    name: str
    language: str


class Directory(Protocol):
    def person(self, person: str) -> Known | None: ...
    def at(self, address: str) -> Known | None: ...


class Desk:
    """`command` is the clerk's; `about` names an alarm for people, in a language."""

    def __init__(
        self,
        calls: Calls,
        directory: Directory,
        command: Callable[[Command], Awaitable[Answer]],
        about: Callable[[str, Language], str],
    ) -> None:
        self._calls, self._directory, self._command, self.about = calls, directory, command, about

    def who(self, person: str, address: str) -> Known:
        return self._directory.person(person) or self._directory.at(address) or Known("", "en")

    async def by_text(self, text: str, address: str) -> Reply:
        """A reply in somebody's own words: the code stands in it, and perhaps how many minutes they need."""
        language = language_of(self.who("", address).language)
        words = [each.upper() for each in _WORD.findall(text)[:_MOST_WORDS]]
        if not any(len(each) >= 3 for each in words):
            said = word(language, "There is no code in your message. Send back the code alone, for example {code}.")
            return Reply(said.format(code=isolate("K7R", language)), language)
        missing = NotFound("unknown")
        for code in (each for each in words if len(each) >= 3):
            found = self._calls.find(code, address)
            if isinstance(found, Found):
                return await self._done(found, language, _minutes(words, code))
            missing = found if missing.why == "unknown" else missing
        return self._missing(missing, language)

    async def by_code(self, code: str, address: str, person: str, do: Do) -> Reply:
        """A link or a button: the code is known, and whose it has to be."""
        language = language_of(self.who(person, address).language)
        found = self._calls.find(code, address, person)
        if isinstance(found, NotFound):
            return self._missing(found, language)
        return await self._done(found, language, ON_IT_MINUTES if do == "on_it" else 0)

    async def _done(self, found: Found, language: Language, minutes: int) -> Reply:
        name = clean(self.who(found.person, "").name or found.person, 100)
        why = f"on it, {minutes} minutes" if minutes else ""
        commands = [Command("ack", alarm, name, why, float(minutes)) for alarm in found.alarms]
        answers = await asyncio.gather(*(self._command(command) for command in commands))
        about = isolate(self.about(found.alarms[0], language), language)
        if not any(answer.taken for answer in answers):
            said = word(language, "Nothing was done: {reason}").format(reason=isolate(clean(answers[0].text, 300), language))
            return Reply(said, language)
        if any(answer.taken and answer.text == LATER for answer in answers):
            said = word(language, "It is taken, and will be done in its turn: {alarm}.").format(alarm=about)
        elif minutes:
            said = word(
                language,
                "Thank you, {name}. It is written down: {alarm}. You have {minutes} minutes; then it is told again if it goes on.",
            ).format(name=isolate(name, language), alarm=about, minutes=isolate(str(minutes), language))
        else:
            said = word(language, "Thank you, {name}. It is written down: {alarm}.").format(name=isolate(name, language), alarm=about)
        return Reply(said, language, done=True)

    def _missing(self, missing: NotFound, language: Language) -> Reply:
        about = isolate(self.about(missing.alarm, language), language) if missing.alarm else "–"
        by = isolate(clean(missing.by, 100), language) or "–"
        return Reply(word(language, WORDS[missing.why]).format(alarm=about, by=by), language)


def _minutes(words: list[str], code: str) -> int:
    """The number beside the code, where there is one: so long until they have looked."""
    numbers = [int(each) for each in words if each != code and each.isdigit() and len(each) <= 3]
    return next((number for number in numbers if 1 <= number <= LONGEST_MINUTES), 0)
