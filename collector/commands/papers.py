"""Where a command puts what it made: on standard output or into a file, as the format or the file's ending asks."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from collector.errors import UserError

T = TypeVar("T", bound=str)

Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; its ending says the format, where --format is not given.")]


def wanted(given: str | None, out: Path | None, formats: Mapping[str, T], default: T) -> T:
    """The format, by its name or by the ending of the file. `formats`: by ending. Raises UserError."""
    if given is not None:
        found = next((each for each in formats.values() if each == given), None)
        if found is None:
            raise UserError(f"--format {given!r}: {', '.join(dict.fromkeys(formats.values()))}")
        return found
    if out is None:
        return default
    if (ending := out.suffix.lower().lstrip(".")) not in formats:
        raise UserError(f"--out {str(out)!r}: its ending says no format; give --format, or one of {', '.join(formats)}")
    return formats[ending]


def put(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
    else:
        written(out, text.encode("utf-8", "replace"))


def put_pdf(page: str, out: Path | None) -> None:
    """Raises UserError where no PDF can be made; with `out`, the page is then written as HTML beside it."""
    from collector.printing import NoPdf

    if out is None and sys.stdout.isatty():
        raise UserError("a PDF is not for the terminal; name a file with --out")
    try:
        content = pdf(page)
    except NoPdf as exc:
        if out is None:
            raise
        instead = out.with_suffix(".html")
        written(instead, page.encode("utf-8", "replace"))
        raise UserError(f"{exc} ({out} is not written; the same is in {instead})") from exc
    if out is None:
        typer.echo(content, nl=False)
    else:
        written(out, content)


def pdf(page: str) -> bytes:
    """Raises NoPdf. Letters without a font are told on standard error."""
    import asyncio

    from collector.printing import printed

    made = asyncio.run(printed(page))
    if made.note:
        typer.echo(f"note: {made.note}", err=True)
    return made.content


def written(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as exc:
        raise UserError(f"{path}: can't be written: {exc.strerror}; name another file with --out") from exc
