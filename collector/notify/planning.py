"""What a channel sends now, of what waits for it: one message, raised and over together, or a digest. Pure.

Messages to different addresses are never one. Of several that wait for one person about one alarm the newest is sent and covers the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from collector.notify.messages import Envelope, digest, single, together
from collector.outputs import PRIORITIES, Notice

DIGEST_OVER = 10
"""More waiting messages than this to one address are one digest."""

Finish = Callable[[Notice], Notice]
"""Gives a notice its text."""


def plan(
    due: Sequence[Notice], waiting: Sequence[Notice], at_ms: int, digests: bool, finish: Finish = lambda notice: notice
) -> list[Envelope]:
    """What to send now, the highest priority first. `waiting` are all unsent notices of the channel, due or not: an alarm that is over
    takes its unsent beginning along, whenever that was to be tried again, and the other way round."""
    wanted = {_about(notice) for notice in due}
    groups: dict[tuple[str, str], dict[str, Notice]] = {}
    for notice in [*waiting, *due]:
        if (about := _about(notice)) in wanted:
            groups.setdefault(about, {})[notice.id] = notice
    by_address: dict[str, list[Envelope]] = {}
    for (address, _), group in groups.items():
        finished = [finish(notice) for notice in group.values()]
        by_address.setdefault(address, []).extend(_personal(finished, at_ms) if finished[0].role else _public(finished, at_ms))
    envelopes = [envelope for several in by_address.values() for envelope in _gathered(several, at_ms, digests)]
    return sorted(envelopes, key=lambda e: (-PRIORITIES.index(e.notices[0].transition.priority), e.notices[0].due_ms))


def _about(notice: Notice) -> tuple[str, str]:
    """Whose it is, and which alarm. A person without an address on this channel is told apart by their name."""
    return notice.to or (notice.person and f"{notice.person}@"), notice.transition.occurrence


def _public(notices: Iterable[Notice], at_ms: int) -> list[Envelope]:
    events = {notice.transition.event: notice for notice in notices}
    raised, cleared = events.pop("raised", None), events.pop("cleared", None)
    if raised is not None and cleared is not None:
        first = [together(raised, cleared, at_ms)]
    else:
        first = [single(notice, at_ms) for notice in (raised, cleared) if notice is not None]
    return first + [single(notice, at_ms) for notice in events.values()]


def _personal(notices: Sequence[Notice], at_ms: int) -> list[Envelope]:
    """The newest word on an alarm; where it is over and its beginning was never told, both. What tells of more alarms goes by itself."""
    *older, newest = sorted(notices, key=lambda n: (n.transition.evaluated_ms, n.step, n.due_ms))
    covered = {transition.occurrence for transition in newest.also}
    apart = [notice for notice in older if not covered.issuperset(transition.occurrence for transition in notice.also)]
    older = [notice for notice in older if notice not in apart]
    first = [single(notice, at_ms) for notice in apart]
    if not older:
        return [*first, single(newest, at_ms)]
    if newest.transition.event == "cleared":
        envelope = together(older[-1], newest, at_ms)
        older = older[:-1]
    else:
        envelope = single(newest, at_ms)
    return [*first, msgspec.structs.replace(envelope, covers=tuple(notice.id for notice in older))]


def _gathered(envelopes: list[Envelope], at_ms: int, digests: bool) -> list[Envelope]:
    if not digests or len(envelopes) <= DIGEST_OVER:
        return envelopes
    gathered = digest([notice for envelope in envelopes for notice in envelope.notices], at_ms)
    return [msgspec.structs.replace(gathered, covers=tuple(covered for envelope in envelopes for covered in envelope.covers))]
