"""What only shows when the parts of a configuration are seen together. Works on plain data that may be wrong elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from collector.config.duty_checks import check_duty
from collector.config.problems import Problem
from collector.config.reading import ids_in, items_in, twice
from collector.config.report_checks import check_reports
from collector.config.yaml_text import Path_
from collector.rules.model import FIXED
from collector.rules.vocabulary import unknown


class Known(NamedTuple):
    """Names that the configuration may use but does not define. None: not checked."""

    cylinder_types: Collection[str] | None = None
    rule_ids: Collection[str] | None = None


def cross_check(data: object, known: Known) -> list[Problem]:
    """Every disagreement between the parts."""
    if not isinstance(data, Mapping):
        return []
    return [
        *twice(ids_in(data, "sites"), "site id", "site ids are unique"),
        *(p for path, site in items_in(data, "sites") for p in _check_site(path, site, known)),
        *_check_rules(data, known),
        *_check_channels(data),
        *check_duty(data),
        *check_reports(data),
    ]


def _check_site(path: Path_, site: Mapping[str, Any], known: Known) -> Iterator[Problem]:
    ids = [((*path, *inner), asset_id) for inner, asset_id in ids_in(site, "assets")]
    yield from twice(ids, "asset id", "ids are unique within a site")
    names = {name for _, name in ids}
    for inner, asset in items_in(site, "assets"):
        here = (*path, *inner)
        yield from _check_gateway(here, asset, names)
        yield from _check_cylinders(here, asset, known.cylinder_types)


def _check_gateway(path: Path_, asset: Mapping[str, Any], names: Collection[str]) -> Iterator[Problem]:
    listed = asset.get("assets")
    if asset.get("kind") != "gateway" or not isinstance(listed, list):
        return
    for index, name in enumerate(listed):
        if isinstance(name, str) and name not in names:
            yield Problem((*path, "assets", index), unknown("asset", name, names))


def _check_cylinders(path: Path_, asset: Mapping[str, Any], types: Collection[str] | None) -> Iterator[Problem]:
    if types is None:
        return
    banks = asset.get("banks")
    places = [((*path, "banks", name), bank) for name, bank in banks.items()] if isinstance(banks, Mapping) else []
    if asset.get("kind") == "cylinder_store":
        places.append((path, asset))
    for here, thing in places:
        cylinder = thing.get("type") if isinstance(thing, Mapping) else None
        if isinstance(cylinder, str) and cylinder not in types:
            yield Problem((*here, "type"), unknown("cylinder type", cylinder, types))


def _check_rules(data: Mapping[str, Any], known: Known) -> Iterator[Problem]:
    rules = data.get("rules")
    if not isinstance(rules, Mapping):
        return
    site_ids = {name for _, name in ids_in(data, "sites")}
    asset_paths = {f"{site.get('id')}/{name}" for _, site in items_in(data, "sites") for _, name in ids_in(site, "assets")}
    for path, changes in ((("rules",), rules), *((("rules", *inner), file) for inner, file in items_in(rules, "files"))):
        yield from _check_rule_ids((*path, "everywhere"), changes.get("everywhere"), known.rule_ids)
        for group, what, names in (("sites", "site", site_ids), ("assets", "asset", asset_paths)):
            scopes = changes.get(group)
            for scope, overrides in scopes.items() if isinstance(scopes, Mapping) else ():
                if scope not in names:
                    yield Problem((*path, group, scope), unknown(what, scope, names))
                yield from _check_rule_ids((*path, group, scope), overrides, known.rule_ids)


def _check_rule_ids(path: Path_, overrides: object, rule_ids: Collection[str] | None) -> Iterator[Problem]:
    for rule, changes in overrides.items() if isinstance(overrides, Mapping) else ():
        if rule_ids is not None and rule not in rule_ids:
            yield Problem((*path, rule), unknown("rule", rule, rule_ids))
        for key in FIXED.intersection(changes) if isinstance(changes, Mapping) else ():
            yield Problem((*path, rule, key), f"the {key} of a rule can't be changed; write a rule of your own, under rules.add")


def _check_channels(data: Mapping[str, Any]) -> Iterator[Problem]:
    notify = data.get("notify")
    if not isinstance(notify, Mapping):
        return
    channels = [(("notify", *path), name) for path, name in ids_in(notify, "channels")]
    yield from twice(channels, "channel id", "ids of channels are unique")
    site_ids = {name for _, name in ids_in(data, "sites")}
    for path, channel in items_in(notify, "channels"):
        listed = channel.get("sites")
        for index, name in enumerate(listed) if isinstance(listed, list) else ():
            if isinstance(name, str) and name not in site_ids:
                yield Problem(("notify", *path, "sites", index), unknown("site", name, site_ids))
