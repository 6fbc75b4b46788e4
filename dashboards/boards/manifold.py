"""Manifolds and cylinders: which bank feeds, which is empty, what leaks, and how many cylinders are full."""

from __future__ import annotations

from dashboards.boards.common import HERE, NOW, STOCK, TIME, deliveries, limit_lines, signals, told_apart
from dashboards.influxql import ASSET, EACH, PLACE, curve, limits, table
from dashboards.limits import above
from dashboards.panel import At, Board, Column, Panel
from dashboards.units import AGO, BAR, BAR_PER_H, COUNT, HOURS, LITRES, LPM, TEXT

KIND = "manifold"
RULES = ("BK-CH", "BK-LL", "BK-NR", "RS-LO")
BANKS = f'{PLACE} AND "source" =~ /^$asset\\//'
MANIFOLDS = f'{PLACE} AND "source" =~ /^$asset$/'

MANIFOLD = Board(
    key="manifold",
    asset=KIND,
    one_site=True,
    panels=(
        Panel(
            "pressures", "lines", At(0, 0, 16, 9),
            (*signals(KIND, "bank_a_bar", "bank_b_bar", "reserve_bar"), limits(ASSET, *RULES)),
            unit=BAR, decimals=0, lowest=0, none="none.manifold",
            columns=(*told_apart("bank_a_bar", "bank_b_bar", "reserve_bar"), *limit_lines(KIND, *RULES)),
        ),
        Panel(
            "banks", "table", At(16, 0, 8, 9),
            (table(["in_use", "content_l", "now_h", "cylinders_connected"], STOCK, BANKS, "site, source"),),
            unit=TEXT, none="none.stock", recent=NOW, sort="source",
            columns=(
                TIME,
                HERE,
                Column("source", "column.bank"),
                Column("in_use", "column.in_use", states="feeds"),
                Column("content_l", "column.content", LITRES, decimals=0),
                Column("now_h", "column.now_h", HOURS, decimals=1),
                Column("cylinders_connected", "column.connected", COUNT, decimals=0),
            ),
        ),
        Panel(
            "in_use", "states", At(0, 9, 16, 4),
            (curve('last("bank_in_use")', f'"{KIND}"', ASSET, EACH, "$tag_asset"),),
            unit=TEXT, states="bank", none="none.manifold",
        ),
        Panel(
            "changeovers", "table", At(16, 9, 8, 4),
            (table(["changeovers_today", "last_changeover_ms"], STOCK, MANIFOLDS, "site, source"),),
            unit=COUNT, none="none.stock", recent=NOW,
            columns=(
                TIME,
                HERE,
                Column("source", "variable.asset"),
                Column("changeovers_today", "column.changeovers", COUNT, above(4), decimals=0),
                Column("last_changeover_ms", "column.last_changeover", AGO),
            ),
        ),
        Panel(
            "content", "lines", At(0, 13, 12, 8),
            (curve('mean("content_l")', STOCK, BANKS, "site, source", "$tag_source"),),
            unit=LITRES, decimals=0, lowest=0, none="none.stock",
        ),
        Panel(
            "decay", "table", At(12, 13, 12, 8),
            (table(["decay_bar_h", "decay_lpm", "decay_sure", "idle_h"], STOCK, BANKS, "site, source"),),
            unit=TEXT, none="none.decay", recent=NOW, sort="-decay_lpm",
            columns=(
                TIME,
                HERE,
                Column("source", "column.bank"),
                Column("decay_bar_h", "column.decay_bar_h", BAR_PER_H, decimals=2),
                Column("decay_lpm", "column.decay_lpm", LPM, decimals=1),
                Column("decay_sure", "column.decay_sure", states="leaks"),
                Column("idle_h", "column.idle_h", HOURS, decimals=0),
            ),
        ),
        Panel(
            "cylinders", "table", At(0, 21, 12, 8),
            (table(["full_count", "empty_count"], '"cylinder_store"', PLACE, "site, asset"),),
            unit=COUNT, none="none.store", recent="30d",
            columns=(
                TIME,
                HERE,
                Column("asset", "column.store"),
                Column("full_count", "column.full", COUNT, decimals=0),
                Column("empty_count", "column.empty", COUNT, decimals=0),
            ),
        ),
        deliveries(At(12, 21, 12, 8), PLACE),
    ),
)  # fmt: skip
