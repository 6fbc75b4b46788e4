"""How each type of Grafana's panels is drawn in a preview: a panel's JSON and the answers to its queries → HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from markdown_it import MarkdownIt

from bench.preview_look import CURVES, GREY, Look, Panel, is_number, look, moment, readable_on, suffix
from dashboards.expand import Span

FONT = "Noto Sans, Noto Sans Devanagari, Noto Sans Arabic, sans-serif"
LEGEND_PX, ROW_PX, COLUMN_PX, LETTER_PX, LEAST_PX = 38, 24, 80, 7, 70
SMALLER = 0.74
"""Of a screen that is 1900 pixels wide."""
Curve = list[tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one query: `ref` is its letter; `series` as InfluxDB gives them."""

    ref: str
    series: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A panel, what its queries found, and the room for it in pixels; `marks` are the dashboard's annotations: when, and their colour."""

    panel: Panel
    answers: list[Answer]
    span: Span
    width: int
    height: int
    marks: tuple[tuple[int, str], ...] = ()

    @property
    def defaults(self) -> Mapping[str, Any]:
        defaults: Mapping[str, Any] = self.panel["fieldConfig"]["defaults"]
        return defaults


# ---- one value, or a few -----------------------------------------------------------------------------------------------------------


def stat(drawing: Drawing) -> str:
    boxes = []
    for shown, last in _latest(drawing):
        colour, text = shown.colour(last), shown.text(last)
        label = f"<span>{escape(shown.title)}</span>" if drawing.panel["options"].get("textMode") != "value" else ""
        style = f"background:{colour};color:{readable_on(colour)}"
        boxes.append(f'<div class="stat" style="{style}"><b><bdi>{escape(text)}</bdi></b>{label}</div>')
    return f'<div class="stats">{"".join(boxes)}</div>' if boxes else ""


def bargauge(drawing: Drawing) -> str:
    bars, most = [], float(drawing.defaults.get("max", 100))
    for shown, last in _latest(drawing):
        share = min(100.0, 100 * float(last) / most)
        fill = f'<u><i style="width:{share:.0f}%;background:{shown.colour(last)}"></i></u>'
        bars.append(f'<div class="bar"><span>{escape(shown.title)}</span>{fill}<b>{escape(shown.text(last))}</b></div>')
    return "".join(bars)


def text(drawing: Drawing) -> str:
    return str(MarkdownIt().render(drawing.panel["options"]["content"]))


def _latest(drawing: Drawing) -> Iterator[tuple[Look, Any]]:
    for name, values in _curves(drawing):
        yield look(drawing.panel, name), values[-1][1]


# ---- tables ------------------------------------------------------------------------------------------------------------------------


