"""`oxygrid notices`: who was told what, by which way, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, OnlySite, loaded
from collector.commands.telling import json_lines, tell

if TYPE_CHECKING:
    from collector.views import NoticeView

OUTCOMES = {"sent": "sent", "moved": "went by another way", "given_up": "given up"}


def add_to(app: typer.Typer) -> None:
    app.command()(notices)


def notices(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    site: OnlySite = None,
    person: Annotated[str | None, typer.Option(help="Only those to this person, by id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest to show.")] = 100,
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that are not sent yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who was told what, when, by which channel, and what became of it: sent, tried so often and why not, went by another way, given up."""
    from collector.commands import knowledge

    with closing(knowledge.open_state(loaded(config_file, data_dir))) as state:
        found = state.notices(limit, site=site, person=person, waiting=waiting)
    tell(json_lines(found) if as_json else lines(found))


def lines(found: Sequence[NoticeView]) -> Iterator[str]:
    """The newest first."""
    from collector.commands.tables import columns, time_text

    if not found:
        yield "no notices"
        return
    yield from columns(
        [
            (
                time_text(view.made_ms),
                view.person or "everybody",
                f"{view.channel} {view.to}".rstrip(),
                view.priority,
                view.about,
                view.alarm,
                _became(view),
            )
            for view in found
        ]
    )


def _became(view: NoticeView) -> str:
    """`sent after 2 s`, `waiting, 3 attempts: connection refused; tried again at …`."""
    from collector.commands.tables import span, time_text

    tried = f"{view.attempts} {'attempt' if view.attempts == 1 else 'attempts'}"
    if view.outcome == "sent" and view.outcome_ms is not None:
        again = f", {tried}" if view.attempts > 1 else ""
        return f"sent after {span((view.outcome_ms - view.made_ms) / 1000)}{again}"
    if view.outcome:
        return f"{OUTCOMES.get(view.outcome, view.outcome)}, {tried}: {view.error}"
    if not view.attempts:
        return "waiting"
    return f"waiting, {tried}: {view.error}; tried again at {time_text(view.next_ms or view.made_ms)}"
