"""Somebody who opens a dashboard on the hospitals of bench/week.py: what is chosen, and what the database answers."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from dashboards.expand import ALL, Asked, Span, Variable, expand, queries_of, variables_of

OUT = Path(__file__).parents[1] / "dashboards" / "out"
LIVED = "hospital-01"
ELSEWHERE = {"lox-tank": "everything-01", "concentrators": "everything-01"}
"""Dashboard → the hospital to open it on, where LIVED has not what it shows."""

Board: TypeAlias = Mapping[str, Any]
Series: TypeAlias = list[dict[str, Any]]
Ask: TypeAlias = Callable[[str], Series]


def board_of(name: str, language: str = "en") -> Board:
    board: Board = json.loads((OUT / language / f"{name}.json").read_text())
    return board


def names() -> list[str]:
    return sorted(path.stem for path in OUT.glob("en/*.json"))


def asking(http: str, token: str = "") -> Ask:
    """Asks InfluxDB, 2.x with a token. AssertionError, with its words, where it refuses or answers in part."""

    def ask(query: str) -> Series:
        parameters = urllib.parse.urlencode({"db": "oxygrid", "q": query, "epoch": "ms"})
        asked = urllib.request.Request(f"{http}/query?{parameters}", headers={"Authorization": f"Token {token}"} if token else {})
        with urllib.request.urlopen(asked, timeout=120) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, f"{result['error']}: {query}"
        assert "partial" not in result, f"the answer is cut off: {query}"
        series: Series = result.get("series", [])
        return series

    return ask


def offered(variable: Variable, before: Mapping[str, Variable], ask: Ask, span: Span) -> Sequence[str]:
    """What can be chosen, with what was chosen before."""
    series = ask(expand(variable.query, before, span)) if variable.query else []
    return [value for each in series for _, value in each["values"]]


def chosen(board: Board, ask: Ask, span: Span, **values: str) -> dict[str, Variable]:
    """The variables, asked in their order: `values`, or everything, or the hospital, or the first that there is."""
    key = next((key for key in ELSEWHERE if key in board["uid"]), "")
    found: dict[str, Variable] = {}
    for variable in variables_of(board):
        there = offered(variable, found, ask, span)
        assert there or not variable.query, f"{board['uid']}: nothing to choose for ${variable.name}"
        given = replace(variable, offered=tuple(there))
        if variable.name in values:
            given = replace(given, values=(values[variable.name],))
        elif variable.query and variable.values != (ALL,):
            given = replace(given, values=(ELSEWHERE.get(key, LIVED) if variable.name == "site" else there[0],))
        found[variable.name] = given
    return found


def answers(board: Board, ask: Ask, span: Span, variables: Mapping[str, Variable]) -> Iterator[tuple[Asked, Span, Series]]:
    """Each query with the span it looks at and its answer."""
    for asked in queries_of(board):
        within = asked.within(span)
        yield asked, within, ask(expand(asked.text, variables, within))
