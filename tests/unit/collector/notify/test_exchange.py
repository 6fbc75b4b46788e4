"""All calls together: who gets which message when, what is written, and that a restart goes on from there."""

from __future__ import annotations

from typing import Any

import msgspec

from collector.calls import Call, Found, NotFound, Person, Served, Tell
from collector.notify.exchange import AT_ONCE, Exchange
from collector.notify.house import House
from collector.outputs import Notice, Transition
from tests.unit.collector.notify.cases import transition
from tests.unit.collector.notify.house import house, ms

NOON = ms("2026-03-04T12:00")
MIN = 60_000


class Disk:
    """What was written, as rows."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.ended: dict[str, Call] = {}
        self.tells: dict[tuple[str, str], Tell] = {}
        self.people: dict[str, Person] = {}
        self.notices: dict[str, Notice] = {}

    def serve(self, served: Served) -> None:
        served = msgspec.json.decode(msgspec.json.encode(served), type=Served)
        self.calls.update({call.occurrence: call for call in served.calls})
        for call in served.ended:
            self.calls.pop(call.occurrence, None)
            self.ended[call.occurrence] = call
        for key in served.gone:
            self.tells.pop(key, None)
        self.tells.update({tell.key: tell for tell in served.tells})
        self.people.update({person.person: person for person in served.people})
        for notice in served.notices:
            assert notice.id not in self.notices, notice.id
            self.notices[notice.id] = notice


class Story:
    def __init__(self, **parts: Any) -> None:
        self.house: House = house(**parts)
        self.disk, self.now_ms = Disk(), NOON
        self.exchange = Exchange(self.house)

    def hear(self, *transitions: Transition) -> None:
        for call in self.exchange.hear(transitions, self.now_ms):
            self.disk.calls[call.occurrence] = call

    def at(self, minute: float) -> list[Notice]:
        """The notices made until that minute."""
        end_ms, before = NOON + round(minute * MIN), set(self.disk.notices)
        while (next_ms := self.exchange.next_ms()) is not None and next_ms <= end_ms:
            self.now_ms = max(self.now_ms, next_ms)
            served = self.exchange.serve(self.now_ms)
            if served is not None:
                self.disk.serve(served)
        self.now_ms = max(self.now_ms, end_ms)
        return [notice for name, notice in self.disk.notices.items() if name not in before]

    def restart(self) -> None:
        self.exchange = Exchange(self.house)
        disk = self.disk
        self.exchange.load(disk.calls.values(), disk.ended.values(), disk.tells.values(), disk.people.values())


def alarm(n: int = 0, event: str = "raised", priority: str = "high", at_ms: int = NOON, **more: Any) -> Transition:
    return transition(event, "LP-L", priority, occurrence=f"kasganj-dh/a{n}/LP-L@{NOON}", asset=f"a{n}", evaluated_ms=at_ms, **more)


def test_a_notice_has_all_that_its_text_needs() -> None:
    story = Story()
    story.exchange.note_hours("kasganj-dh", 30.5, NOON)
    story.hear(alarm())
    (notice,) = story.at(0)
    assert (notice.person, notice.channel, notice.to, notice.role, notice.language) == ("asha", "sms", "+91 1", "nurse", "en")
    assert (notice.step, notice.hours_h, notice.call, notice.topic) == (0, 30.5, ("Meena",), "alarm")
    assert len(notice.code) == 3
    assert notice.subject == ""


def test_nobody_is_told_to_call_themselves() -> None:
    story = Story(chain={"id": "c", "steps": [{"tell": "asha"}], "last_resort": "asha"})
    story.hear(alarm())
    assert [notice.call for notice in story.at(0)] == [()]


def test_fifty_alarms_of_a_site_are_one_message() -> None:
    story = Story()
    story.hear(*[alarm(n, priority="medium") for n in range(50)])
    (notice,) = story.at(0)
    assert (notice.facts["alarms"], notice.facts["more"], len(notice.also)) == ("50", "29", 20)


def test_every_alarm_of_high_priority_is_named() -> None:
    story = Story()
    story.hear(*[alarm(n) for n in range(50)])
    (notice,) = story.at(0)
    assert (len({notice.transition.occurrence, *(each.occurrence for each in notice.also)}), "more" in notice.facts) == (50, False)


def test_a_storm_is_taken_in_turns() -> None:
    story = Story()
    story.hear(*[alarm(n) for n in range(AT_ONCE + 1)])
    served = story.exchange.serve(NOON)
    assert served is not None
    assert len(served.calls) == AT_ONCE
    assert story.exchange.next_ms() == NOON


def test_the_end_reaches_those_who_were_told() -> None:
    story = Story()
    story.hear(alarm(0), alarm(1))
    assert [notice.person for notice in story.at(6)] == ["asha", "meena"]
    story.hear(alarm(0, "cleared", state="normal", at_ms=story.now_ms), alarm(1, "cleared", state="normal", at_ms=story.now_ms))
    over = story.at(8)
    assert [(notice.person, notice.facts["kind"], len(notice.also)) for notice in over] == [("asha", "over", 1), ("meena", "over", 1)]
    assert (story.disk.calls, story.disk.tells, story.exchange.next_ms()) == ({}, {}, None) or story.exchange.calls == {}


def test_a_restart_goes_on_and_says_nothing_twice() -> None:
    story = Story()
    story.hear(alarm())
    story.at(4)
    story.restart()
    assert story.at(4.9) == []
    assert [notice.person for notice in story.at(5)] == ["meena"]


def test_what_was_decided_and_not_sent_goes_after_a_restart() -> None:
    story = Story(settings={"messages_per_hour": 2})
    for n in range(3):
        story.hear(alarm(n, priority="medium", nature=("process", "suspect_sensor", "communication")[n]))
    assert len(story.at(0)) == 1
    assert len(story.disk.tells) == 2
    story.restart()
    assert story.at(4) == []
    assert [(notice.topic, len(notice.also)) for notice in story.at(16) if notice.person == "asha"] == [("summary", 1)]
    assert story.disk.people["asha"].messages == 2


def test_alarms_without_a_call_get_one() -> None:
    story = Story()
    waiting = alarm(0, annunciate=False)
    shelved, known = alarm(1, "shelved", state="shelved"), alarm(2, "acknowledged", state="acknowledged")
    story.disk.calls = {call.occurrence: call for call in story.exchange.missing([waiting, shelved, known], NOON)}
    assert list(story.disk.calls) == [waiting.occurrence]
    assert [notice.person for notice in story.at(0)] == ["asha"]


def test_nobody_is_called_where_there_is_no_chain() -> None:
    story = Story(chain={"sites": ["other"]})
    assert story.exchange.hear([alarm()], NOON) == []


def test_other_people_take_over_at_once() -> None:
    story = Story()
    story.hear(alarm())
    story.at(1)
    story.house = house(roster={"swaps": [{"date": "2026-03-04", "shift": "day", "out": "asha", "in": "ravi"}]})
    story.exchange.use(story.house)
    assert [notice.person for notice in story.at(1)] == ["ravi"]


def test_words_for_somebody_who_is_no_longer_there_are_forgotten() -> None:
    story = Story(settings={"messages_per_hour": 2})
    for n in range(3):
        story.hear(alarm(n, priority="medium", nature=("process", "suspect_sensor", "communication")[n]))
    story.at(0)
    assert {person for person, _ in story.disk.tells} == {"asha"}
    given = story.house
    without = [person for person in given.duty.people.values() if person.id != "asha"]
    story.house = House(given.sites, without, list(given.duty.teams.values()), list(given.duty.rosters.values()), given.chains)
    restarted = Exchange(story.house)
    restarted.load(story.disk.calls.values(), (), story.disk.tells.values(), ())
    served = restarted.serve(NOON)
    assert served is not None
    assert set(served.gone) == set(story.disk.tells)
    story.exchange.use(story.house)
    story.at(0.01)
    assert {person for person, _ in story.disk.tells} == set()


def test_who_acknowledged_is_not_told_so() -> None:
    story = Story()
    story.hear(alarm())
    story.at(16)
    story.hear(alarm(0, "acknowledged", state="acknowledged", by="Meena", at_ms=story.now_ms))
    assert [(notice.person, notice.facts["kind"]) for notice in story.at(17)] == [("room", "acknowledged")]


def test_an_answer_finds_its_alarms_or_a_clear_word() -> None:
    story = Story()
    story.hear(alarm(0), alarm(1))
    (notice,) = story.at(0)
    found = story.exchange.find(notice.code.lower(), "+911")
    assert found == Found(("kasganj-dh/a0/LP-L", "kasganj-dh/a1/LP-L"), "asha")
    assert story.exchange.find("ZZZ", "+911") == NotFound("unknown")
    assert story.exchange.find(notice.code, "+912") == NotFound("not_yours", "kasganj-dh/a0/LP-L")
    story.hear(alarm(0, "acknowledged", state="acknowledged", by="Ravi", at_ms=NOON + 1))
    assert story.exchange.find(notice.code, "+91 1") == NotFound("answered", "kasganj-dh/a0/LP-L", "Ravi")
    story.hear(alarm(0, "cleared", state="normal", at_ms=NOON + 2))
    story.at(5)
    assert story.exchange.find(notice.code, "+91 1") == NotFound("over", "kasganj-dh/a0/LP-L", "Ravi")
    story.restart()
    assert story.exchange.find(notice.code, "+91 1") == NotFound("over", "kasganj-dh/a0/LP-L", "Ravi")


def test_who_shares_a_telephone_answers_by_their_own_link() -> None:
    story = Story(chain={"steps": [{"tell": "nurses"}, {"tell": "ravi", "after_min": 1}]})
    asha = story.house.duty.people["asha"]
    ravi = asha.model_copy(update={"id": "ravi", "name": "Ravi"})
    story.house = House(story.house.sites, [asha, ravi], (), list(story.house.duty.rosters.values()), story.house.chains)
    story.exchange.use(story.house)
    story.hear(alarm())
    code = story.at(2)[-1].code
    assert story.exchange.find(code, "+91 1", "ravi") == Found(("kasganj-dh/a0/LP-L",), "ravi")
    assert story.exchange.find(code, "+91 1", "asha") == Found(("kasganj-dh/a0/LP-L",), "asha")
    assert story.exchange.find(code, "+91 1", "meena") == NotFound("not_yours", "kasganj-dh/a0/LP-L")


def test_another_budget_holds_from_the_reload_on() -> None:
    story = Story(settings={"messages_per_hour": 2})
    natures: list[Any] = ["process", "suspect_sensor", "communication"]
    story.hear(*(alarm(n, priority="medium", nature=nature) for n, nature in enumerate(natures)))
    assert len(story.at(0)) == 1
    story.exchange.use(house(settings={"messages_per_hour": 12}))
    assert len(story.at(0.01)) == 2


def test_codes_of_open_calls_differ() -> None:
    story = Story()
    calls = story.exchange.hear([alarm(n) for n in range(6000)], NOON)
    assert len({call.code for call in calls}) == 6000
    assert max(len(call.code) for call in calls) <= 4


def test_few_hours_left_are_seen_when_they_are_estimated() -> None:
    story = Story()
    story.hear(alarm())
    story.at(1)
    story.exchange.note_hours("kasganj-dh", 5.5, story.now_ms)
    assert [notice.person for notice in story.at(1.5)] == ["room"]


def test_a_clock_put_back_moves_all_calls_along() -> None:
    story = Story()
    story.hear(alarm())
    story.at(4)
    story.exchange.serve(story.now_ms)
    story.now_ms -= 60 * MIN
    served = story.exchange.serve(story.now_ms)
    assert served is None or served.notices == []
    assert story.exchange.calls[alarm().occurrence].next_ms == NOON + 5 * MIN - 60 * MIN


def test_who_need_not_be_woken_sleeps_while_somebody_else_is_there() -> None:
    at_night = ms("2026-03-04T23:00")
    chain = {"steps": [{"tell": "chiefs"}]}
    awake = house(chain=chain)
    people = [person.model_copy(update={"no_night": person.id == "meena"}) for person in awake.duty.people.values()]
    asleep = House(awake.sites, people, list(awake.duty.teams.values()), list(awake.duty.rosters.values()), awake.chains)
    zone = awake.sites[0].zone
    assert asleep.who("chiefs", zone, at_night).people == ("room",)
    assert asleep.who("chiefs", zone, NOON).people == ("room", "meena")
    assert asleep.who("meena", zone, at_night).people == ("meena",)
