"""`python -m bench.preview_console`: pictures of the console for the documents, of the demo's hospitals, in a real browser.

Needs chromium. The demo runs for a minute first, so that there is something to see.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "images" / "console"
AFTER_S = 75.0
MOST_BYTES = 100_000


class Shot(NamedTuple):
    name: str
    path: str
    language: str
    theme: str
    size: tuple[int, int]


SHOTS = (
    Shot("board-phone", "/", "en", "light", (360, 640)),
    Shot("alarms-phone", "/alarms", "en", "light", (360, 900)),
    Shot("alarms-phone-hi", "/alarms", "hi", "dark", (360, 900)),
    Shot("hospital-phone-ar", "/hospital/kasganj-dh", "ar", "light", (360, 900)),
    Shot("board-wall", "/", "en", "wall", (1920, 1080)),
    Shot("hospital", "/hospital/kasganj-dh", "fr", "light", (1100, 1400)),
)


def main() -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise SystemExit("chromium was not found; on Debian: apt-get install chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        ports = ["--mqtt-port", str(free_port()), "--ops-port", str(free_port())]
        argv = [sys.executable, "-m", "collector", "demo", "--data-dir", folder, *ports]
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo, sync_playwright() as playwright:
            assert demo.stdout is not None
            link = next(found[1] for line in demo.stdout if (found := re.search(r"in a browser: (http://\S+) ", line)))
            time.sleep(AFTER_S)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            try:
                take(browser, link)
            finally:
                browser.close()
                demo.terminate()


def take(browser: Browser, link: str) -> None:
    page = browser.new_page()
    page.goto(link)
    page.get_by_role("button").click()
    root = link.partition("/link/")[0]
    for shot in SHOTS:
        page.goto(f"{root}/settings")
        page.locator("select[name=language]").select_option(shot.language)
        page.locator("select[name=theme]").select_option(shot.theme)
        with page.expect_navigation(url=f"{root}/settings"):
            page.locator('form[action="/settings/save"] button').click()
        page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        page.goto(root + shot.path)
        page.wait_for_timeout(500)
        small(page.screenshot(), OUT / f"{shot.name}.png")
        print(OUT / f"{shot.name}.png")


def small(png: bytes, path: Path) -> None:
    """Few colours are enough for a page."""
    Image.open(io.BytesIO(png)).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(path, optimize=True)
    assert path.stat().st_size < MOST_BYTES, f"{path} has {path.stat().st_size} bytes"


if __name__ == "__main__":
    main()
