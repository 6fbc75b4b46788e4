"""What the JetStream source has to be told."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from collector.outgoing import tls_context


@dataclass(frozen=True, slots=True, kw_only=True)
class JetStreamOptions:
    """The stream is made with these bounds where there is none of that name; one that somebody else made is used as it is."""

    url: str
    stream: str = "OXYGRID"
    durable: str = "oxygrid"
    prefix: str = "oxygrid/v1"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    max_bytes: int = 1_000_000_000
    max_age_s: float = 7 * 86_400.0
    max_delivery: int = 5_000
    heartbeat_s: float = 5.0
    connect_timeout_s: float = 10.0

    @property
    def subjects(self) -> str:
        return self.prefix.replace("/", ".") + ".>"


def tls_of(options: JetStreamOptions) -> ssl.SSLContext | None:
    """None for nats://. Raises UserError for a file that can't be used."""
    return tls_context(options.ca_file) if options.url.startswith("tls:") else None
