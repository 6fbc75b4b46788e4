"""The collector as an asset of its own: what it says of its health is folded by the same rules and alarms as an oxygen plant. Pure."""

from __future__ import annotations

from typing import Literal

import msgspec

from collector.records import CONTROL, Message
from devices.assets import Asset, Site, _Asset


class CollectorAsset(_Asset):
    """The collector itself; exists once, in COLLECTOR_SITE, and in no configuration file."""

    kind: Literal["collector"] = "collector"


COLLECTOR_ASSET = "collector"


def _itself() -> Site:
    me: Asset = CollectorAsset.model_construct(id=COLLECTOR_ASSET, kind="collector", name="Oxygrid collector", interval_s=10.0)  # type: ignore[assignment]
    return Site.model_construct(id="_collector", name="Oxygrid", assets=(me,))


COLLECTOR_SITE = _itself()
"""Its id can't be that of a configured site: those don't begin with an underscore."""


ROOM_MOST_MIB, ROOM_STEP_MIB = 4096, 64


def room_mib(free_bytes: int) -> float:
    """The room on a disk as Health says it."""
    return float(min(free_bytes // 2**20, ROOM_MOST_MIB) // ROOM_STEP_MIB * ROOM_STEP_MIB)


class Health(msgspec.Struct, frozen=True):
    """What the collector says of itself, journalled as `$oxygrid/health` when it changes.

    `dropped_recently` counts messages lost to a bound since the last word. `disk_free_mib` is the room on its disk, in steps of
    ROOM_STEP_MIB; ROOM_MOST_MIB stands for anything more, so that it changes only where it matters.
    """

    source_connected: bool
    store_failing: bool
    dropped_recently: float
    disk_free_mib: float

    def message(self) -> Message:
        return Message(f"{CONTROL}health", msgspec.json.encode({"values": self}))
