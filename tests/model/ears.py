"""Who is heard, written a second time from the domain reference (§6.7, §8: SN-SI, ST-OF) and docs/reference/alarms.md.

Freshness is the time of receipt. An asset is silent after three of its intervals, two minutes at least; a group (a gateway with those
behind it, or a whole site) is dark when nobody of it speaks for as long as its most talkative member may be silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from devices.assets import CylinderStore, Gateway, Site

SITE = ""
NEVER = 0


@dataclass
class Heard:
    """Of one asset: when anything fresh came from it, when each of its signals did, and what its gateway's will says."""

    silent_after_ms: int
    interval_ms: int
    fresh_ms: int = NEVER
    signals: dict[str, int] = field(default_factory=dict)
    online: bool | None = None
    offline_ms: int = NEVER


class Ears:
    def __init__(self, site: Site) -> None:
        self.assets = {a.id: Heard(max(int(a.interval_s * 3000), 120_000), int(a.interval_s * 1000)) for a in site.assets}
        self.by_hand = {a.id: isinstance(a, CylinderStore) for a in site.assets}
        self.gateways = {a.id for a in site.assets if isinstance(a, Gateway)}
        self.since_ms = NEVER
        self.connected = True
        gateways = [asset for asset in site.assets if isinstance(asset, Gateway)]
        others = tuple(asset.id for asset in site.assets if not isinstance(asset, Gateway))
        self.groups: dict[str, tuple[str, ...]] = {}
        if len(gateways) != 1 and len(site.assets) > 1:
            self.groups[SITE] = tuple(self.assets)
        for gateway in gateways:
            behind = gateway.assets or (others if len(gateways) == 1 else ())
            self.groups[gateway.id] = (gateway.id, *behind)
        self.dark = dict.fromkeys(self.groups, False)
        self.back_ms = dict.fromkeys(self.groups, NEVER)

    def group_of(self, asset: str) -> str | None:
        """The gateway that an asset is behind, before the site that it is of."""
        behind = [name for name, members in self.groups.items() if asset in members and asset != name]
        return next((name for name in behind if name != SITE), SITE if SITE in behind else None)

    def word(self, asset: str, signals: tuple[str, ...], received_ms: int) -> None:
        heard = self.assets[asset]
        heard.fresh_ms = received_ms
        heard.signals.update(dict.fromkeys(signals, received_ms))

    def will(self, asset: str, *, online: bool, received_ms: int) -> None:
        heard = self.assets[asset]
        if not online and heard.online is not False:
            heard.offline_ms = received_ms
        heard.online = online

    # ---- groups --------------------------------------------------------------------------------------------------------------

    def voices(self, group: str) -> list[Heard]:
        """A count of cylinders is entered by a person, and proves nothing of a gateway that has anything else to report."""
        names = [name for name in self.groups[group] if not self.by_hand[name]]
        return [self.assets[name] for name in (names if set(names) - self.gateways else self.groups[group])]

    def last_ms(self, group: str) -> int:
        return max(heard.fresh_ms for heard in self.voices(group))

    def judge(self, group: str, now_ms: int) -> Literal["raise", "clear", "between"]:
        """Dark, heard, or too early to say."""
        members = self.voices(group)
        may_be_silent_ms = min([m.silent_after_ms for m in members if m.fresh_ms] or [m.silent_after_ms for m in members])
        last_ms = self.last_ms(group)
        gateway = self.assets.get(group)
        if gateway is not None and gateway.online is False and last_ms <= gateway.offline_ms:
            return "raise"
        if max(last_ms, self.since_ms) + may_be_silent_ms <= now_ms:
            return "raise"
        return "clear" if last_ms + may_be_silent_ms > now_ms else "between"

    def look(self, group: str, now_ms: int) -> Literal["raise", "clear", "between"]:
        found = self.judge(group, now_ms)
        if self.dark[group] and found != "raise":
            self.back_ms[group] = now_ms
        self.dark[group] = found == "raise"
        return found

    # ---- assets --------------------------------------------------------------------------------------------------------------

    def counts_from_ms(self, asset: str) -> int:
        """Silence before this says nothing."""
        group = self.group_of(asset)
        return self.since_ms if group is None else max(self.since_ms, self.back_ms[group])

    def silence_due_ms(self, asset: str, watched: tuple[str, ...]) -> int:
        heard = self.assets[asset]
        oldest_ms = min([heard.signals[name] for name in watched if name in heard.signals] or [heard.fresh_ms])
        return max(oldest_ms, self.counts_from_ms(asset)) + heard.silent_after_ms

    def is_silent(self, asset: str, watched: tuple[str, ...], now_ms: int) -> bool:
        """Nothing fresh for too long, of everything or of one of the watched signals that were ever there."""
        heard = self.assets[asset]
        times = [heard.fresh_ms, *(heard.signals[name] for name in watched if name in heard.signals)]
        return min(times) + heard.silent_after_ms <= now_ms

    def is_told_silent(self, asset: str, watched: tuple[str, ...], now_ms: int) -> bool:
        """It is silent, has been for long enough since the collector listens, and is not silent because its whole group is."""
        heard, group = self.assets[asset], self.group_of(asset)
        if not self.connected or not self.is_silent(asset, watched, now_ms):
            return False
        if self.counts_from_ms(asset) + heard.silent_after_ms > now_ms:
            return False
        if group is None or heard.fresh_ms + heard.silent_after_ms > now_ms:
            return True
        with_its_group = self.last_ms(group) <= heard.fresh_ms + 1.5 * heard.interval_ms
        return not (self.dark[group] or self.judge(group, now_ms) == "raise" or with_its_group)
