"""Reads a PDF back: its pages, its text, its fonts, and what it points to."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from collector.printing import PACKAGES, NoPdf, Printed, printed
from tests.servers import missing, program

REACHING = {"/URI", "/Launch", "/GoToR", "/GoToE", "/JavaScript", "/JS", "/SubmitForm", "/ImportData", "/EmbeddedFile", "/EmbeddedFiles"}
"""Names of what leads out of a document, or does something when it is opened."""


class Read(NamedTuple):
    pages: tuple[str, ...]
    fonts: dict[str, bool]
    names: frozenset[str]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)


def families() -> str:
    """Of the fonts that are here."""
    return subprocess.run([program("fc-list", "fontconfig"), ":", "family"], capture_output=True, text=True, check=True).stdout


async def made(page: str) -> Printed:
    """A PDF, where the libraries and letters of all languages are there."""
    here = families()
    if not all(f"Noto Sans {script}" in here for script in ("Arabic", "Devanagari")):
        missing("letters for Hindi and Arabic are not installed; fonts-noto-core has them")
    try:
        return await printed(page)
    except NoPdf as exc:
        missing(f"{exc}; {PACKAGES} have what is needed")


def read(content: bytes) -> Read:
    reader = pypdf.PdfReader(io.BytesIO(content), strict=True)
    seen: set[int] = set()
    things = [thing for thing in _all(reader.trailer, seen) if isinstance(thing, DictionaryObject)]
    fonts = {
        str(each["/FontName"]).partition("+")[2]: any(f"/FontFile{n}" in each for n in ("", "2", "3"))
        for each in things
        if "/FontName" in each
    }
    names = {str(key) for each in things for key in each} | {str(each["/S"]) for each in things if "/S" in each}
    return Read(tuple(page.extract_text() for page in reader.pages), fonts, frozenset(names))


def _all(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Every object that can be reached."""
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        if isinstance(each, IndirectObject):
            if each.idnum in seen:
                continue
            seen.add(each.idnum)
            each = each.get_object()
        yield each
        waiting += _parts(each)


def _parts(thing: Any) -> list[Any]:
    if isinstance(thing, DictionaryObject):
        return [thing.raw_get(key) for key in thing]
    return list(list.__iter__(thing)) if isinstance(thing, ArrayObject) else []
