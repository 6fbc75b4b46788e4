"""The supply of a hospital as a drawing: what feeds on top, the pipeline with its zones below. Pure: positions and words, no SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from collector.console.words import Words, value_text
from collector.views import AssetView, SiteView, ValueView

FEEDING = ("psa_plant", "lox_tank", "manifold")
SHOWN = {
    "psa_plant": ("state", "o2_purity_pct", "o2_flow_lpm", "product_tank_bar"),
    "lox_tank": ("level_pct", "level_kg", "tank_pressure_bar"),
    "manifold": ("bank_in_use", "bank_a_bar", "bank_b_bar", "reserve_bar"),
    "pipeline": ("line_pressure_bar", "o2_flow_lpm", "o2_purity_pct"),
}
"""Kind → what stands in its box; the table below has everything."""
LABELS = {
    "state": "", "o2_purity_pct": "O₂", "o2_flow_lpm": "→", "product_tank_bar": "▣", "level_pct": "▣", "level_kg": "▣",
    "tank_pressure_bar": "p", "bank_in_use": "⇄", "bank_a_bar": "A", "bank_b_bar": "B", "reserve_bar": "R", "line_pressure_bar": "p",
}  # fmt: skip
BOX_W, LINE_H, GAP, PAD, HEAD = 170, 20, 20, 10, 26
COLUMNS = 2


class Line(NamedTuple):
    label: str
    text: str
    good: bool


class Box(NamedTuple):
    """A rectangle with a heading and lines; `priority` is that of its most urgent open alarm, empty where it has none."""

    x: int
    y: int
    w: int
    h: int
    name: str
    lines: tuple[Line, ...]
    priority: str


class Drawing(NamedTuple):
    """`bus` are the pipes: (x1, y1, x2, y2)."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    bus: tuple[tuple[int, int, int, int], ...]


def drawing(site: SiteView, priorities: Mapping[str, str], words: Words) -> Drawing:
    """`priorities`: asset → that of its most urgent open alarm."""
    feeding = sorted((a for a in site.assets if a.kind in FEEDING), key=lambda a: FEEDING.index(a.kind))
    lines = [a for a in site.assets if a.kind == "pipeline"]
    width = COLUMNS * BOX_W + (COLUMNS + 1) * GAP
    above, bottom = _placed(feeding, GAP, priorities, words)
    bus_y = bottom + GAP // 2
    below, height = _placed(lines, bus_y + GAP, priorities, words)
    middle = width // 2
    bus = [(middle, GAP, middle, bus_y)] if above else []
    if below:
        bus += [(middle, bus_y, middle, height - GAP)]
    for box in (*above, *below):
        y = box.y + box.h // 2
        edge = box.x + box.w if box.x < middle else box.x
        bus.append((edge, y, middle, y))
    return Drawing(width, height, (*above, *below), tuple(bus))


def _placed(assets: Sequence[AssetView], top: int, priorities: Mapping[str, str], words: Words) -> tuple[list[Box], int]:
    boxes: list[Box] = []
    y = top
    for first in range(0, len(assets), COLUMNS):
        row = [_box(asset, priorities, words) for asset in assets[first : first + COLUMNS]]
        tall = max(box.h for box in row)
        boxes += [box._replace(x=GAP + n * (BOX_W + GAP), y=y, h=tall) for n, box in enumerate(row)]
        y += tall + GAP
    return boxes, y


def _box(asset: AssetView, priorities: Mapping[str, str], words: Words) -> Box:
    found = [_line(signal, asset.values[signal]) for signal in SHOWN[asset.kind] if signal in asset.values]
    lines = tuple(found) or (Line("", words("silent"), good=False),)
    name = asset.name if asset.name != asset.id else words(f"kind.{asset.kind}")
    return Box(0, 0, BOX_W, HEAD + len(lines) * LINE_H + PAD, name[:22], lines, priorities.get(asset.id, ""))


def _line(signal: str, value: ValueView) -> Line:
    return Line(LABELS.get(signal, signal), value_text(signal, value.value), value.quality == "good")
