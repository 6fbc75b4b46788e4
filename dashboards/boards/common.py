"""What several boards show in the same way."""

from __future__ import annotations

from dashboards.colours import NORMAL, PRIORITY
from dashboards.influxql import stock
from dashboards.limits import Step, priority_of
from dashboards.panel import Column

STATUS = '"site_status"'
STOCK, SITE = stock("\"source\" = 'site'")
SOURCES = stock("\"source\" != 'site'")[1]

TIME = Column("Time", hidden=True)
SLACK = (Step(None, PRIORITY["high"]), Step(0.0, NORMAL))
"""Below zero a delivery that is ordered now comes after the oxygen is gone."""

OPEN_COUNTS = tuple(
    Column(f"open_{name}", f"state.{name}", steps=(Step(None, NORMAL), Step(1.0, PRIORITY[name]))) for name in ("high", "medium", "low")
)

ALARM_COLUMNS = (
    TIME,
    Column("priority", "column.priority", states="priority", width=120),
    Column("site", "variable.site", link="hospital"),
    Column("asset", "variable.asset"),
    Column("rule", "column.rule", width=80),
    Column("state", "column.state", states="alarm", width=170),
    Column("since_ms", "column.since", unit="dateTimeFromNow", width=140),
    Column("text", "column.text", width=640),
)


def limit_lines(kind: str, *ids: str) -> tuple[Column, ...]:
    """How the curves of `influxql.limits` look: thin, dashed, in the colour of the rule's priority."""
    return tuple(Column(f"/^{{limit}} {rule} /", colour=PRIORITY[priority_of(kind, rule)], dashes="limit") for rule in ids)
