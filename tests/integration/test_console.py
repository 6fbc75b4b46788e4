"""The console as people use it: a real collector, a real broker, and Debian's Chromium before it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.faults.line import Line
from tests.faults.rig import ROOT, Oxygrid, mqtt, oxygrid, wait_until
from tests.integration.test_app import reading
from tests.servers import HOST, Server, _die_with_parent, free_port, mosquitto

pytestmark = pytest.mark.server

SITES = [
    {"id": "a", "name": {"en": "Alpha", "hi": "अल्फ़ा"}, "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]},
    {
        "id": "c",
        "name": "Gamma",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
            {"id": "store", "kind": "cylinder_store", "type": "in-d", "full": 51},
        ],
    },
    {"id": "b", "name": "Beta", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]},
]
RULES = {"everywhere": {"LP-LL": {"on_delay_s": 0, "off_delay_s": 0, "shelvable": True}, "LP-L": {"enabled": False}}}


class Desk:
    """The console's process, and links into it."""

    def __init__(self, subject: Oxygrid, port: int) -> None:
        self.subject, self.url = subject, f"http://{HOST}:{port}"
        argv = [sys.executable, "-m", "collector", "console", "run", "-c", str(subject.config)]
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509

    def answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
            return bool(answer.read() == b"ok\n")
        return False

    def command(self, *args: str, given: str = "") -> str:
        argv = [sys.executable, "-m", "collector", "console", *args, "-c", str(self.subject.config)]
        done = subprocess.run(argv, cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Line]]:
    folder, port = tmp_path_factory.mktemp("console"), free_port()
    with mosquitto(folder / "mosquitto") as broker, running(folder, broker, port) as found, Line(broker.port) as line:
        yield found, line


