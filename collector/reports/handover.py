"""The handover of a shift: one page of one site, of what the next shift has to know. Pure.

What is open, what is kept quiet and until when, what was discovered late, how long the oxygen lasts, and what was done since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from collector import paper
from collector.notify.texts.catalogue import Language, marked, rule_text, word
from collector.notify.texts.direction import is_rtl, isolate, line
from collector.notify.texts.facts import amount, hours_left
from collector.notify.texts.full import PANEL, PRIORITY_WORDS
from collector.notify.texts.line import clean
from collector.outputs import AlarmState, Bounded, Command, StockEstimate, StockEvent, Transition
from devices.assets import Site, display_name

STATES: dict[AlarmState, str] = {
    "unacknowledged": marked("not acknowledged"),
    "acknowledged": marked("acknowledged"),
    "returned": marked("over, not acknowledged"),
    "latched_unacknowledged": marked("over, to be reset"),
    "latched_acknowledged": marked("over, to be reset"),
    "shelved": marked("set aside"),
    "suppressed": marked("hidden by a worse alarm"),
    "out_of_service": marked("out of service"),
}
NOT_KNOWN = marked("not known")
QUIET: frozenset[AlarmState] = frozenset({"shelved", "out_of_service"})
EVENTS = {
    "refill": marked("refilled"),
    "fill": marked("filled"),
    "changeover": marked("changed over"),
    "delivery": marked("delivery"),
    "delivery_checked": marked("delivery checked"),
}
DEEDS = {
    "ack": marked("acknowledged"),
    "reset": marked("reset"),
    "shelve": marked("set aside"),
    "unshelve": marked("no longer set aside"),
    "out_of_service": marked("out of service"),
    "return": marked("back in service"),
}


class Deed(NamedTuple):
    """What somebody told an alarm, and when."""

    at_ms: int
    command: Command


class Shift(NamedTuple):
    """What is known of one site from `since_ms` to `now_ms`."""

    since_ms: int
    now_ms: int
    alarms: Sequence[Transition]
    log: Sequence[Transition]
    stock: StockEstimate | None
    events: Sequence[StockEvent]
    deeds: Sequence[Deed]


class Section(NamedTuple):
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(site: Site, shift: Shift, language: Language) -> Iterator[Section]:
    w = _Words(site, language)
    open_ones = [t for t in shift.alarms if t.state not in {*QUIET, "suppressed"}]
    heads: tuple[str, ...] = (w("Since"), w("Alarm"), w("Value"), w("Priority"), w("State"), w("By"))
    yield Section(w("Open alarms"), heads, tuple(w.alarm(t) for t in sorted(open_ones, key=_urgent)))
    quiet = [t for t in shift.alarms if t.state in QUIET]
    heads = (w("Until"), w("Alarm"), w("State"), w("By"), w("Why"))
    yield Section(w("Kept quiet"), heads, tuple(w.quiet(t) for t in quiet))
    late = [t for t in shift.log if t.event == "discovered_late"]
    yield Section(w("Discovered late"), (w("Since"), w("Alarm"), w("Value")), tuple(w.alarm(t)[:3] for t in late))
    yield Section(w("Oxygen"), (), tuple(w.stock(shift.stock)))
    heads = (w("When"), w("What"), w("By"), w("Why"))
    done = [(e.event_ms, w.event(e)) for e in shift.events] + [(deed.at_ms, w.deed(deed)) for deed in shift.deeds]
    yield Section(
        w("Done since {time}").format(time=w.time(shift.since_ms)), heads, tuple(row for _, row in sorted(done, key=lambda d: d[0]))
    )


def as_html(site: Site, shift: Shift, language: Language) -> str:
    w = _Words(site, language)
    title = f"{w('Handover')}: {display_name(site, language)}"
    parts = [
        paper.head(title, language, rtl=is_rtl(language)),
        f"<h1><bdi>{escape(title)}</bdi></h1><p><small>{escape(w.time(shift.now_ms))}</small></p>\n",
    ]
    for section in sections(site, shift, language):
        parts.append(f"<section><h2>{escape(section.title)}</h2>\n")
        if not section.rows:
            parts.append(f"<p>{escape(w('nothing'))}</p></section>\n")
            continue
        parts.append("<table>")
        if section.heads:
            heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in section.heads)
            parts.append(f"<thead><tr>{heads}</tr></thead>\n")
        parts += ["<tr>" + "".join(paper.cell(line(each, language)) for each in row) + "</tr>\n" for row in section.rows]
        parts.append("</table></section>\n")
    return "".join([*parts, f"<p><small>{escape(word(language, PANEL))}</small></p>", paper.FOOT])


def as_lines(site: Site, shift: Shift, language: Language) -> Iterator[str]:
    w = _Words(site, language)
    yield f"{w('Handover')}: {display_name(site, language)}, {w.time(shift.now_ms)}"
    for section in sections(site, shift, language):
        yield ""
        yield section.title
        yield from (f"  {'  '.join(cell for cell in row if cell)}" for row in section.rows or ((w("nothing"),),))


class _Words:
    """Facts of one site in one language."""

    def __init__(self, site: Site, language: Language) -> None:
        self._site, self._language = site, language

    def __call__(self, english: str) -> str:
        return word(self._language, english)

    def time(self, at_ms: int) -> str:
        return isolate(datetime.fromtimestamp(at_ms / 1000, self._site.zone).strftime("%Y-%m-%d %H:%M"), self._language)

    def alarm(self, t: Transition) -> tuple[str, ...]:
        return (
            self.time(t.raised_ms),
            self.what(t),
            self._value(t),
            self(PRIORITY_WORDS[t.priority]),
            self(STATES.get(t.state, "")),
            self._safe(t.by),
        )

    def quiet(self, t: Transition) -> tuple[str, ...]:
        until = self.time(t.until_ms) if t.until_ms is not None else ""
        return until, self.what(t), self(STATES[t.state]), self._safe(t.by), self._safe(t.why)

    def what(self, t: Transition) -> str:
        """`Main line: Pipeline pressure failing`"""
        return self._alarm(t.asset, t.rule)

    def stock(self, stock: StockEstimate | None) -> Iterator[tuple[str, ...]]:
        if stock is None:
            yield (self(NOT_KNOWN),)
            return
        for name, hours in (
            (self(marked("Connected, as the plant runs now")), stock.connected_now_h),
            (self(marked("Connected, if the plant stops")), stock.connected_h),
            (self(marked("All on site, if the plant stops")), stock.on_site_h),
        ):
            yield name, self._hours(hours)
        for source in stock.sources:
            pressure = amount(source.pressure_bar, "bar") if source.pressure_bar is not None else ""
            content = amount(source.content_l.mid / 1000, "m³") if source.content_l.mid is not None else self(NOT_KNOWN)
            yield source.source, ", ".join(isolate(each, self._language) for each in (content, pressure) if each)

    def event(self, event: StockEvent) -> tuple[str, ...]:
        gained = amount(event.kg, "kg") if event.kg is not None else amount(event.litres / 1000, "m³") if event.litres else ""
        what = f"{event.source}: {self(EVENTS[event.event])}"
        return self.time(event.event_ms), f"{what} ({isolate(gained, self._language)})" if gained else what, "", ""

    def deed(self, deed: Deed) -> tuple[str, ...]:
        command = deed.command
        place, _, rule = command.alarm.rpartition("/")
        what = f"{self._alarm(place.partition('/')[2], rule)}: {self(DEEDS[command.command])}"
        return self.time(deed.at_ms), what, self._safe(command.by), self._safe(command.why)

    def _alarm(self, asset_id: str, rule: str) -> str:
        asset = next((each for each in self._site.assets if each.id == asset_id), None)
        kind = asset.kind if asset is not None else "site" if not asset_id else ""
        text = rule_text(rule, kind, "nurse", self._language)
        title = text.title if text is not None else rule
        return f"{self._safe(display_name(asset, self._language))}: {title}" if asset is not None else title

    def _value(self, t: Transition) -> str:
        from collector.alarms.text import unit_of

        return isolate(amount(t.value, unit_of(t.unit)), self._language) if isinstance(t.value, float) else ""

    def _hours(self, hours: Bounded) -> str:
        return hours_left(hours.low, self._language) or self(NOT_KNOWN)

    def _safe(self, text: str) -> str:
        return isolate(clean(text, 200), self._language)


def _urgent(t: Transition) -> tuple[int, int]:
    return ("high", "medium", "low", "info").index(t.priority), t.raised_ms


def of_site(transitions: Iterable[Transition], site: str) -> list[Transition]:
    return [t for t in transitions if t.site == site]
