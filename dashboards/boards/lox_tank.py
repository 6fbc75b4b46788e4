"""Tanks of liquid oxygen: how full, how long, and whether the pressure holds."""

from __future__ import annotations

from dashboards.boards.common import HERE, NOW, STOCK, TIME, deliveries, limit_lines
from dashboards.influxql import ASSET, PLACE, curve, limits, over_time, table
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import BAR, HOURS, LITRES, LPM, PCT, TEXT

KIND = "lox_tank"
TANKS = f'{PLACE} AND "source" =~ /^$asset$/'

LOX_TANK = Board(
    key="lox_tank",
    asset=KIND,
    one_site=True,
    since="now-7d",
    panels=(
        Panel(
            "tanks", "table", At(0, 0, 24, 5),
            (table(["content_l", "now_h", "plan_h", "burn_lpm"], STOCK, TANKS, "site, source"),),
            unit=TEXT, none="none.stock", recent=NOW, sort="plan_h",
            columns=(
                TIME,
                HERE,
                Column("source", "column.source"),
                Column("content_l", "column.content", LITRES, decimals=0),
                Column("now_h", "column.now_h", HOURS, decimals=0),
                Column("plan_h", "column.plan_h", HOURS, decimals=0),
                Column("burn_lpm", "column.burn", LPM, decimals=0),
            ),
        ),
        Panel(
            "level", "lines", At(0, 5, 12, 8),
            (*over_time(KIND, "level_pct"), limits(ASSET, "LX-RO", "LX-LO")),
            unit=PCT, decimals=0, lowest=0, highest=100, none="none.level", columns=limit_lines(KIND, "LX-RO", "LX-LO"),
        ),
        Panel(
            "pressure", "lines", At(12, 5, 12, 8),
            (*over_time(KIND, "tank_pressure_bar"), limits(ASSET, "LX-PL", "LX-PH")),
            unit=BAR, decimals=1, lowest=0, none="none.tank", columns=limit_lines(KIND, "LX-PL", "LX-PH"),
        ),
        Panel(
            "burn", "lines", At(0, 13, 12, 8),
            (curve('mean("burn_lpm")', STOCK, TANKS, "site, source", "$tag_source"),),
            unit=LPM, decimals=0, lowest=0, none="none.stock",
        ),
        deliveries(At(12, 13, 12, 8), f'{PLACE} AND "asset" =~ /^$asset$/'),
    ),
)  # fmt: skip
