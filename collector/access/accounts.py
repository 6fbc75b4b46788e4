"""Accounts at the broker, and the files that a broker reads them from. Pure.

One account per gateway, or one for a whole site. It may publish under its own site and nowhere else, and read the commands for its own
gateway; the collector may read everything. A password is kept only as a hash: of mosquitto (PBKDF2) and of NATS (bcrypt).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import pbkdf2_hmac
from typing import NamedTuple

import msgspec

COLLECTOR = "collector@oxygrid"
"""No id of a site holds an @."""
ITERATIONS = 1000
"""Of PBKDF2. A password is 160 random bits, which nobody guesses; a broker must let in a thousand gateways after a power cut."""
WRITTEN = "Written by `oxygrid broker accounts`: what is changed here by hand is lost."


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """`gateway` is empty for an account of the whole site; `site` is empty for the collector's."""

    site: str
    gateway: str = ""
    since_ms: int
    mosquitto: str
    nats: str

    @property
    def user(self) -> str:
        return user_of(self.site, self.gateway)


class Grants(NamedTuple):
    """MQTT topics that an account may write and read."""

    write: tuple[str, ...]
    read: tuple[str, ...]


def user_of(site: str, gateway: str) -> str:
    """The user name: an id of a site has no dot, so it names one account only."""
    return f"{site}.{gateway}" if gateway else site or COLLECTOR


def grants_of(site: str, gateway: str, prefix: str) -> Grants:
    """What an account may do: a gateway, or all of a site, writes readings and status, and reads its own commands."""
    if not site:
        return Grants((f"{prefix}/$probe/#",), (f"{prefix}/#",))
    read = (f"{prefix}/{site}/{gateway or '+'}/command",)
    return Grants((f"{prefix}/{site}/+", f"{prefix}/{site}/+/status"), read)


def mosquitto_hash(password: str, salt: bytes) -> str:
    """As mosquitto_passwd writes it since 2.0: `$7$iterations$salt$hash`, PBKDF2 with SHA-512, both in base64."""
    digest = pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    return f"$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def password_file(accounts: Iterable[Account]) -> str:
    """`password_file` of mosquitto. It knows no comments."""
    return "".join(f"{account.user}:{account.mosquitto}\n" for account in accounts)


def acl_file(accounts: Iterable[Account], prefix: str) -> str:
    """`acl_file` of mosquitto. Who has no line may do nothing."""
    lines = [f"# {WRITTEN}"]
    for account in accounts:
        grants = grants_of(account.site, account.gateway, prefix)
        lines += ["", f"user {account.user}"]
        lines += [f"topic write {topic}" for topic in grants.write]
        lines += [f"topic read {topic}" for topic in grants.read]
    return "\n".join(lines) + "\n"


def nats_file(accounts: Iterable[Account], prefix: str) -> str:
    """A file to `include` in a NATS server's configuration. The collector works on streams, so it may do everything in its account."""
    users = [_nats_user(account, prefix) for account in accounts]
    return f"# {WRITTEN}\nauthorization {{\n  users = {json.dumps(users, indent=2)}\n}}\n"


def _nats_user(account: Account, prefix: str) -> dict[str, object]:
    grants = grants_of(account.site, account.gateway, prefix)
    user: dict[str, object] = {"user": account.user, "password": account.nats}
    if account.site:
        # An MQTT client with QoS 1 is given its messages on a subject of its own under $MQTT.sub.
        user["permissions"] = {"publish": _subjects(grants.write), "subscribe": [*_subjects(grants.read), "$MQTT.sub.>"]}
    return user


def _subjects(topics: Sequence[str]) -> list[str]:
    """MQTT topics as NATS has them: levels are divided by dots, `+` is `*`. The ids hold no dot."""
    return [topic.replace("/", ".").replace("+", "*").replace("#", ">") for topic in topics]
