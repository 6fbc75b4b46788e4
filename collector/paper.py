"""Pages that people print: one style for screen and A4, for scripts from left to right and from right to left. Pure.

A page names nothing that would have to be fetched. Its title stands below every page but the first, with the page's number. A name may be
long and in any script: who writes the page escapes it, it stands in a `<bdi>`, and breaks where no column could hold it.
"""

from __future__ import annotations

from html import escape

FONTS = '"Noto Sans","Noto Sans Devanagari","Noto Sans Arabic",system-ui,sans-serif'
STYLE = f"""
@page {{ size: A4; margin: 14mm 14mm 17mm }}
html {{ font: 9.5pt/1.4 {FONTS}; color: #111; overflow-wrap: break-word }}
body {{ max-width: 182mm; margin: 8mm auto }}
h1 {{ font-size: 16pt; line-height: 1.25; margin: 0 0 1mm }} h2 {{ font-size: 11.5pt; margin: 5mm 0 1.5mm; break-after: avoid }}
p {{ margin: 1mm 0 }} small, footer {{ color: #444; font-size: 8.5pt }}
table {{ border-collapse: collapse; width: 100% }} tr {{ break-inside: avoid }} thead {{ display: table-header-group }}
th, td {{ border: 0.5pt solid #999; padding: 0.9mm 1.8mm; text-align: start; vertical-align: top }} th {{ background: #eee }}
.n {{ text-align: end }} .n, .figure {{ white-space: nowrap }} .long {{ overflow-wrap: anywhere }}
@media print {{ body {{ margin: 0; max-width: none }} }}
"""
FOOT = "</body></html>\n"
LONG = 20
MARKS = "\u200f\u2066\u2067\u2068"
"""Of direction; they may stand before a figure."""
_NUMBERED = """
h1 {{ string-set: title content(text) }}
@page {{
  @bottom-{start} {{ content: string(title); width: 85%; text-align: {start}; font-size: 7.5pt; color: #444 }}
  @bottom-{end} {{ content: counter(page) " / " counter(pages); text-align: {end}; font-size: 7.5pt; color: #444 }}
}}
@page :first {{ @bottom-{start} {{ content: "" }} }}
"""


def head(title: str, language: str = "en", more: str = "", *, rtl: bool = False) -> str:
    """Of a page with that title, up to where its body begins. `more`: rules of style of this page alone."""
    start, end = ("right", "left") if rtl else ("left", "right")
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{"rtl" if rtl else "ltr"}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        f"<style>{STYLE}{_NUMBERED.format(start=start, end=end)}{more}</style></head><body>\n"
    )


def cell(text: str, kind: str = "") -> str:
    """Of a table. A figure stands in one line with its unit. A word may break anywhere only where it is too long for any column, for else
    columns get narrower than their words."""
    kinds = [kind] if kind else []
    if len(text) <= LONG and text.lstrip(MARKS)[:1].isdigit():
        kinds.append("figure")
    elif max(map(len, text.split()), default=0) > LONG:
        kinds.append("long")
    mark = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<td{mark}><bdi>{escape(text)}</bdi></td>"
