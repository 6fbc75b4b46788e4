"""Channels against real servers on loopback: an SMTP and an HTTP server of a few lines each, well-behaved and not."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import logging
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import pytest

from collector.notify.channels import Channel, LogSender, SendError, SmtpOptions, SmtpSender, WebhookOptions, WebhookSender
from collector.notify.messages import Envelope, digest, single
from collector.notify.outbox import Notifier, Sender
from collector.outputs import StateChange
from collector.store.state import StateStore
from collector.threads import Thread
from tests.servers import program
from tests.unit.collector.notify.cases import AT_MS, notice

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback; its open connections are cut at the end."""
    talks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


# ---- SMTP


@dataclass
class MailServer:
    """`answers` replaces the answer to a verb; None hangs, an empty one cuts the connection."""

    answers: dict[str, str | None] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    offers: tuple[str, ...] = ("AUTH PLAIN", "8BITMIME")

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._answer(writer, "CONNECT", "220 here"):
            return
        while line := await reader.readline():
            text = line.decode().strip()
            self.said.append(text)
            verb = text.split(" ")[0].upper()
            good = {
                "EHLO": "250-here\r\n" + "\r\n".join(["250-" + o for o in self.offers] + ["250 OK"]),
                "DATA": "354 go on",
                "QUIT": "221 bye",
            }
            if not await self._answer(writer, verb, good.get(verb, "250 OK" if verb != "AUTH" else "235 yes")):
                return
            if verb == "DATA" and "DATA" not in self.answers:
                body = await reader.readuntil(b"\r\n.\r\n")
                if not await self._answer(writer, "END", "250 taken"):
                    return
                if "END" not in self.answers:
                    self.mails.append(email.message_from_bytes(body[:-3], policy=email.policy.default))
            if verb == "QUIT":
                return

    async def _answer(self, writer: asyncio.StreamWriter, verb: str, good: str) -> bool:
        answer = self.answers.get(verb, good)
        if answer is None:
            await asyncio.Event().wait()
        if not answer:
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True


def smtp(port: int, tls: Literal["starttls", "tls", "none"] = "none", ca_file: str | None = None, timeout_s: float = 5.0) -> SmtpSender:
    password = None if tls == "none" else lambda: "hunter2"
    username = None if tls == "none" else "oxygrid"
    options = SmtpOptions(
        "127.0.0.1", port, "oxygrid@example.org", ("ward@example.org", "eng@example.org"), tls, username, password, timeout_s, ca_file
    )
    return SmtpSender("mail", options)


async def test_a_mail_arrives() -> None:
    server = MailServer()
    async with serving(server.talk) as port:
        await smtp(port).send(single(notice(), AT_MS))
    assert [mail["Subject"] for mail in server.mails] == [notice().subject]
    assert "RCPT TO:<eng@example.org>" in server.said
    assert server.said[-1] == "QUIT"


MISBEHAVIOUR = [
    ({"CONNECT": None}, "no answer within 0.3 s", False),
    ({"CONNECT": ""}, "mail server", False),
    ({"CONNECT": "421 too busy"}, "answered 421 too busy", False),
    ({"EHLO": None}, "no answer within 0.3 s", False),
    ({"MAIL": "550 not you"}, "answered 550 not you", False),
    ({"RCPT": "550 who is that"}, "refused every recipient: ward@example.org: 550 who is that", False),
    ({"DATA": "451 later"}, "answered 451 later", False),
    ({"END": "554 spam"}, "answered 554 spam", True),
    ({"END": None}, "no answer within 0.3 s", False),
    ({"END": ""}, "mail server", False),
]


@pytest.mark.parametrize(("answers", "text", "only_this"), MISBEHAVIOUR, ids=[str(case[0]) for case in MISBEHAVIOUR])
async def test_a_mail_server_that_misbehaves(answers: dict[str, str | None], text: str, only_this: bool) -> None:
    server = MailServer(answers)
    started = time.monotonic()
    async with serving(server.talk) as port:
        with pytest.raises(SendError) as raised:
            await smtp(port, timeout_s=0.3).send(single(notice(), AT_MS))
    assert text in str(raised.value)
    assert raised.value.only_this is only_this
    assert time.monotonic() - started < 2
    assert server.mails == []


