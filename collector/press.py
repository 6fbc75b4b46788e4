"""A page as PDF, by WeasyPrint: a program of its own, which `collector.printing` runs. HTML comes in on standard input, PDF goes out.

Nothing that a page may name is fetched, neither from the network nor from the disk; fonts are those of the system. Letters that none of
them has are told on standard error. What is missing is told by the exit code.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

NO_PACKAGE, NO_LIBRARY = 3, 4
WITHOUT = "no font has: "


class _Letters(logging.Handler):
    """Gathers the letters that WeasyPrint has no font for; it says so with the letter as the first thing told."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if ".notdef" in str(record.msg) and isinstance(record.args, tuple) and record.args:
            self.found[str(record.args[0])] = None


def main() -> int:
    with suppress(OSError):  # forbidden to a service whose unit says so
        os.nice(10)
    try:
        import weasyprint
    except ImportError as exc:
        sys.stderr.write(f"{exc}\n")
        return NO_PACKAGE
    except OSError as exc:
        sys.stderr.write(f"{exc}\n")
        return NO_LIBRARY
    letters = _Letters()
    logging.getLogger("weasyprint").addHandler(letters)
    page = sys.stdin.buffer.read().decode("utf-8", "replace")
    made: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing(weasyprint)).write_pdf(pdf_tags=True)
    sys.stderr.write(f"{WITHOUT}{''.join(letters.found)}\n" if letters.found else "")
    sys.stdout.buffer.write(made)
    return 0


def _nothing(weasyprint: Any) -> Any:
    """A fetcher that fetches nothing."""

    class Nothing(weasyprint.urls.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: object = None) -> NoReturn:  # noqa: ARG002  (its interface)
            raise ValueError(f"nothing is fetched: {url[:100]}")

    return Nothing()


if __name__ == "__main__":
    sys.exit(main())