def table(drawing: Drawing) -> str:
    names, rows = _rows(drawing.answers)
    for step in drawing.panel.get("transformations", ()):
        names, rows = _transformed(step, names, rows)
    looks = [look(drawing.panel, name) for name in names]
    for order in drawing.panel["options"].get("sortBy", ()):
        by = next((each.name for each in looks if each.title == order["displayName"]), order["displayName"])
        with_value = sorted((row for row in rows if row.get(by) is not None), key=lambda row: row[by], reverse=bool(order.get("desc")))
        rows = with_value + [row for row in rows if row.get(by) is None]
    numeric = {name for name in names if name != "Time" and all(is_number(row.get(name)) or row.get(name) is None for row in rows)}
    widths = "".join(f'<col style="width:{width}px">' for width in _widths(looks, drawing.width))
    head = "".join(f'<th class="{"number" if each.name in numeric else ""}">{escape(each.title)}</th>' for each in looks)
    shown = rows[: max(1, drawing.height // ROW_PX - 1)]
    body = "".join(f"<tr>{''.join(_cell(each, row.get(each.name), each.name in numeric) for each in looks)}</tr>" for row in shown)
    return f"<table>{widths}<tr>{head}</tr>{body}</table>"


def _widths(looks: list[Look], width: int) -> list[float]:
    """What is left by columns that have a width goes to the others in equal parts; where there is too little, the widest gives way."""
    given = [SMALLER * each.options["width"] if "width" in each.options else None for each in looks]
    others = given.count(None)
    share = max(COLUMN_PX, (width - sum(each or 0 for each in given)) / others) if others else 0
    wanted = [each or share for each in given]
    widest = wanted.index(max(wanted))
    wanted[widest] = max(COLUMN_PX, wanted[widest] - max(0, sum(wanted) - width))
    return [each * width / sum(wanted) for each in wanted]


def _cell(shown: Look, value: Any, numeric: bool) -> str:
    flag = shown.options.get("cellOptions", {}).get("type") == "color-background" and value is not None
    colour = shown.colour(value) if flag else "transparent"
    kind = ' class="number"' if numeric else ""
    return f'<td{kind} style="background:{colour};color:{readable_on(colour)}"><bdi>{escape(shown.text(value))}</bdi></td>'


def _rows(answers: list[Answer]) -> tuple[list[str], list[dict[str, Any]]]:
    """The time, the tags, the columns."""
    names: list[str] = []
    rows = []
    for answer in answers:
        for series in answer.series:
            columns = ["Time", *series["columns"][1:]]
            for row in series["values"]:
                rows.append({**series.get("tags", {}), **dict(zip(columns, row, strict=True))})
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


# ---- over time ---------------------------------------------------------------------------------------------------------------------


def timeseries(drawing: Drawing) -> str:
    figure, legend = go.Figure(), dict[str, str]()
    for place, (name, values) in enumerate(_curves(drawing)):
        shown = look(drawing.panel, name)
        given = shown.options.get("color", {})
        colour = given.get("fixedColor") if given.get("mode") == "fixed" else CURVES[place % len(CURVES)]
        legend.setdefault(shown.title, colour)
        if shown.options.get("drawStyle") == "bars":
            figure.add_bar(x=[moment(at) for at, _ in values], y=[value for _, value in values], marker_color=colour)
        else:
            figure.add_scatter(**_line(shown, colour, values))
    figure.update_layout(barmode="stack", shapes=[*_limits(drawing), *_marks(drawing)])
    low, high = drawing.defaults.get("min"), drawing.defaults.get("max")
    figure.update_yaxes(ticksuffix=suffix(drawing.defaults.get("unit", "")), range=[low, high], nticks=6)
    letters = sum(len(title) + 6 for title in legend)
    below_px = LEGEND_PX if letters * LETTER_PX > drawing.width else LEGEND_PX // 2
    keys = "".join(f'<span><i style="background:{colour}"></i><bdi>{escape(title)}</bdi></span>' for title, colour in legend.items())
    return _drawn(figure, drawing, below_px) + f'<div class="legend">{keys}</div>'


def _limits(drawing: Drawing) -> Iterator[dict[str, Any]]:
    if drawing.defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode", "off") != "off":
        for step in drawing.defaults["thresholds"]["steps"]:
            if step["value"] is not None:
                line = {"color": step["color"], "dash": "dash", "width": 1}
                yield {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": step["value"], "y1": step["value"], "line": line}


def _marks(drawing: Drawing) -> Iterator[dict[str, Any]]:
    """Those of the same minute and colour are one line."""
    for minute, colour in sorted({(at_ms // 60_000, colour) for at_ms, colour in drawing.marks}):
        at, line = moment(minute * 60_000), {"color": colour, "dash": "dot", "width": 1}
        yield {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "x0": at, "x1": at, "line": line, "opacity": 0.45}


def _line(shown: Look, colour: str, values: Curve) -> dict[str, Any]:
    """A gap that is longer than Grafana would draw through is one here too; a few values have points."""
    longest_ms = shown.options.get("spanNulls", 0)
    gaps = [(before + 1, None) for (before, _), (after, _) in pairwise(values) if after - before > longest_ms]
    drawn = sorted([*values, *gaps], key=lambda each: each[0])
    dash = shown.options.get("lineStyle", {}).get("fill", "solid")
    return {
        "x": [moment(at) for at, _ in drawn],
        "y": [value for _, value in drawn],
        "mode": "lines+markers" if len(values) < 50 else "lines",
        "marker": {"size": 4},
        "line": {"color": colour, "width": shown.options.get("lineWidth", 1), "dash": dash},
        "connectgaps": False,
        "fill": "tonexty" if "fillBelowTo" in shown.options else "none",
        "fillcolor": "rgba(86, 180, 233, 0.15)",
    }


def state_timeline(drawing: Drawing) -> str:
    figure, px_per_ms = go.Figure(), drawing.width / (drawing.span.end_ms - drawing.span.start_ms)
    for name, values in _curves(drawing):
        shown = look(drawing.panel, name)
        stretches = list(_stretches(values, drawing.span.end_ms))
        words = [shown.text(value) for *_, value in stretches]
        room = [(end_ms - start_ms) * px_per_ms for start_ms, end_ms, _ in stretches]
        colours = [shown.colour(value) for *_, value in stretches]
        figure.add_bar(
            y=[shown.title] * len(stretches),
            x=[end_ms - start_ms for start_ms, end_ms, _ in stretches],
            base=[moment(start_ms) for start_ms, *_ in stretches],
            orientation="h",
            marker={"color": colours, "line": {"width": 0}, "opacity": 0.85},
            text=[word if LETTER_PX * len(word) < width else "" for word, width in zip(words, room, strict=True)],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            insidetextfont={"size": 11, "color": [readable_on(colour) for colour in colours]},
            constraintext="none",
        )
    figure.update_layout(barmode="overlay", bargap=0.2)
    figure.update_xaxes(type="date")
    figure.update_yaxes(ticksuffix=" ")
    return _drawn(figure, drawing)


def _stretches(values: Curve, end_ms: int) -> Iterator[tuple[int, int, Any]]:
    start_ms, now = values[0]
    for at_ms, value in values[1:]:
        if value != now:
            yield start_ms, at_ms, now
            start_ms, now = at_ms, value
    yield start_ms, min(end_ms, values[-1][0] + 60_000), now


# ---- not over time -----------------------------------------------------------------------------------------------------------------


def histogram(drawing: Drawing) -> str:
    numbers = [values[-1][1] for _, values in _curves(drawing) if is_number(values[-1][1])]
    figure = go.Figure(go.Histogram(x=numbers, nbinsx=20, marker_color=CURVES[0]))
    for step in drawing.defaults["thresholds"]["steps"]:
        if step["value"] is not None:
            figure.add_vline(x=step["value"], line={"color": GREY, "dash": "dash"})
    figure.update_xaxes(ticksuffix=suffix(drawing.defaults.get("unit", "")))
    return _drawn(figure, drawing, over_time=False)


def geomap(drawing: Drawing) -> str:
    """Where the sites lie to one another; the map itself comes from a server that is not asked."""
    _, rows = _rows(drawing.answers)
    by = drawing.panel["options"]["layers"][0]["config"]["style"]["color"].get("field", "")
    placed = [row for row in rows if row.get("latitude") is not None]
    shown = look(drawing.panel, by)
    points = go.Scatter(
        x=[row["longitude"] for row in placed],
        y=[row["latitude"] for row in placed],
        mode="markers+text",
        text=[row.get("site", "") for row in placed],
        textposition="bottom center",
        textfont={"size": 10},
        cliponaxis=False,
        marker={"size": 13, "color": [shown.colour(row.get(by)) for row in placed], "line": {"color": "#fff", "width": 1.5}},
    )
    figure = go.Figure(points)
    figure.update_layout(plot_bgcolor="#edf1f4")
    figure.update_xaxes(ticksuffix="° E")
    figure.update_yaxes(ticksuffix="° N ")
    return _drawn(figure, drawing, over_time=False)


DRAWN: Mapping[str, Callable[[Drawing], str]] = {
    "stat": stat,
    "table": table,
    "timeseries": timeseries,
    "state-timeline": state_timeline,
    "bargauge": bargauge,
    "histogram": histogram,
    "geomap": geomap,
    "text": text,
}


def _curves(drawing: Drawing) -> Iterator[tuple[str, Curve]]:
    """Each column of each series as a curve without its nulls, named by the query's alias as Grafana does."""
    aliases = {target["refId"]: target.get("alias", "$col") for target in drawing.panel["targets"]}
    for answer in drawing.answers:
        for series in answer.series:
            for place, column in enumerate(series["columns"][1:], 1):
                name = aliases[answer.ref].replace("$col", column)
                for tag, value in series.get("tags", {}).items():
                    name = name.replace(f"$tag_{tag}", value)
                values = [(row[0], row[place]) for row in series["values"] if row[place] is not None]
                if values:
                    yield name.strip(), values


def _drawn(figure: go.Figure, drawing: Drawing, below_px: int = 0, *, over_time: bool = True) -> str:
    """Time runs to the right in every language, as it does in Grafana."""
    figure.update_layout(
        template="plotly_white",
        width=drawing.width,
        height=drawing.height - below_px,
        margin={"l": 6, "r": 10, "t": 6, "b": 6},
        showlegend=False,
        font={"size": 11, "family": FONT},
    )
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(automargin=True)
    if over_time:
        start, end = moment(drawing.span.start_ms), moment(drawing.span.end_ms)
        words = drawing.height > LEAST_PX
        figure.update_xaxes(range=[start, end], tickformat="%H:%M" if (end - start).days < 3 else "%d %b", nticks=9, showticklabels=words)
    drawn = figure.to_html(include_plotlyjs=False, full_html=False, config={"staticPlot": True})
    return f'<div dir="ltr">{drawn}</div>'
