"""What the collector tells about itself: the answer of /status, and the rows of `oxygrid status|alarms|quarantine --json`. Pure values.

These shapes are a promise to scripts: fields are added, none renamed or taken away. Times are Unix milliseconds.
"""

from __future__ import annotations

import msgspec

from collector.outputs import AlarmState, Priority, StockEstimate, Transition
from collector.ports import SourceStatus
from devices.signal import Value


class ValueView(msgspec.Struct, frozen=True):
    """The latest value of a signal. `event_ms` is when it was measured; `age_s` counts from its receipt; `quality` is good, suspect,
    stuck, out_of_range, stale, clock_bad or unknown."""

    value: Value
    event_ms: int
    age_s: float
    quality: str = "good"


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
    """An alarm that is not normal. `raised_ms` is when the condition began; `value` and `limit` are those that decided, in `unit`."""

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


class CursorView(msgspec.Struct, frozen=True):
    """A reader of the journal and how far behind its end it is."""

    name: str
    seq: int
    lag_batches: int
    lag_s: float = 0.0


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `live` is false where no collector answered and this was read from its state on disk: then there are no latest values."""

    version: str
    at_ms: int
    live: bool = True
    source: SourceStatus | None = None
    sites: list[SiteView] = []
    alarms: list[AlarmView] = []
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


class QuarantineView(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be taken. `counts` are for ever, by reason; the lists hold the newest."""

    counts: dict[str, int] = {}
    values: list[QuarantinedView] = []
    unknown_assets: list[UnknownAssetView] = []
    refused_lines: list[RefusedLineView] = []


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
    )
