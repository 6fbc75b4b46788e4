"""What a configuration tells nobody, although it fits: alarms without a receiver, chains that are never taken, people who only stand in the
log. Found so that somebody looks; nothing of it is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from collector.config.chains import nearest
from collector.config.model import Config
from collector.config.people import Chain, Told
from collector.config.problems import Problem
from collector.selfwatch import COLLECTOR_SITE
from devices.assets import Site

PRIORITIES: Final[tuple[Told, ...]] = ("low", "medium", "high")
LISTED = 5


def unreached(config: Config) -> Iterator[Problem]:
    """Everything of it, with the place in the configuration."""
    log = {channel.id for channel in config.notify.channels if channel.kind == "log"}
    yield from _alarms(config)
    for number, chain in enumerate(config.chains):
        if config.sites and not any(_taken(config, site, told) is chain for site in config.sites for told in chain.priorities):
            yield Problem(
                ("chains", number), "this chain is never taken: no site has it, or a nearer or earlier chain has its sites and priorities"
            )
    for number, person in enumerate(config.people):
        if all(way.channel in log for way in person.ways):
            yield Problem(("people", number, "ways"), f"{person.name} is told in the log alone; give a way that reaches them")


def _alarms(config: Config) -> Iterator[Problem]:
    """Sites whose alarms of medium or high priority go nowhere but into the log."""
    silent: dict[tuple[str, ...], list[str]] = {}
    all_sites = (*config.sites, COLLECTOR_SITE) if config.sites else ()
    for told in PRIORITIES[1:]:
        sites = [_called(site) for site in all_sites if _taken(config, site, told) is None and not _broadcast(config, site.id, told)]
        silent.setdefault(tuple(sites), []).append(told)
    for names, priorities in silent.items():
        if names:
            yield Problem(
                ("chains",) if config.chains else ("notify",),
                f"alarms of {' and '.join(priorities)} priority of {_listed(names)} reach nobody; "
                "give a chain, or a channel with receivers of its own",
            )


def _called(site: Site) -> str:
    return "the collector itself" if site is COLLECTOR_SITE else site.id


def _taken(config: Config, site: Site, told: Told) -> Chain | None:
    return nearest(config.chains, site.id, site, told)


def _broadcast(config: Config, site: str, told: Told) -> bool:
    """Some channel tells its own receivers."""
    return any(
        channel.public
        and channel.kind != "log"
        and (not channel.sites or site in channel.sites)
        and (channel.min_priority == "info" or PRIORITIES.index(channel.min_priority) <= PRIORITIES.index(told))
        for channel in config.notify.channels
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more sites" if more > 0 else "")
