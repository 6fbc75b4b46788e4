"""How it is told that no PDF can be made, and that letters are missing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from collector import press
from collector.printing import note, reason

ROOT = Path(__file__).parents[3]
REASONS = [
    (press.NO_PACKAGE, "No module named 'weasyprint'", "a PDF needs the package weasyprint; install it: "),
    (
        press.NO_LIBRARY, "OSError: cannot load library 'libpango-1.0-0': no such file",
        "a PDF needs the library libpango-1.0-0; on Debian: sudo apt-get install libpango-1.0-0 ",
    ),
    (press.NO_LIBRARY, "", "a PDF needs the library pango; on Debian: sudo apt-get install "),
    (1, "Traceback …\nMemoryError\n", "the PDF could not be made: MemoryError"),
    (-9, "", "the PDF could not be made: the process ended with -9"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "said", "text"), REASONS, ids=[f"{code} {said[:10]}" for code, said, _ in REASONS])
def test_what_is_missing_and_how_to_get_it(code: int, said: str, text: str) -> None:
    told = reason(code, said)
    assert told.startswith(text)
    assert "\n" not in told


def test_letters_without_a_font() -> None:
    assert note("some warning\n") == ""
    told = note(f"some warning\n{press.WITHOUT}{'क' * 100}\n")
    assert told.startswith(f"no font here has {'क' * 20}, so boxes")
    assert "fonts-noto-core" in told


def test_the_versions_that_are_named_are_those_of_the_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["pdf"] == [reason(press.NO_PACKAGE, "").rpartition(" ")[2].strip("'")]
