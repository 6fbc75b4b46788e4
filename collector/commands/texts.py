"""`oxygrid texts`: what notices say, to be read through by somebody whose first language it is."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.commands.telling import tell
from collector.errors import UserError


def add_to(app: typer.Typer) -> None:
    app.command()(texts)


def texts(
    *,
    table: Annotated[bool, typer.Option("--table", help="Every rule and role, a text below the other (as without any option).")] = False,
    html: Annotated[bool, typer.Option("--html", help="The same as a page to print, with room for corrections.")] = False,
    dlt: Annotated[bool, typer.Option("--dlt", help="What to register with the operators in India, for SMS gateways.")] = False,
    language: Annotated[list[str] | None, typer.Option("--language", help="Only these: en, hi, fr, ar; may be given again.")] = None,
) -> None:
    """Print what notices say about each alarm, to each role, in every language."""
    from collector.notify.texts import table as lists
    from collector.notify.texts.catalogue import LANGUAGES

    unknown = sorted(set(language or ()) - set(LANGUAGES))
    if unknown:
        raise UserError(f"--language {unknown[0]!r}: there are texts in {', '.join(LANGUAGES)}")
    if sum((table, html, dlt)) > 1:
        raise UserError("one of --table, --html and --dlt")
    wanted = [each for each in LANGUAGES if language is None or each in language]
    tell(lists.dlt(wanted) if dlt else lists.html(wanted) if html else lists.plain(wanted))
