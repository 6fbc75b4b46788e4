"""One hospital on one screen: what feeds, what is left, and what is wrong."""

from __future__ import annotations

from dashboards.boards.common import NOW, OPEN_COUNTS, SITE, SLACK, SOURCES, STATUS, STOCK, TIME, alarm_list, deliveries, limit_lines
from dashboards.colours import BLUE, GREEN, ORANGE, PURPLE, SKY
from dashboards.influxql import EACH, PLACE, curve, latest, limits, named, over_time, table
from dashboards.limits import PLAIN, above, bands
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import AGO, BAR, COUNT, HOURS, LITRES, LPM, PCT, SECONDS, TEXT

WEEK_H = 168.0
"""What is beyond a week needs no look, and would flatten the rest."""
HOURS_LEFT = {
    "hours.now": "connected_now_h",
    "hours.connected": "connected_h",
    "hours.on_site": "on_site_h",
    "hours.low": "on_site_h_low",
    "hours.high": "on_site_h_high",
}
DEMAND = {"demand.now": "demand_lpm", "demand.burn": "burn_lpm", "demand.usual": "usual_lpm", "demand.expected": "expected_lpm"}

HOSPITAL = Board(
    key="hospital",
    one_site=True,
    panels=(
        Panel(
            "connected_now", "stat", At(0, 0, 4, 4),
            (latest(["connected_now_h"], STOCK, SITE),),
            unit=HOURS, decimals=1, steps=bands("site", "AU-06", "AU-02"), none="none.stock", recent=NOW,
        ),
        Panel(
            "on_site", "stat", At(4, 0, 4, 4),
            (latest(["on_site_h"], STOCK, SITE),),
            unit=HOURS, decimals=0, steps=bands("site", "AU-48", "AU-24"), none="none.stock", recent=NOW,
        ),
        Panel(
            "slack", "stat", At(8, 0, 5, 4),
            (latest(["slack_h", "order_by_ms"], STOCK, SITE),),
            unit=HOURS, decimals=0, steps=SLACK, none="none.stock", recent=NOW,
            columns=(Column("slack_h", "column.slack"), Column("order_by_ms", "column.order_by", unit=AGO, steps=PLAIN)),
        ),
        Panel(
            "open", "stat", At(13, 0, 6, 4),
            (latest(["open_high", "open_medium", "open_low"], STATUS, PLACE),),
            unit=COUNT, columns=OPEN_COUNTS, none="none.status", recent=NOW,
        ),
        Panel(
            "heard", "stat", At(19, 0, 5, 4),
            (latest(["heard_s", "silent_assets"], STATUS, PLACE),),
            unit=COUNT, none="none.status", recent=NOW,
            columns=(
                Column("heard_s", "column.heard", unit=SECONDS, steps=above(300)),
                Column("silent_assets", "column.silent", decimals=0, steps=above(1)),
            ),
        ),
        Panel(
            "plants", "table", At(0, 4, 12, 5),
            (table(["state", "o2_purity_pct", "o2_flow_lpm", "outlet_pressure_bar"], '"psa_plant"', PLACE, "asset"),),
            unit=TEXT, none="none.plant", recent="15m", sort="asset",
            columns=(
                TIME,
                Column("asset", "column.plant", link="psa_plant"),
                Column("state", "column.state", states="plant"),
                Column("o2_purity_pct", "column.purity", PCT, bands("psa_plant", "PU-L", "PU-LL", "PU-XL", "PU-HI"), decimals=1),
                Column("o2_flow_lpm", "column.flow", LPM, decimals=0),
                Column("outlet_pressure_bar", "column.outlet", BAR, decimals=2),
            ),
        ),
        Panel(
            "sources", "table", At(0, 9, 12, 7),
            (table(["in_use", "content_l", "now_h", "plan_h", "burn_lpm", "cylinders"], STOCK, SOURCES, "source"),),
            unit=TEXT, none="none.stock", recent=NOW, sort="source",
            columns=(
                TIME,
                Column("source", "column.source", link="manifold lox_tank"),
                Column("in_use", "column.in_use", states="feeds"),
                Column("content_l", "column.content", LITRES, decimals=0),
                Column("now_h", "column.now_h", HOURS, decimals=1),
                Column("plan_h", "column.plan_h", HOURS, decimals=1),
                Column("burn_lpm", "column.burn", LPM, decimals=0),
                Column("cylinders", "column.cylinders", COUNT, decimals=0),
            ),
        ),
        Panel(
            "pressure", "lines", At(12, 4, 12, 6),
            (*over_time("pipeline", "line_pressure_bar", how="min", where=PLACE), limits(PLACE, "LP-LL", "LP-L", "LP-HH")),
            unit=BAR, decimals=2, columns=limit_lines("pipeline", "LP-LL", "LP-L", "LP-HH"), none="none.pipeline",
        ),
        Panel(
            "feeding", "states", At(12, 10, 12, 6),
            (
                curve('last("state")', '"psa_plant"', PLACE, EACH, "$tag_asset"),
                curve('last("bank_in_use")', '"manifold"', PLACE, EACH, "$tag_asset"),
            ),
            unit=TEXT, states="feeding", none="none.plant",
        ),
        Panel(
            "hours", "lines", At(0, 16, 12, 8),
            (curve(named("mean", HOURS_LEFT), STOCK, SITE),),
            unit=HOURS, lowest=0, highest=WEEK_H, steps=bands("site", "AU-48", "AU-24"), none="none.stock",
            columns=(
                Column("{hours.now}", colour=ORANGE),
                Column("{hours.connected}", colour=PURPLE, dashes="dash"),
                Column("{hours.on_site}", colour=BLUE),
                Column("{hours.low}", colour=SKY, dashes="dot"),
                Column("{hours.high}", colour=SKY, down_to="{hours.low}"),
            ),
        ),
        Panel(
            "demand", "lines", At(12, 16, 12, 8),
            (curve(named("mean", DEMAND), STOCK, SITE),),
            unit=LPM, lowest=0, none="none.stock",
            columns=(
                Column("{demand.now}", colour=BLUE),
                Column("{demand.burn}", colour=ORANGE, dashes="dash"),
                Column("{demand.usual}", colour=GREEN, dashes="dot"),
                Column("{demand.expected}", colour=PURPLE, dashes="dot"),
            ),
        ),
        alarm_list(At(0, 24, 16, 8), PLACE, one_site=True),
        deliveries(At(16, 24, 8, 8), PLACE),
    ),
)  # fmt: skip
