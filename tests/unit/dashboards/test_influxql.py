from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboards import influxql
from dashboards.influxql import (
    EVER,
    Query,
    entries,
    latest,
    limits,
    minutes_in,
    newest,
    newest_texts,
    over_time,
    per,
    rows_of,
    sums,
    table,
    twice,
)

SITE = "\"site\" = 'dh'"


def test_a_signal_is_asked_for_as_it_came_and_from_the_roll_ups_and_one_pattern_chooses() -> None:
    raw, rolled = over_time("lox_tank", "level_pct", how="min", where=SITE)
    assert raw.text == (
        'SELECT min("level_pct") FROM "lox_tank" WHERE "site" = \'dh\' AND "site" =~ /${resolution:raw}/ AND $timeFilter '
        'GROUP BY time($__interval), "site", "asset" fill(null)'
    )
    assert rolled.text == (
        'SELECT min("level_pct_min") FROM ${long:raw}"lox_tank_15m" WHERE "site" = \'dh\' AND "site" !~ /${resolution:raw}/ '
        'AND $timeFilter GROUP BY time($__interval), "site", "asset" fill(null)'
    )


def test_a_ratio_may_be_asked_for_only_while_something_flows() -> None:
    raw, rolled = twice("a", "b", "psa_plant", SITE, running="o2_flow_lpm")
    assert ' AND "o2_flow_lpm" > 0 AND ' in raw.text
    assert ' AND "o2_flow_lpm_mean" > 0 AND ' in rolled.text


def test_the_newest_values_are_curves_or_a_table() -> None:
    text = 'SELECT last("a") AS "a", last("b") AS "b" FROM "m" WHERE "site" = \'dh\' AND $timeFilter GROUP BY "site", "asset"'
    assert latest(["a", "b"], '"m"', SITE, "site, asset") == Query(text)
    assert table(["a", "b"], '"m"', SITE, "site, asset") == Query(text, table=True)
    assert latest(["a"], '"m"', "").text == 'SELECT last("a") AS "a" FROM "m" WHERE $timeFilter'


def test_the_newest_rows_are_asked_for_backwards_and_those_of_texts_forwards() -> None:
    assert newest(["a", "b"], '"m"', SITE, "site, rule").text == (
        'SELECT "a", "b" FROM "m" WHERE "site" = \'dh\' AND $timeFilter GROUP BY "site", "rule" ORDER BY time DESC LIMIT 1'
    )
    assert newest_texts(["a", "b"], '"m"', SITE, "site, rule").text == (
        'SELECT last("a") AS "a", "b" AS "b" FROM "m" WHERE "site" = \'dh\' AND $timeFilter GROUP BY time(5200w), "site", "rule" fill(none)'
    )


def test_one_window_holds_every_moment_that_a_reader_may_choose() -> None:
    """It begins in 1970; and its length is one that InfluxDB can tell in nanoseconds."""
    weeks = int(EVER.removesuffix("w"))
    assert datetime(2060, 1, 1, tzinfo=UTC) < datetime.fromtimestamp(0, UTC) + timedelta(weeks=weeks)
    assert weeks * 7 * 86_400 * 10**9 < 2**63


def test_sums_are_over_the_newest_value_of_each_site() -> None:
    inner = 'SELECT last("n") AS "n" FROM "m" WHERE "site" = \'dh\' AND $timeFilter GROUP BY "site"'
    alone = Query(f'SELECT sum("n") AS "n" FROM ({inner})')
    assert sums(["n"], '"m"', SITE) == (alone,)
    assert sums(["k", "n"], '"m"', SITE)[1] == alone


def test_rows_are_bounded_in_number() -> None:
    assert rows_of(["text", "litres"], '"m"', SITE, 20).text == (
        'SELECT "text", "litres" FROM "m" WHERE "site" = \'dh\' AND $timeFilter ORDER BY time DESC LIMIT 20'
    )


def test_windows_without_rows_count_as_none() -> None:
    assert per("1d", 'sum("n") AS "n"', 'mean("n")', f'"m" WHERE {SITE}') == (
        'SELECT mean("n") FROM (SELECT sum("n") AS "n" FROM "m" WHERE "site" = \'dh\' AND $timeFilter GROUP BY time(1d) fill(0))'
    )


def test_time_in_a_state_is_counted_by_the_minute() -> None:
    minutes = minutes_in("psa_plant", ["off", "fault"], "down").text
    assert minutes.startswith('SELECT sum("in") AS "down" FROM (SELECT count(distinct("state")) AS "in" FROM "psa_plant" WHERE ')
    assert "(\"state\" = 'off' OR \"state\" = 'fault')" in minutes
    assert entries("psa_plant", "starting", "starts").text.endswith('GROUP BY "site", "asset") WHERE "step" > 0')


def test_limits_are_those_in_force() -> None:
    query = limits(SITE, "LP-L", "LP-LL")
    assert 'FROM "rule_limit" WHERE "site" = \'dh\' AND ("rule" = \'LP-L\' OR "rule" = \'LP-LL\') AND $timeFilter' in query.text
    assert query.alias == "{limit} $tag_rule $tag_asset"


def test_no_site_can_be_missed_or_found_by_the_patterns_by_accident() -> None:
    """Ids of sites begin with a letter or a digit, and that of the collector with an underscore."""
    assert (influxql.RAW, influxql.ROLLED_UP) == (".", "^-")
