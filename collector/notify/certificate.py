"""What came of a drill, on one page in its reader's language: HTML that prints on A4. Pure.

A message is "sent" when its receiver (mail server, gateway, phone network) took it; that somebody read it is shown by the answer alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial
from html import escape

from collector import paper
from collector.calls import LAST_RESORT, Call, SentView
from collector.notify.house import House
from collector.notify.texts.catalogue import Language, marked, word
from collector.notify.texts.direction import is_rtl, isolate, line
from collector.notify.texts.full import HEADS
from collector.outputs import Role
from devices.assets import Site, display_name

COLUMNS = (
    marked("Step"), marked("Who"), marked("Word"), marked("Way"), marked("Decided after"), marked("Sent after"), marked("Tries"),
    marked("Outcome"),
)  # fmt: skip
OUTCOMES = {"sent": marked("sent"), "moved": marked("failed, by another way"), "given_up": marked("given up"), "": marked("waits")}
KINDS = {
    "alarm": marked("Alarm"),
    "repeat": marked("Reminder"),
    "again": marked("Told again"),
    "over": HEADS["cleared"],
    "acknowledged": HEADS["acknowledged"],
}
ROLE_WORDS: dict[Role, str] = {"nurse": marked("nurse"), "engineer": marked("engineer"), "control_room": marked("control room")}
LAST = marked("last resort")

STYLE = """
.verdict { border: 1.2pt solid #111; padding: 2.5mm 3mm; font-weight: bold; margin: 4mm 0 }
table.facts th { width: 42mm } table.sent { font-size: 8pt; line-height: 1.25 } table.sent th { font-weight: normal }
table.sent th:nth-child(n + 5):nth-child(-n + 7) { text-align: end }
.sign { display: flex; gap: 10mm; margin-top: 18mm; break-inside: avoid }
.sign div { flex: 1; border-top: 0.8pt solid #111; padding-top: 1mm; font-size: 8.5pt }
footer { margin-top: 5mm }
"""


def certificate(
    call: Call, answered_ms: int | None, sent: Sequence[SentView], house: House, version: str, language: Language = "en"
) -> str:
    """`answered_ms`: when somebody acknowledged it; None where nobody did."""
    w, safe = partial(word, language), partial(isolate, language=language)
    site = house.site(call.site)
    zone: tzinfo = site.zone if site is not None else house.no_zone
    begun_ms = call.transition.raised_ms
    first_ms = min((s.outcome_ms for s in sent if s.outcome == "sent" and s.outcome_ms), default=None)
    by = w("by {name}, after {time}") if answered_ms is not None else w("by nobody")
    facts = [
        (w("Site"), _site(site, call.site, language)),
        (w("Began"), safe(_wall(begun_ms, zone))),
        (w("First message sent"), _after(first_ms, begun_ms, language)),
        (w("Answered"), by.format(name=safe(call.by), time=safe(_lasted(answered_ms, begun_ms)))),
    ]
    rows = "".join(_row(each, begun_ms, house, language) for each in sent)
    lines = "".join(f'<tr><th scope="row">{escape(name)}</th>{paper.cell(line(fact, language))}</tr>' for name, fact in facts)
    heads = "".join(f'<th scope="col">{escape(w(name))}</th>' for name in COLUMNS)
    title = w("Drill {reference}").format(reference=safe(call.occurrence))
    return f"""{paper.head(title, language, STYLE, rtl=is_rtl(language))}
<h1>{escape(w("Drill of the oxygen alarm"))}</h1>
<p>{escape(w("A marked test alarm of high priority took the whole way of a true one."))}</p>
<div class="verdict"><bdi>{escape(line(verdict(call, answered_ms, sent, language), language))}</bdi></div>
<table class="facts">{lines}</table>
<h2>{escape(w("Who was told, step by step"))}</h2>
<table class="sent"><thead><tr>{heads}</tr></thead>
{rows}</table>
<p>{escape(w("“Sent”: the receiver's server took it. That a person read it is shown by the answer alone."))}</p>
<div class="sign"><div>{escape(w("Date, name and signature: hospital"))}</div>\
<div>{escape(w("Date, name and signature: control room"))}</div></div>
<footer>{escape(safe(f"Oxygrid {version}, {call.occurrence}"))}. {escape(w("The wired alarm panel of the pipeline comes first."))}</footer>
{paper.FOOT}"""


def verdict(call: Call, answered_ms: int | None, sent: Sequence[SentView], language: Language = "en") -> str:
    """In two sentences."""
    w, safe = partial(word, language), partial(isolate, language=language)
    lost = sum(each.outcome in ("", "given_up") for each in sent)
    ways = w("Messages that were not sent: {lost} of {all}.") if lost else w("Every message was sent.")
    answer = w("Answered by {name} after {time}.") if answered_ms is not None else w("Nobody answered.")
    time = _lasted(answered_ms, call.transition.raised_ms)
    return f"{answer.format(name=safe(call.by), time=safe(time))} {ways.format(lost=safe(str(lost)), all=safe(str(len(sent))))}"


def _row(each: SentView, begun_ms: int, house: House, language: Language) -> str:
    w, safe = partial(word, language), partial(isolate, language=language)
    person = house.duty.people.get(each.person)
    who = f"{safe(person.name)} ({w(ROLE_WORDS[person.role])})" if person is not None else safe(each.person)
    outcome = w(OUTCOMES[each.outcome]) + (f": {safe(each.error)}" if each.error and each.outcome != "sent" else "")
    sent_ms = each.outcome_ms if each.outcome == "sent" else None
    cells = [
        ("", step_name(each.step, language)),
        ("", who),
        ("", w(KINDS.get(each.kind, each.kind))),
        ("", safe(f"{each.channel} {each.to}".strip())),
        ("n", safe(_lasted(each.due_ms, begun_ms))),
        ("n", safe(_lasted(sent_ms, begun_ms))),
        ("n", safe(str(max(1, each.attempts)))),
        ("", outcome),
    ]
    return "<tr>" + "".join(paper.cell(line(text, language), kind) for kind, text in cells) + "</tr>\n"


def step_name(step: int, language: Language = "en") -> str:
    return word(language, LAST) if step == LAST_RESORT else isolate(str(step + 1), language)


def progress(sent: Sequence[SentView], begun_ms: int, house: House) -> Iterator[str]:
    """A line for each message that has gone or failed, for who waits at the terminal."""
    for each in sent:
        if each.outcome:
            person = house.duty.people.get(each.person)
            name = person.name if person is not None else each.person
            after = _after(each.outcome_ms, begun_ms)
            yield f"{after}: step {step_name(each.step)}, {each.kind}: {name} by {each.channel}: {OUTCOMES[each.outcome]}"


def _site(site: Site | None, name: str, language: Language) -> str:
    safe = partial(isolate, language=language)
    if site is None:
        return safe(name)
    return ", ".join([f"{safe(display_name(site, language))} ({safe(name)})", *map(safe, filter(None, (site.district, site.region)))])


def _wall(at_ms: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} ({moment.tzname()})"


def _after(at_ms: int | None, begun_ms: int, language: Language = "en") -> str:
    """`after 2 min 05 s`; a dash where it has not happened."""
    lasted = _lasted(at_ms, begun_ms)
    return lasted if at_ms is None else word(language, "after {time}").format(time=isolate(lasted, language))


def _lasted(at_ms: int | None, begun_ms: int) -> str:
    if at_ms is None:
        return "–"
    seconds = max(0, at_ms - begun_ms) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
