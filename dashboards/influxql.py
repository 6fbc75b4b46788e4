"""The queries of the dashboards, in the InfluxQL that InfluxDB 1.x, 2.x and 3.x share. Pure.

Each is bounded by `$timeFilter`; of a query within a query the inner one is (InfluxDB 1.6 finds nothing where the outer one is too, for
the first window begins before the range).

Where a value is kept both as it came and as a roll-up of 15 minutes, a panel has two queries, and the variable `resolution` says which of
them finds anything: its value is a pattern for the tag `site`, `.` (every site) or `^-` (none: no id begins so). So one choice works in
every panel, and the other query ends at the index. InfluxQL has no other way to choose a measurement and the names of its fields together
by one variable.

What is kept long is in a retention policy of its own on InfluxDB 1.x: the constant `long` is `"long".` there, and empty where everything
is in one bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RAW, ROLLED_UP = ".", "^-"
LONG = "${long:raw}"
LONG_POLICY = '"long".'

PLACE = '"region" =~ /^$region$/ AND "district" =~ /^$district$/ AND "site" =~ /^$site$/'
ASSET = f'{PLACE} AND "asset" =~ /^$asset$/'


EACH = "site, asset"
"""Assets of two sites may have the same name: without the site they would be taken for one."""


EVER = "5200w"
"""A window of time from 1970 on that no range reaches beyond."""


@dataclass(frozen=True, slots=True)
class Query:
    """`alias` names its curves: Grafana's `$tag_asset` and `$col`. `{keys}` of the catalogue may stand in it, and behind AS in the text.
    `table`: rows in place of curves."""

    text: str
    alias: str = "$col"
    table: bool = False


def over_time(kind: str, field: str, *, how: str = "mean", where: str = ASSET, alias: str = "$tag_asset") -> tuple[Query, Query]:
    """A signal of a kind over time, a curve per asset: as it came, and from the roll-ups. `how`: mean, min or max."""
    return twice(f'{how}("{field}")', f'{how}("{field}_{how}")', kind, where, alias=alias)


def twice(raw: str, rolled: str, kind: str, where: str = ASSET, *, alias: str = "$tag_asset", running: str = "") -> tuple[Query, Query]:
    """The same over time from what came and from the roll-ups, a curve per asset; if asked so only rows in which a signal is above zero."""
    gates = (f' AND "{running}" > 0', f' AND "{running}_mean" > 0') if running else ("", "")
    return (
        Query(_curve(raw, f'"{kind}"', f'{where}{gates[0]} AND "site" =~ /${{resolution:raw}}/', EACH), alias),
        Query(_curve(rolled, f'{LONG}"{kind}_15m"', f'{where}{gates[1]} AND "site" !~ /${{resolution:raw}}/', EACH), alias),
    )


def named(how: str, fields: Mapping[str, str]) -> str:
    """Several columns of one query: `how` of each field, by the key of the word that it is called by."""
    return ", ".join(f'{how}("{field}") AS "{{{word}}}"' for word, field in fields.items())


def curve(expression: str, measurement: str, where: str, by: str = "", alias: str = "$col") -> Query:
    """An aggregate over time, a curve for each value of the tags `by`."""
    return Query(_curve(expression, measurement, where, by), alias)


def latest(fields: Iterable[str], measurement: str, where: str, by: str = "", alias: str = "$col") -> Query:
    """The newest value of each field, a curve each."""
    return Query(_latest(fields, measurement, where, by), alias)


def table(fields: Iterable[str], measurement: str, where: str, by: str = "") -> Query:
    """The newest value of each field, a column each, and a row for each value of the tags `by`."""
    return Query(_latest(fields, measurement, where, by), table=True)


def rows_of(fields: Iterable[str], measurement: str, where: str, most: int) -> Query:
    """The newest rows as they are."""
    columns = ", ".join(_quoted(", ".join(fields)))
    return Query(f"SELECT {columns} FROM {measurement} WHERE {where} AND $timeFilter ORDER BY time DESC LIMIT {most}", table=True)


def sums(fields: Iterable[str], measurement: str, where: str) -> tuple[Query, ...]:
    """The newest value of each field of every site, added up: a query each, for InfluxDB 1.x reads the inner one whole for each sum of
    the outer one, so that three sums of three fields in one query would read nine."""
    return tuple(Query(f'SELECT sum("{field}") AS "{field}" FROM ({_latest([field], measurement, where, "site")})') for field in fields)


def per(window: str, inner: str, outer: str, source: str, by: str = "") -> str:
    """`inner` of each window of time, then `outer` over the windows; a window without rows counts as 0. `by`: in the inner query alone."""
    tags = "".join(f", {tag}" for tag in _quoted(by))
    return f"SELECT {outer} FROM (SELECT {inner} FROM {source} AND $timeFilter GROUP BY time({window}){tags} fill(0))"


def share_of_time(seconds: str, name: str, source: str) -> str:
    """Per cent of the time range, the mean of the sites that have rows in it; by the length of the range, so that no hour is made up."""
    sums = f'SELECT sum("{seconds}") AS "s" FROM {source} AND $timeFilter GROUP BY "site"'
    return f'SELECT mean("s") * 100 / $__range_s AS "{name}" FROM ({sums})'


def newest(fields: Iterable[str], measurement: str, where: str, by: str) -> Query:
    """The newest row of each set of tags: of rows that are written whole, at a third of the cost of the newest of each field."""
    columns = ", ".join(_quoted(", ".join(fields)))
    tags = ", ".join(_quoted(by))
    return Query(f"SELECT {columns} FROM {measurement} WHERE {_bounded(where)} GROUP BY {tags} ORDER BY time DESC LIMIT 1", table=True)


def newest_texts(fields: Iterable[str], measurement: str, where: str, by: str) -> Query:
    """The same of rows that hold texts, and whose series come and go; their time is not told. The first field is one that each row has.

    Backwards InfluxDB 1.x unpacks the last block of every series of the day, a thousand texts each, of those that ended hours ago too.
    In windows of time `last` is sought forwards, and what ended before the range is passed over: at half the cost. The one window ends
    in 2069."""
    first, *others = fields
    columns = ", ".join([f'last("{first}") AS "{first}"', *(f'"{field}" AS "{field}"' for field in others)])
    tags = ", ".join(_quoted(by))
    return Query(f"SELECT {columns} FROM {measurement} WHERE {_bounded(where)} GROUP BY time({EVER}), {tags} fill(none)", table=True)


def minutes_in(kind: str, states: Iterable[str], name: str) -> Query:
    """In how many minutes an asset said that it was in one of these states."""
    return Query(_minutes(kind, states, f'sum("in") AS "{name}"'))


def entries(kind: str, state: str, name: str) -> Query:
    """How often an asset entered a state, to the minute."""
    changes = _minutes(kind, [state], 'difference("in") AS "step"', 'GROUP BY "site", "asset"')
    return Query(f'SELECT sum("step") AS "{name}" FROM ({changes}) WHERE "step" > 0')


def _minutes(kind: str, states: Iterable[str], outer: str, group: str = "") -> str:
    which = " OR ".join(f"\"state\" = '{state}'" for state in states)
    source = f'"{kind}" WHERE {ASSET} AND ({which}) AND $timeFilter GROUP BY time(1m), "site", "asset" fill(0)'
    return f'SELECT {outer} FROM (SELECT count(distinct("state")) AS "in" FROM {source}) {group}'.strip()


def stock(where: str) -> tuple[str, str]:
    """Measurement and condition of the stock of the chosen sites."""
    return f'{LONG}"stock"', f"{where} AND {PLACE}"


def limits(where: str, *rules: str) -> Query:
    """The limits in force of these rules over time, a curve for each rule and asset."""
    which = " OR ".join(f"\"rule\" = '{rule}'" for rule in rules)
    text = _curve('last("limit")', '"rule_limit"', f"{where} AND ({which})", f"rule, {EACH}")
    return Query(text, "{limit} $tag_rule $tag_asset")


def _curve(expression: str, measurement: str, where: str, by: str) -> str:
    """Windows without a value are null, and not left out: so a gap is seen as one, however wide the windows are."""
    tags = "".join(f", {tag}" for tag in _quoted(by))
    return f"SELECT {expression} FROM {measurement} WHERE {_bounded(where)} GROUP BY time($__interval){tags} fill(null)"


def _latest(fields: Iterable[str], measurement: str, where: str, by: str) -> str:
    columns = ", ".join(f'last("{field}") AS "{field}"' for field in fields)
    group = ", ".join(_quoted(by))
    return f"SELECT {columns} FROM {measurement} WHERE {_bounded(where)}" + (f" GROUP BY {group}" if group else "")


def _bounded(where: str) -> str:
    return f"{where} AND $timeFilter" if where else "$timeFilter"


def _quoted(by: str) -> list[str]:
    return [f'"{tag}"' for tag in by.split(", ")] if by else []
