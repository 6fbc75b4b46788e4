"""Pages as PDF: what is in them is read back; and what is said where none can be made."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import msgspec
import pytest

from collector import paper, printing
from collector.cli import main
from collector.notify.certificate import certificate
from collector.notify.house import House
from collector.notify.texts.catalogue import LANGUAGES, Language
from collector.reports import formats, handover, levels
from tests.integration.test_report import config as config  # noqa: PLC0414  (a fixture)
from tests.pdf import REACHING, made, read
from tests.servers import HOST
from tests.unit.collector.notify import test_certificate as drills
from tests.unit.collector.notify.house import SITE, house
from tests.unit.collector.reports.cases import DATE, alarm, day, site
from tests.unit.collector.reports.test_handover import SHIFT

WORDS: dict[Language, tuple[str, ...]] = {
    "en": ("Joint District Hospital", "Pipeline pressure falling"),
    "hi": ("संयुक्त जिला चिकित्सालय", "पाइपलाइन दबाव घट रहा है"),
    "fr": ("Joint District Hospital",),
    "ar": ("تسليم المناوبة", "ضغط الشبكة ينخفض", "Joint District Hospital"),
}
SCRIPT = {"hi": "Devanagari", "ar": "Arabic"}
HINDI, ARABIC = "रमेश", "علي بن سعيد"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_handover_is_one_page_with_its_letters_inside(language: Language) -> None:
    printed = await made(handover.as_html(site(), SHIFT, language))
    found = read(printed.content)
    assert printed.note == ""
    assert len(found.pages) == 1
    for words in WORDS[language]:
        assert words in found.text, found.text
    assert all(found.fonts.values())
    assert any(SCRIPT.get(language, "Noto-Sans") in name for name in found.fonts), found.fonts
    assert not found.names & REACHING


async def test_a_certificate_is_one_page_whatever_script_the_names_are_in() -> None:
    names = {"asha": HINDI, "room": ARABIC}
    people = [each.model_copy(update={"name": names.get(each.id, each.name)}) for each in house().duty.people.values()]
    there = House([SITE], people)
    sent = [*drills.SENT, *(each for _ in range(4) for each in drills.SENT)]
    call = msgspec.structs.replace(drills.ENDED, by=f"{HINDI}, {ARABIC}")
    printed = await made(certificate(call, drills.NOON + 125_000, sent, there, "1.2"))
    found = read(printed.content)
    assert (printed.note, len(found.pages)) == ("", 1)
    for words in (HINDI, ARABIC, "Drill of the oxygen alarm", "Date, name and signature: hospital", "1 / 1"):
        assert words in found.text, words


async def test_each_facility_has_a_page_after_the_table_of_all() -> None:
    days = [day(f"s{n}", district) for n, district in enumerate(("कासगंज", "تيزي وزو"))]
    full = [msgspec.structs.replace(each, values={k: 12345.678 if v is None else v for k, v in each.values.items()}) for each in days]
    found = read((await made(formats.written(levels.rows(full, "site"), "pdf"))).content)
    assert len(found.pages) == 3
    assert "Late\nanswers" in found.pages[0]
    assert all("Meaning" in text and "patients_on_o2" in text and "alarms_unacked_15_min" in text for text in found.pages[1:])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_day_and_a_certificate_are_one_page_in_every_language(language: Language) -> None:
    full = msgspec.structs.replace(day(), values={name: 12345.678 if value is None else value for name, value in day().values.items()})
    for page in (
        formats.written(levels.rows([full], "site"), "pdf", language, [site()]),
        certificate(drills.ENDED, drills.NOON + 125_000, drills.EVERY, house(), "1.2", language),
    ):
        printed = await made(page)
        found = read(printed.content)
        assert (printed.note, len(found.pages)) == ("", 1)
        assert any(SCRIPT.get(language, "Noto-Sans") in name for name in found.fonts), found.fonts


async def test_a_long_table_repeats_its_head_and_numbers_its_pages() -> None:
    rows = levels.rows([day(f"s{n}") for n in range(formats.PDF_DETAILS_MOST + 40)], "site")
    found = read((await made(formats.written(rows, "pdf"))).content)
    assert len(found.pages) == 3
    for number, text in enumerate(found.pages, 1):
        assert "Lowest" in text, number
        assert f"{number} / 3" in text
    assert "All figures of each of these 100 are in the same report as CSV" in found.pages[-1]
    assert found.text.count(f"Oxygen, {DATE}") == 3


async def test_a_name_that_is_long_or_looks_like_a_page_stays_a_name() -> None:
    evil = '</bdi></title><style>@page{size:1mm}</style><img src="file:///etc/passwd"><a href="http://x.example">'
    row = msgspec.structs.replace(levels.rows([day()], "site")[0], name=evil, district="अ" * 200, region="Q" * 3_000)
    printed = await made(formats.as_html([row, row]))
    found = read(printed.content)
    assert 'src="file:///etc/passwd"' in found.text.replace("\n", "")
    assert "root:" not in found.text
    assert not found.names & REACHING
    alarms = [alarm("raised", 900 + n, "FT-H", "medium", value=47.5, unit="c", by="x" * 200) for n in range(3)]
    assert len(read((await made(handover.as_html(site(), SHIFT._replace(alarms=alarms), "ar"))).content).pages) == 1


async def test_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "own.css").write_text("p { display: none }")
    with socket.create_server((HOST, 0)) as server:
        server.setblocking(False)
        url = f"http://{HOST}:{server.getsockname()[1]}/x"
        page = (
            f"{paper.head('a', more=f'@import url({url}); @font-face {{ font-family: F; src: url({url}) }} p {{ font-family: F }}')}"
            f'<base href="{tmp_path.as_uri()}/"><link rel="stylesheet" href="own.css"><link rel="attachment" href="{url}">'
            f'<img src="{url}"><img src="own.css"><img src="data:image/svg+xml,<svg/>"><object data="{url}"></object>'
            f'<p style="background: url({url})">seen</p>{paper.FOOT}'
        )
        found = read((await made(page)).content)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "seen" in found.text
    assert not found.names & {"/EmbeddedFile", "/EmbeddedFiles"}


async def test_what_takes_too_long_is_ended() -> None:
    begun_s = time.monotonic()
    with pytest.raises(printing.NoPdf, match=r"no PDF was made within 0.05 s"):
        await printing.printed("<p>a" * 20_000, timeout_s=0.05)
    assert time.monotonic() - begun_s < 5


def run(*args: str) -> int:
    return main(["report", *args])


def test_the_file_says_the_format(config: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    asyncio.run(made("<p>a"))
    daily = ("daily", "--date", DATE, "-c", str(config))
    assert run(*daily, "--format", "pdf") == 0
    assert "psa_purity_min_pct" in read(capfdbinary.readouterr().out).text
    for name, begins in (("a.pdf", b"%PDF-"), ("a.html", b"<!doctype html>"), ("a.csv", b"level,id"), ("a.JSON", b"{")):
        assert run(*daily, "-o", str(tmp_path / name)) == 0
        assert (tmp_path / name).read_bytes().startswith(begins), name
    for name, begins in (("h.pdf", b"%PDF-"), ("h.html", b"<!doctype html>"), ("h.txt", b"Handover: ")):
        assert run("handover", "kasganj-dh", "--out", str(tmp_path / name), "-c", str(config)) == 0
        assert (tmp_path / name).read_bytes().startswith(begins), name
    assert capfdbinary.readouterr().out == b""


WITHOUT = [
    ("raise ImportError('none')", "oxygrid: a PDF needs the package weasyprint; install it: "),
    (
        "raise OSError(\"cannot load library 'libpango-1.0-0': no such file\")",
        "oxygrid: a PDF needs the library libpango-1.0-0; on Debian: sudo apt-get install ",
    ),
]


@pytest.mark.parametrize(("code", "line"), WITHOUT, ids=["no package", "no library"])
def test_without_the_extra_the_page_is_written_and_one_line_says_what_is_missing(
    code: str, line: str, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weasyprint.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    wanted = tmp_path / "day.pdf"
    assert run("daily", "--date", DATE, "-o", str(wanted), "-c", str(config)) == 2
    said = capsys.readouterr()
    assert said.err.startswith(line)
    assert said.err.count("\n") == 1
    assert said.err.endswith(f"({wanted} is not written; the same is in {tmp_path / 'day.html'})\n")
    assert not wanted.exists()
    assert (tmp_path / "day.html").read_text().startswith("<!doctype html>")
    assert run("handover", "kasganj-dh", "--format", "pdf", "-c", str(config)) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.startswith(line), said.err.count("\n")) == ("", True, 1)


def test_letters_that_no_font_has_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(made("<p>a"))
    (tmp_path / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/usr/share/fonts/truetype/noto</dir>'
        f"<cachedir>{tmp_path}</cachedir><selectfont><rejectfont><glob>*Devanagari*</glob></rejectfont></selectfont></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    told = asyncio.run(printing.printed("<p>abc क")).note
    assert "no font here has क" in told
