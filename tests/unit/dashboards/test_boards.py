"""A lint of every dashboard, as built: what Grafana would show wrongly, or not at all."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from collector.config.rulebook import default_rules
from collector.ops.report import LEVELS
from collector.rules.model import Rule
from dashboards.boards import BOARDS
from dashboards.build import OUT
from dashboards.limits import PLAIN, Steps
from dashboards.panel import At, Board, Panel
from dashboards.units import BAR_PER_H, UNITS
from devices.kinds.catalogue import KINDS
from tests.unit.dashboards.written import PLACE, measurements

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

FILES = {f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8")) for path in sorted(OUT.glob("*/*.json"))}
ENGLISH = {name.removeprefix("en/"): made for name, made in FILES.items() if name.startswith("en/")}
PANELS = [pytest.param(board, panel, id=f"{board.key}-{panel.key}") for board in BOARDS for panel in board.panels]
DATA = [each for each in PANELS if each.values[1].queries]  # type: ignore[union-attr]
WRITTEN = measurements()
FUNCTIONS = {
    "count", "difference", "distinct", "fill", "first", "last", "max", "mean", "min", "non_negative_derivative", "non_negative_difference",
    "spread", "sum", "time",
}  # fmt: skip
"""InfluxDB 3 has these too (InfluxQL feature support, docs.influxdata.com); it has no SLIMIT, no SOFFSET, and no INTO."""
KEYWORDS = {"SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "AND", "OR", "AS", "DESC"}
OURS = {"__interval", "timeFilter", "__range_s"}
IDENTIFIER = re.compile(r'"([^"]+)"')


def queries(made: dict[str, Any]) -> Iterator[str]:
    for panel in made["panels"]:
        yield from (target["query"] for target in panel.get("targets", []))
    yield from (each["target"]["query"] for each in made["annotations"]["list"])


def unnamed(query: str) -> str:
    """Without what columns are called."""
    return re.sub(r'AS "[^"]*"', "", query)


def selects() -> list[str]:
    return sorted({query for made in ENGLISH.values() for query in queries(made)})


def variables(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in made["templating"]["list"]}


def bare(query: str) -> str:
    """Without what is quoted."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|/[^/]*/", "_", query)


# ---- the whole -------------------------------------------------------------------------------------------------------------------


def test_uids_are_unique_and_short_enough() -> None:
    uids = [made["uid"] for made in FILES.values()]
    assert [uid for uid, times in Counter(uids).items() if times > 1] == []
    assert max(map(len, uids)) <= 40


def test_languages_differ_in_words_only() -> None:
    for name, made in FILES.items():
        english = ENGLISH[name.partition("/")[2]]
        assert [panel["gridPos"] for panel in made["panels"]] == [panel["gridPos"] for panel in english["panels"]], name
        assert [unnamed(query) for query in queries(made)] == [unnamed(query) for query in queries(english)], name


