"""What the dashboards show of this moment, as rows for the time-series store: each site, each open alarm, the limits in force. Pure.

Transitions alone can't say what is open now: who looks at the last hour would not see what was raised before. So the state is written down
once a minute, and a dashboard asks for the last row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zlib import crc32

from collector.asset import AssetState
from collector.evaluator import Evaluator
from collector.outputs import PRIORITIES, StockEstimate
from collector.points import Fields, place
from collector.records import Point
from collector.rules.condition import Condition
from collector.site import SiteFold
from collector.views import AlarmView

EVERY_MS = 60_000
LIMITS_EVERY = 15
"""The limits of a site are written in one report out of so many, each site in its own."""

LEVELS = frozenset({"below", "above", "outside", "changeover", "standby", "hours_left"})
"""Types of rule whose limit is a level of what it watches, and no change or time."""

HOURS = ("connected_now_h", "connected_h", "on_site_h", "slack_h")
STATUS = (
    "latitude", "longitude", "delivery_lead_h", *HOURS, "open_high", "open_medium", "open_low", "unacknowledged", "plants", "plants_down",
    "purity_low", "assets", "silent_assets", "dark", "heard_s", "concentrators", "concentrators_lost", "concentrators_low",
    "concentrators_in_use",
)  # fmt: skip
"""Fields of `site_status`."""
ALARM = ("state", "text", "since_ms", "nature", "urgency")
"""Fields of `alarm_open`."""
LIMIT = ("limit", "clear", "upper", "upper_clear")
"""Fields of `rule_limit`."""


def points(evaluator: Evaluator, alarms: Iterable[AlarmView], now_ms: int) -> Iterator[Point]:
    """All of it, site by site. `alarms` are those that are not normal."""
    by_site: dict[str, list[AlarmView]] = defaultdict(list)
    for alarm in alarms:
        by_site[alarm.site].append(alarm)
    for name, fold in evaluator.sites.items():
        yield from (alarm_open_point(fold, alarm, now_ms) for alarm in by_site[name])
        if not name.startswith("_"):
            yield status_point(fold, by_site[name], now_ms)
            if (now_ms // EVERY_MS + crc32(name.encode())) % LIMITS_EVERY == 0:
                yield from limit_points(fold, now_ms)


def status_point(fold: SiteFold, alarms: Sequence[AlarmView], now_ms: int) -> Point:
    """Measurement `site_status`: one row per site. What is not known is left out."""
    site, assets = fold.site, fold.assets.values()
    known = {"latitude": site.latitude, "longitude": site.longitude, "delivery_lead_h": site.delivery_lead_hours, **_hours(fold.estimate)}
    fields: Fields = {name: value for name, value in known.items() if value is not None}
    opened = [alarm for alarm in alarms if alarm.is_open and alarm.condition]
    fields |= _counts(alarm for alarm in alarms if alarm.is_open)
    fields |= {
        "plants": sum(asset.asset.kind == "psa_plant" for asset in assets),
        "plants_down": sum(alarm.rule == "PL-DN" for alarm in opened),
        "purity_low": len({alarm.asset for alarm in opened if _is_purity(fold, alarm)}),
        "assets": len(assets),
        "silent_assets": sum(_silent(asset, now_ms) for asset in assets),
    }
    fields["dark"] = int(fields["silent_assets"] == len(assets))
    last_ms = max((asset.state.fresh_ms for asset in assets), default=0)
    if last_ms:
        fields["heard_s"] = max(0, now_ms - last_ms) / 1000
    return Point("site_status", place(site), fields | _concentrators(fold, opened, now_ms), now_ms)


def alarm_open_point(fold: SiteFold, alarm: AlarmView, now_ms: int) -> Point:
    """Measurement `alarm_open`: one row per alarm that is not normal. Its text says what to do, whatever was done since it was raised."""
    tags = {**place(fold.site), "rule": alarm.rule, "priority": alarm.priority}
    if (asset := fold.assets.get(alarm.asset)) is not None:
        tags |= {"asset": alarm.asset, "kind": asset.asset.kind}
    key, text = (alarm.asset, alarm.rule), alarm.text
    condition = fold.condition(key)
    if condition is not None and alarm.condition:
        text = fold.book.line(key, condition, fold.panel.value(key, condition), alarm.raised_ms)
    fields: Fields = {"state": alarm.state, "text": text, "since_ms": alarm.raised_ms, "nature": alarm.nature}
    return Point("alarm_open", tags, {**fields, "urgency": PRIORITIES.index(alarm.priority)}, now_ms)


def limit_points(fold: SiteFold, now_ms: int) -> Iterator[Point]:
    """Measurement `rule_limit`: one row per rule with a level, for each asset that it watches, with its numbers for that asset."""
    programs = [("", fold.conditions), *((name, asset.program.all) for name, asset in fold.assets.items())]
    for name, conditions in programs:
        for condition in conditions:
            if condition.rule.type in LEVELS and condition.thresholds:
                tags = {**place(fold.site), "rule": condition.rule.id, **({"asset": name} if name else {})}
                yield Point("rule_limit", tags, _numbers(condition), now_ms)


def _numbers(condition: Condition) -> Fields:
    numbers = [number for threshold in condition.thresholds for number in (threshold.limit, threshold.clear)]
    return dict(zip(LIMIT, numbers, strict=False))


def _hours(estimate: StockEstimate | None) -> Mapping[str, float | None]:
    return {name: getattr(estimate, name).mid for name in HOURS} if estimate is not None else {}


def _counts(alarms: Iterable[AlarmView]) -> Fields:
    found: Counter[str] = Counter()
    for alarm in alarms:
        found[f"open_{alarm.priority}"] += 1
        found["unacknowledged"] += alarm.state in {"unacknowledged", "latched_unacknowledged"}
    return {name: found[name] for name in ("open_high", "open_medium", "open_low", "unacknowledged")}


def _concentrators(fold: SiteFold, alarms: Sequence[AlarmView], now_ms: int) -> Fields:
    """How the concentrators of a site are; nothing where it has none."""
    units = [asset for asset in fold.assets.values() if asset.asset.kind == "concentrator"]
    if not units:
        return {}
    names = {unit.asset.id for unit in units}
    return {
        "concentrators": len(units),
        "concentrators_lost": sum(_silent(unit, now_ms) for unit in units),
        "concentrators_low": len({alarm.asset for alarm in alarms if alarm.asset in names and _is_purity(fold, alarm)}),
        "concentrators_in_use": sum(unit.values.get("in_use") is True for unit in units),
    }


def _is_purity(fold: SiteFold, alarm: AlarmView) -> bool:
    condition = fold.condition((alarm.asset, alarm.rule))
    return condition is not None and condition.rule.type == "below" and "o2_purity_pct" in condition.rule.signals


def _silent(asset: AssetState, now_ms: int) -> bool:
    """Never heard, or not for as long as its rule of silence allows."""
    return asset.state.fresh_ms + asset.silent_after_ms <= now_ms
