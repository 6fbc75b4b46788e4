"""Options that several commands share, and how a configuration is found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.errors import UserError

if TYPE_CHECKING:
    from collector.config import Config
    from collector.notify.texts.catalogue import Language

PLACES = (Path("oxygrid.yaml"), Path("/etc/oxygrid/oxygrid.yaml"))

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "-c", "--config", envvar="OXYGRID_CONFIG", help="Configuration file; ./oxygrid.yaml or /etc/oxygrid/oxygrid.yaml when not given."
    ),
]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of journal and state, in place of the configuration's data_dir.")]
OnlySite = Annotated[str | None, typer.Option("--site", help="Only this site.")]
Since = Annotated[str | None, typer.Option(help="First time of receipt, as RFC 3339 with zone, e.g. 2026-01-31T08:00:00Z.")]
InLanguage = Annotated[str, typer.Option("--language", help="en, hi, fr or ar.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as documented, for scripts.")]


def found(config_file: Path | None) -> Path:
    """The configuration file that is meant. Raises UserError where there is none."""
    if config_file is not None:
        return config_file
    for place in PLACES:
        if place.is_file():
            return place
    raise UserError(
        f"no configuration: neither {PLACES[0]} nor {PLACES[1]} is there; give one with -c, or begin with `oxygrid config example`"
    )


def loaded(config_file: Path | None, data_dir: Path | None = None) -> Config:
    """The configuration, with its data folder replaced where one is given. Raises UserError."""
    from collector.config import load

    config = load(found(config_file))
    return config if data_dir is None else config.model_copy(update={"data_dir": str(data_dir)})


def language_known(given: str) -> Language:
    """Raises UserError where there are no texts in it."""
    from collector.notify.texts.catalogue import LANGUAGES

    known = next((each for each in LANGUAGES if each == given), None)
    if known is None:
        raise UserError(f"--language {given!r}: there are texts in {', '.join(LANGUAGES)}")
    return known


def time_ms(text: str | None, default: int) -> int:
    """A time that a person gave, in Unix milliseconds. Raises UserError."""
    if text is None:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UserError(f"{text!r} is no time; RFC 3339 with zone is right, e.g. 2026-01-31T08:00:00Z") from exc
    if at.tzinfo is None:
        raise UserError(f"{text!r} has no zone; e.g. {text}Z for UTC, or {text}+05:30")
    return int(at.timestamp() * 1000)
