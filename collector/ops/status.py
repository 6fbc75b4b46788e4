"""The state of the evaluator as `/status` shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from collector.evaluator import Evaluator
from collector.site import SiteFold
from collector.views import AssetView, CursorView, SiteView, ValueView
from devices.assets import display_name
from devices.signal import Quality

UNSEEN = Quality.UNKNOWN.name.lower()


def site_views(evaluator: Evaluator, now_ms: int) -> list[SiteView]:
    """Every configured site with the latest values of its assets."""
    return [_site(fold, now_ms) for name, fold in evaluator.sites.items() if not name.startswith("_")]


def site_view(evaluator: Evaluator, name: str, now_ms: int) -> SiteView | None:
    """One of them; None where it is not configured."""
    fold = evaluator.sites.get(name)
    return _site(fold, now_ms) if fold is not None else None


def cursor_views(positions: Mapping[str, int], last_seq: int, last_ms: Mapping[str, int], now_ms: int) -> list[CursorView]:
    """How far each reader is behind the end of the journal, `last_seq`. `positions` are the batches they have done, `last_ms` when those
    were received; 0 s where nothing is left to do."""
    views = []
    for name, seq in sorted(positions.items()):
        behind = max(0, last_seq - seq)
        lag_s = (now_ms - last_ms[name]) / 1000 if behind and last_ms.get(name) else 0.0
        views.append(CursorView(name, seq, behind, round(max(0.0, lag_s), 3)))
    return views


def _site(fold: SiteFold, now_ms: int) -> SiteView:
    assets = []
    for name, asset in fold.assets.items():
        values = {}
        for signal, (event_ms, received_ms) in asset.times.items():
            age_ms = now_ms - received_ms
            quality, reason = asset.quality(signal, now_ms)
            values[signal] = ValueView(asset.values[signal], event_ms, round(age_ms / 1000, 1), quality.name.lower(), reason)
        assets.append(AssetView(name, asset.asset.kind, display_name(asset.asset), asset.state.online, values))
    return SiteView(fold.site.id, display_name(fold.site), assets, fold.estimate)
