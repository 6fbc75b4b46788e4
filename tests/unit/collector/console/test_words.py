"""Every word in four languages, with the same placeholders; every word that a page asks for is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from collector.console.words import LANGUAGES, Words, catalogue, value_text
from collector.outputs import AlarmState, Bounded, CommandName, Priority, TrailKind
from devices.kinds.catalogue import KINDS
from devices.signal import Quality

CONSOLE = Path(__file__).parents[4] / "collector" / "console"


def test_every_word_is_there_in_every_language() -> None:
    for key, texts in catalogue().items():
        assert list(texts) == list(LANGUAGES), key
        assert all(texts.values()), key
        assert len({frozenset(re.findall(r"{\w+}", text)) for text in texts.values()}) == 1, key


def test_every_word_that_is_asked_for_is_there_and_no_other() -> None:
    sources = [path.read_text() for path in (*CONSOLE.rglob("*.py"), *CONSOLE.glob("templates/*.html"))]
    asked = {key for text in sources for key in re.findall(r"""\b(?:w|words|self)\(["']([\w.]+)["'][,)]""", text)}
    composed = {f"state.{each}" for each in get_args(AlarmState)} | {f"priority.{each}" for each in get_args(Priority)}
    composed |= {f"quality.{each.name.lower()}" for each in Quality} | {f"kind.{kind}" for kind in KINDS}
    composed |= {f"theme_{each}" for each in ("auto", "light", "dark", "wall")} | {"not_found", "forbidden"}
    composed |= {f"outcome.{each}" for each in ("sent", "moved", "given_up", "waiting")}
    composed |= {f"kind_of.{each}" for each in (*get_args(CommandName), *get_args(TrailKind), "unreadable")}
    composed |= {f"weekday.{day}" for day in range(7)}
    assert asked | composed == set(catalogue())


@pytest.mark.parametrize(
    ("bounded", "said"),
    [
        (Bounded(), "not known"),
        (Bounded(4.1, 4.7, 5.3), "4.7 h (4.1–5.3)"),
        (Bounded(170.0, 300.0, None), "at least 170 h"),
        (Bounded(-3.0, -2.0, -1.0), "−2 h (−3 – −1)"),
    ],
)
def test_hours_are_told_with_their_bounds(bounded: Bounded, said: str) -> None:
    assert Words("en").hours(bounded).translate({0x2066: None, 0x2069: None, 0x2060: None, 0xA0: " "}) == said


@pytest.mark.parametrize(
    ("signal", "value", "said"),
    [("line_pressure_bar", 4.1234, "4.12 bar"), ("o2_purity_pct", 93.0, "93 %"), ("state", "running_on_spec", "running on spec")],
)
def test_values_carry_their_unit(signal: str, value: object, said: str) -> None:
    assert value_text(signal, value) == said
