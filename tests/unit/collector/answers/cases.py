"""Calls, people and a clerk of a test's own; small real ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from collector.answers.about import about
from collector.answers.desk import Desk, Known
from collector.calls import Found, NotFound
from collector.clerk import Answer
from collector.outputs import Command
from tests.unit.collector.notify.texts.cases import SITE

ALARM = "kasganj-dh/line/LP-LL"
KEY = bytes(range(32))
NOW_S = 1_764_000_000
PEOPLE = {"asha": Known("Asha Verma", "hi"), "ravi": Known("Ravi", "en"), "leila": Known("ليلى", "ar"), "luc": Known("Luc", "fr")}
NUMBERS = {"asha": "+911", "ravi": "+912", "leila": "+913", "luc": "+914"}


class People:
    def person(self, person: str) -> Known | None:
        return PEOPLE.get(person)

    def at(self, address: str) -> Known | None:
        return next((PEOPLE[who] for who, number in NUMBERS.items() if number == address), None)


@dataclass
class Book:
    """Codes: `K7Q` is open and everybody's, `OVR` is over, `ANS` is Ravi's already."""

    answered_by: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def find(self, code: str, address: str, person: str = "") -> Found | NotFound:
        self.asked.append((code, address))
        who = next((who for who, number in NUMBERS.items() if number == address and person in ("", who)), None)
        if code not in {"K7Q", "OVR", "ANS"}:
            return NotFound("unknown")
        if who is None:
            return NotFound("not_yours", ALARM)
        if code == "OVR":
            return NotFound("over", ALARM)
        if code == "ANS" or self.answered_by:
            return NotFound("answered", ALARM, self.answered_by or "Ravi")
        return Found((ALARM, "kasganj-dh/AU-06"), who)


@dataclass
class Clerk:
    book: Book
    answer: Answer = Answer(taken=True)  # noqa: RUF009 - a frozen value
    commands: list[Command] = field(default_factory=list)

    async def command(self, command: Command) -> Answer:
        self.commands.append(command)
        if self.answer.taken:
            self.book.answered_by = command.by
        return self.answer


def desk(answer: Answer = Answer(taken=True)) -> tuple[Desk, Clerk]:  # noqa: B008 - a frozen value
    book = Book()
    clerk = Clerk(book, answer)
    return Desk(book, People(), clerk.command, lambda alarm, language: about(alarm, language, lambda _: SITE)), clerk
