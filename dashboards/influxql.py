"""The queries of the dashboards, in the InfluxQL that InfluxDB 1.x, 2.x and 3.x share. Pure.

Each is bounded by `$timeFilter`. Where a value is kept both as it came and as a roll-up of 15 minutes, a panel has two queries, and the
variable `resolution` says which of them finds anything: its value is a pattern for the tag `site`, `.` (every site) or `^-` (none, for no id
begins so). So one choice works in every panel, and the other query ends at the index. InfluxQL has no other way to choose a measurement
and the names of its fields together by one variable.

What is kept long is in a retention policy of its own on InfluxDB 1.x: the constant `long` is `"long".` there, and empty where everything
is in one bucket.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

RAW, ROLLED_UP = ".", "^-"
LONG = "${long:raw}"
LONG_POLICY = '"long".'

PLACE = '"region" =~ /^$region$/ AND "district" =~ /^$district$/ AND "site" =~ /^$site$/'
ASSET = f'{PLACE} AND "asset" =~ /^$asset$/'


@dataclass(frozen=True, slots=True)
class Query:
    """`alias` names its curves: Grafana's `$tag_asset` and `$col`, and `{keys}` of the catalogue. `table`: rows in place of curves."""

    text: str
    alias: str = "$col"
    table: bool = False


def over_time(kind: str, field: str, *, how: str = "mean", where: str = ASSET, alias: str = "$tag_asset") -> tuple[Query, Query]:
    """A signal of a kind over time, a curve per asset: as it came, and from the roll-ups. `how`: mean, min or max."""
    raw = _curve(f'{how}("{field}")', f'"{kind}"', f'{where} AND "site" =~ /${{resolution:raw}}/', "asset")
    rolled = _curve(f'{how}("{field}_{how}")', f'{LONG}"{kind}_15m"', f'{where} AND "site" !~ /${{resolution:raw}}/', "asset")
    return Query(raw, alias), Query(rolled, alias)


def curve(expression: str, measurement: str, where: str, by: str = "", alias: str = "$col") -> Query:
    """An aggregate over time, a curve for each value of the tag `by`."""
    return Query(_curve(expression, measurement, where, by), alias)


def latest(fields: Iterable[str], measurement: str, where: str, by: str = "", alias: str = "$col") -> Query:
    """The newest value of each field, a curve each."""
    return Query(_latest(fields, measurement, where, by), alias)


def table(fields: Iterable[str], measurement: str, where: str, by: str = "") -> Query:
    """The newest value of each field, a column each, and a row for each value of the tags `by`."""
    return Query(_latest(fields, measurement, where, by), table=True)


def stock(where: str) -> tuple[str, str]:
    """Measurement and condition of the stock of the chosen sites."""
    return f'{LONG}"stock"', f"{where} AND {PLACE}"


def limits(where: str, *rules: str) -> Query:
    """The limits in force of these rules over time, a curve for each rule and asset."""
    which = " OR ".join(f"\"rule\" = '{rule}'" for rule in rules)
    text = _curve('last("limit")', '"rule_limit"', f"{where} AND ({which})", '"rule", "asset"')
    return Query(text, "{limit} $tag_rule $tag_asset")


def _curve(expression: str, measurement: str, where: str, by: str) -> str:
    tags = "".join(f", {tag}" for tag in _quoted(by))
    return f"SELECT {expression} FROM {measurement} WHERE {where} AND $timeFilter GROUP BY time($__interval){tags} fill(none)"


def _latest(fields: Iterable[str], measurement: str, where: str, by: str) -> str:
    columns = ", ".join(f'last("{field}") AS "{field}"' for field in fields)
    group = ", ".join(_quoted(by))
    return f"SELECT {columns} FROM {measurement} WHERE {where} AND $timeFilter" + (f" GROUP BY {group}" if group else "")


def _quoted(by: str) -> list[str]:
    return [f'"{tag.strip(chr(34))}"' for tag in by.split(", ")] if by else []
