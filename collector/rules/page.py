"""docs/reference/rules.md: the rules as people read them, made from the rule set. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collector.rules.model import Rule
from collector.rules.words import again, clears_when, delay, escalation, gate, names, raised_when, shelving, under

SOURCES: tuple[tuple[str, str], ...] = (
    (
        "ISO 7396-1",
        "Medical gas pipeline systems. Read: table 1 of 6.3 and clause 6.6 of the 2007 edition, in its Russian adoption "
        "GOST R ISO 7396-1-2011 (<https://docs.cntd.ru/document/1200093212>). Clause 6.4 is cited from general knowledge: check it against "
        "a bought copy",
    ),
    (
        "NFPA 99",
        "Health care facilities code, 2012. Area alarms at 40 and 60 psi on 50, as a vendor reports it "
        "(<https://compliancesolutionsmed.com/medical-gas-area-alarms>); a reserve of an average day, and when it counts as in use: "
        "newsletters of 2009 (<https://medigasservice.com/enews/assets/4-2-09.htm>, <https://medigasservice.com/enews/assets/5-14-09.htm>)",
    ),
    (
        "HTM 02-01",
        "Medical gas pipeline systems, United Kingdom. Read: a manual of an emergency reserve manifold, whose alarm comes when the bank is "
        "typically below half (<https://www.manualslib.com/manual/2957578>, page 19). Other conditions are cited from general knowledge",
    ),
    (
        "WHO PSA specification 2020",
        "Technical specifications for pressure swing adsorption oxygen plants, interim guidance, 8 June 2020 "
        "(<https://www.scribd.com/document/513081789>). The 90.0-96.0 % of the Oxygen 93 monographs is quoted from there",
    ),
    (
        "WHO 2020 (82 %)",
        'Oxygen sources and distribution for COVID-19 treatment centres, 4 April 2020: "at least 82% pure oxygen" '
        "(<https://www.scribd.com/document/474911691>)",
    ),
    ("PATH technical brief", "Oxygen concentrator (<https://docslib.org/doc/2037304>); ISO 80601-2-69 is cited from general knowledge"),
    (
        "India MoHFW letter of 12 January 2022",
        "Buffer of 48 hours, as the press reports it (<https://www.hindustantimes.com>, article 101642014110831)",
    ),
    (
        "Gurugram district, April 2021",
        "Hospitals report below six hours (<https://thehawk.in/states/haryana/gurugram-admin-oxygen-supply-223854>)",
    ),
    ("Delhi dashboard, May 2021", "SOS below two hours (<https://www.millenniumpost.in>, article 439545)"),
    ("Delhi 2021", "Two-hourly updates (<https://www.indiatoday.in>, article 1795057, 26 April 2021)"),
    ("US suppliers' practice, September 2021", "Reorder at 30-40 % (<https://www.newsbreak.com/news/2358414354226>, Premier Inc.)"),
    (
        "Ph. Eur. 2455",
        "European Pharmacopoeia, Oxygen (93 per cent): carbon monoxide at most 5 ppm. Cited from general knowledge: check it against a "
        "bought copy",
    ),
    (
        "USP Oxygen",
        "Carbon monoxide at most 10 ppm, carbon dioxide at most 300 ppm, as read in <https://trungtamthuoc.com/usp-en/oxygen>; the "
        "monograph of Oxygen 93 was not read",
    ),
    (
        "19.5 and 23.5 %",
        "A vendor's text (<https://nitrogenmachine.publicoton.fr>) and, for 19.5, the manual of a monitor (<https://docs.msasafety.com>, "
        "Altair 4X)",
    ),
    ("NAMUR NE 43", "What a 4-20 mA transmitter gives when it has failed. Cited from general knowledge: check it against a bought copy"),
    ("IndiaSpend 2024", "Plants that stood idle while cylinders were bought, with a case before the High Court of Chhattisgarh"),
    ("1970 stamps", "Devices that publish before their clock is set (<https://github.com/arendst/Tasmota/issues/2571>)"),
    (
        "engineering judgement",
        "No public number was found. The same is true of every delay and of every distance between raising and clearing: confirm them "
        "with a plant engineer on site",
    ),
)
"""What the rules' sources are called → what it is and where it was read."""

