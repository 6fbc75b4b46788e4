"""Which reports are due, by the clock of their site; each once, whatever restarts."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from pathlib import Path

import pytest

from collector.cli import main
from collector.config.loader import ConfigError, load
from collector.config.model import Config
from collector.notify.channels import SmtpOptions, SmtpSender
from collector.notify.texts.catalogue import LANGUAGES, Language, word
from collector.reports.post import LATE_MS, NAME, NO_PDF, RETRY_MS, Post, due, file_name, made
from tests import pdf
from tests.integration.test_notify import MailServer, serving
from tests.integration.test_real_mail import mailbox
from tests.integration.test_report import CONFIG, _fill
from tests.unit.collector.reports.cases import DAY_MS, START_MS

MORE = """
notify: {{channels: [{{id: mail, kind: smtp, host: 127.0.0.1, from: o@example.org}}, {{id: log, kind: log}}]}}
people:
  - {{id: asha, name: Asha, role: nurse, language: hi, ways: [{{channel: mail, to: asha@example.org}}]}}
  - {{id: ravi, name: Ravi, role: engineer, ways: [{{channel: log}}]}}
reports:
  - {{kind: daily, level: district, of: Kasganj, at: "07:00", to: [asha], format: csv}}
  - {{kind: handover, of: kasganj-dh, at: ["08:00", "20:00"], to: [asha]}}
"""
AT_7 = START_MS + DAY_MS + 7 * 3_600_000
HOUR = 3_600_000


def config(folder: Path, text: str = MORE) -> Config:
    (folder / "c.yaml").write_text((CONFIG + text).format(data=folder))
    return load(folder / "c.yaml")


def kinds(given: Config, sent: dict[str, int], now_ms: int) -> list[str]:
    return [each.key for each in due(given.reports, given.sites, sent, now_ms)]


def test_what_is_due(tmp_path: Path) -> None:
    given = config(tmp_path)
    daily, morning, evening = "0 daily Kasganj 07:00", "1 handover kasganj-dh 08:00", "1 handover kasganj-dh 20:00"
    assert kinds(given, {}, AT_7 - 1) == []
    assert kinds(given, {}, AT_7) == [daily]
    assert kinds(given, {daily: AT_7}, AT_7 + 1) == []
    assert kinds(given, {daily: AT_7}, AT_7 + HOUR) == [morning]
    assert kinds(given, {}, AT_7 + LATE_MS) == [morning]
    assert kinds(given, {daily: AT_7}, AT_7 + DAY_MS) == [daily]
    assert kinds(given, {}, AT_7 + 17 * HOUR + 1) == [evening]


WRONG = [
    ("of: Kasganj", "of: Kasgang", "reports[0].of: unknown site, district or region 'Kasgang'; did you mean 'Kasganj'?"),
    ("to: [asha], format", "to: [asta], format", "reports[0].to[0]: unknown person 'asta'; did you mean 'asha'?"),
    ("to: [asha], format", "to: [ravi], format", "reports[0].to[0]: 'ravi' has no way that is mail"),
    ('at: "07:00"', 'at: "7:00"', "reports[0].at: found '7:00'; should be a time like '08:00'"),
    ("format: csv", "format: xml", "reports[0].format"),
    ('"20:00"]', '"08:00"]', "a time stands twice in `at`"),
    ("kind: handover", "kind: hand", "reports[1]: unknown kind 'hand'; known: daily, handover"),
]


@pytest.mark.parametrize(("old", "new", "problem"), WRONG, ids=[new for _, new, _ in WRONG])
def test_what_does_not_fit_says_where_and_what_would_be_right(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in MORE
    with pytest.raises(ConfigError) as raised:
        config(tmp_path, MORE.replace(old, new, 1))
    assert any(problem in each for each in raised.value.problems), raised.value.problems


async def test_it_goes_out_once_and_again_where_the_mail_server_was_away(tmp_path: Path) -> None:
    given = config(tmp_path)
    await _fill(tmp_path)
    server, clock = MailServer({"MAIL": "451 later"}), [AT_7]
    async with serving(server.talk) as port:
        mails = {"mail": SmtpSender("mail", SmtpOptions("127.0.0.1", port, "o@example.org", (), "none"))}
        post = Post(lambda: given, mails, lambda: clock[0])
        assert await post.turn() == 0
        server.answers.clear()
        assert await post.turn() == 0
        clock[0] += RETRY_MS
        assert await post.turn() == 1
        assert await post.turn() == 0
        assert await Post(lambda: given, mails, lambda: clock[0]).turn() == 0
        clock[0] = AT_7 + HOUR
        assert await post.turn() == 1
    daily, handover = server.mails
    assert daily["Subject"] == "ऑक्सीजन रिपोर्ट: Kasganj, 2025-11-25"
    assert daily["To"] == "asha@example.org"
    (attached,) = daily.iter_attachments()
    assert attached.get_filename() == "oxygen-Kasganj-2025-11-25.csv"
    assert attached.get_content().splitlines()[1].startswith("district,Kasganj")
    assert handover["Subject"] == "शिफ़्ट हैंडओवर: Joint District Hospital"
    assert (tmp_path / NAME).exists()


async def sent(given: Config, at_ms: int) -> list[EmailMessage]:
    """What the mail server has got when all that is due was sent."""
    with mailbox() as (box, port):
        mails = {"mail": SmtpSender("mail", SmtpOptions("127.0.0.1", port, "o@example.org", (), "none"))}
        assert await Post(lambda: given, mails, lambda: at_ms).turn() > 0
    return [mail for _, mail in box.mails]


PDF = MORE.replace("format: csv", "format: pdf").replace("to: [asha]}", "to: [asha], format: pdf}")


async def test_a_report_goes_as_pdf(tmp_path: Path) -> None:
    await pdf.made("<p>a")
    given = config(tmp_path, PDF)
    await _fill(tmp_path)
    daily, handover = [*await sent(given, AT_7), *await sent(given, AT_7 + 13 * HOUR)]
    for mail, name, words in (
        (daily, "oxygen-Kasganj-2025-11-25.pdf", "psa_purity_min_pct"),
        (handover, "handover-kasganj-dh.pdf", "शिफ़्ट हैंडओवर"),
    ):
        (attached,) = mail.iter_attachments()
        assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", name)
        assert words in pdf.read(attached.get_content()).text
        body = mail.get_body()
        assert body is not None
        assert word("hi", NO_PDF) not in body.get_content()


READERS = """
  - {{id: amina, name: Amina, role: nurse, language: ar, ways: [{{channel: mail, to: amina@example.org}}]}}
