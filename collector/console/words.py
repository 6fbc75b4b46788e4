"""The console's words in four languages, and how numbers, times and ages are written in them. Pure but for reading its own file once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib import resources
from typing import Any

from collector.config.yaml_text import parse
from collector.notify.texts.catalogue import LANGUAGES, NAMES, Language, language_of
from collector.outputs import Bounded

__all__ = ["LANGUAGES", "NAMES", "Language", "Words", "language_of"]

UNITS = {
    "pct": "%", "lpm": "L/min", "bar": "bar", "c": "°C", "kpa": "kPa", "kw": "kW", "kwh": "kWh", "h": "h", "w": "W", "ppm": "ppm",
    "kg": "kg", "mbar": "mbar", "s": "s", "dbm": "dBm", "l": "L",
}  # fmt: skip
"""The last part of a signal's name → its unit for people."""


class Words:
    """`words("board")` in one language; an unknown key is a mistake, and says so."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.direction = "rtl" if language == "ar" else "ltr"

    def __call__(self, key: str, **values: object) -> str:
        text = catalogue()[key][self.language]
        return text.format(**values) if values else text

    def hours(self, bounded: Bounded) -> str:
        """`4.7 h (4.1–5.3)`, `at least 170 h`; without bounds above ten days, which nobody counts in hours."""
        low, mid, high = bounded.low, bounded.mid, bounded.high
        if mid is None and low is None:
            return self("unknown")
        if low is not None and (mid is None or high is None):
            return self("at_least", h=self("hours", h=_isolated(_tenths(low))))
        if low is not None and high is not None and mid is not None and abs(mid) < 240:
            dash = "\u2060–\u2060" if low >= 0 else "\u00a0–\u00a0"  # a range that is broken into two lines is read the wrong way round
            return f"{self('hours', h=_isolated(_tenths(mid)))} ({_isolated(_tenths(low) + dash + _tenths(high))})"
        return self("hours", h=_isolated(_tenths(mid or 0.0)))

    def since(self, at_ms: int, zone: tzinfo) -> str:
        return self("since", t=_isolated(clock(at_ms, zone)))

    def until(self, at_ms: int, zone: tzinfo) -> str:
        return self("until", t=_isolated(clock(at_ms, zone)))

    def rate(self, bounded: Bounded) -> str:
        """`412 L/min`."""
        return self("unknown") if bounded.mid is None else f"{_number(bounded.mid)} L/min"

    def age(self, seconds: float) -> str:
        """`40 s`, `12 min`, `3 h`, `2 d`: the symbols are those of the SI, the same everywhere."""
        for least, length, unit in ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "min")):
            if seconds >= least:
                return f"{seconds / length:.0f} {unit}"
        return f"{max(0.0, seconds):.0f} s"


def value_text(signal: str, value: object) -> str:
    """A value with the unit that its name carries."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).replace("_", " ")
    unit = UNITS.get(signal.rpartition("_")[2], "")
    return f"{_number(float(value))} {unit}".rstrip()


def clock(at_ms: int, zone: tzinfo) -> str:
    """The site's own time."""
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M}"


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """key → language → text."""
    data: Any = parse(resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))
    return data  # type: ignore[no-any-return]


def _isolated(text: str) -> str:
    """Left to right, whatever is around it."""
    return f"\u2066{text}\u2069"


def _tenths(value: float) -> str:
    """Hours as people say them."""
    return (f"{value:.1f}".removesuffix(".0") if abs(value) < 10 else f"{value:.0f}").replace("-", "−")


def _number(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
