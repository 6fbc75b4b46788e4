"""Which chain an alarm takes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from collector.config.people import Chain
from devices.assets import Site


def nearest(chains: Sequence[Chain], name: str, site: Site | None, priority: str) -> Chain | None:
    """Of the chains of that priority the nearest: of the site, of its district, its region, of everywhere; of two as near the first. None
    where there is none. `site` is None where only its name is known."""
    fitting = [chain for chain in chains if priority in chain.priorities]
    district, region = (site.district, site.region) if site is not None else ("", "")
    found = [
        [chain for chain in fitting if name in chain.sites],
        [chain for chain in fitting if district and district in chain.districts],
        [chain for chain in fitting if region and region in chain.regions],
        [chain for chain in fitting if not (chain.sites or chain.districts or chain.regions)],
    ]
    return next((near[0] for near in found if near), None)