@pytest.mark.parametrize("goodbye", [None, "", "500 no"], ids=["hangs", "cuts", "refuses"])
async def test_a_mail_that_was_taken_is_sent_however_the_goodbye_goes(goodbye: str | None) -> None:
    server = MailServer({"QUIT": goodbye})
    async with serving(server.talk) as port:
        await smtp(port, timeout_s=10).send(single(notice(), AT_MS))
    assert len(server.mails) == 1


async def test_no_mail_server_at_all() -> None:
    async with serving(MailServer().talk) as port:
        pass
    with pytest.raises(SendError, match=r"mail server 127\.0\.0\.1"):
        await smtp(port).send(single(notice(), AT_MS))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """A server's context for 127.0.0.1, and the file of the authority that vouches for it."""
    openssl = program("openssl", "openssl")
    folder: Path = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run([openssl, *made, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, str(cert)


async def test_tls_with_a_known_authority(certificate: tuple[ssl.SSLContext, str]) -> None:
    server = MailServer()
    async with serving(server.talk, certificate[0]) as port:
        await smtp(port, "tls", certificate[1]).send(single(notice(), AT_MS))
    assert len(server.mails) == 1
    assert any(line.startswith("AUTH") for line in server.said)


async def test_a_certificate_of_nobody_known_is_refused(certificate: tuple[ssl.SSLContext, str]) -> None:
    mails, web = MailServer(), WebServer()
    async with serving(mails.talk, certificate[0]) as port:
        with pytest.raises(SendError, match=r"(?i)certificate"):
            await smtp(port, "tls").send(single(notice(), AT_MS))
    async with serving(web.talk, certificate[0]) as port:
        with pytest.raises(SendError, match="ClientConnectorCertificateError"):
            await WebhookSender("hook", WebhookOptions(lambda: f"https://127.0.0.1:{port}/")).send(single(notice(), AT_MS))
    assert mails.said == []
    assert web.requests == []


async def test_no_password_without_encryption() -> None:
    """A server (or someone between) that does not offer STARTTLS gets neither the mail nor the password."""
    server = MailServer()
    async with serving(server.talk) as port:
        with pytest.raises(SendError, match="STARTTLS"):
            await smtp(port, "starttls").send(single(notice(), AT_MS))
    assert not any(line.startswith("AUTH") for line in server.said)
    assert server.mails == []


async def test_a_password_that_the_server_repeats_is_not_passed_on(certificate: tuple[ssl.SSLContext, str]) -> None:
    server = MailServer({"AUTH": "535 wrong: hunter2 AG94eWdyaWQAaHVudGVyMg=="})
    async with serving(server.talk, certificate[0]) as port:
        with pytest.raises(SendError) as raised:
            await smtp(port, "tls", certificate[1]).send(single(notice(), AT_MS))
    assert str(raised.value).endswith("answered 535 wrong: *** ***")


# ---- webhook


@dataclass
class WebServer:
    """`answer` is the raw answer: None hangs, empty cuts."""

    answer: str | None = "HTTP/1.1 204 No Content\r\n\r\n"
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:] if line)}
        self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
        if self.answer is None:
            await asyncio.Event().wait()
        writer.write((self.answer or "").encode())
        await writer.drain()


def hook(port: int, timeout_s: float = 5.0) -> WebhookSender:
    options = WebhookOptions(
        lambda: f"http://127.0.0.1:{port}/hooks/hunter2?token=hunter2",
        {"X-Ward": "icu"},
        {"Authorization": lambda: "Bearer hunter2"},
        timeout_s,
    )
    return WebhookSender("hook", options)


async def test_a_webhook_arrives() -> None:
    server = WebServer()
    async with serving(server.talk) as port:
        await hook(port).send(single(notice(), AT_MS))
    ((headers, body),) = server.requests
    assert {name: headers[name] for name in ("content-type", "authorization", "x-ward", "idempotency-key")} == {
        "content-type": "application/json",
        "authorization": "Bearer hunter2",
        "x-ward": "icu",
        "idempotency-key": notice().id,
    }
    assert json.loads(body)["alarms"][0]["rule"] == "LP-LL"


