"""How each type of Grafana's panels is drawn in a preview: a panel's JSON and the answers to its queries → HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

import plotly.graph_objects as go
from markdown_it import MarkdownIt

from dashboards.expand import Span

Panel = Mapping[str, Any]
GREY = "#6C7A89"
CURVES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#6C7A89")
UNITS = {"percent": " %", "pressurebar": " bar", "celsius": " °C", "ppm": " ppm", "watt": " W", "h": " h"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one query: `ref` is its letter; `series` as InfluxDB gives them."""

    ref: str
    series: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Look:
    """How one field of a panel is shown: the panel's defaults, and what is said of that field alone."""

    name: str
    options: Mapping[str, Any]

    def text(self, value: Any) -> str:
        """A value for people: its word, or its number with the unit."""
        if value is None:
            return "–"
        for mapping in self.options.get("mappings", ()):
            if mapping["type"] == "value" and _key(value) in mapping["options"]:
                return str(mapping["options"][_key(value)].get("text", value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _number(float(value), self.options.get("unit", ""), self.options.get("decimals"))
        return str(value)

    def colour(self, value: Any) -> str:
        for mapping in self.options.get("mappings", ()):
            if mapping["type"] == "value" and _key(value) in mapping["options"]:
                return str(mapping["options"][_key(value)].get("color", GREY))
        found = GREY
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            for step in self.options.get("thresholds", {}).get("steps", ()):
                if step["value"] is None or value >= step["value"]:
                    found = step["color"]
        return str(found)

    @property
    def title(self) -> str:
        return str(self.options.get("displayName", self.name))


def look(panel: Panel, name: str) -> Look:
    config = panel["fieldConfig"]
    options = {**config["defaults"], **config["defaults"].get("custom", {})}
    for override in config["overrides"]:
        matcher = override["matcher"]
        pattern = str(matcher["options"])
        hit = name == pattern if matcher["id"] == "byName" else re.search(pattern.strip("/"), name) is not None
        if hit:
            options |= {each["id"].removeprefix("custom."): each["value"] for each in override["properties"]}
    return Look(name, options)


def stat(panel: Panel, answers: list[Answer], _span: Span, _height: int) -> str:
    boxes = []
    for name, values in _curves(panel, answers):
        last = next((value for _, value in reversed(values) if value is not None), None)
        if last is not None:
            shown = look(panel, name)
            label = f"<span>{escape(shown.title)}</span>" if panel["options"].get("textMode") != "value" else ""
            boxes.append(
                f'<div class="stat" style="background:{shown.colour(last)}"><b><bdi>{escape(shown.text(last))}</bdi></b>{label}</div>'
            )
    return f'<div class="stats">{"".join(boxes)}</div>' if boxes else ""


def table(panel: Panel, answers: list[Answer], _span: Span, height: int) -> str:
    names, rows = _rows(answers)
    for step in panel.get("transformations", ()):
        names, rows = _transformed(step, names, rows)
    for order in panel["options"].get("sortBy", ()):
        names_shown = {look(panel, name).title: name for name in names}
        by = names_shown.get(order["displayName"], order["displayName"])
        rows.sort(key=lambda row: (row.get(by) is None, row.get(by)), reverse=bool(order.get("desc")))
    looks = [look(panel, name) for name in names]
    head = "".join(f"<th>{escape(each.title)}</th>" for each in looks)
    body = "".join(f"<tr>{''.join(_cell(each, row.get(each.name)) for each in looks)}</tr>" for row in rows[: max(3, height // 24)])
    return f"<table><tr>{head}</tr>{body}</table>"


def timeseries(panel: Panel, answers: list[Answer], span: Span, height: int) -> str:
    figure, unit = go.Figure(), panel["fieldConfig"]["defaults"].get("unit", "")
    for place, (name, values) in enumerate(_curves(panel, answers)):
        shown = look(panel, name)
        given = shown.options.get("color", {})
        colour = given.get("fixedColor") if given.get("mode") == "fixed" else CURVES[place % len(CURVES)]
        times, numbers = [_time(at) for at, _ in values], [value for _, value in values]
        if shown.options.get("drawStyle") == "bars":
            figure.add_bar(x=times, y=numbers, name=shown.title, marker_color=colour)
        else:
            dashed = shown.options.get("lineStyle", {}).get("fill") == "dash"
            line = {"color": colour, "width": shown.options.get("lineWidth", 1), "dash": "dash" if dashed else "solid"}
            mode = "lines" if len(values) > 1 else "markers"
            figure.add_scatter(x=times, y=numbers, name=shown.title, mode=mode, line=line, connectgaps=True)
    if panel["fieldConfig"]["defaults"].get("custom", {}).get("thresholdsStyle", {}).get("mode", "off") != "off":
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
            if step["value"] is not None:
                figure.add_hline(y=step["value"], line={"color": step["color"], "dash": "dash", "width": 1})
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[_time(span.start_ms), _time(span.end_ms)])
    figure.update_yaxes(ticksuffix=_suffix(unit), rangemode="tozero" if panel["fieldConfig"]["defaults"].get("min") == 0 else "normal")
    return _drawn(figure, height)


def state_timeline(panel: Panel, answers: list[Answer], span: Span, height: int) -> str:
    figure = go.Figure()
    for name, values in _curves(panel, answers):
        shown = look(panel, name)
        for start_ms, end_ms, value in _stretches(values, span.end_ms):
            figure.add_bar(
                y=[shown.title],
                x=[end_ms - start_ms],
                base=[_time(start_ms)],
                orientation="h",
                marker_color=shown.colour(value),
                text=[shown.text(value) if end_ms - start_ms > (span.end_ms - span.start_ms) / 12 else ""],
                textposition="inside",
                insidetextanchor="start",
                showlegend=False,
            )
    figure.update_layout(barmode="overlay", bargap=0.25)
    figure.update_xaxes(type="date", range=[_time(span.start_ms), _time(span.end_ms)])
    return _drawn(figure, height)


def bargauge(panel: Panel, answers: list[Answer], _span: Span, _height: int) -> str:
    bars, most = [], float(panel["fieldConfig"]["defaults"].get("max", 100))
    for name, values in _curves(panel, answers):
        last = next((value for _, value in reversed(values) if value is not None), None)
        if last is not None:
            shown, share = look(panel, name), min(100.0, 100 * float(last) / most)
            fill = f'<u><i style="width:{share:.0f}%;background:{shown.colour(last)}"></i></u>'
            bars.append(f'<div class="bar"><span>{escape(shown.title)}</span>{fill}<b>{escape(shown.text(last))}</b></div>')
    return "".join(bars)


def histogram(panel: Panel, answers: list[Answer], _span: Span, height: int) -> str:
    numbers = [value for _, values in _curves(panel, answers) for _, value in values[-1:] if isinstance(value, (int, float))]
    figure = go.Figure(go.Histogram(x=numbers, nbinsx=20, marker_color=CURVES[0]))
    for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
        if step["value"] is not None:
            figure.add_vline(x=step["value"], line={"color": GREY, "dash": "dash"})
    figure.update_xaxes(ticksuffix=_suffix(panel["fieldConfig"]["defaults"].get("unit", "")))
    return _drawn(figure, height, legend=False)


def geomap(panel: Panel, answers: list[Answer], _span: Span, height: int) -> str:
    """Where the sites lie to one another; the map itself comes from a server that is not asked."""
    _, rows = _rows(answers)
    layer = panel["options"]["layers"][0]["config"]["style"]
    by = layer["color"].get("field", "")
    placed = [row for row in rows if row.get("latitude") is not None]
    shown = look(panel, by)
    figure = go.Figure(
        go.Scatter(
            x=[row["longitude"] for row in placed],
            y=[row["latitude"] for row in placed],
            mode="markers+text",
            text=[row.get("site", "") for row in placed],
            textposition="bottom center",
            textfont={"size": 9},
            marker={"size": 11, "color": [shown.colour(row.get(by)) for row in placed]},
        )
    )
    return _drawn(figure, height, legend=False)


def text(panel: Panel, _answers: list[Answer], _span: Span, _height: int) -> str:
    return str(MarkdownIt().render(panel["options"]["content"]))


DRAWN: Mapping[str, Callable[[Panel, list[Answer], Span, int], str]] = {
    "stat": stat,
    "table": table,
    "timeseries": timeseries,
    "state-timeline": state_timeline,
    "bargauge": bargauge,
    "histogram": histogram,
    "geomap": geomap,
    "text": text,
}


def _curves(panel: Panel, answers: list[Answer]) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """Each column of each series as a curve, named by the query's alias as Grafana does."""
    aliases = {target["refId"]: target.get("alias", "$col") for target in panel["targets"]}
    for answer in answers:
        for series in answer.series:
            for place, column in enumerate(series["columns"][1:], 1):
                name = aliases[answer.ref].replace("$col", column)
                for tag, value in series.get("tags", {}).items():
                    name = name.replace(f"$tag_{tag}", value)
                values = [(row[0], row[place]) for row in series["values"] if row[place] is not None]
                if values:
                    yield name.strip(), values


def _rows(answers: list[Answer]) -> tuple[list[str], list[dict[str, Any]]]:
    """Tables: the time, the tags, the columns."""
    names: list[str] = []
    rows = []
    for answer in answers:
        for series in answer.series:
            columns = ["Time", *series["columns"][1:]]
            for row in series["values"]:
                rows.append({"Time": row[0], **series.get("tags", {}), **dict(zip(columns[1:], row[1:], strict=True))})
            names += [name for name in ("Time", *series.get("tags", {}), *columns[1:]) if name not in names]
    return names, rows


def _transformed(step: Mapping[str, Any], names: list[str], rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    options = step["options"]
    if step["id"] == "organize":
        places = options.get("indexByName", {})
        kept = [name for name in names if not options.get("excludeByName", {}).get(name)]
        return sorted(kept, key=lambda name: places.get(name, 99)), rows
    if step["id"] == "sortBy":
        by, desc = options["sort"][0]["field"], options["sort"][0].get("desc", False)
        return names, sorted(rows, key=lambda row: (row.get(by) is not None, row.get(by)), reverse=desc)
    if step["id"] == "limit":
        return names, rows[: options["limitField"]]
    raise ValueError(f"transformation {step['id']} is not drawn here")


def _cell(shown: Look, value: Any) -> str:
    flag = shown.options.get("cellOptions", {}).get("type") == "color-background" and value is not None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    style = f' style="background:{shown.colour(value)}"' if flag else ""
    return f'<td class="{"number " if number else ""}{"flag" if flag else ""}"{style}><bdi>{escape(shown.text(value))}</bdi></td>'


def _stretches(values: list[tuple[int, Any]], end_ms: int) -> Iterator[tuple[int, int, Any]]:
    start_ms, now = values[0]
    for at_ms, value in values[1:]:
        if value != now:
            yield start_ms, at_ms, now
            start_ms, now = at_ms, value
    yield start_ms, min(end_ms, values[-1][0] + 60_000), now


def _number(value: float, unit: str, decimals: int | None) -> str:
    if unit == "dateTimeFromNow":
        minutes = (datetime.now(UTC).timestamp() - value / 1000) / 60
        away = f"{abs(minutes):.0f} min" if abs(minutes) < 120 else f"{abs(minutes) / 60:.0f} h"
        return f"{away} ago" if minutes >= 0 else f"in {away}"
    if unit == "dateTimeAsLocal":
        return _time(int(value)).strftime("%d.%m. %H:%M")
    if unit == "s":
        return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
    if unit == "bytes":
        return f"{value / 2**30:.1f} GiB" if value > 2**30 else f"{value / 2**20:.1f} MiB"
    digits = decimals if decimals is not None else 0 if abs(value) >= 100 or value == int(value) else 1
    return f"{value:,.{digits}f}{_suffix(unit)}"


def _suffix(unit: str) -> str:
    return f" {unit.removeprefix('suffix:').strip()}" if unit.startswith("suffix:") else UNITS.get(unit, "")


def _key(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _drawn(figure: go.Figure, height: int, *, legend: bool = True) -> str:
    figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 8, "r": 8, "t": 4, "b": 4},
        showlegend=legend,
        legend={"orientation": "h", "y": -0.18, "font": {"size": 10}},
        font={"size": 11, "family": "Noto Sans, Noto Sans Devanagari, Noto Sans Arabic, sans-serif"},
    )
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(automargin=True)
    drawn = figure.to_html(include_plotlyjs=False, full_html=False, config={"staticPlot": True, "responsive": True})
    return f'<div dir="ltr">{drawn}</div>'  # time runs to the right in every language, as it does in Grafana
