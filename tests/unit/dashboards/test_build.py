from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from collector.cli import main
from dashboards.build import OUT, built, differences, write
from dashboards.words import LANGUAGES

WITHOUT = """
import sys
sys.modules["grafana_foundation_sdk"] = None
from collector.cli import main
sys.exit(main(["dashboards", "build"]))
"""


@pytest.fixture(scope="module")
def files() -> dict[Path, str]:
    return built()


def test_what_is_committed_is_what_is_built(files: dict[Path, str]) -> None:
    assert differences(files, OUT) == []


def test_there_is_a_folder_for_each_language(files: dict[Path, str]) -> None:
    assert {path.parent.name for path in files} == set(LANGUAGES)
    assert len(files) == 9 * len(LANGUAGES)


def test_a_difference_is_named(files: dict[Path, str], tmp_path: Path) -> None:
    write(files, tmp_path)
    assert differences(files, tmp_path) == []
    (tmp_path / "en/home.json").unlink()
    (tmp_path / "en/hospital.json").write_text("{}")
    (tmp_path / "fr/old.json").write_text("{}")
    assert differences(files, tmp_path) == [
        f"{tmp_path}/en/home.json is missing",
        f"{tmp_path}/en/hospital.json is not what is built",
        f"{tmp_path}/fr/old.json is built no more",
    ]


def test_what_is_built_no_more_is_removed_in_the_languages_that_are_built(files: dict[Path, str], tmp_path: Path) -> None:
    write(files, tmp_path)
    for language in ("en", "fr"):
        (tmp_path / language / "old.json").write_text("{}")
    write(built(["en"]), tmp_path)
    assert [path.parent.name for path in tmp_path.glob("*/old.json")] == ["fr"]


def test_in_one_bucket_nothing_stands_before_a_measurement() -> None:
    (text,) = [text for path, text in built(["en"], "").items() if path.name == "hospital.json"]
    assert '"value": "\\"long\\"."' not in text


def test_the_command_says_whether_all_is_as_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboards", "build", "--check"]) == 0
    assert main(["dashboards", "build", "--check", "--out", str(tmp_path), "--language", "fr"]) == 1
    assert f"{tmp_path}/fr/home.json is missing" in capsys.readouterr().err
    assert main(["dashboards", "build", "--out", str(tmp_path), "--language", "fr"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fr"]


def test_without_the_sdk_it_says_what_to_install() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "pip install grafana-foundation-sdk==0.0.21" in ran.stderr
