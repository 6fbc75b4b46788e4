"""What an alarm is called in an answer: the hospital and what is wrong, in the language of the reader. Pure."""

from __future__ import annotations

from collections.abc import Callable

from collector.notify.texts.catalogue import Language, rule_text, word
from collector.notify.texts.facts import DRILL
from collector.notify.texts.line import clean
from devices.assets import Site, display_name


def about(alarm: str, language: Language, site_of: Callable[[str], Site | None]) -> str:
    """`Joint District Hospital: Pipeline pressure failing`; the alarm's own name where the site or the rule is not known."""
    place, _, rule = alarm.rpartition("/")
    site_id, _, asset_id = place.partition("/")
    site = site_of(site_id)
    if site is None:
        return clean(alarm, 200)
    kind = next((asset.kind for asset in site.assets if asset.id == asset_id), "site" if not asset_id else "")
    text = rule_text(rule, kind, "nurse", language)
    title = text.title if text is not None else word(language, DRILL) if rule == "DRILL" else clean(rule, 80)
    return f"{clean(display_name(site, language), 80)}: {title}"
