"""A case file, read and checked against what it names: the site, the rules in force there, its assets, signals and alarms. Pure.

What comes out can be run; what is wrong comes out as problems, each with its place in the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import ValidationError

from collector.cases.model import COMMANDS, Case, CaseFile, Expectation, Setting
from collector.cases.notation import Run
from collector.cases.script import Script, ScriptError, script_of
from collector.config.over import over, wrong_over
from collector.config.problems import Problem, explain
from collector.config.rulebook import layers_of
from collector.config.rules import Rules
from collector.config.yaml_text import Path_
from collector.rules.compile import Programs
from collector.rules.model import RuleSet
from collector.selfwatch import COLLECTOR_ASSET, COLLECTOR_SITE
from devices.assets import Asset, Site
from devices.kinds.catalogue import KINDS
from devices.signal import Signal

DEFAULT_START = "2026-01-05T08:00"
DEFAULT_SITE = "hospital"


class Prepared(NamedTuple):
    """A case that can be run. `path` is its place in the file, `of_expect` that of each expectation."""

    case: Case
    path: Path_
    site: Site
    rules: RuleSet
    script: Script


class Configured(NamedTuple):
    """The sites and rules of the configuration that was given with -c."""

    sites: Mapping[str, Site]
    rules: Rules


NOT_CONFIGURED = Configured({}, Rules())


def prepare(data: object, configured: Configured) -> tuple[list[Prepared], list[Problem]]:
    """Every case of a file that is right, and everything that is wrong."""
    if not isinstance(data, Mapping):
        return [], [Problem((), "a case file is a mapping with assets and a list of cases, like those in collector/rules/cases")]
    try:
        file = CaseFile.model_validate(data)
    except ValidationError as exc:
        return [], explain(exc.errors(include_url=False), data, CaseFile)
    ready: list[Prepared] = []
    problems: list[Problem] = []
    for number, case in enumerate(file.cases):
        found = _prepared(file, case, ("cases", number), configured)
        if isinstance(found, Prepared):
            ready.append(found)
        else:
            problems += [problem for problem in found if problem not in problems]
    return ready, [Problem(_as_written(problem.path, data), problem.text) for problem in problems]


def _as_written(path: Path_, data: object) -> Path_:
    """The way as it is in the file: a series that is text alone is a list of one inside."""
    found: list[str | int] = []
    for part in path:
        if isinstance(data, list) and isinstance(part, int):
            data = data[part] if part < len(data) else None
        elif isinstance(part, int):
            continue
        else:
            data = data.get(part) if isinstance(data, Mapping) else None
        found.append(part)
    return tuple(found)


def _prepared(file: CaseFile, case: Case, path: Path_, configured: Configured) -> Prepared | list[Problem]:
    whose = _Settings(file, case, path)
    site = _site(whose, configured)
    if isinstance(site, Problem):
        return [site]
    rules = _rules(whose, site, configured)
    if isinstance(rules, list):
        return rules
    begin = _begin_ms(whose, site)
    if isinstance(begin, Problem):
        return [begin]
    problems = [Problem((*path, *p.path), p.text) for p in _check(case, site, rules)]
    if problems:
        return problems
    try:
        script = script_of(case, site, whose.value("interval"), begin)
    except ScriptError as exc:
        return [Problem((*path, *p.path), p.text) for p in exc.problems]
    return Prepared(case, path, site, rules, script)


class _Settings(NamedTuple):
    """What the file says and what the case says in its place."""

    file: CaseFile
    case: Case
    path: Path_

    def value(self, name: str) -> Any:
        own = getattr(self.case, name)
        return getattr(self.file, name) if own is None else own

    def place(self, name: str) -> Path_:
        """Where it is said."""
        return (*self.path, name) if getattr(self.case, name) is not None else (name,)


def _site(whose: _Settings, configured: Configured) -> Site | Problem:
    named, assets = whose.value("site"), whose.value("assets")
    if isinstance(named, str):
        if named not in configured.sites:
            known = f"; known: {', '.join(sorted(configured.sites)[:12])}" if configured.sites else "; give the configuration with -c"
            return Problem(whose.place("site"), f"there is no site {named!r}{known}")
        if assets is not None:
            return Problem(whose.place("assets"), f"the assets are those of site {named!r} of the configuration; leave them out here")
        return configured.sites[named]
    if assets is None:
        return Problem(whose.path, "no assets: write assets: […] as in the configuration, or site: with the id of one of its sites")
    data = {"id": DEFAULT_SITE, **(named or {}), "assets": assets}
    try:
        return Site.model_validate(data)
    except ValidationError as exc:
        first = explain(exc.errors(include_url=False), data, Site)[0]
        head = whose.place("assets")[:-1] if first.path[:1] == ("assets",) or named is None else whose.place("site")
        return Problem((*head, *first.path), first.text)


def _rules(whose: _Settings, site: Site, configured: Configured) -> RuleSet | list[Problem]:
    """The shipped rules; over them those of the configuration where the site is one of it; then the file's; then the case's."""
    base = configured.rules if isinstance(whose.value("site"), str) else Rules()
    layers = layers_of(base)
    places: tuple[tuple[Setting, Path_], ...] = ((whose.file, ("rules",)), (whose.case, (*whose.path, "rules")))
    for setting, path in places:
        if setting.rules is not None:
            wrong = wrong_over(setting.rules, [site], layers)
            if wrong:
                return [Problem((*path, *problem.path), problem.text) for problem in wrong]
            layers = over(setting.rules, layers)
    return layers.rule_set


def _begin_ms(whose: _Settings, site: Site) -> int | Problem:
    text = whose.value("start") or DEFAULT_START
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return Problem(whose.place("start"), f"{text!r} is no date and time; write it like {DEFAULT_START}, in local time of the site")
    return int((at if at.tzinfo else at.replace(tzinfo=site.zone)).timestamp() * 1000)


# ---- what a case names


def _check(case: Case, site: Site, rules: RuleSet) -> Iterator[Problem]:
    assets: dict[str, Asset] = {asset.id: asset for asset in (*COLLECTOR_SITE.assets, *site.assets)}
    yield from _check_series(case, assets)
    alarms = in_force(site, rules)
    yield from _check_events(case, assets, alarms)
    for place, expectation in enumerate(case.expect):
        for where, name in _named(expectation):
            if wrong := _unknown_alarm(name, alarms):
                yield Problem(("expect", place, *where), wrong)


def _check_series(case: Case, assets: Mapping[str, Asset]) -> Iterator[Problem]:
    for name, parts in case.series.items():
        signal = _signal(name, assets)
        if isinstance(signal, str):
            yield Problem(("series", name), signal)
            continue
        for place, part in enumerate(parts):
            if (wrong := _unfit(part.values, signal)) is not None:
                yield Problem(("series", name, place), wrong)


def _check_events(case: Case, assets: Mapping[str, Asset], alarms: Collection[str]) -> Iterator[Problem]:
    for place, event in enumerate(case.events):
        wrong = None
        if event.verb in COMMANDS:
            wrong = _unknown_alarm(event.object, alarms)
        elif event.verb in ("online", "offline") and event.object not in assets:
            wrong = _unknown("asset", event.object, assets)
        if wrong is not None:
            yield Problem(("events", place, event.verb), wrong)


def _signal(name: str, assets: Mapping[str, Asset]) -> Signal | str | None:
    """The signal of `asset/signal` (None: one of the collector's own), or what is wrong."""
    asset, _, signal = name.partition("/")
    if not signal:
        return f"found {name!r}; asset/signal is right, e.g. line/line_pressure_bar"
    if asset not in assets:
        return _unknown("asset", asset, assets)
    if asset == COLLECTOR_ASSET:
        return None
    kind = KINDS[assets[asset].kind]
    return kind.signals.get(signal) or _unknown(f"signal of a {kind.name}", signal, kind.signals)


def _unfit(runs: tuple[Run, ...], signal: Signal | None) -> str | None:
    """What of the values no signal of this type can be; a number out of its range may be sent, to see what becomes of it."""
    if signal is None:
        return None
    for value in (value for run in runs for value in (run.first, run.last) if value is not None):
        if signal.type == "state" and value not in signal.states:
            return _unknown(f"state of {signal.name}", value, signal.states)
        if signal.type == "boolean" and not isinstance(value, bool):
            return f"found {value!r}; {signal.name} is true or false"
        if signal.type in ("number", "counter") and not isinstance(value, float):
            return f"found {value!r}; {signal.name} is a number"
    return None


def in_force(site: Site, rules: RuleSet) -> frozenset[str]:
    """The names of all alarms that the site can have: `line/LP-LL`, `AU-06`, and those of the collector itself."""
    programs = Programs(rules)
    found = [condition.rule.id for condition in programs.of_site(site)]
    for asset in site.assets:
        program = programs.of_asset(site, asset)
        found += [f"{asset.id}/{condition.rule.id}" for condition in (*program.conditions, *program.others)]
    own = programs.of_asset(COLLECTOR_SITE, COLLECTOR_SITE.assets[0])
    found += [f"{COLLECTOR_ASSET}/{condition.rule.id}" for condition in (*own.conditions, *own.others)]
    return frozenset(found)


def _named(expectation: Expectation) -> Iterator[tuple[Path_, str]]:
    for name in expectation.alarms or {}:
        yield ("alarms", name), name
    for name in expectation.only:
        yield ("only",), name
    if expectation.event is not None:
        yield (f"{'not_' if expectation.absent else ''}{expectation.event}",), expectation.alarm
    if expectation.refused is not None:
        yield ("refused",), expectation.refused.partition(" ")[2]


def _unknown_alarm(name: str, alarms: Collection[str]) -> str | None:
    if name in alarms or any(alarm.rpartition("/")[2] == name for alarm in alarms):
        return None
    same_rule = [alarm for alarm in alarms if alarm.rpartition("/")[2] == name.rpartition("/")[2]]
    why = f"; that rule is in force at {', '.join(sorted(same_rule))}" if same_rule else ""
    return _unknown("alarm", name, alarms) if not why else f"no rule makes an alarm {name!r} here{why}"


def _unknown(what: str, name: object, known: Collection[str]) -> str:
    close = get_close_matches(str(name), known, n=1)
    return f"unknown {what} {name!r}; " + (f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known)) or 'none'}")
