"""What a technician is told of a new account, and what an administrator is told of all of them. Pure but for the authority's file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import segno

from collector.access.accounts import COLLECTOR, Account
from collector.access.book import Added
from collector.access.certificates import fingerprint
from collector.access.files import write_private
from collector.config import Config
from collector.errors import UserError

PICTURES = (".png", ".svg")
TAKES_NOTE = "The broker takes note when it reads its files again: systemctl reload mosquitto, or docker compose kill -s HUP mosquitto."


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a gateway needs. `ca_sha256` is the fingerprint of the authority, where there is one of our own."""

    url: str
    username: str
    password: str
    client_id: str
    topic: str
    command_topic: str
    ca_sha256: str = ""


class Listed(msgspec.Struct, frozen=True):
    """`account` is the user name. `since` is RFC 3339, empty where a gateway of the configuration has no account; `configured` is false
    where an account is of no site or gateway of the configuration."""

    account: str
    site: str
    gateway: str
    since: str
    configured: bool


def of(config: Config, added: Added) -> Settings:
    """The settings of a new account. UserError where the authority's file is named and can't be read."""
    account = added.account
    topic = f"{config.topic_prefix}/{account.site}"
    return Settings(
        url=config.access.url,
        username=account.user,
        password=added.password,
        client_id=account.user,
        topic=f"{topic}/<asset>" if account.site else f"{config.topic_prefix}/#",
        command_topic=f"{topic}/{account.gateway}/command" if account.gateway else "",
        ca_sha256=_fingerprint(config.access.ca_file),
    )


def lines(settings: Settings) -> Iterator[str]:
    """For a person, once."""
    yield f"Settings of {settings.username}. The password is told this once and kept nowhere:"
    facts = {
        "address": settings.url,
        "user name": settings.username,
        "password": settings.password,
        "client id": settings.client_id,
        "publishes to": f"{settings.topic}, QoS 1, not retained",
        "commands on": settings.command_topic,
        "authority": settings.ca_sha256 and f"SHA-256 {settings.ca_sha256}",
    }
    if settings.username == COLLECTOR:
        facts["publishes to"], facts["reads"] = "", settings.topic
    yield from (f"  {name:<13} {fact}" for name, fact in facts.items() if fact)


def qr(settings: Settings) -> segno.QRCode:
    """The settings as JSON in a QR code, for a phone or for a gateway with a camera."""
    return segno.make_qr(msgspec.json.encode(settings), error="m")


def check_picture(path: Path) -> None:
    """Before the account is made, for its password is told once: UserError where no picture could be written there."""
    if path.suffix not in PICTURES:
        raise UserError(f"{path}: a QR code is written as {' or '.join(PICTURES)}, by the ending of the file's name")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"{path} can't be written: there is no such folder, or it may not be written by this user")


def save_picture(settings: Settings, path: Path) -> None:
    """The QR code as a file that its owner alone can read. It holds the password."""
    picture = io.BytesIO()
    qr(settings).save(picture, kind=path.suffix.removeprefix("."), scale=6)
    write_private(path, picture.getvalue())


def overview(config: Config, accounts: Sequence[Account]) -> list[Listed]:
    """Every account, then every gateway without one of its own and none of its site."""
    gateways = [(site.id, asset.id) for site in config.sites for asset in site.assets if asset.kind == "gateway"]
    known = {("", ""), *((site.id, "") for site in config.sites), *gateways}
    there = {(each.site, each.gateway) for each in accounts}
    found = [Listed(a.user, a.site, a.gateway, _when(a.since_ms), (a.site, a.gateway) in known) for a in accounts]
    without = [(site, gateway) for site, gateway in gateways if (site, gateway) not in there and (site, "") not in there]
    return found + [Listed("", site, gateway, "", configured=True) for site, gateway in without]


def overview_lines(found: Iterable[Listed]) -> Iterator[str]:
    nothing = True
    for each in found:
        nothing = False
        if each.account:
            yield f"{each.account:<40} since {each.since}{'' if each.configured else '   not in the configuration: revoke it?'}"
        else:
            yield f"{f'{each.site}/{each.gateway}':<40} has no account"
    if nothing:
        yield "there is no account, and no gateway in the configuration"


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def _fingerprint(ca_file: str | None) -> str:
    if ca_file is None:
        return ""
    try:
        return fingerprint(Path(ca_file).read_bytes())
    except OSError as exc:
        raise UserError(f"{ca_file}: {exc.strerror}; access.ca_file names the authority of the broker's certificate") from exc
    except ValueError as exc:
        raise UserError(f"{ca_file} is no certificate in PEM; access.ca_file names the authority of the broker's certificate") from exc
