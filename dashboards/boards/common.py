"""What several boards show in the same way."""

from __future__ import annotations

from dataclasses import replace

from dashboards.colours import CURVES, NORMAL, PRIORITY
from dashboards.influxql import LONG, Query, named, newest_texts, rows_of, stock, twice
from dashboards.limits import Step, priority_of
from dashboards.panel import At, Column, Panel
from dashboards.units import AGO, LITRES, TEXT

STATUS = '"site_status"'
STOCK, SITE = stock("\"source\" = 'site'")
SOURCES = stock("\"source\" != 'site'")[1]
NOW = "5m"
"""The time range of what is about now: what is written once a minute is in it, and nothing that is over."""

TIME = Column("Time", hidden=True)
HERE = Column("site", hidden=True)
"""Of a board about one site."""
WHO = (Column("site", "variable.site", link="hospital"), Column("asset", "variable.asset"))
SLACK = (Step(None, PRIORITY["high"]), Step(0.0, NORMAL))
"""Below zero a delivery that is ordered now comes after the oxygen is gone."""
BAD = (Step(None, NORMAL), Step(1.0, PRIORITY["high"]))
"""One is too many."""

GIB = 1024.0**3
ROOM = (Step(None, PRIORITY["high"]), Step(GIB, PRIORITY["medium"]), Step(5 * GIB, NORMAL))
"""Of the disk that the journal lies on."""

OPEN_COUNTS = tuple(
    Column(f"open_{name}", f"state.{name}", steps=(Step(None, NORMAL), Step(1.0, PRIORITY[name])), decimals=0)
    for name in ("high", "medium", "low")
)

ALARM_FIELDS = ("urgency", "state", "since_ms", "text")
WORST = "-urgency"
ALARM_COLUMNS = (
    TIME,
    Column("urgency", hidden=True),
    Column("priority", "column.priority", states="priority", width=120),
    *WHO,
    Column("rule", "column.rule", width=80),
    Column("state", "column.state", states="alarm", width=170),
    Column("since_ms", "column.since", unit=AGO, width=140),
    Column("text", "column.text", width=640),
)


def alarm_list(at: At, where: str, *, one_site: bool = False) -> Panel:
    """What is open now, the worst first; what another alarm says already is left out."""
    rows = newest_texts(ALARM_FIELDS, '"alarm_open"', f"{where} AND \"state\" != 'suppressed'", "priority, site, asset, rule")
    columns = tuple(replace(each, hidden=each.hidden or (one_site and each.name == "site")) for each in ALARM_COLUMNS)
    return Panel("alarms", "table", at, (rows,), TEXT, columns=columns, none="none.alarm", recent="3m", sort=WORST, word="open_alarms")


def signals(kind: str, *names: str) -> tuple[Query, ...]:
    """Several signals of a kind, as they came and from the roll-ups, named by their words."""
    raw, rolled = ({f"signal.{name}": f"{name}{end}" for name in names} for end in ("", "_mean"))
    return twice(named("mean", raw), named("mean", rolled), kind, alias="$col $tag_asset")


def told_apart(*names: str) -> tuple[Column, ...]:
    """A colour and dashes for each of these signals."""
    dashes = ("", "dash", "dot", "", "dash", "dot")
    return tuple(Column(f"/^{{signal.{name}}} /", colour=CURVES[n], dashes=dashes[n]) for n, name in enumerate(names))  # type: ignore[arg-type]


def limit_lines(kind: str, *ids: str) -> tuple[Column, ...]:
    """How the curves of `influxql.limits` look: thin, dashed, in the colour of the rule's priority."""
    return tuple(Column(f"/^{{limit}} {rule} /", colour=PRIORITY[priority_of(kind, rule)], dashes="limit") for rule in ids)


def deliveries(at: At, where: str) -> Panel:
    """What came, and what was refilled."""
    columns = (
        Column("Time", "column.time", "dateTimeAsLocal", width=170),
        Column("text", "column.what"),
        Column("litres", "column.litres", LITRES, decimals=0, width=110),
    )
    rows = rows_of(["text", "litres"], f'{LONG}"stock_event"', where, 20)
    return Panel("deliveries", "table", at, (rows,), unit=TEXT, columns=columns, none="none.delivery", recent="30d", word="deliveries")
