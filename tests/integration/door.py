"""The broker of the stack as it is shipped, on free ports, with secrets and accounts of its own; and clients that try it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from collector.access.book import AccountBook
from collector.access.stack import PREFIX, make
from tests.servers import HOST, Server, free_port, program

SHIPPED = Path(__file__).parents[2] / "stack" / "mosquitto.conf"
WAIT_S = 5.0


@dataclass
class Door:
    """The broker, and where its secrets are. `gateways` is the listener for passwords, `certified` the one that wants a certificate too."""

    server: Server
    secrets: Path
    gateways: int
    certified: int

    @property
    def book(self) -> AccountBook:
        return AccountBook(self.secrets / "accounts", PREFIX)

    @property
    def authority(self) -> Path:
        return self.secrets / "collector" / "ca.pem"

    def account(self, site: str, gateway: str = "") -> tuple[str, str]:
        """A new account that the broker knows of: user and password."""
        added = self.book.add(site, gateway, 0)
        self.server.reload()
        return added.account.user, added.password


@contextmanager
def door(folder: Path, **replaced: str) -> Iterator[Door]:
    """`replaced`: settings of the shipped file with another value, `max_connections="3"`."""
    secrets = folder / "secrets"
    list(make(secrets, [HOST], datetime.now(UTC), own=False))
    (folder / "data").mkdir()
    gateways, certified = free_port(), free_port()
    text = (
        SHIPPED.read_text().replace("/mosquitto/accounts", str(secrets / "accounts")).replace("/mosquitto/tls", str(secrets / "mosquitto"))
    )
    text = text.replace("/mosquitto/data/", f"{folder}/data/").replace("listener 8883", f"listener {gateways} {HOST}")
    text = text.replace("listener 8884", f"listener {certified} {HOST}")
    for name, value in replaced.items():
        lines = [f"{name} {value}" if line.startswith(f"{name} ") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    (folder / "mosquitto.conf").write_text(f"user root\n{text}")
    # Waited for at the second listener: mosquitto 2.0.11 counts a connection that ends within its TLS handshake out twice, so that a bare
    # touch of the first would let one more gateway in than max_connections says.
    argv = [program("mosquitto", "Debian's package mosquitto"), "-c", str(folder / "mosquitto.conf")]
    server = Server("mosquitto", argv, folder, certified)
    server.start()
    try:
        yield Door(server, secrets, gateways, certified)
    finally:
        server.stop()


@dataclass
class Client:
    """One try to get in with MQTT 5. `refused` says why it did not succeed; empty where it did."""

    name: str
    refused: str = ""
    heard: list[str] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    _paho: Any = None
    _answers: dict[int, ReasonCode] = field(default_factory=dict)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def publish(self, topic: str, payload: bytes = b"{}") -> str:
        """The broker's answer to a publish with QoS 1, in words."""
        message = self._paho.publish(topic, payload, qos=1)
        return self._answer(message.mid)

    def subscribe(self, topic: str) -> str:
        _, mid = self._paho.subscribe(topic, qos=1)
        return self._answer(mid)

    def wait(self, count: int, wait_s: float = WAIT_S) -> list[str]:
        """What was heard, once it is so much, or after that time."""
        with self._news:
            self._news.wait_for(lambda: len(self.heard) >= count, wait_s)
            return list(self.heard)

    def close(self) -> None:
        self._paho.disconnect()
        self._paho.loop_stop()

    def _answer(self, mid: int) -> str:
        with self._news:
            self._news.wait_for(lambda: mid in self._answers or self.gone.is_set(), WAIT_S)
            return str(self._answers[mid]) if mid in self._answers else "no answer"

    def note(self, mid: int, code: ReasonCode) -> None:
        with self._news:
            self._answers[mid] = code
            self._news.notify_all()

    def hear(self, topic: str) -> None:
        with self._news:
            self.heard.append(topic)
            self._news.notify_all()

    def leave(self) -> None:
        self.gone.set()
        with self._news:
            self._news.notify_all()


def come(name: str, port: int, login: tuple[str, str] | None, tls: ssl.SSLContext | None) -> Client:
    """Connect, and wait for the broker's word."""
    client = Client(name)
    told = threading.Event()
    subject = client._paho = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)

    def on_connect(_c: Any, _u: Any, _f: Any, code: ReasonCode, _p: Any) -> None:
        client.refused = str(code) if code.is_failure else ""
        told.set()

    subject.on_connect = on_connect
    subject.on_publish = lambda _c, _u, mid, code, _p: client.note(mid, code)
    subject.on_subscribe = lambda _c, _u, mid, codes, _p: client.note(mid, codes[0])
    subject.on_message = lambda _c, _u, message: client.hear(message.topic)
    subject.on_disconnect = lambda *_: client.leave()
    if tls is not None:
        subject.tls_set_context(tls)
    if login is not None:
        subject.username_pw_set(*login)
    try:
        subject.connect(HOST, port)
    except OSError as exc:
        client.refused = f"{type(exc).__name__}: {exc}"
        return client
    subject.loop_start()
    if not told.wait(WAIT_S) and not client.refused:
        client.refused = "no answer"
    return client


def trusting(authority: Path, pair: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """TLS that believes in this authority, and shows this certificate."""
    context = ssl.create_default_context(cafile=str(authority))
    if pair is not None:
        context.load_cert_chain(*map(str, pair))
    return context
