"""From the command line to a backtest: the range, the sites, the source that covers it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from collector.backtest.past import Past
from collector.config import Config
from collector.errors import OxygridError, UserError
from collector.outputs import Transition
from collector.store.state_reader import StateReader
from devices.assets import Site

if TYPE_CHECKING:
    from collections.abc import Callable

SourceName = Literal["auto", "journal", "history", "influxdb"]
MANY = 10_000_000


def chosen_sites(config: Config, name: str | None) -> tuple[Site, ...]:
    """All of them, or the one that is named. Raises UserError."""
    if name is None:
        return config.sites
    found = tuple(site for site in config.sites if site.id == name)
    if not found:
        raise UserError(f"there is no site {name!r}; known: {', '.join(site.id for site in config.sites[:12]) or 'none'}")
    return found


def moment_ms(option: str, text: str, sites: Sequence[Site]) -> int:
    """A time with its zone, or in local time of the sites. Raises UserError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UserError(f"{option} {text!r} is no time; 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00:00Z is right") from exc
    if at.tzinfo is None:
        zones = {site.timezone for site in sites}
        if len(zones) > 1:
            raise UserError(f"{option} {text!r}: the sites are in {', '.join(sorted(zones))}; give the zone, e.g. {text}Z, or one --site")
        at = at.replace(tzinfo=sites[0].zone)
    return int(at.timestamp() * 1000)


def open_past(config: Config, source: SourceName, sites: Sequence[Site], from_ms: int) -> Past:
    """The source that is named; or the first of journal, InfluxDB and embedded history that reaches back to `from_ms`, else the one that
    reaches back furthest. Raises UserError where there is none, OxygridError where it can't be read."""
    ways: dict[SourceName, Callable[[Config], Past]] = {"journal": _journal, "influxdb": _influxdb, "history": _history}
    if source != "auto":
        return ways[source](config)
    opened: list[tuple[int, Past]] = []
    said: list[str] = []
    for way in ways.values():
        try:
            past = way(config)
            span = past.span_ms(sites)
        except OxygridError as exc:
            said.append(str(exc))
            continue
        if span is None:
            past.close()
            continue
        opened.append((span[0], past))
        if span[0] <= from_ms:
            break
    if not opened:
        raise UserError("nothing of the past is to be found: " + ("; ".join(said) or "journal and history are empty"))
    best = min(opened, key=lambda each: max(each[0], from_ms))[1]
    for _, past in opened:
        if past is not best:
            past.close()
    return best


def recorded(config: Config, from_ms: int, to_ms: int) -> list[Transition]:
    """What the collector has on record of that time."""
    if not config.state_path.is_file():
        raise UserError(f"{config.state_path}: nothing on record there; leave --against recorded out, or name the data folder")
    with closing(StateReader.open_reader(config.state_path)) as state:
        return [transition for transition in state.transitions(from_ms, MANY) if transition.evaluated_ms < to_ms]


def _journal(config: Config) -> Past:
    from collector.backtest.sources import JournalPast

    if not config.journal_path.is_file():
        raise UserError(f"{config.journal_path}: no journal there")
    return JournalPast(config.journal_path, config.topic_prefix)


def _history(config: Config) -> Past:
    from collector.backtest.sources import HistoryPast

    if not config.history_path.is_file():
        raise UserError(f"{config.history_path}: no embedded history there")
    return HistoryPast(config.history_path)


def _influxdb(config: Config) -> Past:
    if config.influxdb is None:
        raise UserError("no influxdb section in the configuration")
    from collector.backtest.sources import InfluxPast
    from collector.build import influx_settings
    from collector.store.influx_read import InfluxReader

    return InfluxPast(InfluxReader(influx_settings(config.influxdb)))
