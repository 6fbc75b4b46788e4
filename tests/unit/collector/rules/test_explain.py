"""What is said of the rules of an asset: in force or not and why, the numbers for it, where each comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config import load
from collector.config.rulebook import Provenance, rule_set
from collector.rules.compile import Programs
from collector.rules.explain import Explained, Number, explain_asset, explain_site, lines

CONFIG = """sites:
  - id: dh
    assets:
      - {id: line, kind: pipeline, nominal_bar: 4.0}
      - {id: psa, kind: psa_plant, rated_flow_lpm: 500, duty: false}
      - {id: lox, kind: lox_tank, capacity_kg: 6000}
rules:
  everywhere:
    LX-RO: {enabled: false}
  assets:
    dh/line:
      LP-L:
        limit: 95 % of nominal_bar
        clear: 97 % of nominal_bar
"""


@pytest.fixture
def explained(tmp_path: Path) -> dict[str, Explained]:
    file = tmp_path / "oxygrid.yaml"
    file.write_text(CONFIG)
    config = load(file)
    found = explain_site(config.sites[0], Provenance(config.rules, file).of, Programs(rule_set(config.rules)))
    return {f"{one.asset}/{one.rule}": one for one in found}


def test_a_number_is_that_of_the_asset_with_its_place(explained: dict[str, Explained]) -> None:
    number = explained["line/LP-LL"].numbers[0]
    assert (number.name, number.said, number.value, number.unit) == ("limit", "80 % of nominal_bar", 3.2, "bar")
    assert number.at.startswith("default.yaml:")


def test_what_an_override_says_has_its_place(explained: dict[str, Explained], tmp_path: Path) -> None:
    limit, clear = explained["line/LP-L"].numbers
    file = tmp_path / "oxygrid.yaml"
    assert limit == Number("limit", "95 % of nominal_bar", 3.8, "bar", f"{file}:13 (asset)")
    assert clear == Number("clear", "97 % of nominal_bar", 3.88, "bar", f"{file}:14 (asset)")


@pytest.mark.parametrize(
    ("rule", "why_not"),
    [
        ("lox/LX-PH", "the asset does not declare relief_bar"),
        ("psa/PL-DN", "the asset does not declare duty"),
        ("psa/SV-DU", "the asset does not declare service_due_h"),
        ("line/LP-L", ""),
        ("/AU-06", ""),
    ],
)
def test_why_a_rule_is_not_in_force(explained: dict[str, Explained], rule: str, why_not: str) -> None:
    assert (explained[rule].why_not, explained[rule].in_force) == (why_not, not why_not)


def test_where_a_rule_was_switched_off_is_said(explained: dict[str, Explained], tmp_path: Path) -> None:
    assert explained["lox/LX-RO"].why_not == f"switched off in {tmp_path / 'oxygrid.yaml'}:9 (everywhere)"


def test_a_gate_that_is_for_other_assets_is_left_out(explained: dict[str, Explained]) -> None:
    assert explained["line/PU-XL"].only_while == []
    assert any("running_on_spec" in gate for gate in explained["psa/PU-LL"].only_while)


def test_every_rule_of_the_kinds_is_there_in_force_or_not(explained: dict[str, Explained], tmp_path: Path) -> None:
    config = load(tmp_path / "oxygrid.yaml")
    site = config.sites[0]
    programs = Programs(rule_set(config.rules))
    in_force = {f"{asset.id}/{rule}" for asset in site.assets for rule in programs.of_asset(site, asset).by_id}
    in_force |= {f"/{condition.rule.id}" for condition in programs.of_site(site)}
    assert {name for name, one in explained.items() if one.in_force} == in_force


def test_one_asset_alone(tmp_path: Path) -> None:
    file = tmp_path / "oxygrid.yaml"
    file.write_text(CONFIG)
    config = load(file)
    site = config.sites[0]
    found = explain_asset(site, site.assets[0], Provenance(config.rules, file).of, Programs(rule_set(config.rules)))
    assert {one.asset for one in found} == {"line"}


def test_lines_for_people(explained: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "oxygrid.yaml"
    shown = list(lines([explained["line/LP-L"], explained["lox/LX-PH"]], "dh"))
    assert shown[0] == "dh/line/LP-L  medium (OP)  pipeline pressure drifting low"
    assert f"  limit        3.8 bar (95 % of nominal_bar); {file}:13 (asset)" in shown
    assert "  hidden while LP-LL of the same asset is open: one fact, one alarm" in shown
    assert shown[-2:] == ["not in force", "  dh/lox/LX-PH  the asset does not declare relief_bar"]
