"""Concentrators, by the thousand: how many work, how pure, which need a hand."""

from __future__ import annotations

from dashboards.boards.common import ALARM_COLUMNS, ALARM_FIELDS, BAD, NOW, STATUS, TIME, WHO, WORST
from dashboards.influxql import ASSET, LONG, PLACE, curve, newest_texts, sums, table
from dashboards.limits import above, bands
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import COUNT, HOURS, LPM, PCT, TEXT, WATT

KIND = "concentrator"
PURITY = bands(KIND, "CN-L", "CN-LL")
FIGURES = ("concentrators", "concentrators_in_use", "concentrators_lost", "concentrators_low")
COUNTS = (
    Column("concentrators", "column.units", decimals=0),
    Column("concentrators_in_use", "column.units_in_use", decimals=0),
    Column("concentrators_lost", "column.units_lost", steps=above(1), decimals=0),
    Column("concentrators_low", "column.units_low", steps=BAD, decimals=0),
)
ROLLED_UP = f'{LONG}"{KIND}_15m"'
"""A curve for each of thousands says nothing, and stops a browser: what is drawn is the fleet, or the one unit that is chosen."""
FLEET = f'{PLACE} AND "concentrators" > 0'

CONCENTRATORS = Board(
    key="concentrators",
    asset=KIND,
    panels=(
        Panel("fleet", "stat", At(0, 0, 24, 4), sums(FIGURES, STATUS, FLEET), unit=COUNT, columns=COUNTS, none="none.unit", recent=NOW),
        Panel(
            "sites", "table", At(0, 4, 12, 9),
            (table(FIGURES, STATUS, FLEET, "site"),),
            unit=COUNT, columns=(TIME, WHO[0], *COUNTS), none="none.unit", recent=NOW, sort="-concentrators_lost",
        ),
        Panel(
            "distribution", "histogram", At(12, 4, 12, 9),
            (table(["o2_purity_pct"], f'"{KIND}"', ASSET, "site, asset"),),
            unit=PCT, steps=PURITY, none="none.unit", recent="1h",
        ),
        Panel(
            "units", "table", At(0, 13, 12, 10),
            (table(["o2_purity_pct", "o2_flow_lpm", "power_w", "run_h", "in_use"], f'"{KIND}"', ASSET, "site, asset"),),
            unit=TEXT, none="none.unit", recent="1h", sort="o2_purity_pct",
            columns=(
                TIME,
                *WHO,
                Column("o2_purity_pct", "column.purity", PCT, PURITY, decimals=1),
                Column("o2_flow_lpm", "column.flow", LPM, decimals=1),
                Column("power_w", "column.power", WATT, decimals=0),
                Column("run_h", "column.run_h", HOURS, decimals=0),
                Column("in_use", "column.patient", states="patient"),
            ),
        ),
        Panel(
            "hand", "table", At(12, 13, 12, 10),
            (newest_texts(ALARM_FIELDS, '"alarm_open"', f"{PLACE} AND \"kind\" = '{KIND}'", "priority, site, asset, rule"),),
            unit=TEXT, columns=ALARM_COLUMNS, none="none.alarm", recent="3m", sort=WORST,
        ),
        Panel(
            "purity", "lines", At(0, 23, 24, 8),
            (
                curve('min("o2_purity_pct_min")', ROLLED_UP, ASSET, alias="{least}"),
                curve('mean("o2_purity_pct_mean")', ROLLED_UP, ASSET, alias="{mean}"),
            ),
            unit=PCT, decimals=1, highest=100, steps=PURITY, none="none.unit", points=300,
        ),
    ),
)  # fmt: skip
