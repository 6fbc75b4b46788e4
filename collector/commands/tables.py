"""Views as text for people: aligned columns, plain enough for a pipe. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from collector.outputs import PRIORITIES, Bounded
from collector.views import AlarmView, QuarantineView, SiteView, StatusView
from devices.signal import Value

STATES = {"unacknowledged": "UNACK", "acknowledged": "ACKED", "returned": "RTN-UNACK", "normal": "NORM"}


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
        values = [f"{name} {shown(v.value)}{'' if v.quality == 'good' else f' ({v.quality})'}" for name, v in asset.values.items()]
        age = min((v.age_s for v in asset.values.values()), default=None)
        rows.append(("  " + asset.id, asset.kind, "" if age is None else span(age), ", ".join(values)))
    yield from columns(rows)


def alarm_lines(alarms: Sequence[AlarmView], now_ms: int) -> Iterator[str]:
    """The most urgent first."""
    if not alarms:
        yield "no alarms"
        return
    ordered = sorted(alarms, key=lambda a: (-PRIORITIES.index(a.priority), a.raised_ms))
    yield from columns([(a.priority, STATES[a.state], a.alarm, f"{span((now_ms - a.raised_ms) / 1000)} ago", a.text) for a in ordered])


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