reports:
  - {{kind: daily, at: "07:00", to: [asha, amina], format: html}}
"""


async def test_each_reader_gets_the_page_in_their_language(tmp_path: Path) -> None:
    given = config(tmp_path, MORE.partition("reports:")[0].rstrip() + READERS)
    await _fill(tmp_path)
    hindi, arabic = await sent(given, AT_7)
    for mail, address, language, words in (
        (hindi, "asha@example.org", "hi", "ऑक्सीजन रिपोर्ट: सभी अस्पताल"),
        (arabic, "amina@example.org", "ar", "تقرير الأكسجين: كل المواقع"),
    ):
        assert mail["To"] == address
        assert words in mail["Subject"]
        (attached,) = mail.iter_attachments()
        assert f'<html lang="{language}"' in attached.get_content()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_table_is_the_same_for_every_reader(tmp_path: Path, language: Language) -> None:
    given = config(tmp_path)
    await _fill(tmp_path)
    write = await asyncio.to_thread(made, given, next(due(given.reports, given.sites, {}, AT_7)))
    assert write(language).attachment == write("en").attachment
    assert word(language, "Handover") not in write(language).text


async def test_where_none_can_be_made_the_page_goes_and_the_letter_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weasyprint.py").write_text("raise ImportError('none')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    given = config(tmp_path, PDF)
    await _fill(tmp_path)
    (daily,) = await sent(given, AT_7)
    (attached,) = daily.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("text/html", "oxygen-Kasganj-2025-11-25.html")
    body = daily.get_body()
    assert body is not None
    assert word("hi", NO_PDF) in body.get_content()
    assert "goes as HTML: a PDF needs the package weasyprint" in caplog.text
    assert await asyncio.to_thread(main, ["config", "check", "-c", str(tmp_path / "c.yaml")]) == 0
    assert "note: reports that ask for pdf will go as html: a PDF needs the package weasyprint" in capsys.readouterr().err


NAMES = [
    ("Kasganj", "Kasganj"),
    ("कासगंज", "कासगंज"),
    ('a/b\\c"d\r\ne', "a-b-c-d--e"),
    ("../../etc", "..-..-etc"),
    ("x" * 300, "x" * 60),
]


@pytest.mark.parametrize(("place", "name"), NAMES, ids=[name[:10] for _, name in NAMES])
def test_the_name_of_a_file(place: str, name: str) -> None:
    assert file_name(place) == name
