"""Accounts, sessions, one-time links and failed sign-ins, in one SQLite file beside the collector's state.

Of passwords only argon2id hashes are kept, of the tokens of sessions and links only SHA-256 hashes: who reads the file can't sign in with
it. Time is passed in. Every change and every sign-in is a row of `event`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from collector.console.comments import Comments
from collector.console.file import ConsoleFile, hashed, note
from collector.console.scope import Role, Scope, User
from collector.console.tokens import Tokens
from collector.errors import UserError

_FAILED = """INSERT INTO failure VALUES (?, 1, ?)
    ON CONFLICT (key) DO UPDATE SET count = count + 1, last_ms = excluded.last_ms"""

SESSION_IDLE_MS = 12 * 3_600_000
"""A shift."""
SESSION_MOST_MS = 7 * 24 * 3_600_000
LINK_MS = 10 * 60_000
FREE_TRIES = 5
LOCK_MOST_MS = 15 * 60_000
LEAST_PASSWORD = 12
FAILURES_KEPT = 10_000
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""The least that OWASP advises for argon2id: a Raspberry Pi hashes it in a quarter of a second."""
_NOBODY = _HASHER.hash(secrets.token_hex(16))
"""What a name without an account is compared with, so that it takes as long."""


class Session(NamedTuple):
    """`csrf` must come back with every form."""

    user: User
    csrf: str


