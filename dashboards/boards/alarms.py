"""Is the alarm system itself in order: the key figures of ISA-18.2, and where the load comes from."""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards.common import TIME, WHO, alarm_list
from dashboards.colours import PRIORITY
from dashboards.influxql import LONG, PLACE, Query, curve, per, rows_of, share_of_time, sums
from dashboards.limits import kpi
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import COUNT, PCT, SECONDS, TEXT

KPI = f'{LONG}"alarm_kpi" WHERE {PLACE}'
ALARM = f'{LONG}"alarm"'
SHARES = ", ".join(f'100 * sum("{name}") / sum("annunciated") AS "{name}"' for name in ("high", "medium", "low"))
TOP = (
    f'SELECT count("event") AS "times" FROM {ALARM} WHERE {PLACE} AND "event" = \'raised\' AND $timeFilter GROUP BY "site", "asset", "rule"'
)

WHEN = Column("Time", "column.time", "dateTimeAsLocal", width=170)


def hourly(expression: str, alias: str) -> Query:
    """A key figure over time."""
    return curve(expression, f'{LONG}"alarm_kpi"', PLACE, alias=alias)


ALARMS = Board(
    key="alarms",
    since="now-30d",
    refresh="5m",
    panels=(
        Panel(
            "per_day", "stat", At(0, 0, 4, 4), (Query(per("1d", 'sum("annunciated") AS "n"', 'mean("n") AS "per_day"', KPI)),),
            unit=COUNT, decimals=0, steps=kpi("per_day"), none="none.kpi",
        ),
        Panel(
            "worst", "stat", At(4, 0, 4, 4), (Query(f'SELECT max("worst_10min") AS "worst" FROM {KPI} AND $timeFilter'),),
            unit=COUNT, decimals=0, steps=kpi("worst_10min"), none="none.kpi",
        ),
        Panel(
            "flood", "stat", At(8, 0, 4, 4),
            (Query(share_of_time("flood_s", "flood", KPI)),),
            unit=PCT, decimals=2, steps=kpi("flood_pct"), none="none.kpi",
        ),
        Panel(
            "standing", "stat", At(12, 0, 4, 4), (Query(per("1h", 'sum("standing") AS "n"', 'max("n") AS "standing"', KPI)),),
            unit=COUNT, decimals=0, steps=kpi("standing"), none="none.kpi",
        ),
        Panel(
            "nuisance", "stat", At(16, 0, 4, 4),
            (Query(f'SELECT sum("chattering") AS "chattering", sum("fleeting") AS "fleeting" FROM {KPI} AND $timeFilter'),),
            unit=COUNT, decimals=0, steps=kpi("chattering"), none="none.kpi",
            columns=(Column("chattering", "column.chattering"), Column("fleeting", "column.fleeting")),
        ),
        Panel(
            "left_alone", "stat", At(20, 0, 4, 4), sums(["left_alone"], f'{LONG}"alarm_kpi"', PLACE),
            unit=COUNT, decimals=0, steps=kpi("left_alone"), none="none.kpi", recent="2h",
        ),
        Panel(
            "load", "lines", At(0, 4, 16, 8),
            tuple(hourly(f'sum("{name}")', f"{{state.{name}}}") for name in ("high", "medium", "low")),
            unit=COUNT, decimals=0, lowest=0, none="none.kpi", every="1h",
            columns=tuple(Column(f"{{state.{name}}}", colour=PRIORITY[name], bars=True) for name in ("high", "medium", "low")),
        ),
        Panel(
            "shares", "bars", At(16, 4, 8, 8), (Query(f"SELECT {SHARES} FROM {KPI} AND $timeFilter"),),
            unit=PCT, decimals=0, lowest=0, highest=100, none="none.kpi",
            columns=tuple(Column(name, f"state.{name}", steps=kpi(f"{name}_pct")) for name in ("high", "medium", "low")),
        ),
        Panel(
            "top", "table", At(0, 12, 8, 9), (Query(TOP, table=True),),
            unit=COUNT, none="none.alarm_past", sort="-times", first=10,
            columns=(TIME, *WHO, Column("rule", "column.rule"), Column("times", "column.times", decimals=0)),
        ),
        Panel(
            "response", "lines", At(8, 12, 16, 9),
            (
                hourly('mean("response_median_s")', "{response.median}"),
                hourly('max("response_worst_s")', "{response.worst}"),
            ),
            unit=SECONDS, lowest=0, every="1h", steps=kpi("response_medium_min", 60.0), none="none.kpi",
            columns=(Column("{response.median}"), Column("{response.worst}", dashes="dash")),
        ),
        Panel(
            "floods", "table", At(0, 21, 12, 8),
            (rows_of(["site", "text", "lasted_s"], f'{LONG}"nuisance"', f"{PLACE} AND \"class\" = 'flood'", 20),),
            unit=TEXT, none="none.flood",
            columns=(WHEN, WHO[0], Column("text", "column.text"), Column("lasted_s", "column.lasted", SECONDS, width=110)),
        ),
        Panel(
            "late", "table", At(12, 21, 12, 8),
            (rows_of(["site", "asset", "rule", "text"], ALARM, f"{PLACE} AND \"event\" = 'discovered_late'", 50),),
            unit=TEXT, none="none.late",
            columns=(
                WHEN,
                *(replace(each, width=120) for each in WHO),
                Column("rule", "column.rule", width=80),
                Column("text", "column.text"),
            ),
        ),
        alarm_list(At(0, 29, 24, 9), PLACE),
    ),
)  # fmt: skip
