"""The file of rules that are tried: its shape, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.backtest.tried import tried_rules
from collector.config import Config, ConfigError
from collector.errors import UserError
from tests.unit.collector.backtest.past import SITE

CONFIG = Config.model_validate({"sites": [SITE], "rules": {"everywhere": {"LP-L": {"on_delay_s": 90, "off_delay_s": 5}}}})


def delays(folder: Path, text: str, *, alone: bool = False) -> tuple[float, float]:
    file = folder / "new.yaml"
    file.write_text(text)
    rule = next(rule for rule in tried_rules(file, CONFIG, alone=alone).of("dh", "line", "pipeline") if rule.id == "LP-L")
    return rule.on_delay_s, rule.off_delay_s


@pytest.mark.parametrize("text", ["rules: {everywhere: {LP-L: {on_delay_s: 120}}}", "everywhere: {LP-L: {on_delay_s: 120}}"])
def test_with_or_without_the_key_and_over_the_rules_in_force(tmp_path: Path, text: str) -> None:
    assert delays(tmp_path, text) == (120, 5)


def test_in_place_of_the_rules_in_force(tmp_path: Path) -> None:
    assert delays(tmp_path, "everywhere: {LP-L: {on_delay_s: 120}}", alone=True) == (120, 60)
    assert delays(tmp_path, "", alone=True) == (60, 60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "new.yaml:2: this is not YAML"),
        ("- 1", "new.yaml:1"),
        ("rules:\n  everywhere:\n    LP-LX: {limit: 3}\n", "new.yaml:3: rules.everywhere.LP-LX: unknown rule 'LP-LX'; did you mean 'LP-L"),
        ("sites:\n  dg: {LP-L: {limit: 3}}\n", "new.yaml:2: sites.dg: unknown site 'dg'; known: dh"),
        ("assets:\n  dh/lime: {LP-L: {limit: 3}}\n", "new.yaml:2: assets.dh/lime: unknown asset 'dh/lime'"),
        ("everywhere:\n  LP-L: {on_delay_s: -1}\n", "new.yaml:2: everywhere.LP-L.on_delay_s: found -1; should be at least 0"),
        ("everywhere:\n  LP-L: {limt: 3}\n", "new.yaml:2: everywhere.LP-L.limt: unknown key 'limt'; did you mean 'limit'?"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        delays(tmp_path, text)
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


@pytest.mark.parametrize(("content", "said"), [(None, "no such file"), (b"\xff", "not UTF-8")])
def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "new.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=said):
        tried_rules(file, CONFIG, alone=False)
