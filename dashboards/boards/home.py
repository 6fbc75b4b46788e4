"""Where to begin."""

from __future__ import annotations

from dashboards.boards.common import NOW, OPEN_COUNTS, ROOM, SLACK, STATUS, TIME
from dashboards.influxql import latest, sums, table
from dashboards.limits import above, bands
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import BYTES, COUNT, HOURS, SECONDS

EVERYWHERE = "\"site\" != ''"

HOME = Board(
    key="home",
    places=False,
    panels=(
        Panel("welcome", "text", At(0, 0, 10, 14), unit=""),
        Panel(
            "open", "stat", At(10, 0, 14, 4),
            sums(["open_high", "open_medium", "open_low"], STATUS, EVERYWHERE),
            unit=COUNT, columns=OPEN_COUNTS, none="none.status", recent=NOW,
        ),
        Panel(
            "first", "table", At(10, 4, 14, 10),
            (table(["slack_h", "connected_now_h", "open_high", "dark"], STATUS, EVERYWHERE, "region, site"),),
            unit=COUNT, none="none.status", recent=NOW, sort="slack_h", first=10,
            columns=(
                TIME,
                Column("region", "variable.region"),
                Column("site", "variable.site", link="hospital"),
                Column("slack_h", "column.slack", HOURS, SLACK, decimals=0),
                Column("connected_now_h", "column.connected_now", HOURS, bands("site", "AU-06", "AU-02"), decimals=1),
                OPEN_COUNTS[0],
                Column("dark", "column.dark", steps=above(1), decimals=0),
            ),
        ),
        Panel(
            "collector", "stat", At(0, 14, 24, 4),
            (latest(["cursor_lag_seconds"], '"collector"', "\"reader\" = 'writer'"), latest(["disk_free_bytes"], '"collector"', "")),
            unit=SECONDS, none="none.itself", recent=NOW,
            columns=(
                Column("cursor_lag_seconds", "column.lag", SECONDS, above(60), decimals=0),
                Column("disk_free_bytes", "column.disk_free", BYTES, ROOM),
            ),
        ),
    ),
)  # fmt: skip
