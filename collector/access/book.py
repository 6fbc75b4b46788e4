"""The accounts on disk: one file that is the truth, and the files for mosquitto and NATS that are made from it.

They belong to whom the folder belongs to (the broker), mode 0600, and are replaced in one move: a broker that reads one at that moment
sees the old one or the new one. Passwords are told once, by `add`, and kept nowhere.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bcrypt
import msgspec

from collector.access.accounts import Account, acl_file, mosquitto_hash, nats_file, password_file, user_of
from collector.access.files import write_private
from collector.database import FileLock
from collector.errors import UserError

TRUTH, PASSWORDS, ACL, NATS = "accounts.json", "passwords", "acl", "nats.conf"
BCRYPT_ROUNDS = 5
"""The least there is, for the same reason as ITERATIONS in accounts.py."""


class Added(NamedTuple):
    account: Account
    password: str


class AccountBook:
    """The accounts in a folder. Raises UserError where the folder or its files can't be used."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder, self._prefix = folder, prefix

    def accounts(self) -> list[Account]:
        """All of them; the collector's first, then by name."""
        path = self._folder / TRUTH
        try:
            return msgspec.json.decode(path.read_bytes(), type=list[Account])
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise UserError(f"{path} can't be read: {exc.strerror}; run this as its owner, or with sudo") from exc
        except msgspec.MsgspecError as exc:
            raise UserError(f"{path}: {exc}; put back a copy of it, or move it away and add the accounts anew") from exc

    def add(self, site: str, gateway: str, now_ms: int) -> Added:
        """A new account with a new password. UserError where it is there already."""
        with self._changing() as accounts:
            user = user_of(site, gateway)
            if any(each.user == user for each in accounts):
                raise UserError(f"the account {user} is there already; its password is kept nowhere: revoke it, and add it anew")
            password = secrets.token_urlsafe(20)
            account = Account(
                site=site,
                gateway=gateway,
                since_ms=now_ms,
                mosquitto=mosquitto_hash(password, secrets.token_bytes(12)),
                nats=bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_ROUNDS, prefix=b"2a")).decode(),
            )
            accounts.append(account)
        return Added(account, password)

    def revoke(self, site: str, gateway: str) -> list[Account]:
        """Take the account away; without a gateway, the site's and those of all its gateways. UserError where there is none."""
        with self._changing() as accounts:
            gone = [each for each in accounts if each.site == site and (not gateway or each.gateway == gateway)]
            if not gone:
                known = ", ".join(each.user for each in accounts) or "none at all"
                raise UserError(f"there is no account {user_of(site, gateway)}; there is: {known}")
            accounts[:] = [each for each in accounts if each not in gone]
        return gone

    @contextmanager
    def _changing(self) -> Iterator[list[Account]]:
        if not self._folder.is_dir():
            raise UserError(f"{self._folder} is no folder; make it, for the broker's user and mode 0700, e.g. {_example(self._folder)}")
        if not os.access(self._folder, os.W_OK):
            raise UserError(f"{self._folder} can't be written; run this as its owner, or with sudo")
        if (self._folder / PASSWORDS).exists() and not (self._folder / TRUTH).exists():
            raise UserError(
                f"{self._folder / PASSWORDS} was not written by oxygrid, and would be lost; move it away, or choose another folder"
            )
        lock = FileLock(self._folder / TRUTH)
        try:
            accounts = self.accounts()
            yield accounts
            accounts.sort(key=lambda each: (each.site, each.gateway))
            for name, text in (
                (TRUTH, msgspec.json.format(msgspec.json.encode(accounts), indent=1).decode() + "\n"),
                (PASSWORDS, password_file(accounts)),
                (ACL, acl_file(accounts, self._prefix)),
                (NATS, nats_file(accounts, self._prefix)),
            ):
                write_private(self._folder / name, text.encode())
        finally:
            lock.release()


def _example(folder: Path) -> str:
    return f"`sudo install -d -o mosquitto -g mosquitto -m 0700 {folder}`"
