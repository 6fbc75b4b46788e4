"""The stores of loose cylinders of a hospital, with what was counted there last: what the form to enter a count shows. Pure."""

from __future__ import annotations

from typing import NamedTuple

from collector.console.words import Language
from collector.views import SiteView
from devices.assets import CylinderStore, Site, display_name


class Store(NamedTuple):
    """`full` and `empty` None: nobody has counted. `age_s` is that of the count of full ones."""

    asset: str
    name: str
    type: str
    full: int | None
    empty: int | None
    age_s: float | None


def stores(site: Site, view: SiteView | None, language: Language) -> list[Store]:
    """What the configuration says stands until the first count."""
    values = {asset.id: asset.values for asset in view.assets} if view else {}
    found = []
    for asset in site.assets:
        if isinstance(asset, CylinderStore):
            said = values.get(asset.id, {})
            full, empty = (_whole(said[name].value) if name in said else None for name in ("full_count", "empty_count"))
            age_s = said["full_count"].age_s if "full_count" in said else None
            full = asset.full if full is None else full
            found.append(Store(asset.id, display_name(asset, language), asset.type.upper(), full, empty, age_s))
    return found


def _whole(value: object) -> int | None:
    return round(value) if isinstance(value, (int, float)) else None
