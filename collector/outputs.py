"""What the evaluator says: transitions of alarms, estimates of stock, and who is to be told. Pure values.

Times: `event_ms` is when it happened by the equipment's time; `evaluated_ms` is when the collector knew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from collector.records import Point
from devices.signal import Value

if TYPE_CHECKING:
    from collector.calls import Call

Priority: TypeAlias = Literal["high", "medium", "low", "info"]
PRIORITIES: tuple[Priority, ...] = ("info", "low", "medium", "high")
"""Ascending; docs/reference/alarms.md says how they map to ISO 7396-1 and IEC 60601-1-8."""

ProcessState: TypeAlias = Literal["normal", "unacknowledged", "acknowledged", "returned", "latched_unacknowledged", "latched_acknowledged"]
"""What the process and the acknowledgements make of an alarm (ISA-18.2 NORM, UNACK, ACKED, RTNUN; latched until reset, IEC 62682)."""

AlarmState: TypeAlias = Literal[
    "normal", "unacknowledged", "acknowledged", "returned", "latched_unacknowledged", "latched_acknowledged",
    "shelved", "suppressed", "out_of_service",
]  # fmt: skip
"""What is shown: the process state, or what keeps it from being annunciated (ISA-18.2 SHLVD, DSUPR, OOSRV)."""

AlarmEvent: TypeAlias = Literal[
    "raised", "cleared", "acknowledged", "latched", "reset", "realarmed", "escalated",
    "shelved", "unshelved", "suppressed", "unsuppressed", "out_of_service", "returned_to_service", "discovered_late",
]  # fmt: skip

ONCE: frozenset[AlarmEvent] = frozenset({"raised", "cleared", "latched", "discovered_late"})
"""Events that an occurrence has once at most; the others may come again, and carry their time in their id."""

Nature: TypeAlias = Literal["process", "suspect_sensor", "communication"]
"""What an alarm is about: oxygen and plant, a sensor that may be wrong, or that nothing is heard."""


class Transition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one alarm. `occurrence` is `site/asset/rule@raised-event-ms`; `id` is unique for ever.

    `asset` is empty for an alarm of the whole site. `value` and `limit` are those that decided, in `unit`. `text` is one English line for
    people: what, where, since when, and what to do. `annunciate`: people are to be told of it; an alarm that is shelved, suppressed or out
    of service goes on being evaluated and logged, and nobody is told. `condition`: the condition holds. `by` and `why` are of the person
    whose command it was, or else of who keeps the alarm quiet; `hidden_by` names what suppresses it. `until_ms`: when what was discovered
    late ended, when a shelf or a time out of service ends, or by when who acknowledged it has promised that it is better.
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
    why: str = ""
    until_ms: int | None = None
    annunciate: bool = False
    condition: bool = False
    hidden_by: str = ""
    nature: Nature = "process"

    @property
    def id(self) -> str:
        return f"{self.occurrence}/{self.event}" + ("" if self.event in ONCE else f"@{self.evaluated_ms}")

    @property
    def alarm(self) -> str:
        return f"{self.site}/{self.asset}/{self.rule}" if self.asset else f"{self.site}/{self.rule}"


class Bounded(msgspec.Struct, frozen=True, array_like=True):
    """An estimate and the bounds that hold the truth nine times in ten. All None: unknown. `high` None with `mid` known: no upper bound."""

    low: float | None = None
    mid: float | None = None
    high: float | None = None


UNKNOWN = Bounded()


class SourceStock(msgspec.Struct, frozen=True):
    """One source of oxygen: a bank (`manifold/a`), a tank, a store of loose cylinders. Content is usable litres at 15 °C, 1.01325 bar.

    `now_h` and `plan_h`: how long it would last alone, at what the stock gives now and at the demand to plan with. `burn_lpm`: what leaves
    it now, of which `burn_method` says how it was found and `burn_window_s` over how long; null where that is not known. `decay_lpm` is
    what a bank that does not feed loses (its content at its temperature, so that a cold night is no leak; below zero: it seems to gain) and
    `decay_bar_h` the middle of it as a fall of pressure; `decay_sure`: beyond doubt. `idle_h`: hours since a bank last fed, or since it is
    watched.
    """

    source: str
    kind: Literal["bank", "lox", "store"]
    content_l: Bounded
    measured_ms: int | None
    in_use: bool = False
    pressure_bar: float | None = None
    cylinders: int | None = None
    now_h: Bounded = UNKNOWN
    plan_h: Bounded = UNKNOWN
    burn_lpm: Bounded = UNKNOWN
    burn_method: str = ""
    burn_window_s: float | None = None
    decay_lpm: Bounded = UNKNOWN
    decay_bar_h: float | None = None
    decay_sure: bool = False
    idle_h: float | None = None


class ManifoldStock(msgspec.Struct, frozen=True):
    """How often a manifold changed over: in all since `counted_since_ms`, today (by the site's clock), and when last."""

    manifold: str
    changeovers: int
    changeovers_today: int
    last_changeover_ms: int | None
    counted_since_ms: int


class StockEstimate(msgspec.Struct, frozen=True):
    """Hours left of a site: connected now (net of a running PSA), connected with the PSA lost, and on site (with loose full
    cylinders, PSA lost). `burn_lpm` is the draw on the stock now, `plan_lpm` the demand to plan with; `method` says where both come
    from, `burn_method` and `plan_method` the same of each, `…_window_s` over how long it was measured (null: not measured).

    `slack_h`: hours on site less the hours that a delivery takes; below zero a delivery comes too late. `order_by_ms`: an order placed then
    comes before all but the reserve banks is gone, by the lower bounds. `demand_lpm`: what the site took in the last hour, where that is
    measured; `demand_now_lpm`: in the last quarter of an hour, or since a step that was seen in it; `usual_lpm`: at this hour of the last
    seven days; `expected_lpm`: what the beds lead one to expect.
    `mass_balance_lpm`: what the stock lost less what the flow meters say; `unaccounted_lpm`: the middle of it where zero is beyond its
    bounds, else 0: above zero a leak before the meters, below zero meters that show too much, or a gauge that stands still.
    `leak_lpm`: what banks that do not feed lose beyond doubt, else 0. `reserve_idle_h`: hours since a reserve bank last fed (or since it is
    watched). `idle_plant_lpm`: what a healthy plant that stands by, is off or gives little could give of what the stock gives now; since
    `idle_since_ms`, `wasted_l` in all. Null: not known.
    """

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
    burn_method: str = ""
    burn_window_s: float | None = None
    plan_method: str = ""
    plan_window_s: float | None = None
    slack_h: Bounded = UNKNOWN
    order_by_ms: int | None = None
    demand_lpm: Bounded = UNKNOWN
    demand_now_lpm: Bounded = UNKNOWN
    usual_lpm: Bounded = UNKNOWN
    expected_lpm: Bounded = UNKNOWN
    mass_balance_lpm: Bounded = UNKNOWN
    unaccounted_lpm: float | None = None
    leak_lpm: float | None = None
    reserve_idle_h: float | None = None
    idle_plant_lpm: float | None = None
    idle_since_ms: int | None = None
    wasted_l: float = 0.0
    manifolds: list[ManifoldStock] = []


class StockEvent(msgspec.Struct, frozen=True):
    """A refill, a fill, a changeover or a delivery, seen in the data; `text` is one English line for people.

    `litres` is what was gained, as gas, `kg` the same of a tank; `cylinders` how many full cylinders' worth that is, or were counted.
    `before_bar` and `pressure_bar` are of the bank before and after; `expected_bar` is its fill pressure, `expected_cylinders` what a count
    or a delivery claims. `short`: less is there than that should have brought, beyond the error of the sensors. `delivery_checked` is of
    the time of its delivery; `seen_ms` is when the last cylinder of it was seen.
    """

    site: str
    asset: str
    source: str
    event: Literal["refill", "changeover", "fill", "delivery", "delivery_checked"]
    event_ms: int
    litres: float = 0.0
    text: str = ""
    kg: float | None = None
    cylinders: float | None = None
    expected_cylinders: int | None = None
    before_bar: float | None = None
    pressure_bar: float | None = None
    expected_bar: float | None = None
    short: bool = False
    seen_ms: int | None = None

    @property
    def id(self) -> str:
        """Unique for ever."""
        return f"{self.site}/{self.asset}/{self.source}/{self.event}@{self.event_ms}"


Role: TypeAlias = Literal["nurse", "engineer", "control_room"]
"""What a person does about an alarm; the text says to each what is theirs to do."""

Topic: TypeAlias = Literal["alarm", "drill", "summary", "gap", "well"]
"""What a notice is about: an alarm; a drill, marked as a test; what is beyond a person's budget, in one message; that nobody is on duty;
that all is well."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one channel. `id` is unique for ever: the outbox takes each id once.

    To a channel's own receivers: `subject` and `body` stand here, and `id` is the transition's id and the channel. To a person: they are
    empty and made when it is sent (collector.notify.render), for the `role` and in the `language` of the person; `to` is the address on
    that channel, `step` of the escalation, `hours_h` the hours left at the site by the lower bound, `call` whom to call next ("name,
    phone"), `code` the short answer code. `also` are the other alarms of the same site and cause that it tells of, the most urgent first.
    `facts` are what is in no alarm, by name: `kind` (alarm, repeat, again, over, acknowledged), `alarms` and `sites` (how many in all, and
    where), `more` where not all of them are in `also`; of a gap `roster`, `from`, `until`; of a sign of life `sites`, `open`. `link`:
    where to answer, and `variables`: those of a registered SMS template; both are made when it is sent.
    """

    id: str
    channel: str
    due_ms: int
    subject: str = ""
    body: str = ""
    transition: Transition
    person: str = ""
    to: str = ""
    role: Role | Literal[""] = ""
    language: str = "en"
    step: int = 0
    hours_h: float | None = None
    call: tuple[str, ...] = ()
    code: str = ""
    topic: Topic = "alarm"
    also: tuple[Transition, ...] = ()
    facts: dict[str, str] = {}
    link: str = ""
    variables: dict[str, str] = {}


class SiteSnapshot(msgspec.Struct, frozen=True):
    """Everything the evaluator knows of one site after the batch `cursor`, in bytes of its own."""

    site: str
    cursor: int
    state: bytes


CommandName: TypeAlias = Literal["ack", "reset", "shelve", "unshelve", "out_of_service", "return"]


class Command(msgspec.Struct, frozen=True):
    """What a person tells an alarm, as it stands in the journal and in the audit trail. `alarm` is `site/asset/rule` (`site/rule` for one
    of the whole site).

    `by` is who, `why` the reason: both are asked for by all but ack and reset, which need `by` alone. `minutes` is how long an alarm is to
    be shelved or out of service, or how long who acknowledges it needs; `one_shot`: the shelf also ends when the condition returns to
    normal.
    """

    command: CommandName
    alarm: str
    by: str = ""
    why: str = ""
    minutes: float = 0.0
    one_shot: bool = False


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit trail: a command, and what became of it (`refused` is the reason, empty where it was done).

    `state` is what the alarm showed afterwards. `seq` is the journal's batch that held the command and `nth` its place among that batch's
    commands: the same entry again, after a crash, adds nothing.
    """

    at_ms: int
    seq: int
    nth: int
    command: Command
    state: AlarmState
    refused: str = ""


TrailKind: TypeAlias = Literal["command", "count", "start", "stop", "configuration", "trimmed"]


class TrailEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of one row of the audit trail (collector.audit): what happened, when, and by whom.

    `command`: what a person told an alarm, `state` what it showed afterwards, `refused` why nothing came of it. `count`: a
    person counted cylinders; `about` says where (site/asset), `what` how many, `by` who. `start`, `stop`, `configuration`: the collector's
    own; `what` in words, `rules` and `sites` the digests of what is in force. `trimmed`: the rows up to number `through`, whose hash was
    `hash`, were removed to keep the bound. `seq` and `nth` are its place in the journal (0 and `through`
    for `trimmed`), by which the same entry again adds nothing.
    """

    kind: TrailKind
    at_ms: int
    seq: int
    nth: int
    command: Command | None = None
    state: AlarmState | None = None
    refused: str = ""
    what: str = ""
    rules: str = ""
    sites: str = ""
    through: int = 0
    hash: str = ""
    about: str = ""
    by: str = ""


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of the evaluator changed: written in one transaction or not at all. `calls` are those that its transitions begin, move
    or end. `audit` is what became of commands, `noted` what
    else belongs in the audit trail."""

    snapshots: list[SiteSnapshot] = []
    transitions: list[Transition] = []
    audit: list[AuditEntry] = []
    noted: list[TrailEntry] = []
    notices: list[Notice] = []
    calls: list[Call] = []
    points: list[Point] = []
    stock: list[StockEstimate] = []
    stock_events: list[StockEvent] = []
