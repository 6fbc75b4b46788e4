"""Views as text for people: aligned columns, plain enough for a pipe. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from collector.outputs import PRIORITIES, AlarmState, Bounded
from collector.views import QUIET, AlarmView, AuditView, QuarantineView, SiteView, StatusView, ValueView
from devices.signal import Value

STATES: dict[AlarmState, str] = {
    "normal": "NORM",
    "unacknowledged": "UNACK",
    "acknowledged": "ACKED",
    "returned": "RTN-UNACK",
    "latched_unacknowledged": "LATCHED-UNACK",
    "latched_acknowledged": "LATCHED-ACKED",
    "shelved": "SHELVED",
    "suppressed": "SUPPRESSED",
    "out_of_service": "OUT-OF-SERVICE",
}


def status_lines(status: StatusView, now_ms: int) -> Iterator[str]:
    """Sites with their stock and assets, then alarms, readers and losses."""
    if not status.live:
        yield "no collector answers; this is what the last one left on disk"
    elif status.source is not None:
        source = status.source
        state = "connected" if source.connected else f"not connected: {source.problem}"
        yield f"source {source.name}: {state}, {source.received} messages received"
    for site in status.sites:
        yield ""
        yield from _site_lines(site)
    yield ""
    yield from alarm_lines(status.alarms, now_ms)
    if status.quiet:
        yield _counts("kept quiet, see `oxygrid alarms --all`", Counter(STATES[alarm.state] for alarm in status.quiet))
    yield from (
        "",
        *columns(
            [("reader", "batches behind", "seconds behind")] + [(c.name, str(c.lag_batches), f"{c.lag_s:.1f}") for c in status.cursors]
        ),
    )
    yield _counts("quarantined", status.quarantined)
    yield _counts("dropped", status.dropped)


def _site_lines(site: SiteView) -> Iterator[str]:
    yield f"{site.id}  {site.name}" if site.name and site.name != site.id else site.id
    if site.stock is None:
        yield "  hours left: unknown"
    else:
        now, lost, on_site = (hours(each) for each in (site.stock.connected_now_h, site.stock.connected_h, site.stock.on_site_h))
        yield f"  hours left: connected {now}, without the plant {lost}, on site {on_site}"
    rows = []
    for asset in site.assets:
        values = [f"{name} {shown(v.value)}{_doubt(v)}" for name, v in asset.values.items()]
        age = min((v.age_s for v in asset.values.values()), default=None)
        rows.append(("  " + asset.id, asset.kind, "" if age is None else span(age), ", ".join(values)))
    yield from columns(rows)


def _doubt(view: ValueView) -> str:
    """Why the value is not to be trusted: ` (stale)`, ` (stuck: 4.12 for 31 min)`."""
    if view.quality == "good":
        return ""
    return f" ({view.quality}: {view.reason})" if view.reason else f" ({view.quality})"


def alarm_lines(alarms: Sequence[AlarmView], now_ms: int) -> Iterator[str]:
    """The most urgent first."""
    if not alarms:
        yield "no alarms"
        return
    ordered = sorted(alarms, key=_urgency)
    yield from columns([(a.priority, STATES[a.state], a.alarm, f"{span((now_ms - a.raised_ms) / 1000)} ago", a.text) for a in ordered])


def all_alarm_lines(alarms: Sequence[AlarmView], now_ms: int) -> Iterator[str]:
    """The open ones, then a list for each way of being kept quiet."""
    yield from alarm_lines([alarm for alarm in alarms if alarm.is_open], now_ms)
    for state in QUIET:
        found = sorted((alarm for alarm in alarms if alarm.state == state), key=_urgency)
        if found:
            yield from ("", f"{state.replace('_', ' ')}:", *columns([_quiet_row(alarm, now_ms) for alarm in found]))


def _quiet_row(alarm: AlarmView, now_ms: int) -> tuple[str, ...]:
    if alarm.state == "suppressed":
        how = f"while {alarm.hidden_by} holds"
    else:
        left = "" if alarm.until_ms is None else f"until {time_text(alarm.until_ms)} ({span((alarm.until_ms - now_ms) / 1000)} left) "
        how = f"{left}by {alarm.by}: {alarm.why}"
    return f"  {alarm.priority}", alarm.alarm, "TRUE" if alarm.condition else "false", how, alarm.text


def _urgency(alarm: AlarmView) -> tuple[int, int]:
    return -PRIORITIES.index(alarm.priority), alarm.raised_ms


def quarantine_lines(quarantine: QuarantineView) -> Iterator[str]:
    yield _counts("quarantined for ever, by reason", quarantine.counts)
    yield from columns([(time_text(v.received_ms), v.reason, v.topic, v.signal or "", v.detail) for v in quarantine.values])
    if quarantine.unknown_assets:
        yield "unknown assets:"
        yield from columns(
            [(f"  {u.topic}", f"{u.count} messages", f"last {time_text(u.last_ms)}", u.hint) for u in quarantine.unknown_assets]
        )
    if quarantine.refused_lines:
        yield "refused by the database:"
        yield from columns([(f"  {r.line}", r.reason) for r in quarantine.refused_lines])


def audit_lines(rows: Sequence[AuditView]) -> Iterator[str]:
    if not rows:
        yield "no entries"
        return
    yield from columns([(str(row.n), time_text(row.at_ms), row.by or "oxygrid", _entry(row)) for row in rows])


def _entry(row: AuditView) -> str:
    """`shelve a/line/LP-LL for 15 min, one-shot (sensor replaced): shelved`."""
    if not row.command:
        digests = ", ".join(f"{name} {value[:12]}" for name, value in (("rules", row.rules), ("sites", row.sites)) if value)
        return row.kind + (f" {row.about}" if row.about else "") + "".join(f": {part}" for part in (row.what, digests) if part)
    lasting = f" for {span(row.minutes * 60)}" if row.minutes else ""
    why = f" ({row.why})" if row.why else ""
    outcome = f"refused: {row.refused}" if row.refused else row.state
    return f"{row.command} {row.alarm}{lasting}{', one-shot' if row.one_shot else ''}{why}: {outcome}"


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows padded to common widths; the last column is free."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join([cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)] + [row[-1]]).rstrip()


def hours(bounded: Bounded) -> str:
    """`9 h (6-13)`; `unknown`; `more than 6 h` where there is no upper bound."""
    if bounded.mid is None:
        return "unknown"
    low = "?" if bounded.low is None else f"{bounded.low:.3g}"
    high = "" if bounded.high is None else f"{bounded.high:.3g}"
    return f"{bounded.mid:.3g} h ({low}-{high or '…'})"


def span(seconds: float) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.6g}"


def time_text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _counts(what: str, counts: dict[str, int]) -> str:
    listed: Iterable[str] = (f"{name} {count}" for name, count in sorted(counts.items()) if count)
    return f"{what}: {', '.join(listed) or 'none'}"
