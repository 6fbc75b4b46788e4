"""The page behind a link: what the alarm is, and two buttons. Pure: HTML without a script, a few kB, in the language of its reader."""

from __future__ import annotations

from html import escape

from collector.answers.words import Reply
from collector.calls import ON_IT_MINUTES
from collector.notify.texts.catalogue import Language, word
from collector.notify.texts.direction import is_rtl, isolate
from collector.notify.texts.full import PANEL

STYLE = (
    "body{font:1.2rem/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:1rem;color:#111;background:#fff}"
    "button{display:block;width:100%;font:inherit;padding:1rem;margin:1rem 0;border:2px solid #111;border-radius:.5rem;background:#fff}"
    "button.first{background:#0b5;color:#000}strong{font-size:1.4rem}small{color:#444}"
)


def question(about: str, name: str, language: Language) -> str:
    """What a link shows. Nothing is done by it: programs that look through mail open every link."""
    minutes = isolate(str(ON_IT_MINUTES), language)
    on_it = word(language, "I'm on it, {minutes} minutes").format(minutes=minutes)
    hello = word(language, "Hello {name}.").format(name=isolate(name, language)) if name else ""
    body = [
        f"<p>{escape(hello)}</p>" if hello else "",
        f'<p><strong><bdi>{escape(about)}</bdi></strong></p><form method="post">',
        f'<button class="first" name="do" value="ack">{escape(word(language, "I know about it"))}</button>',
        f'<button name="do" value="on_it">{escape(on_it)}</button></form>',
        f"<p><small>{escape(word(language, 'Nothing is done until you press a button.'))}</small></p>",
    ]
    return _page("".join(body), language)


def answer(reply: Reply) -> str:
    return _page(f"<p><strong>{escape(reply.text)}</strong></p>", reply.language)


def _page(body: str, language: Language) -> str:
    direction = "rtl" if is_rtl(language) else "ltr"
    title = escape(word(language, "Answer an alarm"))
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}"
        f"<p><small>{escape(word(language, PANEL))}</small></p></body></html>"
    )
