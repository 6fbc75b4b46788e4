"""A region or a district: which hospital runs out first, and where something is wrong."""

from __future__ import annotations

from dashboards.boards.common import BAD, NOW, OPEN_COUNTS, SLACK, STATUS, TIME, WHO, alarm_list
from dashboards.influxql import LONG, PLACE, Query, newest, sums, table
from dashboards.limits import above, bands
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import COUNT, HOURS, LPM, PCT, SECONDS, TEXT

RANKED = (
    "slack_h", "connected_now_h", "on_site_h", "open_high", "open_medium", "plants_down", "purity_low", "silent_assets", "heard_s",
)  # fmt: skip
PURITY = bands("psa_plant", "PU-L", "PU-LL", "PU-XL", "PU-HI")
DAILY = (
    'SELECT mean("o2_purity_pct_mean") AS "day" '
    f'FROM {LONG}"psa_plant_15m" WHERE {PLACE} AND $timeFilter GROUP BY time(1d), "site", "asset" fill(none)'
)  # fmt: skip
DRIFT = (
    'SELECT last("day") - first("day") AS "drift", last("day") AS "day" '
    f'FROM ({DAILY}) GROUP BY "site", "asset"'
)  # fmt: skip

REGION = Board(
    key="region",
    panels=(
        Panel(
            "open", "stat", At(0, 0, 8, 4),
            sums(["open_high", "open_medium", "open_low"], STATUS, PLACE),
            unit=COUNT, columns=OPEN_COUNTS, none="none.status", recent=NOW,
        ),
        Panel(
            "wrong", "stat", At(8, 0, 10, 4),
            sums(["plants_down", "purity_low", "dark"], STATUS, PLACE),
            unit=COUNT, none="none.status", recent=NOW,
            columns=(
                Column("plants_down", "column.plants_down", steps=above(1), decimals=0),
                Column("purity_low", "column.purity_low", steps=BAD, decimals=0),
                Column("dark", "column.dark", steps=above(1), decimals=0),
            ),
        ),
        Panel(
            "watched", "stat", At(18, 0, 6, 4),
            sums(["plants", "assets"], STATUS, PLACE),
            unit=COUNT, none="none.status", recent=NOW,
            columns=(Column("plants", "column.plants", decimals=0), Column("assets", "column.assets", decimals=0)),
        ),
        Panel(
            "ranked", "table", At(0, 4, 16, 13),
            (newest(RANKED, STATUS, PLACE, "site"),),
            unit=COUNT, none="none.status", recent=NOW, sort="slack_h",
            columns=(
                TIME,
                Column("site", "variable.site", link="hospital", width=190),
                Column("slack_h", "column.slack", HOURS, SLACK, decimals=0),
                Column("connected_now_h", "column.connected_now", HOURS, bands("site", "AU-06", "AU-02"), decimals=1),
                Column("on_site_h", "column.on_site", HOURS, bands("site", "AU-48", "AU-24"), decimals=0),
                *OPEN_COUNTS[:2],
                Column("plants_down", "column.plants_down", steps=above(1), decimals=0),
                Column("purity_low", "column.purity_low", steps=BAD, decimals=0),
                Column("silent_assets", "column.silent", steps=above(1), decimals=0),
                Column("heard_s", "column.heard", SECONDS, above(300)),
            ),
        ),
        Panel(
            "map", "map", At(16, 4, 8, 13),
            (newest(["latitude", "longitude", "slack_h", "open_high"], STATUS, PLACE, "site"),),
            unit=HOURS, steps=SLACK, none="none.map", recent=NOW,
            columns=(
                Column("slack_h", "column.slack", HOURS, SLACK, decimals=0),
                Column("open_high", "column.open_high", COUNT, decimals=0),
            ),
        ),
        Panel(
            "plants", "table", At(0, 17, 12, 9),
            (table(["state", "o2_purity_pct", "o2_flow_lpm"], '"psa_plant"', PLACE, "site, asset"),),
            unit=TEXT, none="none.plant", recent="15m", sort="o2_purity_pct",
            columns=(
                TIME,
                WHO[0],
                Column("asset", "column.plant", link="psa_plant"),
                Column("state", "column.state", states="plant"),
                Column("o2_purity_pct", "column.purity", PCT, PURITY, decimals=1),
                Column("o2_flow_lpm", "column.flow", LPM, decimals=0),
            ),
        ),
        Panel(
            "drift", "table", At(12, 17, 12, 9),
            (Query(DRIFT, table=True),),
            unit=PCT, none="none.rolled", recent="14d", sort="drift",
            columns=(
                TIME,
                WHO[0],
                Column("asset", "column.plant", link="psa_plant"),
                Column("drift", "column.drift", PCT, decimals=2),
                Column("day", "column.purity_day", PCT, PURITY, decimals=1),
            ),
        ),
        alarm_list(At(0, 26, 24, 9), f"""{PLACE} AND ("priority" = 'high' OR "priority" = 'medium')"""),
    ),
)  # fmt: skip
