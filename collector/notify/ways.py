"""Which of a person's ways a notice takes: the best that works, another at each repeat, the next where one fails. Pure."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from collector.config.people import Person, Way
from collector.outputs import Notice


def way_for(person: Person, times: int, broken: Collection[str]) -> Way:
    """The way of the message that is the `times`-th repeat: what a receiver took and lost comes by another way then. Ways whose channel
    does not work now come last."""
    ways = person.ways
    turned = [ways[(times + n) % len(ways)] for n in range(len(ways))]
    return next((way for way in turned if way.channel not in broken), turned[0])


def next_way(person: Person, notice: Notice, broken: Collection[str]) -> Notice | None:
    """The notice by another way of the person that works now; None where there is none, or each has had its turn."""
    ways = person.ways
    base, _, moved = notice.id.partition("~")
    moves = int(moved or 0)
    here = next((n for n, way in enumerate(ways) if (way.channel, way.to) == (notice.channel, notice.to)), -1)
    others = [ways[(here + n) % len(ways)] for n in range(1, len(ways))] if here >= 0 else list(ways)
    way = next((way for way in others if way.channel not in broken and way.channel != notice.channel), None)
    if way is None or moves >= len(ways) - 1:
        return None
    return msgspec.structs.replace(notice, id=f"{base}~{moves + 1}", channel=way.channel, to=way.to)
