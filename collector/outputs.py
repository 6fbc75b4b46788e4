"""What the evaluator says: transitions of alarms, estimates of stock, and who is to be told. Pure values.

Times: `event_ms` is when it happened by the equipment's time; `evaluated_ms` is when the collector knew.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from collector.records import Point
from devices.signal import Value

Priority: TypeAlias = Literal["high", "medium", "low", "info"]
PRIORITIES: tuple[Priority, ...] = ("info", "low", "medium", "high")
"""Ascending; docs/reference/alarms.md says how they map to ISO 7396-1 and IEC 60601-1-8."""

AlarmState: TypeAlias = Literal["normal", "unacknowledged", "acknowledged", "returned"]
"""ISA-18.2 NORM, UNACK, ACKED, RTNUN."""

AlarmEvent: TypeAlias = Literal["raised", "cleared", "acknowledged", "discovered_late"]


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one alarm. `occurrence` is `site/asset/rule@raised-event-ms`; (occurrence, event) is unique for ever.

    `asset` is empty for an alarm of the whole site. `value` and `limit` are those that decided, in `unit`. `text` is one English line for
    people: what, where, since when, and what to do.
    """

    occurrence: str
    site: str
    asset: str
    rule: str
    event: AlarmEvent
    state: AlarmState
    priority: Priority
    event_ms: int
    evaluated_ms: int
    raised_ms: int
    text: str
    value: Value | None = None
    limit: float | None = None
    unit: str = ""
    by: str = ""
    until_ms: int | None = None

    @property
    def id(self) -> str:
        return f"{self.occurrence}/{self.event}"

    @property
    def alarm(self) -> str:
        return f"{self.site}/{self.asset}/{self.rule}" if self.asset else f"{self.site}/{self.rule}"


class Bounded(msgspec.Struct, frozen=True, array_like=True):
    """An estimate and the bounds that hold the truth nine times in ten. All None: unknown. `high` None with `mid` known: no upper bound."""

    low: float | None = None
    mid: float | None = None
    high: float | None = None


class SourceStock(msgspec.Struct, frozen=True):
    """One source of oxygen: a bank (`manifold/a`), a tank, a store of loose cylinders. Content is usable litres at 15 °C, 1.01325 bar."""

    source: str
    kind: Literal["bank", "lox", "store"]
    content_l: Bounded
    measured_ms: int | None
    in_use: bool = False
    pressure_bar: float | None = None
    cylinders: int | None = None


class StockEstimate(msgspec.Struct, frozen=True):
    """Hours left of a site: connected now (net of a running PSA), connected with the PSA lost, and on site (with loose full
    cylinders, PSA lost). `burn_lpm` is the draw on the stock now, `plan_lpm` the demand to plan with; `method` says where both come
    from."""

    site: str
    at_ms: int
    connected_now_h: Bounded
    connected_h: Bounded
    on_site_h: Bounded
    burn_lpm: Bounded
    plan_lpm: Bounded
    method: str
    sources: list[SourceStock]
    measured_ms: int | None


class StockEvent(msgspec.Struct, frozen=True):
    """A refill, a swap, a delivery or a changeover, seen in the data. `litres` is what was gained."""

    site: str
    asset: str
    source: str
    event: Literal["refill", "changeover", "fill"]
    event_ms: int
    litres: float = 0.0
    text: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one channel. `id` is the transition's id and the channel: the outbox takes each id once."""

    id: str
    channel: str
    due_ms: int
    subject: str
    body: str
    transition: Transition


class SiteSnapshot(msgspec.Struct, frozen=True):
    """Everything the evaluator knows of one site after the batch `cursor`, in bytes of its own."""

    site: str
    cursor: int
    state: bytes


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of the evaluator changed: written in one transaction or not at all."""

    snapshots: list[SiteSnapshot] = []
    transitions: list[Transition] = []
    notices: list[Notice] = []
    points: list[Point] = []
    stock: list[StockEstimate] = []
    stock_events: list[StockEvent] = []
