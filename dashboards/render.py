"""From the tables of panels to Grafana's JSON, through the Grafana Foundation SDK. The only file that imports it; needed to build only."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the classic model, which every Grafana reads
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import common
    from grafana_foundation_sdk.models import dashboard as sdk

from dashboards.colours import NORMAL, PRIORITY, PURPLE, SKY
from dashboards.influxql import LONG, LONG_POLICY, PLACE, RAW, ROLLED_UP, Query
from dashboards.limits import Step, Steps
from dashboards.panel import Board, Column, Kind, Panel, uid
from dashboards.states import STATES
from dashboards.words import Words

SOURCE = common.DataSourceRef(type_val="influxdb", uid="oxygrid")
TYPES = {
    "stat": "stat", "table": "table", "lines": "timeseries", "states": "state-timeline", "map": "geomap", "bars": "bargauge",
    "histogram": "histogram", "text": "text",
}  # fmt: skip


class InfluxQuery(Dataquery):
    """A query of Grafana's InfluxDB data source; the SDK has no class for it."""

    def __init__(self, **fields: object) -> None:
        self.fields = {"datasource": SOURCE, **fields}

    def to_json(self) -> dict[str, object]:
        return self.fields


def to_json(board: Board, words: Words, boards: Sequence[Board], long: str = LONG_POLICY) -> str:
    """The dashboard in that language. `boards` are those that it links to; `long` is what stands before a measurement that is kept long."""
    made = sdk.Dashboard(
        uid=uid(board.key, words.language),
        title=words(board.key),
        description=words(f"{board.key}.about"),
        tags=["oxygrid", words.language],
        timezone="browser",
        editable=False,
        graph_tooltip=sdk.DashboardCursorSync.CROSSHAIR,
        refresh=board.refresh,
        time=sdk.DashboardDashboardTime(from_val=board.since, to="now"),
        templating=sdk.DashboardDashboardTemplating(list_val=list(_variables(board, words, long))),
        annotations=sdk.AnnotationContainer(list_val=list(_annotations(board, words))),
        links=list(_links(board, words, boards)),
        panels=[_panel(number, panel, board, words) for number, panel in enumerate(board.panels, 1)],
    )
    return json.dumps(made, cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"


# ---- variables, annotations, links -----------------------------------------------------------------------------------------------


def _variables(board: Board, words: Words, long: str) -> Iterator[sdk.VariableModel]:
    if board.places:
        yield _tag("region", "site_status", "", words)
        yield _tag("district", "site_status", '"region" =~ /^$region$/', words)
        yield _tag(
            "site", "site_status", '"region" =~ /^$region$/ AND "district" =~ /^$district$/', words, "one" if board.one_site else "any"
        )
    if board.asset:
        yield _tag("asset", board.asset, PLACE, words, "several" if board.one_site else "any")
    if _asks_for(board, "${resolution:raw}"):
        options = {words("resolution.raw"): RAW, words("resolution.15m"): ROLLED_UP}
        yield sdk.VariableModel(
            type_val=sdk.VariableType.CUSTOM,
            name="resolution",
            label=words("resolution"),
            query=", ".join(f"{text} : {value}" for text, value in options.items()),
            options=[sdk.VariableOption(selected=value == RAW, text=text, value=value) for text, value in options.items()],
            current=sdk.VariableOption(text=words("resolution.raw"), value=RAW),
        )
    if board.places or _asks_for(board, LONG):
        yield sdk.VariableModel(
            type_val=sdk.VariableType.CONSTANT, name="long", hide=sdk.VariableHide.HIDE_VARIABLE, skip_url_sync=True, query=long,
            current=sdk.VariableOption(text=long, value=long),
        )  # fmt: skip


def _asks_for(board: Board, text: str) -> bool:
    return any(text in query.text for panel in board.panels for query in panel.queries)


Choice: TypeAlias = Literal["one", "several", "any"]
"""Of the values of a variable. All of `several` are written out, `any` is a pattern: there may be thousands."""


def _tag(name: str, measurement: str, where: str, words: Words, choice: Choice = "any") -> sdk.VariableModel:
    many = choice != "one"
    query = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{name}"' + (f" WHERE {where}" if where else "")
    return sdk.VariableModel(
        type_val=sdk.VariableType.QUERY,
        name=name,
        label=words(f"variable.{name}"),
        datasource=SOURCE,
        query=query,
        definition=query,
        refresh=sdk.VariableRefresh.ON_DASHBOARD_LOAD,
        sort=sdk.VariableSort.ALPHABETICAL_ASC,
        multi=many,
        include_all=many,
        all_value=".*" if choice == "any" else None,
        current=sdk.VariableOption(text=["All"], value=["$__all"]) if many else sdk.VariableOption(),
    )


ANNOTATIONS = (
    ("annotation.high", PRIORITY["high"], f"""{LONG}"alarm" WHERE {PLACE} AND "priority" = 'high' AND "event" = 'raised'"""),
    ("annotation.medium", PRIORITY["medium"], f"""{LONG}"alarm" WHERE {PLACE} AND "priority" = 'medium' AND "event" = 'raised'"""),
    ("annotation.delivery", SKY, f'{LONG}"stock_event" WHERE {PLACE}'),
    (
        "annotation.maintenance",
        PURPLE,
        f"""{LONG}"alarm" WHERE {PLACE} AND ("event" = 'out_of_service' OR "event" = 'returned_to_service')""",
    ),
)
"""Word, colour, and what is marked on the curves; where a dashboard has none, nobody would see what was asked for."""


def _annotations(board: Board, words: Words) -> Iterator[sdk.AnnotationQuery]:
    curves = any(panel.kind in {"lines", "states"} for panel in board.panels)
    for key, colour, source in ANNOTATIONS if board.places and curves else ():
        query = InfluxQuery(
            refId="Anno",
            fromAnnotations=True,
            query=f'SELECT "text" FROM {source} AND $timeFilter LIMIT 500',
            rawQuery=True,
            resultFormat="table",
            textColumn="text",
        )
        yield sdk.AnnotationQuery(name=words(key), datasource=SOURCE, enable=True, icon_color=colour, target=query)


def _links(board: Board, words: Words, boards: Sequence[Board]) -> Iterator[sdk.DashboardLink]:
    for other in boards:
        if other.key != board.key:
            yield sdk.DashboardLink(
                type_val=sdk.DashboardLinkType.LINK,
                title=words(other.key),
                icon="dashboard",
                tooltip=words(f"{other.key}.about"),
                url=f"/d/{uid(other.key, words.language)}",
                include_vars=True,
                keep_time=True,
            )


# ---- panels ----------------------------------------------------------------------------------------------------------------------


def _panel(number: int, panel: Panel, board: Board, words: Words) -> sdk.Panel:
    x, y, w, h = panel.at
    key = panel.word or f"{board.key}.{panel.key}"
    return sdk.Panel(
        type_val=TYPES[panel.kind],
        id_val=number,
        title=words(key),
        description=words(f"{key}.about"),
        datasource=SOURCE if panel.queries else None,
        grid_pos=sdk.GridPos(x=x, y=y, w=w, h=h),
        targets=[_target(chr(ord("A") + place), query, words) for place, query in enumerate(panel.queries)] or None,
        interval=panel.every if panel.queries else None,
        max_data_points=panel.points,
        time_from=panel.recent or None,
        transformations=[*_first(panel), *_order(panel)] or None,
        options=_OPTIONS[panel.kind](panel, words, key),
        field_config=sdk.FieldConfigSource(
            defaults=_defaults(panel, words), overrides=[_override(board, panel, column, words) for column in panel.columns]
        ),
    )


def _first(panel: Panel) -> list[sdk.DataTransformerConfig]:
    """The order of rows by a column that is not shown, and how many are."""
    by = panel.sort.removeprefix("-")
    if not panel.first and not any(column.hidden and column.name == by for column in panel.columns):
        return []
    sort = {"field": by, "desc": panel.sort.startswith("-")}
    limit = [sdk.DataTransformerConfig(id_val="limit", options={"limitField": panel.first})] if panel.first else []
    return [sdk.DataTransformerConfig(id_val="sortBy", options={"sort": [sort]}), *limit]


def _order(panel: Panel) -> list[sdk.DataTransformerConfig]:
    """The columns of a table in their order: Grafana's data source gives those of tags in any."""
    if panel.kind != "table":
        return []
    options = {
        "indexByName": {column.name: place for place, column in enumerate(panel.columns)},
        "excludeByName": {column.name: True for column in panel.columns if column.hidden},
        "renameByName": {},
    }
    return [sdk.DataTransformerConfig(id_val="organize", options=options)]


def _target(ref: str, query: Query, words: Words) -> InfluxQuery:
    shape: dict[str, object] = (
        {"resultFormat": "table"} if query.table else {"resultFormat": "time_series", "alias": words.fill(query.alias)}
    )
    return InfluxQuery(refId=ref, query=words.fill(query.text), rawQuery=True, **shape)


def _defaults(panel: Panel, words: Words) -> sdk.FieldConfig:
    by_value = panel.kind in {"stat", "bars", "map", "table"} or (panel.kind == "states" and not panel.states)
    mode = sdk.FieldColorModeId.THRESHOLDS if by_value else sdk.FieldColorModeId.PALETTE_CLASSIC_BY_NAME
    return sdk.FieldConfig(
        unit=panel.unit,
        decimals=panel.decimals,
        min_val=panel.lowest,
        max_val=panel.highest,
        thresholds=_thresholds(panel.steps),
        mappings=_mappings(panel.states, words) if panel.states else None,
        color=sdk.FieldColor(mode=mode),
        no_value=words(panel.none),
        custom=_custom(panel),
    )


def _custom(panel: Panel) -> dict[str, object] | None:
    match panel.kind:
        case "lines":
            style = {"mode": "dashed" if len(panel.steps) > 1 else "off"}
            return {
                "drawStyle": "line",
                "lineWidth": 2,
                "fillOpacity": 0,
                "showPoints": "auto",
                "pointSize": 4,
                "spanNulls": max(GAP_MS, 2 * int(panel.every[:-1]) * UNIT_MS[panel.every[-1]]),
                "thresholdsStyle": style,
            }
        case "states":
            return {"lineWidth": 0, "fillOpacity": 85, "spanNulls": GAP_MS}
        case "table":
            return {"align": "auto", "inspect": False, "cellOptions": {"type": "auto"}}
    return None


GAP_MS = 1_800_000
"""Curves are drawn through where nothing came for half an hour, or two of their own steps; what is longer is a gap and shown as one."""
UNIT_MS = {"m": 60_000, "h": 3_600_000}


def _thresholds(steps: Steps) -> sdk.ThresholdsConfig:
    return sdk.ThresholdsConfig(
        mode=sdk.ThresholdsMode.ABSOLUTE, steps=[sdk.Threshold(value=step.value, color=step.colour) for step in steps]
    )


def _quiet(steps: Steps) -> Steps:
    """In a table what is normal has no colour at all: else it is all boxes."""
    return tuple(Step(step.value, "transparent" if step.colour == NORMAL else step.colour) for step in steps)


def _mappings(states: str, words: Words) -> list[sdk.ValueMapping]:
    looks = STATES[states]
    return [
        sdk.ValueMap(
            options={
                look.value: sdk.ValueMappingResult(text=f"{look.sign} {words(look.key)}", color=look.colour, index=place)
                for place, look in enumerate(looks)
            }
        )
    ]


CELL = {"type": "color-background", "mode": "basic"}
DASHES: dict[str, list[int]] = {"dash": [10, 6], "dot": [2, 6], "limit": [16, 4]}


def _override(board: Board, panel: Panel, column: Column, words: Words) -> sdk.DashboardFieldConfigSourceOverrides:
    is_pattern = column.name.startswith("/")
    return sdk.DashboardFieldConfigSourceOverrides(
        matcher=sdk.MatcherConfig(id_val="byRegexp" if is_pattern else "byName", options=words.fill(column.name)),
        properties=[sdk.DynamicConfigValue(id_val=name, value=value) for name, value in _properties(board, panel, column, words)],
    )


def _properties(board: Board, panel: Panel, column: Column, words: Words) -> Iterator[tuple[str, Any]]:
    wanted = {
        "displayName": column.word and words(column.word),
        "unit": column.unit,
        "decimals": column.decimals,
        "thresholds": column.steps and _thresholds(_quiet(column.steps) if panel.kind == "table" else column.steps),
        "mappings": column.states and _mappings(column.states, words),
        "custom.cellOptions": CELL if panel.kind == "table" and (column.steps or column.states) else None,
        "custom.width": column.width or None,
        "color": column.colour and sdk.FieldColor(mode=sdk.FieldColorModeId.FIXED, fixed_color=column.colour),
        "custom.lineStyle": column.dashes and {"fill": "dash", "dash": DASHES[column.dashes]},
        "custom.lineWidth": 1 if column.dashes == "limit" else None,
        "custom.fillBelowTo": column.down_to and words.fill(column.down_to),
        "custom.fillOpacity": 15 if column.down_to else 70 if column.bars else None,
        "custom.drawStyle": "bars" if column.bars else None,
        "custom.stacking": {"mode": "normal", "group": "A"} if column.bars else None,
        "links": column.link and [_drill(board, panel, column, each, words) for each in column.link.split()],
    }
    yield from ((name, value) for name, value in wanted.items() if value not in (None, "", ()))


def _drill(board: Board, panel: Panel, column: Column, link: str, words: Words) -> dict[str, object]:
    """To another board, for the site and the asset of that row, with everything else that is chosen."""
    names = {each.name for each in panel.columns}
    site = "var-site=${__data.fields.site}" if "site" in names else "${site:queryparam}"
    asset = "&var-asset=${__data.fields.asset}" if column.name == "asset" else ""
    above = "&${region:queryparam}&${district:queryparam}" if board.places else ""
    url = f"/d/{uid(link, words.language)}?{site}{asset}{above}&${{__url_time_range}}"
    return {"title": words(link), "url": url, "targetBlank": False}


# ---- what each kind of panel is told ------------------------------------------------------------------------------------------------

_LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
_TOOLTIP = {"mode": "multi", "sort": "none"}
_LAST = {"values": False, "calcs": ["lastNotNull"], "fields": ""}


def _stat(panel: Panel, _words: Words, _key: str) -> dict[str, object]:
    one = len(panel.queries) == 1 and not panel.columns and panel.queries[0].alias == "$col"
    text = "value" if one else "value_and_name"
    return {
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "center",
        "textMode": text,
        "wideLayout": True,
        "orientation": "auto",
        "reduceOptions": _LAST,
    }


def _table(panel: Panel, words: Words, _key: str) -> dict[str, object]:
    by = panel.sort.removeprefix("-")
    shown = next((words(column.word) for column in panel.columns if column.name == by and column.word), "")
    return {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": shown, "desc": panel.sort.startswith("-")}] if shown else []}


def _map(_panel: Panel, words: Words, _key: str) -> dict[str, object]:
    style = {
        "color": {"field": "slack_h", "fixed": PRIORITY["info"]},
        "size": {"fixed": 8, "min": 6, "max": 12},
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        "text": {"mode": "field", "field": "site", "fixed": ""},
        "textConfig": {"fontSize": 11, "offsetX": 0, "offsetY": 14, "textAlign": "center", "textBaseline": "middle"},
        "opacity": 0.9,
    }
    layer = {
        "type": "markers",
        "name": words("variable.site"),
        "tooltip": True,
        "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
        "config": {"showLegend": True, "style": style},
    }
    return {
        "view": {"id": "fit", "allLayers": True, "lat": 0, "lon": 0, "zoom": 6, "padding": 10},
        "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": True, "showScale": True, "showMeasure": False},
        "basemap": {"type": "default", "name": "basemap"},
        "layers": [layer],
        "tooltip": {"mode": "details"},
    }


Options: TypeAlias = Callable[[Panel, Words, str], dict[str, object]]
_OPTIONS: dict[Kind, Options] = {
    "stat": _stat,
    "table": _table,
    "map": _map,
    "lines": lambda *_: {"legend": _LEGEND, "tooltip": _TOOLTIP},
    "states": lambda *_: {
        "showValue": "auto",
        "rowHeight": 0.85,
        "mergeValues": True,
        "alignValue": "left",
        "legend": {**_LEGEND, "showLegend": False},
        "tooltip": _TOOLTIP,
    },
    "bars": lambda *_: {
        "displayMode": "basic",
        "orientation": "horizontal",
        "valueMode": "text",
        "showUnfilled": True,
        "reduceOptions": _LAST,
    },
    "histogram": lambda *_: {"combine": True, "legend": {**_LEGEND, "showLegend": False}, "tooltip": _TOOLTIP},
    "text": lambda _, words, key: {"mode": "markdown", "content": words(f"{key}.text")},
}
