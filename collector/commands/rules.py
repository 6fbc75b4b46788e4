"""`oxygrid rules test | backtest | explain`: rules before they wake anyone."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, found, loaded
from collector.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.cases.prepare import Configured

app = typer.Typer(name="rules", help="Try rules on cases and on the past, and say what is in force where.", no_args_is_help=True)

FAILED = 1


class Source(StrEnum):
    auto = "auto"
    journal = "journal"
    history = "history"
    influxdb = "influxdb"


class Against(StrEnum):
    rules = "rules"
    recorded = "recorded"


@app.command("test")
def try_cases(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of cases, or folders of them; the cases of the shipped rules when not given.")
    ] = None,
    config_file: ConfigFile = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Name every case, and every change of an alarm in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run cases: made-up readings in virtual time, and the alarms they must lead to. Needs neither a broker nor a running collector.

    Exit code 1 where a case fails, with what was expected beside what was found and why; 2 where a file can't be read.
    """
    from collector.cases import check, loader, report

    chosen = loader.files_of(files) if files else loader.shipped()
    results = list(check.results(loader.load(chosen, _configured(config_file))))
    failed = sum(not case.passed for case in results)
    _print(_json(check.summary(results)) if as_json else report.lines(results, verbose=verbose))
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def backtest(
    rules_file: Annotated[
        Path, typer.Option("--rules", help="The rules to try: a file with what stands under rules: in the configuration.")
    ],
    since: Annotated[str, typer.Option("--from", help="First time: RFC 3339, or local time of the site, e.g. 2026-01-31T08:00.")],
    until: Annotated[str, typer.Option("--to", help="Time to stop before.")],
    *,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    source: Annotated[
        Source, typer.Option(help="Where the past is read: auto is the first of journal, influxdb, history that reaches back to --from.")
    ] = Source.auto,
    against: Annotated[
        Against, typer.Option(help="The old side: the rules in force now over the same data, or the alarms on record.")
    ] = Against.rules,
    alone: Annotated[
        bool, typer.Option("--alone", help="--rules stands in place of the configuration's rules; else it is laid over them.")
    ] = False,
    warm_up: Annotated[
        str, typer.Option("--warm-up", help="How long before --from is judged without being counted, e.g. 24h, 2d.")
    ] = "24h",
    every_row: Annotated[bool, typer.Option("--all", help="Every alarm side by side, also what is the same.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send the past through the rules in force and through others, by the same fold as the running collector, and say what would differ.

    Alarms old and new side by side, what is gained and what is lost, calls per night and per day, and each urgent alarm that the new
    rules would not have told of. Works while the collector runs, and touches nothing of it.
    """
    from collector.backtest import ask
    from collector.backtest.bar import bar
    from collector.backtest.report import lines
    from collector.backtest.run import Question
    from collector.backtest.run import backtest as run
    from collector.backtest.tried import tried_rules
    from collector.cases.notation import duration_ms
    from collector.config.rulebook import rule_set

    config = loaded(config_file, data_dir)
    new = tried_rules(rules_file, config, alone=alone)
    sites = ask.chosen_sites(config, site)
    from_ms, to_ms = ask.moment_ms("--from", since, sites), ask.moment_ms("--to", until, sites)
    if from_ms >= to_ms:
        raise UserError(f"--from {since} is not before --to {until}")
    try:
        warm_up_ms = duration_ms(warm_up)
    except ValueError as exc:
        raise UserError(f"--warm-up: {exc}") from exc
    on_record = ask.recorded(config, from_ms, to_ms) if against is Against.recorded else None
    past = ask.open_past(config, source.value, sites, from_ms)
    try:
        with bar(f"backtest of {len(sites)} sites" if len(sites) > 1 else f"backtest of {sites[0].id}") as tell:
            report = run(Question(sites, from_ms, to_ms, warm_up_ms, rule_set(config.rules), new, on_record), past, tell)
    finally:
        past.close()
    _print(_json(report) if as_json else lines(report, every_row=every_row))


@app.command()
def explain(
    place: Annotated[str, typer.Argument(help="site/asset, or a site for all of it.")],
    config_file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Every rule that is in force there: when it is raised and cleared, its numbers for this asset, and the file and line of each; then
    those that are not in force, and why. Needs the configuration alone.
    """
    from collector.config.rulebook import Provenance, rule_set
    from collector.rules.compile import Programs
    from collector.rules.explain import explain_asset, explain_site, lines

    path = found(config_file)
    config = loaded(path)
    site_id, _, asset_id = place.partition("/")
    site = next((site for site in config.sites if site.id == site_id), None)
    if site is None:
        raise UserError(f"there is no site {site_id!r}; known: {', '.join(site.id for site in config.sites[:12]) or 'none'}")
    provenance, programs = Provenance(config.rules, path), Programs(rule_set(config.rules))
    if asset_id:
        asset = next((asset for asset in site.assets if asset.id == asset_id), None)
        if asset is None:
            raise UserError(f"site {site_id!r} has no asset {asset_id!r}; known: {', '.join(asset.id for asset in site.assets)}")
        explained = explain_asset(site, asset, provenance.of, programs)
    else:
        explained = explain_site(site, provenance.of, programs)
    _print(_json(explained) if as_json else lines(explained, site.id))


def _configured(config_file: Path | None) -> Configured:
    """The sites and rules that cases may name. Only a configuration that is given counts: cases must not depend on what lies around."""
    from collector.cases.prepare import NOT_CONFIGURED, Configured

    if config_file is None:
        return NOT_CONFIGURED
    config = loaded(config_file)
    return Configured({site.id: site for site in config.sites}, config.rules)


def _json(view: object) -> Iterator[str]:
    import msgspec

    yield msgspec.json.format(msgspec.json.encode(view), indent=2).decode()


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)
