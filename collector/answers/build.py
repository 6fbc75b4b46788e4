"""Answers of a running collector, put together: the desk with its people and calls, the server, and the links that lead to it."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from collector.answers.about import about
from collector.answers.desk import Desk, Known
from collector.answers.key import key_in
from collector.answers.links import Links
from collector.answers.server import AnswerServer, Secrets
from collector.calls import Calls
from collector.clerk import Answer
from collector.config.answers import Answers
from collector.config.secret import read_secret
from collector.errors import UserError
from collector.notify.house import House
from collector.outputs import Command, Notice

COMMAND = Callable[[Command], Awaitable[Answer]]


class Answering:
    """Off where nothing is configured: then no notice has a link. `house` gives the people of this moment: a reload brings others."""

    def __init__(
        self, given: Answers | None, data_dir: Path, house: Callable[[], House], calls: Calls, command: COMMAND, now_ms: Callable[[], int]
    ) -> None:
        self._given = given
        self.links: Links | None = None
        self._server: AnswerServer | None = None
        if given is not None:
            key = key_in(data_dir)
            self.links = Links(given.public_url, key, given.link_hours, now_ms)
            desk = Desk(calls, _People(house), command, lambda alarm, language: about(alarm, language, house().site))
            secrets = Secrets(key, _source(given.reply_token_file), _source(given.telegram_token_file))
            self._server = AnswerServer(desk, secrets, now_ms)

    def link_of(self, notice: Notice) -> str:
        """Where a notice is answered; empty where that is nowhere."""
        return self.links(notice) if self.links is not None else ""

    async def start(self) -> None:
        """Raises UserError where the port is taken, or a certificate can't be used."""
        if self._given is not None and self._server is not None:
            await self._server.start(self._given.host, self._given.port, _tls(self._given))

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()


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


def _tls(given: Answers) -> ssl.SSLContext | None:
    if given.cert_file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(given.cert_file, given.key_file)
    except (ssl.SSLError, OSError) as exc:
        said = exc.strerror or exc
        raise UserError(
            f"answers: {given.cert_file} and {given.key_file} can't be used: {said}; a PEM certificate and its key are right"
        ) from exc
    return context
