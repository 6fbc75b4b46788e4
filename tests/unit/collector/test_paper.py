from __future__ import annotations

import pytest

from collector import paper

CELLS = [
    ("psa1", "", "<td><bdi>psa1</bdi></td>"),
    ("<b>&", "", "<td><bdi>&lt;b&gt;&amp;</bdi></td>"),
    ("47.5 °C", "", '<td class="figure"><bdi>47.5 °C</bdi></td>'),
    ("\u20662025-11-25 15:00\u2069", "", '<td class="figure"><bdi>\u20662025-11-25 15:00\u2069</bdi></td>'),
    ("4 of 5", "n", '<td class="n figure"><bdi>4 of 5</bdi></td>'),
    ("x" * 21, "", f'<td class="long"><bdi>{"x" * 21}</bdi></td>'),
    ("many short words that are no figure", "", "<td><bdi>many short words that are no figure</bdi></td>"),
    ("", "n", '<td class="n"><bdi></bdi></td>'),
]


@pytest.mark.parametrize(("text", "kind", "html"), CELLS, ids=[text for text, _, _ in CELLS])
def test_a_cell(text: str, kind: str, html: str) -> None:
    assert paper.cell(text, kind) == html


def test_a_head_escapes_its_title_and_turns_the_page_round() -> None:
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in paper.head("</title><script>")
    assert "@bottom-left { content: string(title)" in paper.head("a")
    there = paper.head("a", "ar", rtl=True)
    assert '<html lang="ar" dir="rtl">' in there
    assert "@bottom-right { content: string(title)" in there


def test_nothing_has_to_be_fetched() -> None:
    page = paper.head("a", more="p { margin: 0 }")
    assert not any(word in page for word in ("url(", "@import", "src=", "href="))
