"""The console as a process, a provider with a page of its own, and Chromium: cookies and policies as a browser takes them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.faults.rig import ROOT, wait_until
from tests.integration.oidc.identity import CLIENT, SECRET, Provider, asks, provider
from tests.integration.test_console import chromium
from tests.servers import HOST, _die_with_parent, free_port

__all__ = ["chromium"]

pytestmark = pytest.mark.server


def command(config: Path, *args: str) -> None:
    argv = [sys.executable, "-m", "collector", "console", *args, "-c", str(config)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, timeout=60)


@contextmanager
def console(folder: Path, issuer: str, ca_file: Path) -> Iterator[str]:
    """Its address."""
    port, config = free_port(), folder / "c.yaml"
    (folder / "secret").write_text(f"{SECRET}\n")
    oidc = {"issuer": issuer, "client_id": CLIENT, "client_secret_file": "secret", "ca_file": str(ca_file)}
    site = {"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]}
    config.write_text(json.dumps({"sites": [site], "data_dir": "data", "console": {"port": port, "oidc": oidc}}))
    command(config, "accounts", "add", "asha", "--role", "operator", "--scope", "site:a", "--called", "Asha Verma", "--no-password")
    argv = [sys.executable, "-m", "collector", "console", "run", "-c", str(config)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509

    def answers() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    try:
        wait_until(answers, 20, "the console answers")
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "provider", time.time) as found:
        found.answers["/authorize"] = asks
        yield found


@contextmanager
def opened(browser: Browser, **how: object) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en-GB", ignore_https_errors=True, **how)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_there_and_back(tmp_path: Path, there: Provider, chromium: Browser, *, script: bool) -> None:
    with console(tmp_path, there.issuer, there.ca_file) as url, opened(chromium, java_script_enabled=script) as page:
        page.goto(f"{url}/sign-in")
        page.get_by_role("link", name="Sign in with your organisation").click()
        page.get_by_role("link", name="Continue").click()
        expect(page.get_by_role("link", name="Alarms").first).to_be_visible()
        assert page.url == f"{url}/"
        page.goto(f"{url}/settings")
        expect(page.get_by_role("heading", name="Asha Verma")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_keeps_nobody_out(tmp_path: Path, there: Provider, chromium: Browser, theme: str) -> None:
    with console(tmp_path, there.issuer, there.ca_file) as url, opened(chromium, color_scheme=theme) as page:
        page.goto(f"{url}/sign-in")
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, "nothing lies beyond the edge of a phone"


def test_the_console_starts_without_the_provider(tmp_path: Path, there: Provider, chromium: Browser) -> None:
    with console(tmp_path, f"https://{HOST}:{free_port()}", there.ca_file) as url, opened(chromium) as page:
        page.goto(f"{url}/sign-in")
        page.get_by_role("link", name="Sign in with your organisation").click()
        expect(page.get_by_role("alert")).to_contain_text("can’t be reached now")
        expect(page.get_by_label("Password")).to_be_visible()
