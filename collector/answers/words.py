"""What a person does with an answer, and what they are told. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from collector.notify.texts.catalogue import Language

Do: TypeAlias = Literal["ack", "on_it"]


class Reply(NamedTuple):
    """What the person is told. `done`: something was done, or will be."""

    text: str
    language: Language
    done: bool = False
