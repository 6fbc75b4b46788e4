"""Answers of a running collector, put together: the desk with its people and calls, the server, and the links that lead to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from collector.answers.about import about
from collector.answers.desk import Desk, Known
from collector.answers.key import key_in
from collector.answers.limits import Limits
from collector.answers.links import Links
from collector.answers.server import AnswerServer, Secrets
from collector.calls import Calls
from collector.clerk import Answer
from collector.config.answers import Answers
from collector.config.model import Config
from collector.config.notify import AppriseChannel, Channel, GsmChannel, TelegramChannel, WebhookChannel
from collector.config.secret import read_secret
from collector.incoming import doubt, server_context
from collector.notify.channels import GsmSender, SendError
from collector.notify.house import House
from collector.notify.numbers import plain
from collector.outputs import Command, Notice

log = logging.getLogger(__name__)

LISTEN_S = 5.0
COMMAND = Callable[[Command], Awaitable[Answer]]


class Answering:
    """`house` gives the people of this moment: a reload brings others. Where no address is configured there are no links, and no code is
    told on a way on which nobody would read it."""

    def __init__(self, config: Config, house: Callable[[], House], calls: Calls, command: COMMAND, now_ms: Callable[[], int]) -> None:
        given = config.answers
        self._given, self._now_ms, self._limits = given, now_ms, Limits()
        self.desk = Desk(calls, _People(house), command, lambda alarm, language: about(alarm, language, house().site))
        self._coded = frozenset(channel.id for channel in config.notify.channels if _reads_codes(channel, given))
        self._links: Links | None = None
        self._server: AnswerServer | None = None
        if given is not None:
            key = key_in(Path(config.data_dir))
            self._links = Links(given.public_url, key, given.link_hours, now_ms)
            secrets = Secrets(key, _source(given.reply_token_file), _source(given.telegram_token_file))
            self._server = AnswerServer(self.desk, secrets, now_ms, self._limits)

    def way_back(self, notice: Notice) -> Notice:
        """The notice as its person can answer it."""
        if not notice.role:
            return notice
        link = self._links(notice) if self._links is not None else ""
        code = notice.code if notice.channel in self._coded else ""
        return msgspec.structs.replace(notice, link=link, code=code)

    async def by_sms(self, number: str, text: str) -> str:
        """What is sent back; nothing to a number of nobody: operators send advertisements."""
        if self.desk.who("", number).name == "" or not self._limits.allowed(f"reply {plain(number)}", self._now_ms()):
            return ""
        return (await self.desk.by_text(text, number)).text

    async def start(self) -> None:
        """Raises UserError where the port is taken, or a certificate can't be used."""
        if self._given is not None and self._server is not None:
            given, tls = self._given, None
            if given.cert_file is not None:
                tls = server_context(given.cert_file, given.key_file, "answers")
                if said := doubt(given.cert_file, "answers"):
                    log.warning("%s", said)
            await self._server.start(given.host, given.port, tls)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()


async def listen(modems: Iterable[GsmSender], answer: Callable[[str, str], Awaitable[str]]) -> None:
    """Read the replies of modems, for ever. A modem in trouble is said once; its sending says it too."""
    silent: set[str] = set()
    while True:
        for modem in modems:
            try:
                await modem.replies(answer)
                silent.discard(modem.id)
            except SendError as exc:
                if modem.id not in silent:
                    log.warning("channel %s can't read replies, trying again: %s", modem.id, exc)
                silent.add(modem.id)
        await asyncio.sleep(LISTEN_S)


def _reads_codes(channel: Channel, given: Answers | None) -> bool:
    """Whether a code that is sent back on that way is read."""
    if isinstance(channel, GsmChannel):
        return channel.replies
    if isinstance(channel, TelegramChannel):
        return given is not None and given.telegram_token_file is not None
    if isinstance(channel, WebhookChannel | AppriseChannel):
        return given is not None and given.reply_token_file is not None
    return False


class _People:
    """The people of the house, as the desk asks for them."""

    def __init__(self, house: Callable[[], House]) -> None:
        self._house = house

    def person(self, person: str) -> Known | None:
        found = self._house().duty.people.get(person)
        return Known(found.name, found.language) if found is not None else None

    def at(self, address: str) -> Known | None:
        return next((self.person(each) for each in sorted(self._house().at_address(address))), None)


def _source(source: str | None) -> Callable[[], str] | None:
    return (lambda: read_secret(source)) if source else None
