"""A count of cylinders that a person entered: checked against the sites, and made into the message that a gateway would send. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from collector.audit import Word
from collector.orders import LONGEST_NAME, is_line
from collector.records import Message
from devices.assets import CylinderStore, Site
from devices.payloads import native

MOST = 100_000
"""As many as the signals take."""
Cylinders = Annotated[int, msgspec.Meta(ge=0, le=MOST)]


class Count(msgspec.Struct, frozen=True):
    """How many full and empty cylinders there are at a store; `empty` None: nobody counted them. `by` counted."""

    site: str
    asset: str
    full: Cylinders
    empty: Cylinders | None = None
    by: str = ""


def wrong_count(count: Count, sites: Iterable[Site]) -> str:
    """Why it can't be taken, and what would be right; empty where it can."""
    site = next((each for each in sites if each.id == count.site), None)
    if site is None:
        return f"there is no site {count.site[:LONGEST_NAME]!r}"
    stores = [asset.id for asset in site.assets if isinstance(asset, CylinderStore)]
    if count.asset not in stores:
        return f"site {site.id} has no store of cylinders {count.asset[:LONGEST_NAME]!r}; it has {', '.join(stores) or 'none'}"
    if not is_line(count.by, LONGEST_NAME):
        return f"by: the name of the person, 1 to {LONGEST_NAME} characters on one line"
    return ""


def word_of(count: Count) -> Word:
    """What stands in the audit trail."""
    empty = "" if count.empty is None else f", {count.empty} empty"
    return Word(what=f"{count.full} full{empty}", about=f"{count.site}/{count.asset}", by=count.by)


def message_of(count: Count, prefix: str, now_ms: int) -> Message:
    """What goes the way of every reading. `prefix` is that of the topics."""
    values: dict[str, float | bool | str] = {"full_count": float(count.full)}
    if count.empty is not None:
        values["empty_count"] = float(count.empty)
    return Message(f"{prefix}/{count.site}/{count.asset}", native.encode(native.Reading(ts=now_ms, values=values)))