class Locked(UserError):
    """Too many wrong passwords; `wait_s` is how long to wait."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many wrong passwords; wait {wait_s} s")
        self.wait_s = wait_s


class Accounts:
    """Every method blocks. Raises JournalError where the file can't be read or written."""

    def __init__(self, path: Path) -> None:
        self._db = self.file = ConsoleFile(path)
        self.tokens, self.comments = Tokens(self.file), Comments(self.file)

    def close(self) -> None:
        self._db.conn.close()

    # ---- accounts ------------------------------------------------------------------------------------------------------------

    def add(self, user: User, password: str | None, now_ms: int, by: str) -> None:
        """`password` None: signs in in other ways alone. Raises UserError for a name that is taken, or a password that is too short."""
        if password is not None:
            _long_enough(password)
        hash_ = "" if password is None else _HASHER.hash(password)
        with self._db.write() as conn:
            if conn.execute("SELECT 1 FROM account WHERE name = ?", (user.name,)).fetchone():
                raise UserError(f"there is an account {user.name!r} already; remove it first, or give its holder a link")
            conn.execute("INSERT INTO account VALUES (?, ?, ?)", (user.name, msgspec.json.encode(user), hash_))
            note(conn, now_ms, by, f"account {user.name} added: {user.role}, {', '.join(map(str, user.scopes))}")

    def remove(self, name: str, now_ms: int, by: str) -> None:
        """With all its sessions and links. Raises UserError where there is none."""
        with self._db.write() as conn:
            if not conn.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
                raise UserError(f"there is no account {name!r}; `oxygrid console accounts` lists them")
            for table in ("session", "link", "subject"):
                conn.execute(f"DELETE FROM {table} WHERE account = ?", (name,))  # noqa: S608  # of these three names
            note(conn, now_ms, by, f"account {name} removed")

    def disable(self, name: str, now_ms: int, by: str) -> None:
        """Its sessions and links end. Raises UserError where there is none."""
        self._turn(name, now_ms, by, disabled=True)

    def enable(self, name: str, now_ms: int, by: str) -> None:
        """Raises UserError where there is none."""
        self._turn(name, now_ms, by, disabled=False)

    def _turn(self, name: str, now_ms: int, by: str, *, disabled: bool) -> None:
        with self._db.write() as conn:
            found = conn.execute("SELECT body FROM account WHERE name = ?", (name,)).fetchone()
            if found is None:
                raise UserError(f"there is no account {name!r}; `oxygrid console accounts list` lists them")
            user = msgspec.structs.replace(msgspec.json.decode(found[0], type=User), disabled=disabled)
            conn.execute("UPDATE account SET body = ? WHERE name = ?", (msgspec.json.encode(user), name))
            conn.execute("DELETE FROM session WHERE account = ?", (name,))
            conn.execute("DELETE FROM link WHERE account = ?", (name,))
            note(conn, now_ms, by, f"account {name} {'disabled' if disabled else 'enabled'}")

    def change_password(self, name: str, password: str, now_ms: int, by: str, keep: str = "") -> None:
        """The account's other sessions and its links end; the session with the token `keep` goes on. Raises UserError where there is no
        such account, or the password is too short."""
        _long_enough(password)
        hash_ = _HASHER.hash(password)
        with self._db.write() as conn:
            if not conn.execute("UPDATE account SET hash = ? WHERE name = ?", (hash_, name)).rowcount:
                raise UserError(f"there is no account {name!r}; `oxygrid console accounts list` lists them")
            conn.execute("DELETE FROM session WHERE account = ? AND token <> ?", (name, hashed(keep)))
            conn.execute("DELETE FROM link WHERE account = ?", (name,))
            note(conn, now_ms, by, f"password of {name} changed")

    def all(self) -> list[User]:
        return [msgspec.json.decode(body, type=User) for (body,) in self._db.rows("SELECT body FROM account ORDER BY name")]

    def has_password(self, name: str) -> bool:
        return bool(self._db.rows("SELECT 1 FROM account WHERE name = ? AND hash <> ''", (name,)))

    def find(self, name: str) -> User | None:
        return next(
            (msgspec.json.decode(body, type=User) for (body,) in self._db.rows("SELECT body FROM account WHERE name = ?", (name,))), None
        )

    def choose_language(self, name: str, language: str) -> None:
        with self._db.write() as conn:
            found = conn.execute("SELECT body FROM account WHERE name = ?", (name,)).fetchone()
            if found is not None:
                body = msgspec.json.encode(msgspec.structs.replace(msgspec.json.decode(found[0], type=User), language=language))
                conn.execute("UPDATE account SET body = ? WHERE name = ?", (body, name))

    # ---- signing in ----------------------------------------------------------------------------------------------------------

    def check(self, name: str, password: str, address: str, now_ms: int) -> User | None:
        """Who it is, or None. Raises Locked after too many wrong tries at the name from that address, or from the address at all."""
        self.wait(name, address, now_ms)
        known = self._db.rows("SELECT hash FROM account WHERE name = ?", (name,))
        hash_ = known[0][0] if known else ""
        user = self.find(name)
        if not _matches(hash_ or _NOBODY, password) or not hash_ or user is None or user.disabled:
            self.failed(name, address, now_ms, "wrong password")
            return None
        with self._db.write() as conn:
            conn.execute("DELETE FROM failure WHERE key IN (?, ?)", (f"{name}@{address}", f"@{address}"))
        return user

    def wait(self, name: str, address: str, now_ms: int) -> None:
        """Raises Locked after too many failures of the name from that address, or from the address at all."""
        wait_ms = max(self._wait_ms(f"{who}@{address}", now_ms) for who in {name, ""})
        if wait_ms > 0:
            raise Locked(-(-wait_ms // 1000))

    def failed(self, name: str, address: str, now_ms: int, what: str) -> None:
        """One more failure to wait for, on record as `what`."""
        with self._db.write() as conn:
            for who in {name, ""}:
                conn.execute(_FAILED, (f"{who}@{address}", now_ms))
            conn.execute("DELETE FROM failure WHERE key NOT IN (SELECT key FROM failure ORDER BY last_ms DESC LIMIT ?)", (FAILURES_KEPT,))
            note(conn, now_ms, name[:64], f"{what}, from {address}")

    def _wait_ms(self, key: str, now_ms: int) -> int:
        """After five wrong tries: 2, 4, 8 … seconds, at most a quarter of an hour; forgotten after an hour of quiet."""
        rows = self._db.rows("SELECT count, last_ms FROM failure WHERE key = ?", (key,))
        free = FREE_TRIES * (10 if key.startswith("@") else 1)
        if not rows or rows[0][0] < free or now_ms - rows[0][1] > 3_600_000:
            return 0
        count, last_ms = rows[0]
        locked_ms = min(LOCK_MOST_MS, 2000 * 2 ** min(30, count - free))
        return int(last_ms + locked_ms - now_ms)

    def begin(self, user: User, now_ms: int, how: str) -> str:
        """A new session; returns its token, which is said nowhere else."""
        token = secrets.token_urlsafe(32)
        with self._db.write() as conn:
            conn.execute("DELETE FROM session WHERE seen_ms < ? OR begun_ms < ?", (now_ms - SESSION_IDLE_MS, now_ms - SESSION_MOST_MS))
            conn.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?)", (hashed(token), user.name, now_ms, now_ms, secrets.token_urlsafe(24))
            )
            note(conn, now_ms, user.name, f"signed in, {how}")
        return token

    def session(self, token: str, now_ms: int) -> Session | None:
        """Whose session it is; None where there is none, or it is over."""
        rows = self._db.rows("SELECT account, begun_ms, seen_ms, csrf FROM session WHERE token = ?", (hashed(token),))
        if not rows:
            return None
        name, begun_ms, seen_ms, csrf = rows[0]
        user = self.find(name)
        if user is None or user.disabled or now_ms - seen_ms > SESSION_IDLE_MS or now_ms - begun_ms > SESSION_MOST_MS:
            return None
        if now_ms - seen_ms > 60_000:
            with self._db.write() as conn:
                conn.execute("UPDATE session SET seen_ms = ? WHERE token = ?", (now_ms, hashed(token)))
        return Session(user, csrf)

    def end(self, token: str) -> None:
        with self._db.write() as conn:
            conn.execute("DELETE FROM session WHERE token = ?", (hashed(token),))

    # ---- links ---------------------------------------------------------------------------------------------------------------

    def link(self, name: str, now_ms: int, by: str) -> str:
        """A token that signs in once, within ten minutes. Raises UserError where there is no such account."""
        user = self.find(name)
        if user is None or user.disabled:
            raise UserError(f"there is no account {name!r} that is enabled; `oxygrid console accounts list` lists them")
        token = secrets.token_urlsafe(32)
        with self._db.write() as conn:
            conn.execute("DELETE FROM link WHERE until_ms < ?", (now_ms,))
            conn.execute("INSERT INTO link VALUES (?, ?, ?)", (hashed(token), name, now_ms + LINK_MS))
            note(conn, now_ms, by, f"sign-in link for {name}")
        return token

    def use(self, token: str, now_ms: int) -> User | None:
        """Whose link it is; it is spent then."""
        with self._db.write() as conn:
            found = conn.execute("DELETE FROM link WHERE token = ? RETURNING account, until_ms", (hashed(token),)).fetchone()
        user = self.find(found[0]) if found is not None and found[1] >= now_ms else None
        return None if user is None or user.disabled else user

    def note(self, now_ms: int, account: str, what: str) -> None:
        """Into the console's own log of who did what."""
        with self._db.write() as conn:
            note(conn, now_ms, account, what)

    def events(self, limit: int = 200) -> list[tuple[int, str, str]]:
        """The newest first: (when, who, what)."""
        return self._db.rows("SELECT at_ms, account, what FROM event ORDER BY n DESC LIMIT ?", (limit,))


@contextmanager
def opened(path: Path) -> Iterator[Accounts]:
    with closing(Accounts(path)) as accounts:
        yield accounts


def user_of(name: str, called: str, role: Role, scopes: list[Scope], language: str) -> User:
    return User(name=name, called=called or name, role=role, scopes=tuple(scopes), language=language)


def _long_enough(password: str) -> None:
    if len(password) < LEAST_PASSWORD:
        raise UserError(f"a password has at least {LEAST_PASSWORD} characters; four words that have nothing to do with each other are good")


def _matches(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