BAD_ANSWERS = [
    ("HTTP/1.1 500 hunter2\r\ncontent-length: 7\r\n\r\nhunter2", "answered 500 Internal Server Error", False, 0),
    ("HTTP/1.1 422 x\r\ncontent-length: 0\r\n\r\n", "answered 422 Unprocessable", True, 0),
    ("HTTP/1.1 401 x\r\ncontent-length: 0\r\n\r\n", "answered 401 Unauthorized", False, 0),
    ("HTTP/1.1 429 x\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", "answered 429 Too Many Requests", False, 7),
    ("HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "answered 302 Found", False, 0),
    (None, "no answer within 0.3 s", False, 0),
    ("", "ServerDisconnectedError", False, 0),
    ("HTTP/1.1 20", "Error", False, 0),
    ("no http at all\r\n\r\n", "Error", False, 0),
]


@pytest.mark.parametrize(("answer", "text", "only_this", "wait_s"), BAD_ANSWERS, ids=range(len(BAD_ANSWERS)))
async def test_a_webhook_that_misbehaves(answer: str | None, text: str, only_this: bool, wait_s: float) -> None:
    server = WebServer(answer)
    async with serving(server.talk) as port:
        with pytest.raises(SendError) as raised:
            await hook(port, timeout_s=0.3).send(single(notice(), AT_MS))
    assert text in str(raised.value)
    assert (raised.value.only_this, raised.value.wait_s) == (only_this, wait_s)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/hunter2", "http:///hunter2", "nonsense hunter2", "http://[::1/hunter2", "http://127.0.0.1:x/hunter2"]
)
async def test_an_address_that_leads_nowhere(url: str) -> None:
    with pytest.raises(SendError) as raised:
        await WebhookSender("hook", WebhookOptions(lambda: url)).send(single(notice(), AT_MS))
    assert "hunter2" not in str(raised.value)


# ---- the log


async def test_the_log_has_a_line_per_notice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await LogSender("log").send(digest([notice("raised"), notice("cleared"), notice("raised", rule="B", priority="low")], AT_MS))
    assert sorted((record.levelname, record.getMessage().split(":")[0]) for record in caplog.records) == [
        ("ERROR", "[high] ALARM"),
        ("INFO", "[high] over"),
        ("INFO", "[low] ALARM"),
    ]


# ---- the whole way, with the real store


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not found():  # noqa: ASYNC110 - what is waited for happens in a server
            await asyncio.sleep(0.01)


async def test_a_hanging_receiver_delays_no_other_and_gets_its_notices_after_a_restart(tmp_path: Path) -> None:
    mails, web = MailServer({"EHLO": None}), WebServer()
    thread = Thread("state")
    store = await thread.run(StateStore, tmp_path / "state.db")
    async with serving(mails.talk) as mail_port, serving(web.talk) as web_port:
        channels: list[Channel] = [smtp(mail_port, timeout_s=60), hook(web_port)]
        notifier = Notifier(channels, store, thread, lambda: AT_MS + 1000, lambda: 0.5)
        task = asyncio.create_task(notifier.run())
        await until(lambda: len(mails.said) == 0)
        await thread.run(store.commit, StateChange(notices=[notice(), notice(channel="hook")]))
        notifier.wake()
        await until(lambda: len(web.requests) == 1 and notifier.status()[1].sent == 1)
        await until(lambda: mails.said != [])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await thread.run(store.close)

    store = await thread.run(StateStore, tmp_path / "state.db")
    mails.answers.clear()
    async with serving(mails.talk) as mail_port, serving(web.talk) as web_port:
        notifier = Notifier([smtp(mail_port), hook(web_port)], store, thread, lambda: AT_MS + 1000, lambda: 0.5)
        task = asyncio.create_task(notifier.run())
        await until(lambda: notifier.status()[0].sent == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(mails.mails) == 1
    assert len(web.requests) == 1
    assert await thread.run(store.due_notices, AT_MS + 10**9) == []
    await thread.run(store.close)
    thread.close()


async def test_after_an_outage_the_receiver_gets_everything_with_one_key_each(tmp_path: Path) -> None:
    web = WebServer("HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n")
    thread = Thread("state")
    store = await thread.run(StateStore, tmp_path / "state.db")
    now_ms = AT_MS + 1000
    await thread.run(store.commit, StateChange(notices=[notice(channel="hook")]))
    async with serving(web.talk) as port:
        sender = Sender(hook(port), store, thread, lambda: now_ms, lambda: 0.5)
        assert await sender.send_due() == 2.0
        assert await sender.send_due() is None
        now_ms += 2000
        web.answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        assert await sender.send_due() is None
    assert [headers["idempotency-key"] for headers, _ in web.requests] == [notice(channel="hook").id] * 2
    assert sender.status().sent == 1
    await thread.run(store.close)
    thread.close()


def test_envelopes_are_values() -> None:
    envelope: Envelope = single(notice(), AT_MS)
    assert envelope == single(notice(), AT_MS)
