"""Where the broker is and how to be let in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password, and for TLS the authority to trust (the system's when empty) and a client certificate with its key."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int
    tls: bool
    credentials: Credentials


def parse_endpoint(broker_url: str, credentials: Credentials | None = None) -> Endpoint:
    """Read `mqtt://user:password@host:port` (1883) or `mqtts://…` (8883). What `credentials` gives comes before what the URL says.

    ValueError where it is no such URL; the text does not repeat a password.
    """
    given = credentials or Credentials()
    parts = urlsplit(broker_url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(
            f"broker URL with scheme {parts.scheme!r}, host {parts.hostname!r}; right is e.g. mqtt://localhost:1883 or mqtts://host"
        )
    try:
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise ValueError(f"broker URL for host {parts.hostname!r}: the port must be a number from 1 to 65535") from error
    if given.username is None and parts.username:
        given = replace(given, username=unquote(parts.username), password=given.password or unquote(parts.password or "") or None)
    return Endpoint(parts.hostname, port, parts.scheme == "mqtts", given)
