"""Every state meets every trigger: each pair is in the table or in the named set of those that change nothing."""

from itertools import product
from typing import get_args

from collector.alarms.states import IGNORED, TABLE, Trigger, follow
from collector.outputs import AlarmState


def test_every_pair_is_decided() -> None:
    pairs = set(product(get_args(AlarmState), get_args(Trigger)))
    decided = {(state, trigger) for state, row in TABLE.items() for trigger in row}
    assert decided | IGNORED == pairs
    assert not decided & IGNORED


def test_ignored_pairs_change_nothing() -> None:
    assert all(follow(state, trigger) is None for state, trigger in IGNORED)


def test_only_an_acknowledgement_and_a_false_condition_together_lead_to_normal() -> None:
    to_normal = {(state, trigger) for state, row in TABLE.items() for trigger, (after, _) in row.items() if after == "normal"}
    assert to_normal == {("acknowledged", "condition_false"), ("returned", "ack")}
