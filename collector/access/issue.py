"""Certificates on disk: an authority, the broker's, the collector's. What is there and still good stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from collector.access import certificates
from collector.access.certificates import Pair
from collector.access.files import write_private
from collector.errors import UserError

CLIENT = "oxygrid-collector"


def issue(folder: Path, hosts: Sequence[str], now: datetime) -> Iterator[str]:
    """Make what is missing or ends within a month: ca, server, client (`….pem` and `….key`); tells in lines what was done.

    A server's certificate that is for other hosts is made anew. UserError where a file can't be read or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise UserError(f"{folder} can't be made: {exc.strerror}") from exc
    authority = load(folder, "ca")
    if authority is None or certificates.ends_soon(authority.certificate, now):
        if authority is not None:
            yield "the authority ends within a month, and is made anew: every gateway needs the new ca.pem"
        authority = certificates.authority("Oxygrid private authority", now)
        yield _put(folder, "ca", authority)
        fresh = True
    else:
        fresh = False
    wanted: list[tuple[str, Callable[[], Pair], set[str]]] = [
        ("server", lambda: certificates.server(authority, hosts, now), set(hosts)),
        ("client", lambda: certificates.client(authority, CLIENT, now), {CLIENT}),
    ]
    for name, make, names in wanted:
        there = load(folder, name)
        if fresh or there is None or certificates.ends_soon(there.certificate, now) or certificates.hosts_of(there.certificate) != names:
            yield _put(folder, name, make())
        else:
            yield f"{folder / name}.pem is good, and stays"


def load(folder: Path, name: str) -> Pair | None:
    """The pair of that name; None where it is not there. UserError where it can't be read."""
    try:
        return Pair((folder / f"{name}.pem").read_bytes(), (folder / f"{name}.key").read_bytes())
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise UserError(f"{folder / name}.pem or .key can't be read: {exc.strerror}; run this as its owner, or with sudo") from exc


def _put(folder: Path, name: str, pair: Pair) -> str:
    write_private(folder / f"{name}.key", pair.key)
    write_private(folder / f"{name}.pem", pair.certificate)
    return f"made {folder / name}.pem and .key"
