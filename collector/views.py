"""What the collector tells about itself: the answer of /status, and what `oxygrid … --json` prints. Pure values.

These shapes are a promise to scripts: fields are added, none renamed or taken away. Times are Unix milliseconds.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from collector.audit import Row, decode
from collector.outputs import AlarmState, Command, Nature, Priority, ProcessState, StockEstimate, Transition
from collector.ports import SourceStatus
from devices.payloads.native import UNREADABLE
from devices.signal import Value

OPEN: frozenset[AlarmState] = frozenset(get_args(ProcessState)) - {"normal"}
QUIET: tuple[AlarmState, ...] = ("shelved", "suppressed", "out_of_service")


class ValueView(msgspec.Struct, frozen=True):
    """The latest value of a signal. `event_ms` is when it was measured; `age_s` counts from its receipt; `quality` is good, suspect,
    stuck, out_of_range, stale, clock_bad or unknown; `reason` says in words why it is not good."""

    value: Value
    event_ms: int
    age_s: float
    quality: str = "good"
    reason: str = ""


class AssetView(msgspec.Struct, frozen=True):
    """An asset and the latest value of each of its signals, by name. `online` is its gateway's word; null: never said."""

    id: str
    kind: str
    name: str = ""
    online: bool | None = None
    values: dict[str, ValueView] = {}


class SiteView(msgspec.Struct, frozen=True):
    """A site, its assets, and its oxygen. `stock` null: unknown."""

    id: str
    name: str = ""
    assets: list[AssetView] = []
    stock: StockEstimate | None = None


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that is not normal. `raised_ms` is when the condition began (0: it has not); `value` and `limit` are those that decided, in
    `unit`. `condition`: it holds now. `annunciate`: people were told of its last change. Kept quiet are those in state shelved or
    out_of_service (until `until_ms`, by whom, and why) and suppressed (by design, while `hidden_by` holds). `nature` is process,
    suspect_sensor or communication."""

    alarm: str
    site: str
    asset: str
    rule: str
    state: AlarmState
    priority: Priority
    raised_ms: int
    text: str
    value: Value | None = None
    limit: float | None = None
    unit: str = ""
    by: str = ""
    why: str = ""
    until_ms: int | None = None
    hidden_by: str = ""
    nature: Nature = "process"
    condition: bool = False
    annunciate: bool = False

    @property
    def is_open(self) -> bool:
        """It is on the list that people work through; the others that are not normal are kept quiet."""
        return self.state in OPEN


class CursorView(msgspec.Struct, frozen=True):
    """A reader of the journal and how far behind its end it is."""

    name: str
    seq: int
    lag_batches: int
    lag_s: float = 0.0


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `live` is false where no collector answered and this was read from its state on disk: then there are no latest values.
    `alarms` are the open ones, `quiet` those that are shelved, suppressed or out of service."""

    version: str
    at_ms: int
    live: bool = True
    source: SourceStatus | None = None
    sites: list[SiteView] = []
    alarms: list[AlarmView] = []
    quiet: list[AlarmView] = []
    cursors: list[CursorView] = []
    dropped: dict[str, int] = {}
    quarantined: dict[str, int] = {}


class QuarantinedView(msgspec.Struct, frozen=True, kw_only=True):
    """A message (`signal` null) or one value that was set aside. `reason` is a code; `sample` is the beginning of the payload as text."""

    received_ms: int
    topic: str
    signal: str | None
    reason: str
    detail: str
    sample: str


class UnknownAssetView(msgspec.Struct, frozen=True, kw_only=True):
    """What publishes and is not in the configuration. `hint` says where it would go."""

    site: str
    asset: str
    topic: str
    first_ms: int
    last_ms: int
    count: int
    signals: list[str]
    hint: str


class RefusedLineView(msgspec.Struct, frozen=True):
    """A line that the database refused, and its words."""

    line: str
    reason: str


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A notice and what became of it. `person` is empty for the channel's own receivers. `about` is what it says of the alarm: its event;
    to a person alarm, repeat, again, over, acknowledged; or drill, summary, gap, well. `outcome` is empty while it waits (it is tried at
    `next_ms` then), or sent, moved (it went by another way), given_up; at `outcome_ms`. `error` is the last one."""

    id: str
    made_ms: int
    alarm: str
    priority: Priority
    about: str
    person: str
    channel: str
    to: str
    attempts: int
    error: str
    outcome: str
    outcome_ms: int | None
    next_ms: int | None


class QuarantineView(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be taken. `counts` are for ever, by reason; the lists hold the newest."""

    counts: dict[str, int] = {}
    values: list[QuarantinedView] = []
    unknown_assets: list[UnknownAssetView] = []
    refused_lines: list[RefusedLineView] = []


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit trail. `kind` is command, count, start, stop, configuration or trimmed. Of a command: `by`, `why` and `minutes` as
    they were given, `state` what the alarm showed afterwards, `refused` why nothing came of it. `what` is in words, `rules` and `sites` are
    the digests of what is in force; `hash` is that of the row. Of a count of cylinders: `about` says where (site/asset), `by` who counted,
    `what` how many."""

    n: int
    at_ms: int
    kind: str
    alarm: str = ""
    command: str = ""
    by: str = ""
    why: str = ""
    minutes: float = 0.0
    one_shot: bool = False
    state: str = ""
    refused: str = ""
    what: str = ""
    rules: str = ""
    sites: str = ""
    hash: str = ""
    about: str = ""


def audit_view(row: Row) -> AuditView:
    """What can't be read is told as such: the trail is also listed where it was damaged."""
    try:
        entry = decode(row.body)
    except UNREADABLE:
        return AuditView(n=row.n, at_ms=row.at_ms, kind="unreadable", hash=row.hash.hex())
    command = entry.command or Command("ack", "")
    return AuditView(
        n=row.n,
        at_ms=entry.at_ms,
        kind=entry.kind,
        alarm=command.alarm,
        command=command.command if entry.command else "",
        by=command.by or entry.by,
        why=command.why,
        minutes=command.minutes,
        one_shot=command.one_shot,
        state=entry.state or "",
        refused=entry.refused,
        what=entry.what,
        rules=entry.rules,
        sites=entry.sites,
        hash=row.hash.hex(),
        about=entry.about,
    )


def alarm_view(transition: Transition) -> AlarmView:
    """The row of an alarm, from its last transition."""
    return AlarmView(
        alarm=transition.alarm,
        site=transition.site,
        asset=transition.asset,
        rule=transition.rule,
        state=transition.state,
        priority=transition.priority,
        raised_ms=transition.raised_ms,
        text=transition.text,
        value=transition.value,
        limit=transition.limit,
        unit=transition.unit,
        by=transition.by,
        why=transition.why,
        until_ms=transition.until_ms,
        hidden_by=transition.hidden_by,
        nature=transition.nature,
        condition=transition.condition,
        annunciate=transition.annunciate,
    )
