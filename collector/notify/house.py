"""The house as it is told: sites, people, rosters and chains, looked up quickly. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from collector.config.chains import nearest
from collector.config.people import Chain, Roster, Team
from collector.config.people import Duty as Settings
from collector.config.people import Person as Given
from collector.notify.duty import Duty, Watch, within
from collector.notify.escalation import asks_for_hours
from collector.notify.numbers import Directory
from devices.assets import Site

CARDS = 2


class House:
    """Of several chains for a site and a priority the nearest is taken (site, district, region, everywhere), and of two as near the
    first."""

    no_zone = ZoneInfo("UTC")

    def __init__(
        self,
        sites: Iterable[Site] = (),
        people: Sequence[Given] = (),
        teams: Sequence[Team] = (),
        rosters: Sequence[Roster] = (),
        chains: Sequence[Chain] = (),
        settings: Settings | None = None,
    ) -> None:
        self.duty = Duty(people, teams, rosters)
        self.chains = tuple(chains)
        self.settings = settings or Settings()
        self.asks_for_hours = any(map(asks_for_hours, chains))
        self._sites = {site.id: site for site in sites}
        self._chain: dict[tuple[str, str], Chain | None] = {}
        self._sleepers = {person.id for person in people if person.no_night}
        self._addresses = Directory((way.to, person.id) for person in people for way in person.ways)

    def site(self, name: str) -> Site | None:
        return self._sites.get(name)

    @property
    def sites(self) -> list[Site]:
        return list(self._sites.values())

    def chain(self, site: str, priority: str) -> Chain | None:
        """The chain of an alarm; None where nobody is to be told."""
        key = (site, priority)
        if key not in self._chain:
            self._chain[key] = nearest(self.chains, site, self._sites.get(site), priority)
        return self._chain[key]

    def who(self, name: str, zone: ZoneInfo, now_ms: int) -> Watch:
        """Who is to be told by that name now. At night those who need not be woken are left to sleep where somebody else is there."""
        watch = self.duty.who(name, zone, now_ms)
        if not self._sleepers.isdisjoint(watch.people):
            until_ms = self._night_until_ms(zone, now_ms)
            awake = tuple(person for person in watch.people if person not in self._sleepers)
            if until_ms is not None and awake:
                return watch._replace(people=awake, until_ms=min(until_ms, watch.until_ms))
        return watch

    def cards(self, people: Iterable[str]) -> tuple[str, ...]:
        """Whom to call: name and number."""
        given = [self.duty.people[name] for name in people if name in self.duty.people]
        return tuple(f"{person.name}, {person.phone}" if person.phone else person.name for person in given[:CARDS])

    def at_address(self, address: str) -> set[str]:
        """The people whom a way reaches there."""
        return self._addresses.at(address)

    def quiet_until_ms(self, zone: ZoneInfo, now_ms: int) -> int | None:
        hours = self.settings.quiet_hours
        return within(hours.from_, hours.to, now_ms, zone) if hours is not None else None

    def is_night(self, zone: ZoneInfo, now_ms: int) -> bool:
        return self._night_until_ms(zone, now_ms) is not None

    def _night_until_ms(self, zone: ZoneInfo, now_ms: int) -> int | None:
        return within(self.settings.night.from_, self.settings.night.to, now_ms, zone)
