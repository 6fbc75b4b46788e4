from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.yaml_text import MAX_DEPTH, YamlProblem, parse, scan

TEXT = """\
sites:
  - id: a          # line 2
    assets:
      - {id: p, kind: psa_plant}
      - id: q
        kind: pipeline
notes: |
  - not: a key
  more
empty:
last: [1,
  2]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("sites",), 1),
        (("sites", 0), 2),
        (("sites", 0, "id"), 2),
        (("sites", 0, "assets", 0, "kind"), 4),
        (("sites", 0, "assets", 1), 5),
        (("sites", 0, "assets", 1, "kind"), 6),
        (("notes",), 7),
        (("empty",), 10),
        (("last", 1), 12),
        (("sites", 0, "assets", 1, "missing", "deeper"), 5),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_a_path_is_found_in_its_line_or_that_of_what_holds_it(path: tuple[str | int, ...], line: int) -> None:
    assert scan(TEXT).line_of(path) == line


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (
            "a: no\nb: 010\nc: 0o10\nd: 12:30:00\ne: 2026-01-01\nf: ~\n",
            {"a": "no", "b": "010", "c": 8, "d": "12:30:00", "e": "2026-01-01", "f": None},
        ),
        ("", None),
        ("# only a comment\n", None),
        ("a: 2 * 3\nb: sites/*.yaml\nc: '*x'\nd: \"- *x\"\n", {"a": "2 * 3", "b": "sites/*.yaml", "c": "*x", "d": "- *x"}),
        ("a: &name 1\n", {"a": 1}),
    ],
)
def test_yaml_1_2_is_read(text: str, data: object) -> None:
    assert parse(text) == data


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("a: &x [1]\nb: *x\n", "aliases", 2),
        ("a: &x [1]\nb: {c: 1, d: [*x]}\n", "aliases", 2),
        ("a: &x 1\n*x : 2\n", "aliases", 2),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", "aliases", 3),
        ("a: 1\nb: [\n", "not YAML", 3),
        ("a: 'x\n", "not YAML", 2),
        ("\ta: 1\n", "not YAML", None),
        ("a: 1\n---\nb: 2\n", "several documents", None),
        ("? [1, 2]\n: 3\n", "keys are plain text", None),
        ("a: 1\na: 2\n", "stands twice", None),
    ],
)
def test_what_is_refused_says_why_and_where(text: str, said: str, line: int | None) -> None:
    with pytest.raises(YamlProblem, match=said) as caught:
        parse(text)
    assert caught.value.line == line


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))
    started_s = time.perf_counter()
    with pytest.raises(YamlProblem, match="aliases"):
        parse(bomb)
    assert time.perf_counter() - started_s < 2


def test_every_duplicate_is_found_with_both_lines() -> None:
    marks = scan("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n")
    assert marks.duplicates == [(("b", "c"), 5), (("a",), 6)]
    assert marks.lines[("b", "c")] == 3


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000])
def test_depth_is_bounded_in_the_scan_too(text: str) -> None:
    started_s = time.perf_counter()
    assert len(scan(text).lines) <= 2 * MAX_DEPTH + 2
    assert time.perf_counter() - started_s < 2


@given(st.text(alphabet="ab:-[]{}*&?|>'\"\n #,\t", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert all(line >= 1 for line in scan(text).lines.values())
    with suppress(YamlProblem):
        parse(text)
