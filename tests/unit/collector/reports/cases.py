"""A hospital and one day of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collector.backtest.block import AssetBlock, Block
from collector.outputs import StockEvent, Transition
from collector.reports.day import FacilityDay, Past, StockRow, facility_day
from devices.assets import Site
from devices.signal import Value

DAY_MS, MINUTE_MS = 86_400_000, 60_000
START_MS = 1_764_009_000_000  # 2025-11-25 00:00 in Kolkata
DATE = "2025-11-25"


def site(site_id: str = "kasganj-dh", district: str = "Kasganj", region: str = "Uttar Pradesh") -> Site:
    return Site.model_validate(
        {
            "id": site_id,
            "name": {"en": "Joint District Hospital", "hi": "संयुक्त जिला चिकित्सालय"},
            "district": district,
            "region": region,
            "timezone": "Asia/Kolkata",
            "beds": {"ward": 120, "icu": 30},
            "assets": [
                {"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 1000, "interval_s": 60, "name": "Oxygen plant"},
                {"id": "line", "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 60},
                {"id": "tank", "kind": "lox_tank", "capacity_kg": 6000, "interval_s": 60},
                {"id": "store", "kind": "cylinder_store", "type": "in-d"},
                {"id": "oc1", "kind": "concentrator", "interval_s": 60},
                {"id": "gw1", "kind": "gateway"},
            ],
        }
    )


def asset(asset_id: str, kind: str, **columns: Sequence[Value | None]) -> AssetBlock:
    """A reading a minute from midnight on."""
    length = max(len(column) for column in columns.values())
    return AssetBlock(asset_id, kind, [START_MS + n * MINUTE_MS for n in range(length)], columns)


def a_day() -> list[AssetBlock]:
    """Twelve hours of running at 500 L/min, of which one hour at 89 %; two hours in fault; running again for ten."""
    state = ["running_on_spec"] * 720 + ["fault"] * 120 + ["running_on_spec"] * 600
    purity = [94.0] * 660 + [89.0] * 60 + [50.0] * 120 + [94.0] * 600
    flow = [500.0] * 720 + [0.0] * 120 + [500.0] * 600
    level = [80.0 - n / 144 for n in range(1440)]
    return [
        asset("psa1", "psa_plant", state=state, o2_purity_pct=purity, o2_flow_lpm=flow, outlet_pressure_bar=[4.2] * 1440),
        asset("line", "pipeline", line_pressure_bar=[4.1] * 720),
        asset("tank", "lox_tank", level_pct=level),
        AssetBlock("store", "cylinder_store", [START_MS, START_MS + DAY_MS // 2], {"full_count": [51.0, 40.0], "empty_count": [3.0, 14.0]}),
        asset("oc1", "concentrator", o2_purity_pct=[93.0, 80.0]),
    ]


def stock() -> list[StockRow]:
    return [StockRow(START_MS + n * MINUTE_MS, 30 - n / 100, 60 - n / 100, 400.0, 350.0) for n in range(1440)]


def alarm(event: str, at_min: int, rule: str = "PL-DN", priority: str = "medium", **more: Any) -> Transition:
    at_ms = START_MS + at_min * MINUTE_MS
    raised_ms = START_MS + int(more.pop("raised_min", at_min)) * MINUTE_MS
    given: dict[str, Any] = {"state": "unacknowledged", "annunciate": True, "text": "", **more}
    return Transition(
        occurrence=f"kasganj-dh/psa1/{rule}@{raised_ms}", site="kasganj-dh", asset="psa1", rule=rule, event=event,  # type: ignore[arg-type]
        priority=priority, event_ms=at_ms, evaluated_ms=at_ms, raised_ms=raised_ms, **given,  # type: ignore[arg-type]
    )  # fmt: skip


def alarms() -> list[Transition]:
    return [
        alarm("raised", 720),
        alarm("escalated", 730, priority="high", raised_min=720),
        alarm("acknowledged", 733, priority="high", raised_min=720),
        alarm("raised", 800, "PU-L", "low"),
        alarm("raised", 800, "AR-L", "medium", annunciate=False),
        alarm("raised", 900, "FT-H", "medium"),
        alarm("discovered_late", 1000, "LP-L", "medium"),
    ]


def events() -> list[StockEvent]:
    return [
        StockEvent("kasganj-dh", "tank", "tank", "fill", START_MS + DAY_MS // 2, litres=1000.0, kg=1200.0),
        StockEvent("kasganj-dh", "store", "store", "delivery", START_MS + DAY_MS // 2, cylinders=20.0),
    ]


def past(**changed: Any) -> Past:
    block = Block("kasganj-dh", START_MS, START_MS + DAY_MS, a_day())
    return Past(block, stock(), events(), alarms())._replace(**changed)


def day(site_id: str = "kasganj-dh", district: str = "Kasganj", region: str = "Uttar Pradesh", **changed: Any) -> FacilityDay:
    return facility_day(site(site_id, district, region), DATE, past(**changed), START_MS + 2 * DAY_MS)
