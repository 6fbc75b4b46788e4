"""Who has gone to the provider and not come back yet, in the console's file; and which of the provider's people each account is.

A browser that goes is given a secret in a cookie. State, nonce and the code verifier are made from it, each in a way of its own, so that
nothing in the file, and nothing that passes through an address, lets anybody else come back in its place.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import NamedTuple

from collector.console.file import ConsoleFile, hashed

ATTEMPT_MS = 10 * 60_000
ATTEMPTS_KEPT = 10_000
_FORGET_THE_OLDEST = "DELETE FROM attempt WHERE browser NOT IN (SELECT browser FROM attempt ORDER BY until_ms DESC LIMIT ?)"


class Attempt(NamedTuple):
    """What goes along to the provider: `state` and `nonce` come back, `verifier` is shown when the code is."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """S256 (RFC 7636 §4.2)."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())


def attempt_of(browser: str) -> Attempt:
    """Of the browser with that secret."""
    return Attempt(*(_base64(hmac.digest(browser.encode("utf-8", "replace"), use, "sha256")) for use in (b"state", b"nonce", b"verifier")))


class Attempts:
    """Every method blocks. Raises JournalError where the file can't be read or written."""

    def __init__(self, file: ConsoleFile) -> None:
        self._file = file

    def begin(self, back: str, now_ms: int) -> str:
        """The secret for the browser's cookie, good for ten minutes; `back` is the page of ours to open afterwards."""
        browser = secrets.token_urlsafe(32)
        with self._file.write() as conn:
            conn.execute("DELETE FROM attempt WHERE until_ms < ?", (now_ms,))
            conn.execute(_FORGET_THE_OLDEST, (ATTEMPTS_KEPT - 1,))
            conn.execute("INSERT INTO attempt VALUES (?, ?, ?)", (hashed(browser), back, now_ms + ATTEMPT_MS))
        return browser

    def use(self, browser: str, now_ms: int) -> str | None:
        """Where it wanted to go; it is spent then. None where there is none, or it is too late."""
        with self._file.write() as conn:
            found = conn.execute("DELETE FROM attempt WHERE browser = ? RETURNING back, until_ms", (hashed(browser),)).fetchone()
        return str(found[0]) if found is not None and found[1] >= now_ms else None

    def is_the_same(self, account: str, issuer: str, subject: str) -> bool:
        """An account is whoever first signed in to it: a provider may give a name to another person later, never a subject (Core §5.7)."""
        with self._file.write() as conn:
            conn.execute("INSERT OR IGNORE INTO subject VALUES (?, ?, ?)", (account, issuer, subject))
            (known,) = conn.execute("SELECT subject FROM subject WHERE account = ? AND issuer = ?", (account, issuer)).fetchone()
        return bool(known == subject)


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
