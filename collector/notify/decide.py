"""Who is told of a transition, and why, or why not. Pure.

channel has no receivers of its own                 → personal: it is there for the people who name it
channel asks for a higher priority                  → below
channel is for other sites                          → elsewhere
acknowledged                                        → not_news: the person who did it knows
discovered late, and the channel is not the log     → late: nobody can act on it now
shelved, suppressed by design, out of service       → quiet: it is logged, and nobody is told
else                                                → told, once per transition and channel
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from collector.notify.messages import Text, message
from collector.outputs import PRIORITIES, Notice, Priority, Transition
from devices.assets import Site

Reason: TypeAlias = Literal["told", "personal", "below", "elsewhere", "not_news", "late", "quiet"]


class Filter(Protocol):
    """What a channel wants to hear; `collector.config.notify` has them. Empty `sites`: every site."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def min_priority(self) -> Priority: ...
    @property
    def sites(self) -> Sequence[str]: ...
    @property
    def public(self) -> bool: ...


class Decision(NamedTuple):
    """`notice` is there exactly where the reason is `told`."""

    channel: str
    transition: str
    reason: Reason
    notice: Notice | None = None


def decide(transition: Transition, channels: Iterable[Filter], site: Site | None) -> list[Decision]:
    """One decision per channel. `site` gives names and the time zone; without it the notice speaks in ids and UTC."""
    reasons = [(channel, _reason(transition, channel)) for channel in channels]
    text = message(transition, site) if any(reason == "told" for _, reason in reasons) else None
    return [_decision(transition, channel, reason, text) for channel, reason in reasons]


def notices(transitions: Iterable[Transition], channels: Sequence[Filter], sites: Mapping[str, Site]) -> list[Notice]:
    """The notices of all transitions, in their order."""
    decisions = (d for t in transitions for d in decide(t, channels, sites.get(t.site)))
    return [decision.notice for decision in decisions if decision.notice is not None]


def _decision(transition: Transition, channel: Filter, reason: Reason, text: Text | None) -> Decision:
    if reason != "told" or text is None:
        return Decision(channel.id, transition.id, reason)
    notice = Notice(
        id=f"{transition.id}/{channel.id}",
        channel=channel.id,
        due_ms=transition.evaluated_ms,
        subject=text.subject,
        body=text.body,
        transition=transition,
    )
    return Decision(channel.id, transition.id, "told", notice)


def _reason(transition: Transition, channel: Filter) -> Reason:
    if not channel.public:
        return "personal"
    if PRIORITIES.index(transition.priority) < PRIORITIES.index(channel.min_priority):
        return "below"
    if channel.sites and transition.site not in channel.sites:
        return "elsewhere"
    if transition.event == "acknowledged":
        return "not_news"
    if transition.event == "discovered_late":
        return "told" if channel.kind == "log" else "late"
    return "told" if transition.annunciate else "quiet"