KINDS = {
    "site": "The site as a whole (`site`)",
    "any": "Every asset (`any`)",
    "collector": "The collector itself (`collector`)",
    "psa_plant": "Oxygen plant (`psa_plant`)",
    "pipeline": "Pipeline zone (`pipeline`)",
    "manifold": "Manifold (`manifold`)",
    "lox_tank": "Liquid oxygen tank (`lox_tank`)",
    "cylinder_store": "Cylinder store (`cylinder_store`)",
    "concentrator": "Concentrator (`concentrator`)",
    "gateway": "Gateway (`gateway`)",
}

HEAD = """# Default rules

This page is made from `collector/rules/default.yaml`. All numbers are defaults: `rules:` in the configuration changes them for all sites,
one site or one asset, switches a rule off, or adds rules ([configuration.md](configuration.md); how, step by step:
[rules of your own](../howto/rules-of-your-own.md)). What an alarm is and does is written in [alarms.md](alarms.md).

A rule that refers to something the asset does not declare (`nominal_bar`, `relief_bar` …) is not in force there. A value that is not known
raises nothing and clears nothing. Between the two limits of a rule the alarm stays as it is.

Priority: `high` needs somebody at once, `medium` promptly, `low` in working hours; `info` is for the record. In brackets the category of
ISO 7396-1: EC emergency clinical, EO emergency operating, OP operating."""


def rules_markdown(rules: Iterable[Rule]) -> str:
    """A table of all rules, each with its rationalisation, then what their sources are."""
    by_kind: dict[str, list[Rule]] = {}
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(rule)
    lines = [HEAD, "", "| rule | of | raised when | delay | priority |", "|---|---|---|---|---|"]
    lines += [_row(rule) for found in by_kind.values() for rule in found]
    for kind, found in by_kind.items():
        lines += ["", f"## {KINDS[kind]}"]
        for rule in found:
            lines += [
                "",
                f"### {rule.id}: {rule.message}",
                "",
                "| | |",
                "|---|---|",
                *(f"| {name} | {text} |" for name, text in _record(rule)),
            ]
    lines += ["", "## Sources", "", *(f"- **{name}**: {text}." for name, text in SOURCES)]
    return "\n".join(lines) + "\n"


def sources_of(rule: Rule) -> list[str]:
    """The names in SOURCES that the rule's source mentions."""
    return [name for name, _ in SOURCES if name in rule.source]


def _row(rule: Rule) -> str:
    return f"| {rule.id} | {rule.kind} | {raised_when(rule)} | {delay(rule.on_delay_s)} | {_priority(rule)} |"


def _record(rule: Rule) -> Iterator[tuple[str, str]]:
    """Every field of the rationalisation that is known, in the order in which a person asks."""
    yield "raised when", f"{raised_when(rule)}; {delay(rule.on_delay_s)}"
    yield "clears when", f"{clears_when(rule)}; {delay(rule.off_delay_s)}"
    for each in rule.gates:
        yield "only while", gate(each)
        if each.over:
            yield "ends when", f"`{each.signal}` is {names(each.over)}"
    yield from ((name, text) for name, text in _may_be_absent(rule) if text)
    yield "may be shelved", shelving(rule)
    yield "what to do", rule.response or "–"
    yield "time to respond", f"{rule.respond_min:g} min" if rule.respond_min else "–"
    yield "how to confirm", rule.confirm or "–"
    yield "usual causes", rule.cause or "–"
    yield "if nobody acts", rule.consequence or "–"
    yield "source of the limit", rule.source or "–"
    yield "kept by", rule.owner or "–"
    yield "revision", f"{rule.revision}, {rule.date}" if rule.date else str(rule.revision)


def _may_be_absent(rule: Rule) -> Iterator[tuple[str, str]]:
    """What most rules say nothing of."""
    yield "only where", f"the asset declares `{rule.needs}`" if rule.needs else ""
    yield "not raised while", under(rule)
    yield from (("suppressed while", gate(each, unknown_is_open=False)) for each in rule.suppressed_while)
    yield "priority", _priority(rule)
    yield from (("becomes", escalation(step)) for step in rule.escalates)
    yield "latched", "when its condition is over it stays until somebody resets it" if rule.latched else ""
    yield "when it is over", "nobody has to acknowledge" if rule.auto_ack else ""
    yield "announced again", again(rule)


def _priority(rule: Rule) -> str:
    return f"{rule.priority} ({rule.category})" if rule.category else rule.priority
