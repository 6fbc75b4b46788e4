"""The cases that ship: all of them are right, and every default rule has one that shows it raised at its delay, not before, and over."""

from __future__ import annotations

from collections import defaultdict

import pytest

from collector.cases.check import result
from collector.cases.loader import Loaded, load, shipped
from collector.cases.prepare import NOT_CONFIGURED, Prepared
from collector.config.rulebook import default_rules
from collector.outputs import AlarmEvent
from collector.rules.model import Rule
from collector.selfwatch import COLLECTOR_ASSET
from collector.stock.numbers import NUMBERS

LOADED = load(shipped(), NOT_CONFIGURED)
CASES = [(file, prepared) for file in LOADED for prepared in file.cases]


@pytest.mark.parametrize(("file", "prepared"), CASES, ids=[f"{prepared.case.name[:50]}" for _, prepared in CASES])
def test_a_shipped_case_is_right(file: Loaded, prepared: Prepared) -> None:
    assert result(file.name, file.marks, prepared).failures == []


Shown = dict[tuple[str, str], set[str]]
"""(rule, kind) → what is shown of it."""


def shown() -> Shown:
    found: Shown = defaultdict(set)
    for _, prepared in CASES:
        kinds = {asset.id: asset.kind for asset in prepared.site.assets} | {COLLECTOR_ASSET: COLLECTOR_ASSET, "": "site"}
        for expectation in prepared.case.expect:
            if expectation.event is not None:
                asset, _, rule = expectation.alarm.rpartition("/")
                what = f"not_{expectation.event}" if expectation.absent else expectation.event
                found[rule, kinds[asset]].add(what)
                found[rule, "any"].add(what)
    return found


AWAITED = {rule.id for rule in default_rules() if rule.kind == "site" and rule.signals and not set(rule.signals) & NUMBERS}
"""Rules about numbers that no estimate of the stock holds yet: nothing can raise them. They get their case with the number."""


@pytest.mark.parametrize("rule", [rule for rule in default_rules() if rule.id not in AWAITED], ids=lambda rule: f"{rule.id} {rule.kind}")
def test_every_default_rule_is_shown_raised_at_its_delay_not_before_and_over(rule: Rule) -> None:
    over: AlarmEvent = "latched" if rule.latched else "cleared"
    missing = {"not_raised", "raised", over} - shown()[rule.id, rule.kind]
    assert not missing, f"no shipped case of {rule.id} ({rule.kind}) expects {' or '.join(sorted(missing))}"


def test_a_rule_with_one_limit_is_shown_held_between_its_two() -> None:
    """Between the two the alarm stays: a look at it lies between its raise and its end."""
    held = set()
    for _, prepared in CASES:
        for alarm in {e.alarm for e in prepared.case.expect if e.event == "raised"}:
            looks = [e.at or 0 for e in prepared.case.expect if e.alarms is not None and alarm in e.alarms]
            ends = [e.at or 0 for e in prepared.case.expect if e.alarm == alarm and e.event in ("cleared", "latched") and e.at is not None]
            held |= {alarm.rpartition("/")[2] for end in ends if any(end - 2000 <= look < end for look in looks)}
    with_two = {rule.id for rule in default_rules() if rule.type in ("below", "above", "outside") and rule.clear and rule.kind != "site"}
    assert with_two - held == set()
