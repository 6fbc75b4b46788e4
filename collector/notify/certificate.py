"""What came of a drill, on one page: HTML that prints on A4. Pure.

A message is "sent" when its receiver (mail server, gateway, phone network) took it; that somebody read it is shown by the answer alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from html import escape

from collector import paper
from collector.calls import LAST_RESORT, Call, SentView
from collector.notify.house import House
from devices.assets import Site, display_name

COLUMNS = ("Step", "Who", "Word", "Way", "Decided after", "Sent after", "Tries", "Outcome")
OUTCOMES = {"sent": "sent", "moved": "failed, by another way", "given_up": "given up", "": "waits"}

STYLE = """
.verdict { border: 1.2pt solid #111; padding: 2.5mm 3mm; font-weight: bold; margin: 4mm 0 }
table.facts th { width: 42mm } table.sent { font-size: 8pt; line-height: 1.25 } table.sent th { font-weight: normal }
.sign { display: flex; gap: 10mm; margin-top: 18mm; break-inside: avoid }
.sign div { flex: 1; border-top: 0.8pt solid #111; padding-top: 1mm; font-size: 8.5pt }
footer { margin-top: 5mm }
"""


def certificate(call: Call, answered_ms: int | None, sent: Sequence[SentView], house: House, version: str) -> str:
    """`answered_ms`: when somebody acknowledged it; None where nobody did."""
    site = house.site(call.site)
    zone: tzinfo = site.zone if site is not None else house.no_zone
    begun_ms = call.transition.raised_ms
    facts = [
        ("Site", _site(site, call.site)),
        ("Began", _wall(begun_ms, zone)),
        ("First message sent", _after(min((s.outcome_ms for s in sent if s.outcome == "sent" and s.outcome_ms), default=None), begun_ms)),
        ("Answered", f"by {call.by}, {_after(answered_ms, begun_ms)}" if answered_ms is not None else "by nobody"),
    ]
    rows = "".join(_row(each, begun_ms, house) for each in sent)
    lines = "".join(f'<tr><th scope="row">{escape(name)}</th>{paper.cell(fact)}</tr>' for name, fact in facts)
    heads = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    return f"""{paper.head(f"Drill {call.occurrence}", more=STYLE)}
<h1>Drill of the oxygen alarm</h1>
<p>A marked test alarm of high priority took the whole way of a true one.</p>
<div class="verdict"><bdi>{escape(verdict(call, answered_ms, sent))}</bdi></div>
<table class="facts">{lines}</table>
<h2>Who was told, step by step</h2>
<table class="sent"><thead><tr>{heads}</tr></thead>
{rows}</table>
<p>“Sent”: the receiver's server took it. That a person read it is shown by the answer alone.</p>
<div class="sign"><div>Date, name and signature: hospital</div><div>Date, name and signature: control room</div></div>
<footer>Oxygrid {escape(version)}, {escape(call.occurrence)}. The wired alarm panel of the pipeline comes first.</footer>
{paper.FOOT}"""


def verdict(call: Call, answered_ms: int | None, sent: Sequence[SentView]) -> str:
    """In a sentence."""
    lost = sum(each.outcome in ("", "given_up") for each in sent)
    ways = "every message was sent" if not lost else f"{lost} of {len(sent)} messages were not sent"
    if answered_ms is None:
        return f"Nobody answered; {ways}."
    return f"Answered by {call.by} {_after(answered_ms, call.transition.raised_ms)}; {ways}."


def _row(each: SentView, begun_ms: int, house: House) -> str:
    person = house.duty.people.get(each.person)
    who = f"{person.name} ({person.role.replace('_', ' ')})" if person is not None else each.person
    outcome = OUTCOMES[each.outcome] + (f": {each.error}" if each.error and each.outcome != "sent" else "")
    sent_ms = each.outcome_ms if each.outcome == "sent" else None
    cells = [
        ("", step_name(each.step)),
        ("", who),
        ("", each.kind),
        ("", f"{each.channel} {each.to}".strip()),
        ("n", _after(each.due_ms, begun_ms)),
        ("n", _after(sent_ms, begun_ms)),
        ("n", str(max(1, each.attempts))),
        ("", outcome),
    ]
    return "<tr>" + "".join(paper.cell(text, kind) for kind, text in cells) + "</tr>\n"


def step_name(step: int) -> str:
    return "last resort" if step == LAST_RESORT else str(step + 1)


def progress(sent: Sequence[SentView], begun_ms: int, house: House) -> Iterator[str]:
    """A line for each message that has gone or failed, for who waits at the terminal."""
    for each in sent:
        if each.outcome:
            person = house.duty.people.get(each.person)
            name = person.name if person is not None else each.person
            after = _after(each.outcome_ms, begun_ms)
            yield f"{after}: step {step_name(each.step)}, {each.kind}: {name} by {each.channel}: {OUTCOMES[each.outcome]}"


def _site(site: Site | None, name: str) -> str:
    if site is None:
        return name
    where = ", ".join(part for part in (site.district, site.region) if part)
    return f"{display_name(site)} ({name})" + (f", {where}" if where else "")


def _wall(at_ms: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} ({moment.tzname()})"


def _after(at_ms: int | None, begun_ms: int) -> str:
    """`after 2 min 05 s`; a dash where it has not happened."""
    if at_ms is None:
        return "–"
    seconds = max(0, at_ms - begun_ms) / 1000
    if seconds < 60:
        return f"after {seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"after {hours} h {minutes:02} min" if hours else f"after {minutes} min {rest:02} s"
