from __future__ import annotations

import re

import pytest

from collector.notify.texts.catalogue import LANGUAGES, Language
from collector.notify.texts.direction import balanced
from collector.outputs import Bounded, Command, SourceStock, StockEstimate
from collector.reports.handover import Deed, Shift, as_html, as_lines
from tests.unit.collector.reports.cases import DAY_MS, MINUTE_MS, START_MS, alarm, events, site

NOW_MS = START_MS + DAY_MS
STOCK = StockEstimate(
    site="kasganj-dh", at_ms=NOW_MS, connected_now_h=Bounded(7.3, 8.0, 9.0), connected_h=Bounded(1.4, 2.0, 3.0), on_site_h=Bounded(),
    burn_lpm=Bounded(), plan_lpm=Bounded(), method="", measured_ms=NOW_MS,
    sources=[SourceStock("manifold/a", "bank", Bounded(1.0, 140_000.0, 2.0), NOW_MS, pressure_bar=118.0)],
)  # fmt: skip
SHIFT = Shift(
    since_ms=START_MS,
    now_ms=NOW_MS,
    alarms=[
        alarm("raised", 900, "FT-H", "medium", value=47.5, unit="c"),
        alarm("raised", 950, "CO-HH", "high", value=12.0, unit="ppm"),
        alarm(
            "shelved", 960, "PU-L", "low", state="shelved", until_ms=NOW_MS + 60 * MINUTE_MS, by="Asha <Verma>", why="sensor is\nreplaced"
        ),
        alarm("suppressed", 970, "TK-L", "medium", state="suppressed"),
    ],
    log=[alarm("discovered_late", 1000, "LP-L", "medium")],
    stock=STOCK,
    events=events(),
    deeds=[Deed(START_MS + MINUTE_MS, Command("ack", "kasganj-dh/psa1/FT-H", "Ravi", "on it, 30 minutes", 30.0))],
)


def test_it_says_what_the_next_shift_has_to_know() -> None:
    lines = list(as_lines(site(), SHIFT, "en"))
    assert lines[0] == "Handover: Joint District Hospital, 2025-11-26 00:00"
    told = "\n".join(lines)
    assert told.index("Oxygen plant: Dangerous carbon monoxide in oxygen  12 ppm  high") < told.index(
        "Oxygen plant: Feed air too hot  47.5 °C"
    )
    assert "Oxygen plant: Oxygen purity drifting low  set aside  Asha <Verma>  sensor is replaced" in told
    assert "Product tank emptying" not in told
    assert "Pipeline pressure falling" in told
    assert "Connected, as the plant runs now  At least 7 hours of oxygen left." in told
    assert "Connected, if the plant stops  At least 84 minutes of oxygen left." in told
    assert "All on site, if the plant stops  not known" in told
    assert "manifold/a  140 m³, 118 bar" in told
    assert "tank: filled (1200 kg)" in told
    assert "Oxygen plant: Feed air too hot: acknowledged  Ravi  on it, 30 minutes" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_every_language_and_lets_no_mark_up_in(language: Language) -> None:
    page = as_html(site(), SHIFT, language)
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert "<Verma>" not in page
    assert "{" not in re.sub(r"(?s)<style>.*?</style>", "", page)
    assert balanced(page)
    for line in as_lines(site(), SHIFT, language):
        assert balanced(line)


def test_in_arabic_a_cell_runs_from_the_right_though_it_begins_with_a_latin_name() -> None:
    assert "<bdi>\u200f\u2068Oxygen plant\u2069: " in as_html(site(), SHIFT, "ar")


def test_a_quiet_shift() -> None:
    quiet = Shift(START_MS, NOW_MS, [], [], None, [], [])
    assert list(as_lines(site(), quiet, "en")).count("  nothing") == 4
    assert "not known" in "\n".join(as_lines(site(), quiet, "en"))
