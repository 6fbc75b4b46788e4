"""Every state meets every trigger: each pair is in the table or in the named set of those that change nothing."""

from itertools import product
from typing import get_args

from collector.alarms.states import IGNORED, REFUSED, RELEASED, TABLE, Trigger, follow
from collector.outputs import AlarmState, CommandName, ProcessState


def test_every_pair_is_decided() -> None:
    pairs = set(product(get_args(ProcessState), get_args(Trigger)))
    decided = {(state, trigger) for state, row in TABLE.items() for trigger in row}
    assert decided | IGNORED == pairs
    assert not decided & IGNORED


def test_ignored_pairs_change_nothing() -> None:
    assert all(follow(state, trigger) is None for state, trigger in IGNORED)


def test_only_a_false_condition_and_a_person_lead_to_normal_unless_nobody_was_told() -> None:
    to_normal = {(state, trigger) for state, row in TABLE.items() for trigger, (after, _) in row.items() if after == "normal"}
    assert to_normal == {
        ("acknowledged", "condition_false"),
        ("returned", "ack"),
        ("latched_acknowledged", "reset"),
        ("unacknowledged", "condition_false_untold"),
        ("acknowledged", "condition_false_untold"),
    }


def test_what_still_holds_is_announced_anew_when_nothing_keeps_it_quiet_any_more() -> None:
    assert set(RELEASED) == set(get_args(ProcessState))
    holding = {state for state, row in TABLE.items() if "condition_false" in row}
    assert {RELEASED[state] for state in holding} == {"unacknowledged"}
    assert all(RELEASED[state] in {"normal", state} for state in set(RELEASED) - holding)


def test_every_command_says_for_every_state_whether_it_is_refused() -> None:
    assert set(REFUSED) == set(get_args(CommandName))
    obeyed = {command: sorted(set(get_args(AlarmState)) - set(row)) for command, row in REFUSED.items()}
    assert obeyed == {
        "ack": ["latched_unacknowledged", "returned", "unacknowledged"],
        "reset": ["latched_acknowledged"],
        "shelve": ["acknowledged", "normal", "returned", "unacknowledged"],
        "unshelve": ["shelved"],
        "out_of_service": sorted(set(get_args(AlarmState)) - {"out_of_service"}),
        "return": ["out_of_service"],
    }
    assert all(row.values() for row in REFUSED.values())