@pytest.mark.parametrize("name", FILES)
def test_the_sdk_reads_it_and_loses_no_key(name: str) -> None:
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(FILES[name]), cls=JSONEncoder))
    assert lost(FILES[name], again) == []


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """Paths that are there before and not, or otherwise, after."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            each
            for key, value in before.items()
            for each in (lost(value, after[key], f"{path}.{key}") if key in after else [f"{path}.{key}"])
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [each for n, (one, other) in enumerate(zip(before, after, strict=True)) for each in lost(one, other, f"{path}[{n}]")]
    return [] if before == after else [path]


@pytest.mark.parametrize("name", ENGLISH)
def test_every_variable_and_data_source_that_is_used_is_there(name: str) -> None:
    made = ENGLISH[name]
    known = variables(made).keys()
    text = [*queries(made), *(str(each.get("query")) for each in made["templating"]["list"])]
    used = {found for query in text for found in re.findall(r"\$\{?(\w+)", query)}
    assert used - OURS <= known
    assert known - used <= {"region", "district", "site"}
    sources = set(re.findall(r'"uid": "([^"]+)"', json.dumps(made)))
    assert sources - {made["uid"]} == {"oxygrid"}


@pytest.mark.parametrize("name", ENGLISH)
def test_links_lead_to_dashboards_that_are_there_and_keep_what_is_chosen(name: str) -> None:
    made = ENGLISH[name]
    assert {link["url"] for link in made["links"]} == {f"/d/{other['uid']}" for key, other in ENGLISH.items() if key != name}
    assert all(link["includeVars"] and link["keepTime"] for link in made["links"])
    for url in re.findall(r'"url": "(/d/[^"]+\?[^"]*)"', json.dumps(made)):
        uid, _, rest = url.removeprefix("/d/").partition("?")
        assert uid in {other["uid"] for other in ENGLISH.values()}
        assert "site" in rest
        assert rest.endswith("&${__url_time_range}")
        assert set(re.findall(r"\$\{(\w+):queryparam\}", rest)) <= variables(made).keys()


@pytest.mark.parametrize("name", ENGLISH)
def test_variables_are_chained(name: str) -> None:
    found = variables(ENGLISH[name])
    for variable, above in (("district", ["region"]), ("site", ["region", "district"]), ("asset", ["region", "district", "site"])):
        if variable in found:
            assert all(f'"{tag}" =~ /^${tag}$/' in found[variable]["query"] for tag in above)


@pytest.mark.parametrize("name", ENGLISH)
def test_marks_are_asked_for_where_there_are_curves_to_mark(name: str) -> None:
    made = ENGLISH[name]
    curves = any(panel["type"] in {"timeseries", "state-timeline"} for panel in made["panels"])
    marks = [each for each in made["annotations"]["list"] if "target" in each]
    assert bool(marks) == (curves and "site" in variables(made))


# ---- panels ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGLISH)
def test_no_panel_overlaps_another_or_leaves_the_grid(name: str) -> None:
    panels = ENGLISH[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [At(**panel["gridPos"]) for panel in panels]
    assert all(at.x >= 0 and at.x + at.w <= 24 and at.w > 0 and at.h > 0 and at.y >= 0 for at in places)
    over = [(a, b) for a, b in combinations(places, 2) if a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h]
    assert over == []


@pytest.mark.parametrize("name", FILES)
def test_every_panel_says_what_it_is_in_which_unit_and_what_if_there_is_nothing(name: str) -> None:
    for panel in FILES[name]["panels"]:
        assert panel["title"]
        assert len(panel["description"]) > 10, panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["noValue"]
        if panel.get("targets"):
            assert defaults["unit"], panel["title"]


@pytest.mark.parametrize(("board", "panel"), DATA)
def test_the_unit_is_that_of_the_signals(board: object, panel: Panel) -> None:
    signals = {name for query in panel.queries for kind, name in shown(query.text)}
    if panel.kind == "lines" and signals:
        units = {UNITS[suffix] for name in signals if (suffix := name.rpartition("_")[2]) in UNITS}
        assert units <= {panel.unit}
    for column in panel.columns:
        suffix = column.name.rpartition("_")[2]
        if suffix in UNITS and column.unit not in {"", BAR_PER_H}:
            assert column.unit == UNITS[suffix], column.name


def shown(query: str) -> set[tuple[str, str]]:
    """(kind, signal) of the signals that a query shows; none of a ratio of two."""
    kind = re.search(r'FROM (?:\$\{long:raw\})?"(\w+?)(?:_15m)?"', query)
    if kind is None or kind[1] not in KINDS or " / " in query:
        return set()
    names = IDENTIFIER.findall(query.partition(" FROM ")[0])
    return {(kind[1], re.sub(r"_(mean|min|max|count)$", "", name)) for name in names} & {
        (kind[1], signal) for signal in KINDS[kind[1]].signals
    }


def asked(query: str) -> set[tuple[str, str]]:
    """The signals that a query shows, and what is known of a site, as of the kind `site`."""
    return shown(query) | {("site", name) for name in IDENTIFIER.findall(query.partition(" FROM ")[0])}


def plain_limits(rule: Rule) -> set[float]:
    return {value for limit in (rule.limit, rule.upper) if limit is not None and (value := limit.value({})) is not None}


def watched(rule: Rule) -> set[tuple[str, str]]:
    """(kind, signal); of the hours left the name that they have in the database."""
    if rule.type not in LEVELS:
        return set()
    return {("site", f"{rule.hours}_h")} if rule.type == "hours_left" else {(rule.kind, signal) for signal in rule.signals}


LIMITED = {each: rule for rule in default_rules() for each in watched(rule)}


@pytest.mark.parametrize(("board", "panel"), DATA)
def test_where_a_signal_has_limits_they_are_shown(board: object, panel: Panel) -> None:
    for query in panel.queries:
        for name in asked(query.text) & LIMITED.keys():
            rule = LIMITED[name]
            if panel.kind == "table" and rule.limit is not None and rule.limit.of:
                continue  # it differs from row to row
            drawn = any('"rule_limit"' in each.text and f"'{rule.id}'" in each.text for each in panel.queries)
            column = next((each for each in panel.columns if each.name == name[1]), None)
            assert drawn or panel.steps != PLAIN or (column is not None and column.steps), name


@pytest.mark.parametrize(("board", "panel"), DATA)
def test_thresholds_are_limits_of_rules_and_nothing_else(board: object, panel: Panel) -> None:
    """One source: nobody types in a limit that a rule has."""
    names = {name for query in panel.queries for name in asked(query.text)}
    checked: list[tuple[set[tuple[str, str]], Steps]] = [({each for each in names if each[1] == c.name}, c.steps) for c in panel.columns]
    for about, steps in [*checked, (names, panel.steps)]:
        limits = {limit for rule in default_rules() for limit in plain_limits(rule) if about & watched(rule)}
        assert not limits or {step.value for step in steps if step.value is not None} <= limits


@pytest.mark.parametrize(("board", "panel"), DATA)
def test_every_column_of_a_table_has_a_heading(board: object, panel: Panel) -> None:
    for query in panel.queries:
        if query.table:
            names = set(re.findall(r'AS "(\w+)"', query.text.partition(" FROM ")[0])) or set(
                IDENTIFIER.findall(query.text.partition(" FROM ")[0])
            )
            tags = set(IDENTIFIER.findall(query.text.rpartition("GROUP BY ")[2])) if "GROUP BY" in query.text else set()
            listed = {column.name for column in panel.columns}
            assert panel.kind in {"map", "histogram"} or names | tags | {"Time"} <= listed
            assert all(column.word or column.hidden for column in panel.columns)


# ---- queries -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", selects())
def test_a_query_is_of_the_language_that_all_versions_share(query: str) -> None:
    text = bare(query)
    assert {name.lower() for name in re.findall(r"(\w+)\(", text)} <= FUNCTIONS | {"from"}
    words = set(re.findall(r"\b[A-Z][A-Z ]*[A-Z]\b", text))
    assert {word for words_ in words for word in re.split(r" (?=FROM|WHERE|AND|AS|OR|GROUP|ORDER|LIMIT|DESC)", words_)} <= KEYWORDS
    assert text.count("SELECT") >= 1
    assert text.startswith("SELECT ")


@pytest.mark.parametrize("query", selects())
def test_a_query_is_bounded_in_time(query: str) -> None:
    innermost = query[query.rindex("SELECT ") :]
    assert innermost.count("$timeFilter") == 1


@pytest.mark.parametrize("query", selects())
def test_a_query_asks_for_what_is_written_and_where_it_is_kept(query: str) -> None:
    sources = re.findall(r'FROM (\$\{long:raw\})?"(\w+)"', query)
    (long, name), *others = sources
    assert not others
    written = WRITTEN[name]
    assert bool(long) is written.long, name
    aliases = set(re.findall(r'AS "([^"]+)"', query))
    used = set(IDENTIFIER.findall(query)) - {name}
    assert used <= written.tags | written.fields | aliases
    group = re.search(r"GROUP BY ([^()]*(?:\([^)]*\)[^()]*)?)", query)
    assert group is None or set(IDENTIFIER.findall(group[1])) <= written.tags


@pytest.mark.parametrize(("board", "panel"), DATA)
def test_assets_of_two_sites_are_never_taken_for_one(board: Board, panel: Panel) -> None:
    """Each site may have a `manifold`: a mean over two of them would be nobody's pressure."""
    for query in panel.queries:
        tags = set(IDENTIFIER.findall(query.text.rpartition("GROUP BY ")[2]))
        assert board.one_site or not tags & {"asset", "source"} or "site" in tags or board.key == "collector"


def test_variables_ask_for_tags_that_are_written() -> None:
    for made in ENGLISH.values():
        for variable in variables(made).values():
            if variable["type"] == "query":
                found = re.fullmatch(r'SHOW TAG VALUES FROM "(\w+)" WITH KEY = "(\w+)"(?: WHERE (.*))?', variable["query"])
                assert found is not None
                assert found[2] in WRITTEN[found[1]].tags
                assert set(IDENTIFIER.findall(found[3] or "")) <= PLACE
