"""What was measured, held against its bar: one table, nothing left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Sense = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a figure has to lie, in the figure's unit."""

    sense: Sense
    limit: float

    def met(self, value: float) -> bool:
        return value <= self.limit if self.sense == "at most" else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.sense == 'at most' else '≥'} {_number(self.limit)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what, all its measured values (one per round), the unit, and the bar if there is one."""

    what: str
    values: Sequence[float]
    unit: str
    bar: Bar | None = None

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        share = self.middle / self.bar.limit
        return f"{'met' if self.bar.met(self.middle) else 'MISSED'} ({share:.2f} of it)"


HEADER = ("what", "median", "min … max", "unit", "bar", "verdict")


def table(figures: Sequence[Figure]) -> str:
    """Markdown, aligned so that it reads well in a terminal too."""
    rows = [HEADER, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    low, high = min(figure.values), max(figure.values)
    spread = "" if len(figure.values) == 1 else f"{_number(low)} … {_number(high)}"
    return figure.what, _number(figure.middle), spread, figure.unit, str(figure.bar or ""), figure.verdict


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1))] if ordered else float("nan")
