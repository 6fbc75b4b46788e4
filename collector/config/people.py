"""Who there is to tell: people, teams, rosters, and the chains that an alarm climbs until somebody answers. Pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from collector.config.base import HttpUrl, SecretSource, Section
from devices.assets import Id

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Told: TypeAlias = Literal["low", "medium", "high"]
"""Priorities that people are told of; information is for logs and lists."""

Clock = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""A time of the day on the wall, 24:00 for its end."""

_ZONES = frozenset(available_timezones())


def _is_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as exc:
        raise ValueError(f"{text!r} is no day of the calendar; e.g. '2026-02-28'") from exc
    return text


def _is_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError(f"{name!r} is no IANA time zone; e.g. Asia/Kolkata, Africa/Algiers, UTC")
    return name


Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_is_day)]
Zone = Annotated[str, AfterValidator(_is_zone)]


class Way(Section):
    """A way to a person."""

    channel: Id = Field(description="Id of a channel of notify.channels.")
    to: str = Field(default="", max_length=254, description="The address there: a mail address, a phone number, a topic.")


class Person(Section):
    """Somebody who is told of alarms."""

    id: Id = Field(description="Id of the person; people, teams and rosters share one list of ids.")
    name: str = Field(min_length=1, max_length=100, description="Name, as others read it in a notice.")
    role: Literal["nurse", "engineer", "control_room"] = Field(description="What is theirs to do; the text of a notice says it.")
    language: Literal["en", "hi", "fr", "ar"] = Field(default="en", description="Language of their notices.")
    phone: str = Field(default="", max_length=40, description="Number that others call, shown in notices.")
    ways: tuple[Way, ...] = Field(min_length=1, description="Ways to reach them, the best first.")
    no_night: bool = Field(default=False, description="Not told at night while somebody else of the same step is.")


class Team(Section):
    """Several people who are told together."""

    id: Id = Field(description="Id of the team.")
    members: tuple[Id, ...] = Field(min_length=1, description="Ids of people.")


class HolidayShift(Section):
    """A shift of one day. It begins on that day and may end on the next."""

    id: Id = Field(description="Name of the shift.")
    from_: Clock = Field(alias="from", description="When it begins, on the wall: '08:00'.")
    to: Clock = Field(description="When it ends; not later than `from`: on the next day.")
    people: tuple[Id, ...] = Field(min_length=1, description="Ids of people or teams.")


class Shift(HolidayShift):
    """A shift of every week. It begins on each of its days and may end on the next."""

    days: tuple[Weekday, ...] = Field(default=WEEK, min_length=1, description="Days on which it begins; every day when not given.")


class Holiday(Section):
    """A day with shifts of its own, in place of those of the week."""

    date: Day = Field(description="The day, '2026-01-26'.")
    shifts: tuple[HolidayShift, ...] = Field(default=(), description="The shifts that begin on that day.")


class Swap(Section):
    """One day on which somebody else has a shift."""

    date: Day = Field(description="The day on which the shift begins.")
    shift: Id = Field(description="Name of the shift.")
    out: Id | None = Field(default=None, description="Who is not there.")
    in_: Id | None = Field(default=None, alias="in", description="Who is there instead.")


class Roster(Section):
    """Who is on duty when."""

    id: Id = Field(description="Id of the roster.")
    timezone: Zone | None = Field(default=None, description="IANA time zone of its hours; that of the site when not given.")
    around_the_clock: bool = Field(default=True, description="The shifts of the week leave no hour without anybody. false: they may.")
    shifts: tuple[Shift, ...] = Field(min_length=1, description="The shifts of every week.")
    holidays: tuple[Holiday, ...] = Field(default=(), description="Days with other shifts.")
    swaps: tuple[Swap, ...] = Field(default=(), description="Days on which somebody else is there.")


class ChainStep(Section):
    """One step of a chain. It is taken as soon as one of its conditions holds."""

    tell: Id = Field(description="Id of a person, a team or a roster (who is on duty then).")
    after_min: float | None = Field(default=None, ge=0, le=10_080, description="So long after the alarm, unacknowledged, min.")
    hours_left_below: float | None = Field(default=None, gt=0, le=1000, description="When less oxygen than this is left, h.")
    priority: Told | None = Field(default=None, description="When the alarm has this priority or a higher one.")


class Chain(Section):
    """Whom an alarm goes to, one step after the other, until somebody answers."""

    id: Id = Field(description="Name of the chain.")
    sites: tuple[Id, ...] = Field(default=(), description="Alarms of these sites.")
    districts: tuple[str, ...] = Field(default=(), description="Alarms of sites of these districts.")
    regions: tuple[str, ...] = Field(
        default=(),
        description="Alarms of sites of these regions. Nothing given: every site. The nearest chain is taken: sites, districts, regions.",
    )
    priorities: tuple[Told, ...] = Field(default=("low", "medium", "high"), min_length=1, description="Alarms of these priorities.")
    steps: tuple[ChainStep, ...] = Field(min_length=1, description="The steps; the first is taken at once.")
    repeat_every_min: float = Field(default=15.0, gt=0, le=1440, description="Told again so often until somebody acknowledges, min.")
    not_better_after_min: float = Field(
        default=60.0, gt=0, le=10_080, description="Acknowledged and not over after so long: it goes up again, min."
    )
    last_resort: Id = Field(description="Id of a person or a team that is always there: told where nobody else answers.")


class QuietHours(Section):
    """Hours in which alarms of low priority wait, by the clock of their site."""

    from_: Clock = Field(alias="from", description="When they begin.")
    to: Clock = Field(description="When they end.")


class Night(Section):
    """Hours in which a message wakes somebody, by the clock of the site."""

    from_: Clock = Field(default="22:00", alias="from", description="When it begins.")
    to: Clock = Field(default="06:00", description="When it ends.")


class AllIsWell(Section):
    """A message a day that the collector works, so that silence is noticed."""

    at: Clock = Field(default="08:00", description="When, by the clock of the sites.")
    tell: tuple[Id, ...] = Field(min_length=1, description="Ids of people or teams.")


class Duty(Section):
    """How people are told."""

    quiet_hours: QuietHours | None = Field(default=None, description="Hours in which low alarms wait; none when not given.")
    night: Night = Field(default=Night(), validate_default=True, description="What counts as night.")
    messages_per_hour: int = Field(
        default=12, ge=2, le=1000, description="Most messages to one person in an hour; those of high priority come beside."
    )
    summary_after_min: float = Field(default=15.0, gt=0, le=60, description="What is beyond that waits so long for one summary, min.")
    all_is_well: AllIsWell | None = Field(default=None, description="A daily sign of life.")


class Heartbeat(Section):
    """A sign of life to a service outside, which raises an alarm of its own when it does not come."""

    url: HttpUrl | None = Field(default=None, description="Address to ask. Exactly one of url and url_file.")
    url_file: SecretSource | None = Field(default=None, description="The address where it is itself a secret: a file, or env:NAME.")
    every_s: float = Field(default=60.0, ge=1, le=3600, description="How often, s.")
    method: Literal["GET", "POST"] = Field(default="GET", description="How it is asked.")

    @model_validator(mode="after")
    def _one_url(self) -> Heartbeat:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("a heartbeat needs exactly one of url and url_file")
        return self


def minute_of(clock: str) -> int:
    """Minutes since midnight: 24:00 is 1440."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
