"""Tokens of programs that use the API: whose they are, what they may, and until when. Only their SHA-256 is kept.

A token is somebody with a role and scopes, as a person is; but it opens no page, and a person's session opens no API.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import msgspec

from collector.console.file import ConsoleFile, hashed, note
from collector.console.scope import Role, Scope, User
from collector.errors import UserError

TokenRight: TypeAlias = Literal["see", "answer", "judge"]
ROLES: Mapping[TokenRight, Role] = {"see": "viewer", "answer": "operator", "judge": "engineer"}
NAME = re.compile(r"[a-z0-9][a-z0-9.@_-]{0,47}")
MARK = "oxygrid_"
"""Before every token, so that a scanner of secrets finds one that has leaked."""
DAY_MS = 86_400_000
DAYS_MOST = 366


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """`right` includes those before it. `by` made it."""

    name: str
    right: TokenRight
    scopes: tuple[Scope, ...]
    made_ms: int
    until_ms: int
    by: str

    @property
    def user(self) -> User:
        """`called` stands beside what is done with it."""
        return User(name=self.name, called=f"{self.name} (API)", role=ROLES[self.right], scopes=self.scopes)


class Tokens:
    """Every method blocks. Raises JournalError where the file can't be read or written."""

    def __init__(self, file: ConsoleFile) -> None:
        self._file = file

    def add(self, token: Token) -> str:
        """The token itself, which is said nowhere else. Raises UserError for a name that is taken or is none, and for a time too long."""
        if not NAME.fullmatch(token.name):
            raise UserError(f"{token.name!r} is no name of a token: small letters, digits, . @ _ -, at most 48")
        if token.right not in get_args(TokenRight):
            raise UserError(f"{token.right!r} is no right of a token; give one of {', '.join(get_args(TokenRight))}")
        if not token.made_ms < token.until_ms <= token.made_ms + DAYS_MOST * DAY_MS:
            raise UserError(f"a token lasts 1 to {DAYS_MOST} days")
        secret = MARK + secrets.token_urlsafe(32)
        scopes = ", ".join(map(str, token.scopes))
        with self._file.write() as conn:
            if conn.execute("SELECT 1 FROM api_token WHERE name = ?", (token.name,)).fetchone():
                raise UserError(f"there is a token {token.name!r} already; revoke it first, or choose another name")
            conn.execute("INSERT INTO api_token VALUES (?, ?, ?)", (token.name, hashed(secret), msgspec.json.encode(token)))
            note(conn, token.made_ms, token.by, f"token {token.name} added: {token.right}, {scopes}")
        return secret

    def revoke(self, name: str, now_ms: int, by: str) -> None:
        """Raises UserError where there is none."""
        with self._file.write() as conn:
            if not conn.execute("DELETE FROM api_token WHERE name = ?", (name,)).rowcount:
                raise UserError(f"there is no token {name!r}; `oxygrid console tokens list` lists them")
            note(conn, now_ms, by, f"token {name} revoked")

    def all(self) -> list[Token]:
        """Those that have ended too, until they are revoked."""
        return [msgspec.json.decode(body, type=Token) for (body,) in self._file.rows("SELECT body FROM api_token ORDER BY name")]

    def find(self, secret: str, now_ms: int) -> Token | None:
        """Whose it is; None where there is none, or its time is over."""
        rows = self._file.rows("SELECT body FROM api_token WHERE hash = ?", (hashed(secret),))
        token = msgspec.json.decode(rows[0][0], type=Token) if rows else None
        return token if token is not None and now_ms < token.until_ms else None
