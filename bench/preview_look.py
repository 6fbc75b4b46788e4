"""How a value looks in a preview: its word or its number with the unit, and its colour, as a panel's JSON says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Panel = Mapping[str, Any]
GREY = "#6C7A89"
CURVES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#6C7A89")
UNITS = {"percent": " %", "pressurebar": " bar", "celsius": " °C", "ppm": " ppm", "watt": " W", "h": " h", "s": " s"}


@dataclass(frozen=True, slots=True)
class Look:
    """How one field of a panel is shown: the panel's defaults, and what is said of that field alone."""

    name: str
    options: Mapping[str, Any]

    def text(self, value: Any) -> str:
        """A value for people."""
        if value is None:
            return "–"
        mapped = self._mapped(value)
        if mapped is not None:
            return str(mapped.get("text", value))
        return number(float(value), self.options.get("unit", ""), self.options.get("decimals")) if is_number(value) else str(value)

    def colour(self, value: Any) -> str:
        """Of its word, or of the step of the thresholds that it is on."""
        mapped = self._mapped(value)
        if mapped is not None:
            return str(mapped.get("color", GREY))
        found = GREY
        if is_number(value):
            for step in self.options.get("thresholds", {}).get("steps", ()):
                if step["value"] is None or value >= step["value"]:
                    found = step["color"]
        return str(found)

    @property
    def title(self) -> str:
        return str(self.options.get("displayName", self.name))

    def _mapped(self, value: Any) -> Mapping[str, Any] | None:
        key = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
        for mapping in self.options.get("mappings", ()):
            if mapping["type"] == "value" and key in mapping["options"]:
                found: Mapping[str, Any] = mapping["options"][key]
                return found
        return None


def look(panel: Panel, name: str) -> Look:
    """Overrides come in their order, and the last one wins, as in Grafana."""
    config = panel["fieldConfig"]
    options = {**config["defaults"], **config["defaults"].get("custom", {})}
    for override in config["overrides"]:
        matcher = override["matcher"]
        pattern = str(matcher["options"])
        hit = name == pattern if matcher["id"] == "byName" else re.search(pattern.strip("/"), name) is not None
        if hit:
            options |= {each["id"].removeprefix("custom."): each["value"] for each in override["properties"]}
    return Look(name, options)


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out more on that colour (relative luminance of WCAG 2.2); on none, that of the page."""
    if not colour.startswith("#"):
        return "inherit"
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#fff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.3 else "#1f2328"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value: float, unit: str, decimals: int | None) -> str:
    """With its unit, as Grafana writes it."""
    if unit == "dateTimeFromNow":
        minutes = (datetime.now(UTC).timestamp() - value / 1000) / 60
        away = f"{abs(minutes):.0f} min" if abs(minutes) < 120 else f"{abs(minutes) / 60:.0f} h"
        return f"{away} ago" if minutes >= 0 else f"in {away}"
    if unit == "dateTimeAsLocal":
        return moment(int(value)).strftime("%Y-%m-%d %H:%M")
    if unit == "s":
        return f"{value:.{decimals or 0}f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
    if unit == "bytes":
        return f"{value / 2**30:.1f} GiB" if value > 2**30 else f"{value / 2**20:.1f} MiB"
    digits = decimals if decimals is not None else 0 if abs(value) >= 100 or value == int(value) else 1
    return f"{value:,.{digits}f}{suffix(unit)}"


def suffix(unit: str) -> str:
    """What stands behind a number of that unit of Grafana's."""
    return f" {unit.removeprefix('suffix:').strip()}" if unit.startswith("suffix:") else UNITS.get(unit, "")


def moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
