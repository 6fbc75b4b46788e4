"""Who is heard: silent assets, dark gateways, a dark site. Pure; judged on times of receipt.

A group is a gateway with the assets behind it, or the whole site (its name is empty) where it does not have exactly one gateway. While a
group is dark that is one fact, and nobody in it counts as silent.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from collector.asset import AssetState
from collector.rules.condition import Verdict
from devices.assets import CylinderStore, Gateway, Site

TOGETHER_INTERVALS = 1.5
"""An asset that spoke last within so many of its intervals of the last word of its group fell silent with it."""
SITE = ""


class GroupState(msgspec.Struct, array_like=True):
    """`dark` while nothing comes from any member, `back_ms` when that was last over."""

    dark: bool = False
    back_ms: int = 0


class Listening:
    """`heard_from_ms`: silence before it says nothing, the collector did not hear. `connected`: it hears now."""

    def __init__(self, site: Site, assets: Mapping[str, AssetState], states: Mapping[str, GroupState]) -> None:
        self.heard_from_ms = 0
        self.connected = True
        self._assets = assets
        self.groups: dict[str, list[AssetState]] = {}
        self.group_of: dict[str, str] = {}
        gateways = [asset for asset in site.assets if isinstance(asset, Gateway)]
        if len(gateways) != 1 and len(assets) > 1:
            self.groups[SITE] = list(assets.values())
            self.group_of = dict.fromkeys(assets, SITE)
        for gateway in gateways:
            members = reporting(site, gateway)
            self.groups[gateway.id] = [assets[gateway.id], *(assets[name] for name in members)]
            self.group_of |= dict.fromkeys(members, gateway.id)
        self._voices = {name: _voices(group) for name, group in self.groups.items()}
        self.states = {name: states.get(name, GroupState()) for name in self.groups}

    def shift(self, by_ms: int) -> None:
        self.heard_from_ms += by_ms
        for state in self.states.values():
            state.back_ms += by_ms if state.back_ms else 0

    # ---- groups --------------------------------------------------------------------------------------------------------------

    def look(self, name: str, now_ms: int) -> Verdict:
        """Judge a group and remember whether it is dark."""
        verdict, state = self.verdict(name, now_ms), self.states[name]
        if state.dark and verdict is not Verdict.RAISE:
            state.back_ms = now_ms
        state.dark = verdict is Verdict.RAISE
        return verdict

    def verdict(self, name: str, now_ms: int) -> Verdict:
        """Raise where nothing comes from any member: the gateway's last will came, or whoever of them speaks most often should have spoken.
        Clear where somebody has; hold where the collector has not listened for long enough to say."""
        group, last_ms = self._voices[name], self.last_word_ms(name)
        limit_ms = min((m.silent_after_ms for m in group if m.state.fresh_ms), default=min(m.silent_after_ms for m in group))
        own = self._assets[name].state if name else None
        if (own is not None and own.online is False and last_ms <= own.offline_ms) or max(last_ms, self.heard_from_ms) + limit_ms <= now_ms:
            return Verdict.RAISE
        return Verdict.CLEAR if last_ms + limit_ms > now_ms else Verdict.HOLD

    def last_word_ms(self, name: str) -> int:
        return max(member.state.fresh_ms for member in self._voices[name])

    def is_dark(self, name: str) -> bool:
        state = self.states.get(name)
        return state is not None and state.dark

    # ---- assets --------------------------------------------------------------------------------------------------------------

    def since_ms(self, asset: AssetState) -> int:
        """Silence before this says nothing: the collector did not hear, or the asset's group was dark."""
        group = self.group_of.get(asset.asset.id)
        return max(self.heard_from_ms, self.states[group].back_ms) if group is not None else self.heard_from_ms

    def silent_with_group(self, asset: AssetState, now_ms: int) -> bool:
        """The asset is silent, and so is everybody of its group, since about the same time."""
        group = self.group_of.get(asset.asset.id)
        if group is None or asset.state.fresh_ms > now_ms - asset.silent_after_ms:
            return False
        if self.states[group].dark or self.verdict(group, now_ms) is Verdict.RAISE:
            return True
        return self.last_word_ms(group) <= asset.state.fresh_ms + TOGETHER_INTERVALS * asset.asset.interval_s * 1000


def _voices(group: list[AssetState]) -> list[AssetState]:
    """Whose words prove that the way from there is whole. A person may enter a count of cylinders elsewhere: it proves nothing, unless a
    group has nobody else."""
    others = [member for member in group if not isinstance(member.asset, CylinderStore)]
    return others if any(not isinstance(member.asset, Gateway) for member in others) else group


def reporting(site: Site, gateway: Gateway) -> tuple[str, ...]:
    """The assets behind a gateway. The only gateway of a site reports for all of it where it names none."""
    others = tuple(asset.id for asset in site.assets if not isinstance(asset, Gateway))
    alone = len(others) == len(site.assets) - 1
    return gateway.assets or (others if alone else ())
