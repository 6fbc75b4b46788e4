"""`python -m bench.preview`: pictures of the dashboards, drawn from what their queries find in a real InfluxDB. Previews, not Grafana.

    make previews        writes docs/images/dashboards/*.png; needs InfluxDB 1.x and Chromium

Each panel stands where Grafana would put it, with its title, unit, thresholds, colours and words. What Grafana does beyond is not drawn.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image
from plotly.offline import get_plotlyjs

from bench.preview_look import Panel
from bench.preview_panels import DRAWN, Answer, Drawing
from bench.reader import Ask, answers, asking, board_of, chosen, names
from bench.week import DAY_MS, fill
from collector.store.influx_api import Settings
from dashboards.expand import ALL, Span, panels_of
from tests.servers import influxdb

ROOT = Path(__file__).parents[1]
ROW_PX, GAP_PX, WIDTH_PX = 36, 8, 1400
PICTURES = (*(("en", name) for name in names()), ("hi", "hospital"), ("ar", "hospital"))
COLOURS = 128
LABEL = "Preview of simulated hospitals, not Grafana."
STYLE = f"""
body {{ margin: 0; padding: 12px; background: #f4f5f5; color: #1f2328; font: 13px/1.35 "Noto Sans", "Noto Sans Devanagari",
  "Noto Sans Arabic", sans-serif; width: {WIDTH_PX - 24}px; }}
h1 {{ font-size: 18px; margin: 0 0 2px; }} .label {{ color: #6c7a89; margin-bottom: 10px; }}
.grid {{ display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: {ROW_PX - GAP_PX}px; gap: {GAP_PX}px; }}
.panel {{ background: #fff; border: 1px solid #dcdfe3; border-radius: 3px; padding: 6px 8px; overflow: hidden; display: flex;
  flex-direction: column; min-width: 0; }}
.panel h2 {{ font-size: 13px; font-weight: 600; margin: 0 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }}
.body {{ flex: 1; min-height: 0; position: relative; overflow: hidden; }}
.stats {{ display: flex; gap: 4px; height: 100%; }} .stat {{ flex: 1; display: flex; flex-direction: column; align-items: center;
  justify-content: center; border-radius: 2px; text-align: center;
  min-width: 0; }}
.stat b {{ font-size: 24px; line-height: 1.15; white-space: nowrap; }} .stat span {{ font-size: 11px; }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 12px; }} th {{ color: #57606a; font-weight: 600;
  font-size: 11px; }}
td, th {{ padding: 2px 6px; height: 19px; border-bottom: 1px solid #eceef0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  text-align: start; }}
td.number, th.number {{ text-align: end; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 2px 14px; max-height: 36px; overflow: hidden; font-size: 11px; color: #3d444d; }}
.legend i {{ display: inline-block; width: 16px; height: 3px; vertical-align: middle; margin-inline-end: 5px; }}
.none {{ height: 100%; display: flex; align-items: center; justify-content: center; color: #6c7a89; text-align: center; }}
.bar {{ display: grid; grid-template-columns: 90px 1fr 60px; gap: 8px; align-items: center; margin: 10px 0; }}
.bar i {{ display: block; height: 16px; border-radius: 2px; }} .bar u {{ background: #eceef0; border-radius: 2px; display: block; }}
"""


def page(board: Mapping[str, Any], ask: Ask, span: Span, language: str) -> str:
    """The whole dashboard as a page."""
    variables = chosen(board, ask, span)
    found: dict[int, list[Answer]] = {}
    spans: dict[int, Span] = {}
    marks: list[tuple[int, str]] = []
    colours = {each["name"]: each["iconColor"] for each in board["annotations"]["list"]}
    for asked, within, series in answers(board, ask, span, variables):
        if asked.what == "panel":
            found.setdefault(asked.panel, []).append(Answer(asked.ref, series))
            spans[asked.panel] = within
        else:
            marks += [(row[0], colours[asked.title]) for each in series for row in each["values"]]
    panels = "".join(_panel(panel, found.get(panel["id"], []), spans.get(panel["id"], span), tuple(marks)) for panel in panels_of(board))
    picked = ", ".join(f"{each.name}: {'/'.join(each.values)}" for each in variables.values() if each.query and each.values != (ALL,))
    direction = "rtl" if language == "ar" else "ltr"
    return f"""<!doctype html><html lang="{language}"><meta charset="utf-8"><style>{STYLE}</style>
<script>{get_plotlyjs()}</script><main dir="{direction}">
<h1>{escape(board["title"])}</h1><div class="label"><bdi>{LABEL}</bdi> <bdi>{escape(picked)}</bdi></div>
<div class="grid">{panels}</div></main></html>"""


def _panel(panel: Panel, answers: list[Answer], span: Span, marks: tuple[tuple[int, str], ...]) -> str:
    at = panel["gridPos"]
    where = f"grid-column: {at['x'] + 1} / span {at['w']}; grid-row: {at['y'] + 1} / span {at['h']}"
    width, height = at["w"] * (WIDTH_PX - 24 + GAP_PX) // 24 - GAP_PX - 20, at["h"] * ROW_PX - GAP_PX - 38
    empty = panel["type"] != "text" and not any(series["values"] for answer in answers for series in answer.series)
    none = f'<div class="none">{escape(panel["fieldConfig"]["defaults"].get("noValue", ""))}</div>'
    body = none if empty else DRAWN[panel["type"]](Drawing(panel, answers, span, width, height, marks)) or none
    return f'<div class="panel" style="{where}"><h2>{escape(panel["title"])}</h2><div class="body">{body}</div></div>'


def height_px(board: Mapping[str, Any]) -> int:
    return int(max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels_of(board)) * ROW_PX + 76)


def picture(html: Path, png: Path, height: int) -> None:
    """Chromium without a window draws the page."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("chromium was not found; on Debian: apt-get install chromium")
    argv = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
    argv += [f"--window-size={WIDTH_PX},{height}", "--virtual-time-budget=8000", f"--screenshot={png}", html.as_uri()]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
    with Image.open(png) as drawn:  # few colours: a palette holds them in half the bytes
        small = drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(png, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.preview", description="Pictures of the dashboards.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "dashboards")
    parser.add_argument("--copies", type=int, default=4, help="hospitals of each of the five make-ups")
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    end_ms = int(time.time() * 1000)
    with tempfile.TemporaryDirectory() as folder, influxdb(Path(folder) / "influxdb") as server:
        week = asyncio.run(fill(Settings(server.http, timeout_s=60.0), end_ms, copies=asked.copies))
        for language, name in PICTURES:
            if asked.only and name not in asked.only:
                continue
            board = board_of(name, language)
            html = Path(folder) / f"{language}-{name}.html"
            html.write_text(page(board, asking(server.http), Span(week.end_ms - DAY_MS, week.end_ms), language), encoding="utf-8")
            png = asked.out / (f"{name}.png" if language == "en" else f"{name}-{language}.png")
            picture(html, png, height_px(board))
            print(f"{png}: {png.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
