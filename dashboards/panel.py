"""What a dashboard is made of, as plain values: a table of panels. `dashboards.render` makes Grafana's JSON of it. Pure.

Words are keys of the catalogue (`catalogue.yaml`): the panel `hours_left` of the board `hospital` has the title `hospital.hours_left`, and
the description `hospital.hours_left.about`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from dashboards.influxql import Query
from dashboards.limits import PLAIN, Steps
from dashboards.units import COUNT

Kind: TypeAlias = Literal["stat", "table", "lines", "states", "map", "bars", "histogram", "text"]
Dashes: TypeAlias = Literal["", "dash", "dot", "limit"]


class At(NamedTuple):
    """Place and size on Grafana's grid of 24 columns."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of a table, or one curve, is shown. `name` is the field, the tag or the alias; `word` is its key in the catalogue.

    `states` names a set of `dashboards.states`; `link` names the boards that a click leads to, with a space between; `colour`, `dashes`,
    `down_to` (filled down to the curve of that alias) and `bars` are for curves. In names of curves `{keys}` of the catalogue may stand,
    and `/…/` is a pattern.
    """

    name: str
    word: str = ""
    unit: str = ""
    steps: Steps = ()
    states: str = ""
    decimals: int | None = None
    link: str = ""
    hidden: bool = False
    colour: str = ""
    dashes: Dashes = ""
    down_to: str = ""
    bars: bool = False
    width: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """`unit` is one of Grafana's, `steps` the colours by value, `none` the key of what is said where there is no data.

    `lowest` and `highest` bound the axis; `recent` is a time range of its own, for what is about now; `sort` is the column of a table, with
    a minus for descending; `first` leaves only so many rows of it; `every` is the least time between two points of a curve, and `points`
    how many there are at most, where a point is reckoned from thousands of units; `word` is the key of the title where it is not that of
    the board and the panel.
    """

    key: str
    kind: Kind
    at: At
    queries: tuple[Query, ...] = ()
    unit: str = COUNT
    steps: Steps = PLAIN
    columns: tuple[Column, ...] = ()
    states: str = ""
    none: str = "none"
    decimals: int | None = None
    lowest: float | None = None
    highest: float | None = None
    recent: str = ""
    sort: str = ""
    first: int = 0
    every: str = "1m"
    points: int | None = None
    word: str = ""


def uid(board: str, language: str) -> str:
    """The same in every Grafana, so that links and provisioning find it."""
    return f"oxygrid-{board.replace('_', '-')}" + ("" if language == "en" else f"-{language}")


@dataclass(frozen=True, slots=True)
class Board:
    """`asset` is the kind of asset that its variable lists, if it has one; `one_site`: a site must be chosen. `since` is the time range."""

    key: str
    panels: tuple[Panel, ...]
    asset: str = ""
    one_site: bool = False
    places: bool = True
    since: str = "now-24h"
    refresh: str = "1m"
