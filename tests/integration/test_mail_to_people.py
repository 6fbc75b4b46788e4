"""People are told by mail through a real mail server (aiosmtpd): each their own, again until somebody answers, and by another way where it
refuses."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from collector.config.people import Chain, Person, Team
from collector.notify.calling import Calling
from collector.notify.channels import SmtpOptions, SmtpSender
from collector.notify.exchange import Exchange
from collector.notify.house import House
from collector.notify.outbox import Hooks, Notifier
from collector.outputs import StateChange, Transition
from collector.store.state import StateStore
from collector.threads import PatientThread
from tests.unit.collector.notify.cases import SITE, transition


class Mailbox:
    """Takes mail, but for the addresses that it refuses; puts off as many as it is told to."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()
        self.put_off = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.put_off:
            self.put_off -= 1
            return "451 come again"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        made = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(made, EmailMessage)
        self.mails += [(address, made) for address in envelope.rcpt_tos]
        return "250 taken"

    def to(self, address: str) -> list[str]:
        return [str(mail["Subject"]).strip() for receiver, mail in self.mails if receiver == address]


def house() -> House:
    def person(name: str, language: str, *ways: tuple[str, str]) -> Person:
        given: dict[str, Any] = {"id": name, "name": name.title(), "role": "nurse", "language": language}
        return Person.model_validate({**given, "ways": [{"channel": channel, "to": to} for channel, to in ways]})

    people = [
        person("asha", "hi", ("mail", "asha@example.org")),
        person("ravi", "en", ("mail", "ravi@example.org"), ("backup", "ravi@example.net")),
    ]
    chain = {"id": "all", "steps": [{"tell": "both"}], "last_resort": "both"}
    team = Team.model_validate({"id": "both", "members": ["asha", "ravi"]})
    return House([SITE], people, [team], [], [Chain.model_validate(chain)])


class Ward:
    """The calls and the senders of a collector, on a real file, with a clock of its own."""

    def __init__(self, store: StateStore, thread: PatientThread, port: int) -> None:
        self.now_ms, self._store, self._thread = 1_764_000_000_000, store, thread
        options = SmtpOptions("127.0.0.1", port, "oxygrid@example.org", (), "none")
        given = house()
        self.calling = Calling(Exchange(given), store.calls, thread, lambda: self.now_ms, lambda: None)
        hooks = Hooks(elsewhere=self.calling.elsewhere)
        channels = [SmtpSender("mail", options), SmtpSender("backup", options)]
        self.notifier = Notifier(channels, store, thread, lambda: self.now_ms, lambda: 0.5, given.site, hooks=hooks)

    async def hear(self, change: Transition) -> None:
        done = StateChange(transitions=[change], calls=self.calling.hear([change]))
        await self._thread.run(self._store.commit, done)

    async def until(self, after_s: float = 0) -> None:
        """Everything that is due is decided and tried."""
        self.now_ms += round(after_s * 1000)
        while await self.calling.turn():
            pass
        for _ in range(2):
            for sender in self.notifier.senders:
                await sender.send_due()


@asynccontextmanager
async def ward(tmp_path: Path, mailbox: Mailbox) -> AsyncIterator[Ward]:
    make: Callable[[], asyncio.Protocol] = lambda: SMTP(mailbox, hostname="here")  # noqa: E731
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    thread = PatientThread("state")
    try:
        with closing(StateStore(tmp_path / "state.db")) as store:
            yield Ward(store, thread, server.sockets[0].getsockname()[1])
    finally:
        thread.close()
        server.close()
        await asyncio.sleep(0.05)  # the server's side of the last connection ends


def alarm(event: str = "raised", **more: Any) -> Transition:
    return transition(event, **more)


async def test_each_gets_their_own_in_their_language_and_hears_the_end(tmp_path: Path) -> None:
    mailbox = Mailbox()
    async with ward(tmp_path, mailbox) as here:
        await here.hear(alarm())
        await here.until()
        assert mailbox.to("ravi@example.org") == ["ALARM: Joint District Hospital, line: Pipeline pressure failing (3.1 bar)"]
        (hindi,) = mailbox.to("asha@example.org")
        assert "संयुक्त जिला चिकित्सालय" in hindi
        assert [str(mail["To"]) for _, mail in mailbox.mails] in (
            ["asha@example.org", "ravi@example.org"],
            ["ravi@example.org", "asha@example.org"],
        )
        await here.hear(alarm("cleared", state="normal"))
        await here.until(15)
        assert mailbox.to("ravi@example.org")[-1].startswith("Over: ")
        assert len(mailbox.mails) == 4


async def test_a_server_that_puts_off_is_asked_again(tmp_path: Path) -> None:
    mailbox = Mailbox()
    mailbox.put_off = 1
    async with ward(tmp_path, mailbox) as here:
        await here.hear(alarm())
        await here.until()
        await here.until(30)
        assert len(mailbox.to("asha@example.org")) == 1
        assert len(mailbox.to("ravi@example.org")) + len(mailbox.to("ravi@example.net")) == 1


async def test_an_address_that_is_refused_has_another_beside_it(tmp_path: Path) -> None:
    mailbox = Mailbox()
    mailbox.refused = {"ravi@example.org"}
    async with ward(tmp_path, mailbox) as here:
        await here.hear(alarm())
        await here.until()
        await here.until(30)
        assert (len(mailbox.to("asha@example.org")), len(mailbox.to("ravi@example.net"))) == (1, 1)


async def test_nobody_answers_and_it_is_told_again_by_another_way(tmp_path: Path) -> None:
    mailbox = Mailbox()
    async with ward(tmp_path, mailbox) as here:
        await here.hear(alarm())
        await here.until()
        await here.until(15 * 60)
        assert (len(mailbox.to("ravi@example.org")), len(mailbox.to("ravi@example.net")), len(mailbox.to("asha@example.org"))) == (1, 1, 2)
