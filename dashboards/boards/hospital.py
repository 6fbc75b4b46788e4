"""One hospital on one screen: what feeds, what is left, and what is wrong."""

from __future__ import annotations

from dashboards.boards.common import ALARM_COLUMNS, OPEN_COUNTS, SITE, SLACK, SOURCES, STATUS, STOCK, TIME, limit_lines
from dashboards.colours import BLUE, GREEN, ORANGE, PURPLE, SKY
from dashboards.influxql import LONG, PLACE, Query, curve, latest, limits, over_time, table
from dashboards.limits import PLAIN, above, bands
from dashboards.panel import At, Board, Column, Panel

HOSPITAL = Board(
    key="hospital",
    one_site=True,
    panels=(
        Panel(
            "connected_now", "stat", At(0, 0, 4, 4),
            (latest(["connected_now_h"], STOCK, SITE),),
            unit="h", decimals=1, steps=bands("site", "AU-06", "AU-02"), none="none.stock",
        ),
        Panel(
            "on_site", "stat", At(4, 0, 4, 4),
            (latest(["on_site_h"], STOCK, SITE),),
            unit="h", decimals=0, steps=bands("site", "AU-48", "AU-24"), none="none.stock",
        ),
        Panel(
            "slack", "stat", At(8, 0, 4, 4),
            (latest(["slack_h", "order_by_ms"], STOCK, SITE),),
            unit="h", decimals=0, steps=SLACK, none="none.stock",
            columns=(Column("slack_h", "column.slack"), Column("order_by_ms", "column.order_by", unit="dateTimeFromNow", steps=PLAIN)),
        ),
        Panel(
            "open", "stat", At(12, 0, 6, 4),
            (latest(["open_high", "open_medium", "open_low"], STATUS, PLACE),),
            columns=OPEN_COUNTS, none="none.status",
        ),
        Panel(
            "heard", "stat", At(18, 0, 6, 4),
            (latest(["heard_s", "silent_assets"], STATUS, PLACE),),
            columns=(Column("heard_s", "column.heard", unit="s", steps=above(300)), Column("silent_assets", "column.silent", steps=above(1))),
            none="none.status",
        ),
        Panel(
            "plants", "table", At(0, 4, 12, 5),
            (table(["state", "o2_purity_pct", "o2_flow_lpm", "outlet_pressure_bar"], '"psa_plant"', PLACE, "asset"),),
            columns=(
                TIME,
                Column("asset", "column.plant", link="psa_plant"),
                Column("state", "column.state", states="plant"),
                Column("o2_purity_pct", "column.purity", unit="percent", decimals=1, steps=bands("psa_plant", "PU-L", "PU-LL", "PU-XL", "PU-HI")),
                Column("o2_flow_lpm", "column.flow", unit="L/min", decimals=0),
                Column("outlet_pressure_bar", "column.outlet", unit="pressurebar", decimals=2),
            ),
            none="none.plant",
        ),
        Panel(
            "sources", "table", At(0, 9, 12, 7),
            (table(["in_use", "content_l", "now_h", "plan_h", "burn_lpm", "cylinders"], STOCK, SOURCES, "source"),),
            columns=(
                TIME,
                Column("source", "column.source"),
                Column("in_use", "column.in_use", states="feeds"),
                Column("content_l", "column.content", unit="L", decimals=0),
                Column("now_h", "column.now_h", unit="h", decimals=1),
                Column("plan_h", "column.plan_h", unit="h", decimals=1),
                Column("burn_lpm", "column.burn", unit="L/min", decimals=0),
                Column("cylinders", "column.cylinders", decimals=0),
            ),
            none="none.stock", sort="source",
        ),
        Panel(
            "pressure", "lines", At(12, 4, 12, 6),
            (
                *over_time("pipeline", "line_pressure_bar", where=PLACE),
                limits(PLACE, "LP-LL", "LP-L", "LP-HH"),
            ),
            unit="pressurebar", decimals=2, columns=limit_lines("pipeline", "LP-LL", "LP-L", "LP-HH"), none="none.pipeline",
        ),
        Panel(
            "feeding", "states", At(12, 10, 12, 6),
            (
                curve('last("state")', '"psa_plant"', PLACE, "asset", "$tag_asset"),
                curve('last("bank_in_use")', '"manifold"', PLACE, "asset", "$tag_asset"),
            ),
            unit="string", states="feeding", none="none.plant",
        ),
        Panel(
            "hours", "lines", At(0, 16, 12, 8),
            (
                curve('mean("connected_now_h")', STOCK, SITE, alias="{hours.now}"),
                curve('mean("connected_h")', STOCK, SITE, alias="{hours.connected}"),
                curve('mean("on_site_h")', STOCK, SITE, alias="{hours.on_site}"),
                curve('mean("on_site_h_low")', STOCK, SITE, alias="{hours.low}"),
                curve('mean("on_site_h_high")', STOCK, SITE, alias="{hours.high}"),
            ),
            unit="h", lowest=0, steps=bands("site", "AU-48", "AU-24"), none="none.stock",
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
            (
                curve('mean("demand_lpm")', STOCK, SITE, alias="{demand.now}"),
                curve('mean("burn_lpm")', STOCK, SITE, alias="{demand.burn}"),
                curve('mean("usual_lpm")', STOCK, SITE, alias="{demand.usual}"),
                curve('mean("expected_lpm")', STOCK, SITE, alias="{demand.expected}"),
            ),
            unit="L/min", lowest=0, none="none.stock",
            columns=(
                Column("{demand.now}", colour=BLUE),
                Column("{demand.burn}", colour=ORANGE, dashes="dash"),
                Column("{demand.usual}", colour=GREEN, dashes="dot"),
                Column("{demand.expected}", colour=PURPLE, dashes="dot"),
            ),
        ),
        Panel(
            "alarms", "table", At(0, 24, 16, 8),
            (table(["state", "since_ms", "text"], '"alarm_open"', PLACE, "priority, asset, rule"),),
            unit="string", columns=ALARM_COLUMNS, none="none.alarm", recent="3m", sort="priority",
        ),
        Panel(
            "deliveries", "table", At(16, 24, 8, 8),
            (Query(f'SELECT "text", "litres" FROM {LONG}"stock_event" WHERE {PLACE} AND $timeFilter ORDER BY time DESC LIMIT 20', table=True),),
            columns=(Column("Time", "column.time", width=170), Column("text", "column.text"), Column("litres", "column.litres", unit="L", decimals=0, width=100)),
            none="none.delivery", recent="30d",
        ),
    ),
)  # fmt: skip
