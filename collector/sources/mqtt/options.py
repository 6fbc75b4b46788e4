"""What a session and its connection have to be told. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from collector.errors import UserError

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """`client_id` names the session at the broker: fixed, and one per collector."""

    client_id: str
    prefix: str = "oxygrid/v1"
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    keep_alive_s: int = 60
    session_expiry_s: int = 7 * 86_400
    max_packet_bytes: int = 300 * 1024
    answer_timeout_s: float = 20.0
    probe_interval_s: float = 20.0
    probe_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.client_id or set(self.client_id) & set("#+/\0"):
            raise UserError(f"client_id is {self.client_id!r}; it must not be empty nor hold '#', '+' or '/', e.g. oxygrid-kasganj")
        if not self.prefix or set(self.prefix) & set("#+$\0") or self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise UserError(f"the topic prefix is {self.prefix!r}; it must be plain levels without '#', '+' and '$', e.g. oxygrid/v1")
        if not 5 <= self.keep_alive_s <= 65535 or not 0 < self.probe_timeout_s < self.probe_interval_s:
            raise UserError("keep_alive_s must be 5 … 65535, and probe_timeout_s above 0 and below probe_interval_s")
        if not 1024 <= self.max_packet_bytes <= 268_435_460:
            raise UserError(f"max_packet_bytes is {self.max_packet_bytes}; it must be 1024 … 268435460")

    @property
    def probe_topic(self) -> str:
        return f"{self.prefix}/$probe/{self.client_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    """`url` is mqtt://host[:port], or mqtts:// for TLS. A user name and password belong to `session`, never into the URL."""

    url: str
    session: SessionOptions
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    connect_timeout_s: float = 10.0
    max_waiting: int = 20_000
    max_waiting_bytes: int = 16 * 1024 * 1024
    max_delivery: int = 5_000
    max_delivery_bytes: int = 4 * 1024 * 1024

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.username is not None:
            raise UserError(
                "the broker's URL holds a user name or password; set username and password_file (or an environment variable) instead"
            )
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise UserError(f"the broker's URL is {self.url!r}; it must be like mqtt://broker.local:1883 or mqtts://broker.local")
        if parts.scheme == "mqtt" and (self.ca_file or self.cert_file or self.key_file):
            raise UserError(f"certificates are set for {self.url}, which has no TLS; write mqtts:// in place of mqtt://")
        if self.key_file and not self.cert_file:
            raise UserError("key_file is set without cert_file; a client certificate needs both")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or _PORTS[parts.scheme]
