"""Which source feeds how much: groups in their order; within a group each by what it can give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Source(Protocol):
    """`set_share` is its regulator's set point as a share of the nominal pressure, `feed_pct` the purity of what it gives now."""

    @property
    def set_share(self) -> float: ...

    @property
    def feed_pct(self) -> float: ...

    def available_l(self) -> float:
        """Litres it can give in this step."""

    def draw(self, litres: float) -> None:
        """Give that much, at most what is available."""


class Feed(NamedTuple):
    """What flowed in a step. `share` is the part of the wish that was met; `set_share` is the regulator that held the line (0: none)."""

    given_l: float
    share: float
    set_share: float
    purity_pct: float


NOTICEABLE = 0.01
"""A source that gives a smaller part of the wish than this does not set the pressure."""

NOTHING = 1e-9
"""A rest of this share is left over by rounding, not wanted from the next group."""


def feed(groups: Sequence[Sequence[Source]], wanted_l: float) -> Feed:
    """Draw `wanted_l` (more than 0) from the groups, the first as far as it goes, then the next."""
    left_l = wanted_l
    pure_l = 0.0
    set_share = 0.0
    for group in groups:
        if not left_l:
            break
        available_l = [source.available_l() for source in group]
        part = _part(sum(available_l), left_l)
        for source, can_give_l in zip(group, available_l, strict=True):
            litres = can_give_l * part
            pure_l += litres * source.feed_pct / 100
            source.draw(litres)
            left_l -= litres
            if litres > NOTICEABLE * wanted_l:
                set_share = min(set_share or source.set_share, source.set_share)
        if left_l < NOTHING * wanted_l:
            left_l = 0.0
    given_l = wanted_l - left_l
    return Feed(given_l, given_l / wanted_l, set_share, 100 * pure_l / given_l if given_l else 0.0)


def _part(available_l: float, wanted_l: float) -> float:
    """The share of what each source of a group has that is needed of it."""
    return min(1.0, wanted_l / available_l) if available_l else 0.0
