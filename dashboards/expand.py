"""What Grafana makes of a dashboard's queries before it asks InfluxDB: macros and variables filled in. Pure; for proofs and previews.

Only what our dashboards use is known (Grafana's documentation on template variables and its InfluxQL data source): `$timeFilter`,
`$__interval`, `$__range_s`, `$name`, `${name}`, `${name:raw}`. A variable with several values, or one that offers all, becomes a regular
expression in which each value is escaped; `All` is the variable's own `allValue`, or else every value. What looks like a variable and is
none is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::(?P<form>\w+))?\}|(?P<plain>\w+))")
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")
ALL = "$__all"
INTERVALS_MS = (10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000)
"""Widths of `$__interval` that are taken here; Grafana has some more between them."""
POINTS = 1000
"""Grafana asks for about as many points as a panel is wide."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time range that a reader has chosen, Unix ms."""

    start_ms: int
    end_ms: int
    points: int = POINTS

    @property
    def interval_ms(self) -> int:
        """The first width that gives at most so many points."""
        return next((width for width in INTERVALS_MS if (self.end_ms - self.start_ms) / width <= self.points), INTERVALS_MS[-1])


@dataclass(frozen=True, slots=True)
class Variable:
    """`values` as chosen, `offered` all that can be; `query` is empty where they do not come from the database. `All` is `all_value`, or
    where there is none, everything that is offered."""

    name: str
    values: tuple[str, ...]
    query: str = ""
    several: bool = False
    all_value: str = ""
    offered: tuple[str, ...] = ()

    def text(self, form: str | None) -> str:
        """As it stands in a query. Raises ValueError for a form that is not known."""
        values = self.values
        if values == (ALL,):
            if self.all_value:
                return self.all_value
            values = self.offered
        if form == "raw":
            return ",".join(values)
        if form not in {None, "regex"}:
            raise ValueError(f"${{{self.name}:{form}}}: only raw and regex are known")
        if not self.several and form is None:
            return ",".join(values)
        escaped = [_SPECIAL.sub(lambda found: "\\" + found[0], value) for value in values]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def expand(query: str, variables: Mapping[str, Variable], span: Span) -> str:
    """The query as InfluxDB gets it. Raises ValueError where a variable is not known."""
    known = {
        "timeFilter": f"time >= {span.start_ms}ms and time <= {span.end_ms}ms",
        "__interval": f"{span.interval_ms}ms",
        "__range_s": str((span.end_ms - span.start_ms) // 1000),
    }

    def filled(found: re.Match[str]) -> str:
        name = found["braced"] or found["plain"]
        if name in known:
            return known[name]
        if name not in variables:
            raise ValueError(f"${name} is no variable of this dashboard: {query}")
        return variables[name].text(found["form"])

    # A `$` at the end of a regular expression, before its slash, is that expression's own.
    return _VARIABLE.sub(filled, query)


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: of which panel (its id; 0 for what is of the dashboard), what for, and its text before it is expanded."""

    dashboard: str
    panel: int
    what: str
    text: str
    title: str = ""
    ref: str = ""
    back_ms: int | None = None
    points: int = POINTS

    def within(self, span: Span) -> Span:
        """Where it looks, of the time range that the reader has chosen: its own, if it has one."""
        return Span(span.end_ms - self.back_ms if self.back_ms else span.start_ms, span.end_ms, self.points)


def variables_of(board: Mapping[str, Any]) -> list[Variable]:
    """In their order: one may ask with those before it."""
    return [_variable(each) for each in board["templating"]["list"]]


def queries_of(board: Mapping[str, Any]) -> Iterator[Asked]:
    """Of all panels and annotations."""
    uid = board["uid"]
    for panel in panels_of(board):
        for target in panel.get("targets", ()):
            back_ms = _duration_ms(panel["timeFrom"]) if panel.get("timeFrom") else None
            points = panel.get("maxDataPoints") or POINTS
            yield Asked(uid, panel["id"], "panel", target["query"], panel["title"], target["refId"], back_ms, points)
    for each in board["annotations"]["list"]:
        if "target" in each:
            yield Asked(uid, 0, "annotation", each["target"]["query"], each["name"])


def panels_of(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Rows and what is folded into them too."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", ())


def alerts_of(provisioned: Mapping[str, Any]) -> Iterator[Asked]:
    """The queries of a file of alert rules."""
    for group in provisioned["groups"]:
        for rule in group["rules"]:
            for each in rule["data"]:
                if "query" in each["model"]:
                    yield Asked(rule["uid"], 0, "alert", each["model"]["query"], rule["title"], each["refId"])


def _variable(given: Mapping[str, Any]) -> Variable:
    current = given.get("current", {}).get("value", "")
    values: Sequence[str] = current if isinstance(current, list) else [current]
    query = given["query"] if given["type"] == "query" else ""
    several = bool(given.get("multi") or given.get("includeAll"))
    return Variable(given["name"], tuple(values), query, several, given.get("allValue") or "")


def _duration_ms(text: str) -> int:
    return int(text[:-1]) * {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}[text[-1]]
