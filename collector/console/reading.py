"""The collector's state file, read from beside it: what is new since the last look."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from collector import database
from collector.database import Database
from collector.outputs import StockEstimate, Transition
from collector.store.state_reader import FORMAT

AT_ONCE = 20_000
"""Transitions of one look; the next one brings the others."""


class News(NamedTuple):
    """`whole`: it is everything, and what was known before counts for nothing."""

    transitions: list[Transition]
    stock: list[StockEstimate]
    whole: bool = False


class Reading:
    """Raises UserError where there is no state, JournalError where it can't be read."""

    def __init__(self, path: Path) -> None:
        self._db = Database(database.open_reader(path, FORMAT), path)
        self._file = path.stat().st_ino
        self._path = path
        self._seen = -1
        self._last = self._stock_ms = -1

    def news(self) -> News:
        if self._path.stat().st_ino != self._file:  # a backup was put back, or a damaged file set aside
            self.close()
            Reading.__init__(self, self._path)
        seen = self._db.rows("PRAGMA data_version")[0][0]
        if seen == self._seen:
            return News([], [])
        if self._last < 0:
            news = self._everything()
        else:
            rows = self._db.rows("SELECT n, body FROM transition WHERE n > ? ORDER BY n LIMIT ?", (self._last, AT_ONCE))
            news = News([msgspec.json.decode(body, type=Transition) for _, body in rows], self._stock())
            self._last = rows[-1][0] if rows else self._last
            if len(rows) == AT_ONCE:
                return news  # and the version not noted: there is more
        self._seen = seen
        return news

    def close(self) -> None:
        self._db.conn.close()

    def _everything(self) -> News:
        """The number of the newest transition first: what is written meanwhile is read again."""
        self._last = self._db.rows("SELECT coalesce(max(n), 0) FROM transition")[0][0]
        rows = self._db.rows("SELECT body FROM alarm")
        return News([msgspec.json.decode(body, type=Transition) for (body,) in rows], self._stock(), whole=True)

    def _stock(self) -> list[StockEstimate]:
        """Those of the last look's moment too: another site may have been written in it after the look."""
        rows = self._db.rows("SELECT at_ms, body FROM stock WHERE at_ms >= ?", (self._stock_ms,))
        self._stock_ms = max([at_ms for at_ms, _ in rows], default=self._stock_ms)
        return [msgspec.json.decode(body, type=StockEstimate) for _, body in rows]
