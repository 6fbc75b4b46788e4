"""What a case file holds, as values that check themselves. Pure.

Names of assets and alarms are those of the case's own site, without it: `line/line_pressure_bar`, `line/LP-LL`, `AU-06`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collector.cases.notation import Run, Stamp, duration_ms, joined, parse_stamp, series
from collector.config.rules import Rules
from collector.outputs import PRIORITIES, AlarmEvent, AlarmState, CommandName
from devices.assets import Asset

COMMANDS: tuple[CommandName, ...] = get_args(CommandName)
EVENTS: tuple[AlarmEvent, ...] = get_args(AlarmEvent)
STATES: tuple[AlarmState, ...] = get_args(AlarmState)


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)


def _not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where an item is wrong, only that is said: the bound of pydantic counts those that are right."""
    if not items:
        raise ValueError("the list is empty; at least one item is right")
    return items


def _stamp(text: Any) -> Stamp:
    if not isinstance(text, str | int):
        raise ValueError(f"found {text!r}; a stamp is -6h, +1h, 1970, none, or a time like 2026-01-31T08:00:00Z")
    return joined([parse_stamp(part) for part in str(text).lstrip("@").split("@")])


Duration = Annotated[int, BeforeValidator(duration_ms)]
"""Milliseconds; written 5m10s."""
Moment = Annotated[int, BeforeValidator(duration_ms), Field(ge=0)]
"""Milliseconds from the beginning of the case."""
Runs = Annotated[tuple[Run, ...], BeforeValidator(series)]


class Series(Model):
    """The samples of one signal. As text alone, `values` is meant."""

    values: Runs = Field(description="The samples, like 4.1x30 3.2x10.")
    start: Moment = Field(default=0, alias="from", description="When the first sample is measured, from the beginning of the case.")
    every: Duration | None = Field(default=None, description="Time between two samples; the interval of the case when not given.")
    sent: Moment | None = Field(default=None, description="When all of it is sent at once: a gateway that had stored it.")
    stamp: Annotated[Stamp, BeforeValidator(_stamp)] | None = Field(
        default=None, description="What is wrong with the stamps: -6h, +1h, 1970, none, or a time."
    )
    backfill: bool = Field(default=False, description="The gateway says that it had stored it.")
    retained: bool = Field(default=False, description="The broker delivers it from its memory.")

    @model_validator(mode="after")
    def _right(self) -> Series:
        if self.every is not None and self.every <= 0:
            raise ValueError("every: an interval is longer than nothing")
        return self


def _parts(data: Any) -> Any:
    """`4.1x30`, a mapping, or a list of both → a list of mappings."""
    return [part if isinstance(part, dict) else {"values": part} for part in (data if isinstance(data, list) else [data])]


SeriesField = Annotated[tuple[Series, ...], BeforeValidator(_parts)]

WITH_A_PERSON = ("by", "why", "minutes", "one_shot")
VERBS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(COMMANDS, WITH_A_PERSON),
    "online": ("retained",),
    "offline": ("retained",),
    "broker": (),
    "collector": (),
}
"""What can happen beside readings → what may stand beside it."""


class Event(Model):
    """Something that happens beside readings: `{at: 5m, ack: line/LP-LL, by: Asha}`, `{at: 5m, offline: gw1}`, `{at: 5m, broker: lost}`."""

    at: Moment = Field(description="When, from the beginning of the case.")
    ack: str | None = Field(default=None, description="Somebody acknowledges this alarm.")
    reset: str | None = Field(default=None, description="Somebody resets this latched alarm.")
    shelve: str | None = Field(default=None, description="Somebody shelves this alarm.")
    unshelve: str | None = Field(default=None, description="Somebody takes this alarm off the shelf.")
    out_of_service: str | None = Field(default=None, description="Somebody takes this alarm out of service.")
    return_: str | None = Field(default=None, alias="return", description="Somebody returns this alarm to service.")
    by: str = Field(default="Asha", description="Who.")
    why: str = Field(default="", description="The reason given.")
    minutes: float = Field(default=0.0, ge=0, description="For how long it is shelved or out of service, minutes.")
    one_shot: bool = Field(default=False, description="The shelf also ends when the condition returns to normal.")
    online: str | None = Field(default=None, description="This gateway says that it is there.")
    offline: str | None = Field(default=None, description="The broker gives this gateway's last will.")
    retained: bool = Field(default=False, description="The broker gives that word from its memory.")
    broker: Literal["lost", "back"] | None = Field(
        default=None, description="The collector loses the broker, or has it back; what was sent meanwhile comes then."
    )
    collector: Literal["restarts", "stops", "starts"] | None = Field(
        default=None, description="The collector is restarted, stopped or started; what was sent meanwhile comes then."
    )

    @property
    def verb(self) -> str:
        return next(verb for verb in VERBS if self._said(verb) is not None)

    @property
    def object(self) -> str:
        return str(self._said(self.verb))

    def _said(self, verb: str) -> str | None:
        said: str | None = getattr(self, "return_" if verb == "return" else verb)
        return said

    @model_validator(mode="after")
    def _one_thing(self) -> Event:
        said = [verb for verb in VERBS if self._said(verb) is not None]
        if len(said) != 1:
            raise ValueError(f"found {' and '.join(said) or 'nothing that happens'}; exactly one of {', '.join(VERBS)} is right")
        beside = self.model_fields_set & {*WITH_A_PERSON, "retained"}
        if wrong := sorted(beside - set(VERBS[said[0]])):
            raise ValueError(f"{', '.join(wrong)} does not belong to {said[0]}")
        return self


