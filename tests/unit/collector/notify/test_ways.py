"""Which way a message takes."""

from __future__ import annotations

import msgspec

from collector.config.people import Person
from collector.notify.ways import next_way, way_for
from collector.outputs import Notice
from tests.unit.collector.notify.cases import AT_MS, transition

WAYS = [{"channel": "sms", "to": "1"}, {"channel": "mail", "to": "a@x"}, {"channel": "hook"}]
ASHA = Person.model_validate({"id": "asha", "name": "Asha", "role": "nurse", "ways": WAYS})
NOTICE = Notice(id="x", channel="sms", to="1", due_ms=AT_MS, transition=transition(), person="asha", role="nurse")


def test_the_best_that_works_and_another_at_each_repeat() -> None:
    assert [way_for(ASHA, times, ()).channel for times in range(4)] == ["sms", "mail", "hook", "sms"]
    assert way_for(ASHA, 0, {"sms"}).channel == "mail"
    assert way_for(ASHA, 1, {"mail", "hook"}).channel == "sms"
    assert way_for(ASHA, 0, {"sms", "mail", "hook"}).channel == "sms"


def test_where_one_fails_the_next_is_tried_and_each_has_one_turn() -> None:
    second = next_way(ASHA, NOTICE, {"sms"})
    assert second is not None
    assert (second.id, second.channel, second.to) == ("x~1", "mail", "a@x")
    third = next_way(ASHA, second, {"sms", "mail"})
    assert third is not None
    assert (third.id, third.channel, third.to) == ("x~2", "hook", "")
    assert next_way(ASHA, third, ()) is None


def test_no_other_way_that_works() -> None:
    assert next_way(ASHA, NOTICE, {"mail", "hook"}) is None
    one = ASHA.model_copy(update={"ways": ASHA.ways[:1]})
    assert next_way(one, NOTICE, ()) is None


def test_a_way_that_is_no_longer_theirs() -> None:
    moved = next_way(ASHA, msgspec.structs.replace(NOTICE, channel="old", to="2"), ())
    assert moved is not None
    assert moved.channel == "sms"
