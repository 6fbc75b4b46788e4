"""What a gateway sends, as a value, and which gateway sends for which asset. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from devices.assets import Gateway, Site

PREFIX = "oxygrid/v1"


class Emission(NamedTuple):
    """One message, and when it is due."""

    send_ms: int
    topic: str
    payload: bytes
    retained: bool = False
    qos: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """One connection to the broker: the assets of `site` that report through it. `gateway` is None where the site declares none."""

    site: str
    gateway: str | None
    assets: tuple[str, ...]

    def topic(self, prefix: str, asset: str) -> str:
        return f"{prefix}/{self.site}/{asset}"

    def status_topic(self, prefix: str) -> str | None:
        """Where its last will goes; None without a gateway, for a will must belong to an asset that is declared."""
        return None if self.gateway is None else f"{self.topic(prefix, self.gateway)}/status"


def links_of(site: Site) -> tuple[Link, ...]:
    """One link per gateway. An asset that two gateways name belongs to the first; one that none names reports through the first gateway."""
    gateways = [asset for asset in site.assets if isinstance(asset, Gateway)]
    if not gateways:
        return (Link(site.id, None, tuple(asset.id for asset in site.assets)),)
    owner = {asset.id: gateways[0].id for asset in site.assets}
    for gateway in reversed(gateways):
        owner.update(dict.fromkeys((*gateway.assets, gateway.id), gateway.id))
    owner.update((gateway.id, gateway.id) for gateway in gateways)
    return tuple(Link(site.id, gateway.id, tuple(_owned(owner, gateway.id))) for gateway in gateways)


def _owned(owner: dict[str, str], gateway: str) -> Iterator[str]:
    return (asset for asset, its_gateway in owner.items() if its_gateway == gateway)