class Shown(Model):
    """How an alarm is expected to be shown."""

    state: AlarmState
    priority: Literal["high", "medium", "low", "info"] | None = None


def _shown(data: Any) -> Any:
    """`unacknowledged`, `unacknowledged high`."""
    if not isinstance(data, str):
        return data
    words = data.replace(",", " ").split()
    return {("priority" if word in PRIORITIES else "state"): word for word in words}


def _alarms(data: Any) -> Any:
    """`none` and an empty mapping say the same."""
    return {} if data in (None, "none") else data


def _listed(data: Any) -> Any:
    return [data] if isinstance(data, str) else data


class Expectation(Model):
    """What must be so: the alarms that are not normal at a time, or that something happened to one, or did not, at or between times."""

    at: Moment | None = Field(default=None, description="When, from the beginning of the case; all that comes at that time has come.")
    between: tuple[Moment, Moment] | None = Field(default=None, description="First and last time at which it may happen.")
    alarms: Annotated[dict[str, Annotated[Shown, BeforeValidator(_shown)]], BeforeValidator(_alarms)] | None = Field(
        default=None, description="Every alarm that is not normal then, and its state; {} for none."
    )
    only: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Look only at these alarms: line/LP-LL, or LP-LL on every asset."
    )
    event: AlarmEvent | None = Field(default=None, description="What happens to the alarm.")
    alarm: str = Field(default="", description="The alarm it happens to.")
    absent: bool = Field(default=False, description="It must not happen.")
    times: int | None = Field(default=None, ge=1, description="Exactly so often; at least once when not given.")
    happened: Duration | None = Field(default=None, description="When it happened by the equipment's time.")
    refused: str | None = Field(default=None, description="A command that is refused then: `shelve line/LP-LL`.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        """`{raised: line/LP-LL, at: 5m10s}` and `{not_raised: line/LP-LL}` → event, alarm, absent."""
        if not isinstance(data, dict):
            return data
        said = [key for key in data if str(key).removeprefix("not_") in EVENTS]
        if len(said) != 1:
            return data
        rest = {key: value for key, value in data.items() if key != said[0]}
        return {**rest, "event": said[0].removeprefix("not_"), "alarm": data[said[0]], "absent": said[0].startswith("not_")}

    @model_validator(mode="after")
    def _one_thing(self) -> Expectation:
        said = [name for name in ("alarms", "event", "refused") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(
                f"found {' and '.join(said) or 'nothing that is expected'}; alarms: {{…}}, or raised: line/LP-LL (or cleared, "
                "not_raised, …), or refused: ack line/LP-LL is right"
            )
        if (self.at is None) == (self.between is None) and not (self.absent and self.at is None):
            raise ValueError("when? Write at: 5m10s" + ("" if self.alarms is not None else ", or between: [5m, 6m]"))
        if self.alarms is not None and self.at is None:
            raise ValueError("alarms are looked at one time: write at: 5m10s")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between: the first time comes after the second")
        return self


class Setting(Model):
    """Where a case takes place. What a case does not say is as the file says."""

    site: str | dict[str, Any] | None = Field(
        default=None, description="Id of a site of the configuration (-c), or its fields without assets, e.g. {beds: {icu: 20}}."
    )
    assets: tuple[Asset, ...] | None = Field(default=None, description="The assets, as in the configuration.")
    interval: Duration | None = Field(default=None, description="Time between two samples; each asset's interval_s when not given.")
    start: str | None = Field(default=None, description="Date and time of the beginning, of the site; 2026-01-05T08:00 when not given.")
    rules: Rules | None = Field(default=None, description="Changes to the rules, as in the configuration.")


class Case(Setting):
    """One case: what is sent, what else happens, what must follow."""

    name: str = Field(min_length=1, description="What it shows, in a sentence.")
    series: dict[str, SeriesField] = Field(default={}, description="asset/signal to its samples, like 4.1x30 3.2x10.")
    events: tuple[Event, ...] = Field(default=(), description="What happens beside readings.")
    expect: Annotated[tuple[Expectation, ...], AfterValidator(_not_empty)] = Field(description="What must be so.")


class CaseFile(Setting):
    """A file of cases."""

    cases: Annotated[tuple[Case, ...], AfterValidator(_not_empty)] = Field(description="The cases.")
