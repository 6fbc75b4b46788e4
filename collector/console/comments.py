"""What people write about an alarm, beside what they tell it: who, when, and a line. It changes nothing of the alarm.

The audit trail holds commands and has no index by alarm; so comments have a table of their own, and each is an event of the console's log.
"""

from __future__ import annotations

import msgspec

from collector.console.file import ConsoleFile, note
from collector.orders import is_line

LONGEST = 200
KEPT = 100_000
SHOWN = 100


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is what people know its writer by."""

    at_ms: int
    alarm: str
    by: str
    text: str


def wrong_comment(text: str) -> str:
    """Why it can't be taken; empty where it can."""
    return "" if is_line(text, LONGEST) else f"a comment is 1 to {LONGEST} characters on one line"


class Comments:
    """Both methods block. Raises JournalError where the file can't be read or written."""

    def __init__(self, file: ConsoleFile) -> None:
        self._file = file

    def add(self, comment: Comment, account: str, now_ms: int) -> None:
        """`now_ms` is of the console's log; a demo's alarms have a clock of their own."""
        with self._file.write() as conn:
            body = msgspec.json.encode(comment)
            conn.execute("INSERT INTO comment (at_ms, alarm, body) VALUES (?, ?, ?)", (comment.at_ms, comment.alarm, body))
            conn.execute("DELETE FROM comment WHERE n <= (SELECT max(n) FROM comment) - ?", (KEPT,))
            note(conn, now_ms, account, f"comment on {comment.alarm}")

    def of(self, alarm: str) -> list[Comment]:
        """The newest first, at most a hundred."""
        rows = self._file.rows("SELECT body FROM comment WHERE alarm = ? ORDER BY n DESC LIMIT ?", (alarm, SHOWN))
        return [msgspec.json.decode(body, type=Comment) for (body,) in rows]
