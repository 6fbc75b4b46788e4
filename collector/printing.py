"""Pages as PDF, where the extra `pdf` and its libraries are there.

Each is made in a process of its own: it takes some 0.2 s and 4 MB a page, which would keep the collector's threads waiting for each other.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import NamedTuple

from collector import press
from collector.errors import UserError

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core"
"""Of Debian: the libraries, and letters for the scripts of India and for Arabic."""
TIMEOUT_S = 300.0
_LIBRARY = re.compile(r"cannot load library '([^']+)'")


class NoPdf(UserError):
    """It can't be made here; the text says what is missing, and how to get it."""


class Printed(NamedTuple):
    """`note` says, in a sentence, which letters no font has; empty where all is well."""

    content: bytes
    note: str


async def printed(page: str, timeout_s: float = TIMEOUT_S) -> Printed:
    """The page as PDF. Raises NoPdf."""
    # -P: what lies beside the program, or in the working folder, is not imported.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(Path(press.__file__)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout_s):
            made, told = await process.communicate(page.encode("utf-8", "replace"))
    except TimeoutError as exc:
        raise NoPdf(f"no PDF was made within {timeout_s:g} s; ask for fewer sites, or for html") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = told.decode(errors="replace")
    if process.returncode != 0:
        raise NoPdf(reason(process.returncode or 0, said))
    return Printed(made, note(said))


def reason(code: int, said: str) -> str:
    """Why there is no PDF, and what to do, by how the program ended and what it said."""
    if code == press.NO_PACKAGE:
        return f"a PDF needs the package weasyprint; install it: {sys.executable} -m pip install 'weasyprint>=70,<71'"
    if code == press.NO_LIBRARY:
        found = _LIBRARY.search(said)
        return f"a PDF needs the library {found[1] if found else 'pango'}; on Debian: sudo apt-get install {PACKAGES}"
    last = said.strip().rpartition("\n")[2][:200]
    return f"the PDF could not be made: {last or f'the process ended with {code}'}"


def note(said: str) -> str:
    lines = [line.removeprefix(press.WITHOUT) for line in said.splitlines() if line.startswith(press.WITHOUT)]
    if not lines:
        return ""
    return f"no font here has {lines[0][:20]}, so boxes stand in their place; on Debian: sudo apt-get install fonts-noto-core"
