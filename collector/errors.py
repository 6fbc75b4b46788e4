"""One error tree. The type answers two questions: whose fault is it, and is it worth a retry.

OxygridError
├── UserError            the person at the keyboard can mend it: configuration, arguments, files, ports → exit code 2
├── SourceError          the broker; `retry` says whether trying again can help
├── StoreError           the database; never raised for a bad line (that is an outcome), only where nothing can be said about lines
└── JournalError         our own disk: full, read-only, damaged
"""

from __future__ import annotations


class OxygridError(Exception):
    """Root of every error that Oxygrid raises on purpose."""


class UserError(OxygridError):
    """Something a person can mend; the text says what was found, where, and what would be right."""


class SourceError(OxygridError):
    """The broker refused or broke the session. `retry`: whether trying again unchanged can help. `slow`: wait long between tries."""

    def __init__(self, text: str, *, retry: bool = True, slow: bool = False) -> None:
        super().__init__(text)
        self.retry = retry
        self.slow = slow


class StoreError(OxygridError):
    """The database can't be used at all (wrong API, no such server)."""


class JournalError(OxygridError):
    """A file of ours can't be read or written: disk full, read-only, damaged. `retry`: whether the same can succeed later; what is damaged
    while it is in use is mended at the next start."""

    def __init__(self, text: str, *, retry: bool = True) -> None:
        super().__init__(text)
        self.retry = retry
