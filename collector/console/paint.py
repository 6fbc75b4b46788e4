"""Templates into HTML. Every value is escaped; only templates of this package are known."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jinja2

from collector.console.words import NAMES, Words, clock, value_text

_STATIC = Path(__file__).parent / "static"


class Painter:
    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader(__package__),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["value"] = value_text
        self._environment.globals.update(clock=clock, language_names=NAMES, mark=_mark())

    def __call__(self, template: str, words: Words, **values: Any) -> str:
        return self._environment.get_template(template).render(w=words, **values)


def _mark() -> str:
    """Changes whenever a file that browsers keep does."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_STATIC.iterdir()))).hexdigest()[:12]
