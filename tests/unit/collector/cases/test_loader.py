"""Files and folders of cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.cases.loader import MAX_FILE_BYTES, CaseError, files_of, load, shipped
from collector.cases.prepare import NOT_CONFIGURED
from collector.errors import UserError
from tests.unit.collector.cases.casefiles import LINE

CASE = LINE + "cases: [{name: it, expect: [{at: 0, alarms: none}]}]\n"


def test_a_folder_stands_for_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.yaml", "a.yml", "in/c.yaml", "notes.txt"):
        (tmp_path / name).write_text(CASE)
    assert [str(file.relative_to(tmp_path)) for file in files_of([tmp_path])] == ["a.yml", "b.yaml", "in/c.yaml"]
    assert files_of([tmp_path / "notes.txt"]) == [tmp_path / "notes.txt"], "a file that is named is taken as it is"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no case file there"):
        files_of([tmp_path])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "not UTF-8 text"),
        (b"#" * (MAX_FILE_BYTES + 1), "larger than 4 MiB"),
        (None, "no such file or folder; `oxygrid rules test`"),
    ],
)
def test_what_can_not_be_read_is_said(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "case.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CaseError, match=said):
        load([file], NOT_CONFIGURED)


def test_the_problems_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("cases: []\n")
    with pytest.raises(CaseError) as caught:
        load([tmp_path / "a.yaml", tmp_path / "b.yaml"], NOT_CONFIGURED)
    assert [Path(line.split(":")[0]).name for line in caught.value.problems] == ["a.yaml", "b.yaml"]


def test_the_shipped_cases_are_found() -> None:
    assert "pipeline.yaml" in {file.name for file in shipped()}
