"""The collector itself: does everything that is sent arrive, in time, and is it stored."""

from __future__ import annotations

from dashboards.boards.common import NOW, ROOM
from dashboards.colours import NORMAL, PRIORITY
from dashboards.influxql import Query, curve, latest
from dashboards.limits import Step, above, bands
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import BYTES, COUNT, PER_S, SECONDS

ITSELF = '"collector"'
DROPS = tuple(Step(None if step.value is None else step.value + 1, step.colour) for step in bands("collector", "CO-DRP"))
"""The rule is raised above its limit, and messages are counted: the first of them is one more than the limit."""

READERS, STAGES, SOURCES = ("\"reader\" != ''", "\"stage\" != ''", "\"source\" != ''")
"""Conditions: rows that have such a tag."""
BREAKS = ("source_reconnects", "source_deaf", "source_sessions_lost")
LOST = 'SELECT spread("dropped_messages") AS "lost" FROM "collector" WHERE "where" != \'\' AND $timeFilter GROUP BY "where"'


def rate(field: str, alias: str) -> Query:
    """A counter per second."""
    return curve(f'non_negative_derivative(max("{field}"), 1s)', ITSELF, "", alias=alias)


def rise(field: str, where: str, by: str, alias: str) -> Query:
    """What a counter rose by from one point to the next."""
    return curve(f'non_negative_difference(max("{field}"))', ITSELF, where, by, alias)


COLLECTOR = Board(
    key="collector",
    places=False,
    panels=(
        Panel(
            "connected", "stat", At(0, 0, 5, 4),
            (latest(["source_connected"], ITSELF, SOURCES, "source", "$tag_source"),),
            unit=COUNT, states="connected", none="none.itself", recent=NOW,
        ),
        Panel(
            "lag", "stat", At(5, 0, 7, 4),
            (latest(["cursor_lag_seconds"], ITSELF, READERS, "reader", "$tag_reader"),),
            unit=SECONDS, decimals=1, steps=(Step(None, NORMAL), Step(10.0, PRIORITY["medium"]), Step(60.0, PRIORITY["high"])),
            none="none.itself", recent=NOW,
        ),
        Panel(
            "drops", "stat", At(12, 0, 4, 4),
            (Query(f'SELECT sum("lost") AS "lost" FROM ({LOST})'),),
            unit=COUNT, decimals=0, steps=DROPS, none="none.itself",
        ),
        Panel(
            "room", "stat", At(16, 0, 8, 4),
            (latest(["disk_free_bytes", "journal_bytes", "notices_waiting"], ITSELF, ""),),
            unit=BYTES, none="none.itself", recent=NOW,
            columns=(
                Column("disk_free_bytes", "column.disk_free", BYTES, ROOM),
                Column("journal_bytes", "column.journal", BYTES),
                Column("notices_waiting", "column.waiting", COUNT, above(20), decimals=0),
            ),
        ),
        Panel(
            "rates", "lines", At(0, 4, 12, 8),
            (
                rate("messages_received", "{rate.messages}"),
                rate("values_received", "{rate.values}"),
                rate("values_stored", "{rate.stored}"),
            ),
            unit=PER_S, lowest=0, none="none.itself",
            columns=(Column("{rate.messages}"), Column("{rate.values}", dashes="dash"), Column("{rate.stored}", dashes="dot")),
        ),
        Panel(
            "latency", "lines", At(12, 4, 12, 8),
            (
                curve('max("latency_p99_s")', ITSELF, STAGES, "stage", "99 % $tag_stage"),
                curve('max("latency_p50_s")', ITSELF, STAGES, "stage", "50 % $tag_stage"),
            ),
            unit=SECONDS, lowest=0, steps=above(1.0), none="none.itself",
            columns=(Column("/^50/", dashes="dot"),),
        ),
        Panel(
            "behind", "lines", At(0, 12, 12, 8), (curve('max("cursor_lag_seconds")', ITSELF, READERS, "reader", "$tag_reader"),),
            unit=SECONDS, lowest=0, steps=above(60.0), none="none.itself",
        ),
        Panel(
            "quarantine", "lines", At(12, 12, 12, 8), (rise("quarantined", "\"reason\" != ''", "reason", "$tag_reason"),),
            unit=COUNT, lowest=0, decimals=0, none="none.quarantine",
        ),
        Panel(
            "session", "lines", At(0, 20, 12, 7),
            tuple(rise(name, SOURCES, "source", f"{{session.{name}}}") for name in BREAKS),
            unit=COUNT, lowest=0, decimals=0, steps=above(1), none="none.itself",
        ),
        Panel(
            "store", "lines", At(12, 20, 12, 7),
            tuple(rise(name, "", "", f"{{store.{name}}}") for name in ("store_retries", "store_rejected_lines")),
            unit=COUNT, lowest=0, decimals=0, steps=above(1), none="none.itself",
        ),
    ),
)  # fmt: skip
