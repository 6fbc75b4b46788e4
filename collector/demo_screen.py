"""What the demo shows: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from collector.config import Config
from collector.outputs import Bounded, StateChange, Transition
from collector.views import AssetView, SiteView, StatusView
from devices.signal import Value

LAST_TRANSITIONS = 8
COLOURS = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}
SHOWN = {
    "psa_plant": ("state", "o2_purity_pct", "o2_flow_lpm", "outlet_pressure_bar"),
    "pipeline": ("line_pressure_bar", "o2_flow_lpm", "o2_purity_pct"),
    "manifold": ("bank_a_bar", "bank_b_bar", "reserve_bar", "bank_in_use"),
    "lox_tank": ("level_pct", "tank_pressure_bar"),
    "cylinder_store": ("full_count", "empty_count"),
    "gateway": ("online", "rssi_dbm"),
}
"""Kind of asset → the signals that tell most, in order. Concentrators are summed up in one row."""

UNITS = {"pct": "%", "lpm": "L/min", "c": "°C", "count": ""}


class Screen(Protocol):
    every_s: float

    def told(self, change: StateChange) -> None:
        """Alarms have changed."""

    def show(self, status: StatusView) -> None: ...

    def close(self) -> None: ...


def screen_for(out: TextIO, config: Config, file: Path, speed: float, link: str) -> Screen:
    """The table where `out` is a terminal, else lines. `link` signs in to the console."""
    where = _where_to_look(config, file, speed, link)
    return TableScreen(Console(file=out), where) if out.isatty() else LineScreen(out, where)


class LineScreen:
    """Each alarm as it comes; every few seconds a line per site and per asset."""

    every_s = 5.0

    def __init__(self, out: TextIO, where: list[str]) -> None:
        self._out = out
        self._say(where)

    def told(self, change: StateChange) -> None:
        self._say(f"{_clock(t.evaluated_ms)} {_headline(t)}" for t in change.transitions)

    def show(self, status: StatusView) -> None:
        for site in status.sites:
            self._say([f"{_clock(status.at_ms)} {site.name}: {hours_text(site)}"])
            self._say(f"{_clock(status.at_ms)}   {name}: {values}" for name, values, _ in asset_rows(site))

    def close(self) -> None:
        self._say(["stopped; the next start goes on from here"])

    def _say(self, lines: Iterable[str]) -> None:
        self._out.writelines(f"{line}\n" for line in lines)
        self._out.flush()


class TableScreen:
    """A table per site, the alarms that are open, and the last changes."""

    every_s = 0.5

    def __init__(self, console: Console, where: list[str]) -> None:
        self._where = where
        self._changes: deque[Transition] = deque(maxlen=LAST_TRANSITIONS)
        self._live = Live(console=console, auto_refresh=False, screen=False, transient=False)
        self._live.start()

    def told(self, change: StateChange) -> None:
        self._changes.extend(change.transitions)

    def show(self, status: StatusView) -> None:
        parts: list[RenderableType] = [
            Text(f"Oxygrid  {_clock(status.at_ms)} UTC (simulated time)", style="bold"),
            *(_site_table(site) for site in status.sites),
        ]
        parts.append(_alarm_table(status))
        parts += [Text(f"{_clock(t.evaluated_ms)} {_headline(t)}", style=COLOURS[t.priority], no_wrap=True) for t in self._changes]
        parts += [Text(line, style="dim") for line in self._where]
        self._live.update(Group(*parts), refresh=True)

    def close(self) -> None:
        self._live.stop()


def hours_text(site: SiteView) -> str:
    """`hours left 7.2 (6.8–7.9) with the plant, 5.1 (…) without it, 31 (…) on site`."""
    stock = site.stock
    if stock is None:
        return "hours left: not known yet"
    return (
        f"hours left {_hours(stock.connected_now_h)} now, {_hours(stock.connected_h)} if the plant stops, "
        f"{_hours(stock.on_site_h)} with all cylinders on site"
    )


def asset_rows(site: SiteView) -> list[tuple[str, str, bool]]:
    """(name, values, all fresh) of each asset; all concentrators in one row."""
    rows = [_asset_row(asset) for asset in site.assets if asset.kind != "concentrator"]
    concentrators = [asset for asset in site.assets if asset.kind == "concentrator"]
    return rows + ([_concentrators_row(concentrators)] if concentrators else [])


def _asset_row(asset: AssetView) -> tuple[str, str, bool]:
    found = [(name, asset.values[name]) for name in SHOWN.get(asset.kind, ()) if name in asset.values]
    values = ", ".join(f"{_label(name)} {_value(name, view.value)}" for name, view in found)
    return asset.name, values or "not heard yet", all(view.quality == "good" for _, view in found)


def _concentrators_row(assets: list[AssetView]) -> tuple[str, str, bool]:
    heard = [asset for asset in assets if asset.values]
    in_use = sum(1 for asset in heard if "in_use" in asset.values and asset.values["in_use"].value is True)
    purities = [
        value for asset in heard if "o2_purity_pct" in asset.values and isinstance(value := asset.values["o2_purity_pct"].value, float)
    ]
    lowest = f", lowest purity {min(purities):.1f} %" if purities else ""
    return f"{len(assets)} concentrators", f"{len(heard)} heard, {in_use} in use{lowest}", True


def _site_table(site: SiteView) -> Table:
    table = Table(title=f"{site.name}: {hours_text(site)}", title_justify="left", show_header=False, expand=True, pad_edge=False)
    for name, values, fresh in asset_rows(site):
        table.add_row(name, Text(values, style="" if fresh else "dim"))
    return table


def _alarm_table(status: StatusView) -> Table:
    table = Table(title="Open alarms", title_justify="left", show_header=False, expand=True, pad_edge=False)
    for alarm in sorted(status.alarms, key=lambda a: list(COLOURS).index(a.priority)):
        table.add_row(Text(alarm.priority, style=COLOURS[alarm.priority]), alarm.state, alarm.text)
    if not status.alarms:
        table.add_row("none", "", "")
    return table


def _headline(transition: Transition) -> str:
    quiet = f" (nobody is told while {transition.hidden_by} holds)" if transition.hidden_by else ""
    return f"{transition.priority.upper():<6} {transition.event}{quiet}: {transition.text}"


def _hours(bounded: Bounded) -> str:
    if bounded.mid is None:
        return "unknown" if bounded.low is None else f"≥ {bounded.low:.1f}"
    if bounded.high is None:
        return f"≥ {bounded.low:.1f}" if bounded.low is not None else f"{bounded.mid:.1f}"
    return f"{bounded.mid:.1f} ({bounded.low:.1f}–{bounded.high:.1f})"


def _label(name: str) -> str:
    return name.rsplit("_", 1)[0].replace("_", " ") if "_" in name and name != "bank_in_use" else name.replace("_", " ")


def _value(name: str, value: Value) -> str:
    if not isinstance(value, float):
        return str(value).lower().replace("_", " ")
    unit = name.rsplit("_", 1)[-1]
    return f"{value:.4g} {UNITS.get(unit, unit)}".rstrip()


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")  # UTC, and the header says so


def _where_to_look(config: Config, file: Path, speed: float, link: str) -> list[str]:
    ops, port = f"http://{config.ops.host}:{config.ops.port}", config.embedded.mqtt_port
    near = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    alarms = f"oxygrid alarms -c {near} --data-dir {config.data_dir}"
    return [
        f"Simulated hospitals publish over MQTT to 127.0.0.1:{port}; time runs {speed:g} times as fast. Ctrl-C ends the demo.",
        f"See and answer the alarms in a browser: {link} (signs in once, within ten minutes)",
        f"Look further: {ops}/status, {ops}/metrics, `{alarms}`, log in {config.data_dir}/demo.log.",
    ]
