"""What goes into the API and what comes out. Pure values: the schemas of its description are made from these, and so can't drift.

A promise to programs: fields are added, none renamed or taken away. Times are Unix milliseconds. What is asked for and not known is
refused, so that a filter that was misspelt is no filter.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from collector.console.comments import LONGEST, Comment
from collector.orders import LONGEST_ALARM, LONGEST_MINUTES, LONGEST_WHY
from collector.outputs import CommandName, Priority, StockEstimate, Transition
from collector.reports.levels import Row
from collector.views import AlarmView

T = TypeVar("T")

PageNumber: TypeAlias = Annotated[int, Meta(ge=1, le=100_000, description="From 1; a page after the last is empty.")]
PageSize: TypeAlias = Annotated[int, Meta(ge=1, le=500, description="How many on a page.")]
Name: TypeAlias = Annotated[str, Meta(max_length=128)]
LiveState: TypeAlias = Literal[
    "unacknowledged",
    "acknowledged",
    "returned",
    "latched_unacknowledged",
    "latched_acknowledged",
    "shelved",
    "suppressed",
    "out_of_service",
]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `detail` says what was found and what would be right."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class SitesQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    region: Name = ""
    district: Name = ""
    page: PageNumber = 1
    per_page: PageSize = 100


class AlarmsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`state` open: those that people work through; quiet: those that are shelved, suppressed or out of service."""

    site: Name = ""
    region: Name = ""
    district: Name = ""
    state: LiveState | Literal["open", "quiet", "any"] = "open"
    priority: Priority | Literal["any"] = "any"
    page: PageNumber = 1
    per_page: PageSize = 100


class DayQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`date`: the day by each site's own calendar, 2026-01-31; yesterday where it is not given. A report reads all readings of a day, so a
    page of it is small."""

    date: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    site: Name = ""
    region: Name = ""
    district: Name = ""
    page: PageNumber = 1
    per_page: Annotated[int, Meta(ge=1, le=20)] = 10


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alarm is told. `why` and `minutes` belong to shelve and out_of_service; ack may have `minutes`: how long it will take."""

    command: CommandName
    alarm: Annotated[str, Meta(min_length=1, max_length=LONGEST_ALARM, description="As `alarms` names it: site/asset/rule, or site/rule.")]
    why: Annotated[str, Meta(max_length=LONGEST_WHY)] = ""
    minutes: Annotated[float, Meta(ge=0, le=LONGEST_MINUTES)] = 0.0
    one_shot: bool = False


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comment on an alarm."""

    alarm: Annotated[str, Meta(min_length=1, max_length=LONGEST_ALARM)]
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST)]


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A site and its oxygen; `stock` null: not known. `slack_h` in it are the hours to spare: [low, middle, high]. `open_alarms` are by
    priority."""

    id: str
    name: str
    district: str
    region: str
    stock: StockEstimate | None
    open_alarms: dict[Priority, int]


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """`count` is of all pages."""

    items: list[T]
    count: int
    page: int
    pages: int


class SitesPage(Page[SiteRow], frozen=True, kw_only=True):
    """The least to spare first; what is not known comes after it."""


class AlarmsPage(Page[AlarmView], frozen=True, kw_only=True):
    """The most urgent first."""


class DaysPage(Page[Row], frozen=True, kw_only=True):
    """Facility-days. What nobody measured is null."""


class AlarmHistory(msgspec.Struct, frozen=True, kw_only=True):
    """`now` is null where the alarm is normal. `changes` and `comments`: the newest first, at most a hundred of each."""

    alarm: str
    now: AlarmView | None
    changes: list[Transition]
    comments: list[Comment]


class Done(msgspec.Struct, frozen=True):
    """`outcome`: `done`, or that it is written down and will be done in its turn."""

    outcome: str
