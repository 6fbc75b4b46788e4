"""One way to the rules in force, and to where each of their fields was set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config.loader import load
from collector.config.rulebook import Provenance, check_rules, default_rules, rule_set
from collector.config.rules import Rules
from collector.rules.model import Rule
from collector.rules.provenance import Sourced

CONFIG = """\
sites:
  - id: a
    assets:
      - {id: line, kind: pipeline, nominal_bar: 4.1}
rules:
  files: [one.yaml, two.yaml]
  add:
    - id: MY-1
      kind: pipeline
      type: below
      signals: [line_pressure_bar]
      limit: 3
      clear: 3.2
      on_delay_s: 60
      priority: low
      message: mine
      response: Look.
      respond_min: 9
  everywhere:
    MY-1:
      off_delay_s: 30
  assets:
    a/line:
      LP-L:
        limit: 52 psi
"""
ONE = """\
everywhere:
  LP-L: {clear: 3.7, on_delay_s: 90, priority: low}
rules:
  - {id: MY-2, kind: pipeline, type: above, signals: [o2_flow_lpm], limit: 900, clear: 800, on_delay_s: 60, priority: info, message: much}
"""
TWO = """\
# the later file wins
everywhere:

  LP-L:
    on_delay_s: 120
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    for name, text in (("oxygrid.yaml", CONFIG), ("one.yaml", ONE), ("two.yaml", TWO)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "oxygrid.yaml"


def rule(rules: tuple[Rule, ...], name: str) -> Rule:
    (found,) = [each for each in rules if each.id == name]
    return found


def sourced(file: Path, site: str, asset: str, kind: str, name: str) -> Sourced:
    (found,) = [each for each in Provenance(load(file).rules, file).of(site, asset, kind) if each.rule.id == name]
    return found


def test_without_changes_the_rules_are_the_shipped_ones() -> None:
    assert rule_set(Rules()).rules == default_rules()
    assert check_rules(Rules(), ()) == []


def test_everybody_gets_the_rules_of_the_files_with_the_configuration_over_them(file: Path) -> None:
    rules = rule_set(load(file).rules)
    in_force = rules.of("a", "line", "pipeline")
    changed = rule(in_force, "LP-L")
    assert (changed.on_delay_s, changed.priority) == (120, "low")
    assert changed.limit is not None
    assert changed.limit.offset == pytest.approx(3.5852737)
    assert {"MY-1", "MY-2", "LP-LL"} <= {each.id for each in in_force}
    assert rule(rules.of("b", "line", "pipeline"), "LP-L").limit == rule(default_rules(), "LP-L").limit


def test_each_field_says_where_it_comes_from(file: Path) -> None:
    found = sourced(file, "a", "line", "pipeline", "LP-L")
    told = {name: str(origin).replace(f"{file.parent}/", "") for name, _, origin in found.said()}
    assert told["limit"] == "oxygrid.yaml:25 (asset)"
    assert told["clear"] == told["priority"] == "one.yaml:2 (everywhere)"
    assert told["on_delay_s"] == "two.yaml:5 (everywhere)"
    assert told["signals"].startswith("default.yaml:")
    assert found.rule == rule(rule_set(load(file).rules).of("a", "line", "pipeline"), "LP-L")
    assert "window_s" not in told


def test_the_line_in_the_default_file_is_that_of_the_field(file: Path) -> None:
    found = sourced(file, "a", "line", "pipeline", "LP-LL")
    lines = (Path(__file__).parents[4] / "collector" / "rules" / "default.yaml").read_text(encoding="utf-8").splitlines()
    assert found.fields["limit"].file == "default.yaml"
    assert lines[found.fields["limit"].line - 1].strip() == "limit: 80 % of nominal_bar"
    assert lines[found.at.line - 1].strip() == "- id: LP-LL"


def test_a_rule_of_the_operator_stands_in_their_file(file: Path) -> None:
    mine, other = (sourced(file, "a", "line", "pipeline", name) for name in ("MY-1", "MY-2"))
    assert (Path(mine.at.file).name, mine.at.line, mine.fields["limit"].line) == ("oxygrid.yaml", 8, 12)
    assert (mine.fields["off_delay_s"].line, mine.fields["off_delay_s"].scope) == (21, "everywhere")
    assert (Path(other.at.file).name, other.at.line, other.at.scope) == ("one.yaml", 4, "rule")


@pytest.mark.parametrize(("asset", "kind", "name"), [("", "site", "AU-24"), ("line", "any", "SN-RG"), ("", "collector", "CO-SRC")])
def test_rules_of_the_site_of_any_kind_and_of_the_collector_are_asked_for_by_their_kind(
    file: Path, asset: str, kind: str, name: str
) -> None:
    assert sourced(file, "a", asset, kind, name).at.file == "default.yaml"


def test_rules_to_be_tried_go_over_those_of_the_configuration(file: Path, tmp_path: Path) -> None:
    """As a back-test does: the same configuration, and one more file of rules over its files."""
    trial = tmp_path / "trial.yaml"
    trial.write_text("everywhere: {LP-L: {on_delay_s: 300}}\nrules: []\n")
    config = load(file, [trial])
    assert rule(rule_set(config.rules).of("a", "line", "pipeline"), "LP-L").on_delay_s == 300
    assert config.rules.paths[-1] == trial
    plain: dict[str, Any] = load(file).rules.model_dump()
    assert len(plain["files"]) == 2
