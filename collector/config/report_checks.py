"""What is wrong with reports when they are seen with sites, people and channels. Works on plain data that may be wrong elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collector.config.problems import Problem
from collector.config.reading import items_in, texts_in
from collector.rules.vocabulary import unknown


def check_reports(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Every report of an unknown place, and every reader that is not known or gets no mail."""
    notify = data.get("notify")
    channels = items_in(notify, "channels") if isinstance(notify, Mapping) else ()
    mail = {channel.get("id") for _, channel in channels if channel.get("kind") == "smtp"}
    people = {person["id"]: person for _, person in items_in(data, "people") if isinstance(person.get("id"), str)}
    places = {
        place for _, site in items_in(data, "sites") for place in map(site.get, ("id", "district", "region")) if isinstance(place, str)
    }
    for path, report in items_in(data, "reports"):
        of = report.get("of", "")
        if isinstance(of, str) and of and of not in places:
            yield Problem((*path, "of"), unknown("site, district or region", of, places))
        for index, name in enumerate(texts_in(report, "to")):
            if name not in people:
                yield Problem((*path, "to", index), unknown("person", name, people))
            elif not any(way.get("channel") in mail for _, way in items_in(people[name], "ways")):
                yield Problem((*path, "to", index), f"{name!r} has no way that is mail; give one of a channel of kind smtp")
