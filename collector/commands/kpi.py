"""`oxygrid alarms kpi`: whether the alarms themselves can be trusted, from the collector's log of them."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, loaded
from collector.commands.telling import json_lines, tell, wall_ms
from collector.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from collector.config import Config
    from collector.kpi.advice import Delays
    from collector.kpi.report import KpiReport
    from collector.store.state_reader import StateReader
    from devices.assets import Site

DAY_MS = 86_400_000
WHEN = "A day or a time, e.g. 2026-01-31 or 2026-01-31T08:00; by the clock of the (first) site unless it has a zone."


def add_to(app: typer.Typer) -> None:
    app.command()(kpi)


def kpi(
    *,
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="How many days, up to --until. Targets are meant for 30 or more.")] = 30,
    since: Annotated[str | None, typer.Option(help=f"Begin, in place of --days. {WHEN}")] = None,
    until: Annotated[str | None, typer.Option(help="End; now when not given.")] = None,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    district: Annotated[str | None, typer.Option(help="Only the sites of this district: one control room.")] = None,
    region: Annotated[str | None, typer.Option(help="Only the sites of this region.")] = None,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Are the alarms worth waking for? Key figures of a period beside their targets (ISA-18.2, EEMUA 191), the worst offenders and what
    would have kept them quiet, floods, what stands for days, what nobody answers.

    The sites together are taken as the work of one operator: a hospital's own staff with --site, a control room with --district.
    Reads the collector's state; a running collector is not disturbed.
    """
    from collector.commands import knowledge
    from collector.commands.kpi_lines import report_lines

    config = loaded(config_file, data_dir)
    sites = _chosen(config, site, district, region)
    zone = next(iter(sites.values())).zone
    until_ms = wall_ms() if until is None else time_ms(until, zone)
    since_ms = until_ms - round(days * DAY_MS) if since is None else time_ms(since, zone)
    if since_ms >= until_ms:
        raise UserError("the period ends before it begins: --since must lie before --until")
    every_site = site is None and district is None and region is None
    scope = site or district or region or "all sites"
    with closing(knowledge.open_state(config)) as state:
        report = report_on(state, sites, (since_ms, until_ms), scope, delays_of(config), every_site=every_site)
    tell(json_lines(report) if as_json else report_lines(report, zone))


def report_on(
    state: StateReader,
    sites: Mapping[str, Site],
    period: tuple[int, int],
    scope: str,
    delays: Callable[[str], Delays | None],
    *,
    every_site: bool,
) -> KpiReport:
    """The report on the period, from where the log of alarms reaches back to. `every_site`: also sites that are not configured any more,
    and the collector itself. Raises UserError where the log has nothing of the period."""
    from collector.kpi.tally import Tally

    since_ms, until_ms = max(period[0], state.first_transition_ms() or period[1]), period[1]
    if since_ms >= until_ms:
        raise UserError("no alarm is on record in that period or before it: there is nothing to report on yet")
    tally = Tally(sites, since_ms)
    for transition in state.alarms_at(since_ms):
        if every_site or transition.site in sites:
            tally.remember(transition)
    for transition in state.alarm_log(since_ms, until_ms):
        if every_site or transition.site in sites:
            tally.add(transition)
    return tally.report(scope, until_ms, delays)


def delays_of(config: Config) -> Callable[[str], Delays | None]:
    """Alarm → the delays of its rule as it holds there."""
    from collector.config.rulebook import rule_set
    from collector.kpi.advice import Delays

    rules = rule_set(config.rules)
    kinds = {f"{site.id}/{asset.id}": asset.kind for site in config.sites for asset in site.assets}

    def find(alarm: str) -> Delays | None:
        place, _, rule_id = alarm.rpartition("/")
        site, _, asset = place.partition("/")
        for kind in (kinds.get(place, ""), "any") if asset else ("site",):
            for rule in rules.changed(site, asset, kind):
                if rule.id == rule_id:
                    return Delays(rule.on_delay_s, rule.off_delay_s)
        return None

    return find


def time_ms(text: str, zone: ZoneInfo) -> int:
    """A day or a time, in Unix milliseconds; without a zone of its own it is in `zone`. Raises UserError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UserError(f"{text!r} is no day and no time; e.g. 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00:00Z") from exc
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp() * 1000)


def _chosen(config: Config, site: str | None, district: str | None, region: str | None) -> dict[str, Site]:
    found = {
        each.id: each
        for each in config.sites
        if site in (None, each.id) and district in (None, each.district) and region in (None, each.region)
    }
    if not found:
        known = sorted({place for each in config.sites for place in (each.id, each.district, each.region) if place})
        raise UserError(f"no such site; sites, districts and regions of the configuration: {', '.join(known[:20]) or 'none'}")
    return found
