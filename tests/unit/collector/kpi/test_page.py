from __future__ import annotations

from typing import get_args

import pytest

from collector.kpi.classes import Kind
from collector.kpi.page import kpi_markdown
from collector.kpi.targets import TARGETS, Target

PAGE = kpi_markdown()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.id)
def test_every_target_is_on_the_page_with_its_source(target: Target) -> None:
    (row,) = [row for row in PAGE.splitlines() if row.startswith(f"| `{target.id}` | {target.text} |")]
    assert row.endswith(f"| {target.source} |")
    assert f"{target.good:g}" in row
    assert f"{target.manageable:g}" in row


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_class_is_on_the_page(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE
