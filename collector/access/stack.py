"""`python -m collector.access.stack --folder stack/secrets --host NAME…` (`make stack-secrets`): every secret of the stack in
docker-compose.yml, each in the folder of the one service that reads it. What is there stays; certificates that end soon are renewed.

A container sees the owner and the mode that a file has outside, so each folder belongs to the user number of its service. That takes root.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from collector.access.book import AccountBook
from collector.access.files import write_private
from collector.access.issue import issue
from collector.errors import OxygridError, UserError

PREFIX = "oxygrid/v1"
OWNERS: Mapping[str, int] = MappingProxyType(
    {"authority": 0, "mosquitto": 1883, "accounts": 1883, "influxdb": 1000, "collector": 10001, "console": 10001, "grafana": 472}
)
"""Folder → user number of the service that reads it, in its image. The authority's key is read by no service."""
INSIDE = ("mosquitto", "grafana", "console", "localhost")
"""Names by which services know each other."""
CERTIFICATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mosquitto": ("ca.pem", "server.pem", "server.key"),
        "grafana": ("server.pem", "server.key"),
        "console": ("server.pem", "server.key"),
        "collector": ("ca.pem", "client.pem", "client.key"),
    }
)
PASSWORDS = ("influxdb/admin-password", "influxdb/admin-token", "grafana/admin-password")


def make(folder: Path, hosts: Sequence[str], now: datetime, *, own: bool) -> Iterator[str]:
    """Make what is missing; tells in lines what was done. `own`: give each folder to its service, for which it must be root."""
    for name, uid in OWNERS.items():
        path = folder / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own:
            os.chown(path, uid, uid)
    yield from issue(folder / "authority", [*hosts, *INSIDE], now)
    for service, files in CERTIFICATES.items():
        for file in files:
            _same(folder / "authority" / file, folder / service / file)
    for name in PASSWORDS:
        if _missing(folder / name, lambda: secrets.token_urlsafe(32)):
            yield f"made {folder / name}"
    book = AccountBook(folder / "accounts", PREFIX)
    password = folder / "collector" / "mqtt-password"
    if not password.exists():
        if any(not account.site for account in book.accounts()):
            book.revoke("", "")
        write_private(password, book.add("", "", int(now.timestamp() * 1000)).password.encode() + b"\n")
        yield f"made {password}, and the collector's account"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make stack-secrets", description="Make the secrets of the stack.")
    parser.add_argument("--folder", type=Path, default=Path("stack/secrets"))
    parser.add_argument("--host", nargs="*", default=[], help="names and addresses by which gateways and browsers know this server")
    asked = parser.parse_args(argv)
    try:
        if not asked.host:
            raise UserError("which name or address do gateways and browsers know this server by? e.g. HOST='oxygen.example.org 192.0.2.10'")
        if os.geteuid() != 0:
            raise UserError("each secret belongs to the service that reads it, and only root can give it away: use sudo")
        for line in make(asked.folder, asked.host, datetime.now(UTC), own=True):
            sys.stdout.write(f"{line}\n")
    except OxygridError as exc:
        sys.stderr.write(f"oxygrid: {exc}\n")
        return 2
    return 0


def _same(source: Path, target: Path) -> None:
    content = source.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        write_private(target, content)


def _missing(path: Path, value: Callable[[], str]) -> bool:
    if path.exists():
        return False
    write_private(path, value().encode())
    return True


if __name__ == "__main__":
    sys.exit(main())