@contextmanager
def running(folder: Path, broker: Server, port: int) -> Iterator[Desk]:
    with oxygrid(folder, {"sites": SITES, "mqtt": mqtt(broker), "rules": RULES, "console": {"port": port}}) as subject:
        subject.start_and_wait()
        desk = Desk(subject, port)
        try:
            wait_until(desk.answers, 20, "the console answers")
            for name, role, scope in (("asha", "engineer", "all"), ("bina", "operator", "site:b")):
                desk.command(
                    "accounts", "add", name, "--role", role, "--scope", scope, "--called", name.title(), given=f"{name} secret words\n"
                )
            yield desk
        finally:
            desk.process.terminate()
            desk.process.wait(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing; on Debian: apt-get install chromium")
        pytest.skip("chromium is missing; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visiting(desk: Desk, browser: Browser, name: str, **how: object) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB", **how)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda exc: broken.append(str(exc)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.goto(desk.command("link", name))
    page.get_by_role("button").click()
    try:
        yield page
        assert broken == []
    finally:
        context.close()


def calm(line: Line) -> None:
    line.publish([reading(4.1)])


def test_an_alarm_arrives_and_is_answered_without_a_reload(desk: tuple[Desk, Line], chromium: Browser) -> None:
    here, line = desk
    calm(line)
    with visiting(here, chromium, "asha") as page:
        page.goto(f"{here.url}/alarms")
        expect(page.get_by_text("No alarm.")).to_be_visible()
        expect(page.locator("#live")).to_have_text("live")
        begun_s = time.monotonic()
        line.publish([reading(1.0)])
        expect(page.get_by_role("link", name="Pipeline pressure failing")).to_be_visible()
        assert time.monotonic() - begun_s < 10
        page.get_by_role("button", name="I know and act").click()
        expect(page.get_by_text("answered · Asha")).to_be_visible()
        page.get_by_role("link", name="Pipeline pressure failing").click()
        page.get_by_label("Why").first.fill("the gauge is being changed")
        page.get_by_role("button", name="Shelve").click()
        expect(page.get_by_text("the gauge is being changed").first).to_be_visible()
        page.goto(f"{here.url}/alarms?quiet=1")
        expect(page.get_by_text("shelved").last).to_be_visible()
        page.get_by_role("link", name="Pipeline pressure failing").click()
        page.get_by_label("Why").first.fill("done")
        page.get_by_role("button", name="End the shelf").click()
        page.goto(f"{here.url}/hospital/a")
        expect(page.locator("svg.chain")).to_be_visible()
        expect(page.get_by_text("1 bar").first).to_be_visible()
    calm(line)


def test_without_javascript_everything_is_read_and_answered(desk: tuple[Desk, Line], chromium: Browser) -> None:
    here, line = desk
    line.publish([reading(1.0)])
    with visiting(here, chromium, "asha", java_script_enabled=False) as page:
        wait_until(
            lambda: page.goto(f"{here.url}/alarms") and page.get_by_role("button", name="I know and act").count(), 15, "it is listed"
        )
        page.get_by_role("button", name="I know and act").first.click()
        assert page.get_by_text("answered · Asha").count() == 1
    calm(line)


@pytest.mark.parametrize(("language", "direction", "word"), [("hi", "ltr", "अस्पताल"), ("ar", "rtl", "المستشفيات")])
def test_another_language(desk: tuple[Desk, Line], chromium: Browser, language: str, direction: str, word: str) -> None:
    here, _ = desk
    with visiting(here, chromium, "bina") as page:
        page.goto(f"{here.url}/settings")
        page.locator("select[name=language]").select_option(language)
        page.locator('form[action="/settings/save"] button').click()
        page.goto(here.url)
        assert page.locator("html").get_attribute("dir") == direction
        expect(page.get_by_role("heading", name=word)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing lies beyond the edge of a phone"
    here.command("accounts", "list")


def _counts(page: Page, desk: Desk) -> tuple[str | None, ...]:
    """As a page shows them that is opened anew: a count goes the way of every reading."""
    page.goto(f"{desk.url}/hospital/c")
    return tuple(page.get_by_label(label).get_attribute("value") for label in ("Full", "Empty"))


@pytest.mark.parametrize("script", [True, False])
def test_a_count_is_entered_and_an_alarm_commented(desk: tuple[Desk, Line], chromium: Browser, *, script: bool) -> None:
    here, line = desk
    full = "40" if script else "38"
    with visiting(here, chromium, "asha", java_script_enabled=script) as page:
        if script:  # an earlier test's alarm within its off-delay would swallow the next: nothing would change, and no page be fetched
            page.goto(f"{here.url}/alarms")
            expect(page.get_by_text("No alarm.")).to_be_visible(timeout=30_000)
        page.goto(f"{here.url}/hospital/c")
        page.get_by_label("Full").fill(full)
        if script:  # the page is fetched anew meanwhile, and what was typed stays
            expect(page.locator("#live")).to_have_text("live")
            page.get_by_label("Full").blur()
            page.evaluate("document.querySelector('[name=full]').dataset.old = 1")
            line.publish([reading(1.0)])
            expect(page.locator("[name=full]:not([data-old])")).to_be_visible(timeout=15_000)
        page.get_by_label("Empty").fill("9")
        assert page.get_by_label("Full").input_value() == full
        page.get_by_role("button", name="So many are there").click()
        wait_until(lambda: _counts(page, here) == (full, "9"), 15, "the count is what the page shows")
        line.publish([reading(1.0)])
        wait_until(lambda: page.goto(f"{here.url}/alarm/a/line/LP-LL").ok, 15, "the alarm is there")  # type: ignore[union-attr]
        page.get_by_label("Comment").fill("the reserve manifold is open")
        page.locator('form[action="/comment"] button').click()
        expect(page.get_by_text("the reserve manifold is open").first).to_be_visible()
        page.goto(f"{here.url}/audit")
        expect(page.get_by_text(f"{full} full, 9 empty")).to_be_visible()
    calm(line)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_anybody_out(desk: tuple[Desk, Line], chromium: Browser, theme: str) -> None:
    """WCAG 2.2 A and AA, as far as axe-core can tell."""
    here, line = desk
    line.publish([reading(1.0)])
    with visiting(here, chromium, "asha") as page:
        page.goto(f"{here.url}/settings")
        page.locator("select[name=theme]").select_option(theme)
        page.locator("select[name=language]").select_option("en")
        page.locator('form[action="/settings/save"] button').click()
        for path in (
            "/",
            "/alarms",
            "/hospital/a",
            "/hospital/c",
            "/audit",
            "/alarm/a/line/LP-LL",
            "/duty",
            "/gateways",
            "/settings",
            "/sign-in",
        ):
            page.goto(here.url + path)
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
            assert found.response["passes"]
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    calm(line)


def test_somebody_of_another_hospital_sees_nothing_of_this_one(desk: tuple[Desk, Line], chromium: Browser) -> None:
    here, line = desk
    line.publish([reading(1.0)])
    with visiting(here, chromium, "bina") as page:
        time.sleep(2)  # what would arrive would have
        page.goto(f"{here.url}/alarms")
        assert page.get_by_role("listitem").count() == 0
    calm(line)


def test_on_a_line_of_the_second_generation(desk: tuple[Desk, Line], chromium: Browser) -> None:
    """250 kbit/s and half a second there and back: it opens, and an alarm arrives."""
    here, line = desk
    calm(line)
    with visiting(here, chromium, "asha") as page:
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        slow = {"offline": False, "latency": 500, "downloadThroughput": 31_250, "uploadThroughput": 12_500}
        network.send("Network.emulateNetworkConditions", slow)
        page.goto(f"{here.url}/alarms")
        expect(page.locator("#live")).to_have_text("live")
        line.publish([reading(1.0)])
        expect(page.get_by_role("link", name="Pipeline pressure failing")).to_be_visible()
    calm(line)


def test_the_stream_is_cut_and_comes_back(desk: tuple[Desk, Line], chromium: Browser) -> None:
    here, line = desk
    calm(line)
    with visiting(here, chromium, "asha") as page:
        page.goto(f"{here.url}/alarms")
        expect(page.locator("#live")).to_have_text("live")
        page.context.set_offline(offline=True)
        page.evaluate("dispatchEvent(new Event('offline'))")
        line.publish([reading(1.0)])
        page.context.set_offline(offline=False)
        expect(page.get_by_role("link", name="Pipeline pressure failing")).to_be_visible()
    calm(line)
