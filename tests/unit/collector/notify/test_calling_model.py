"""Random rosters, alarms, answers, crashes and clocks against three promises: somebody is told until somebody answers, nobody off duty
is woken while somebody on duty could be, and what ends is told to all who heard of it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from collector.calls import LAST_RESORT, Call
from collector.config.people import Chain, Duty, Person, Roster, Team
from collector.notify.exchange import Exchange
from collector.notify.house import House
from collector.outputs import AlarmEvent, AlarmState, Notice, Priority, Transition
from devices.assets import Site
from tests.unit.collector.notify.test_exchange import Disk

MIN = 60_000
HOUR = 60 * MIN
ZONES = ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]
BEGINS = [
    "2026-03-28T20:00", "2026-03-29T01:50", "2026-10-24T23:30", "2026-10-25T02:40", "2028-02-28T23:10", "2026-12-31T23:55",
    "2026-04-04T13:00",
]  # fmt: skip
PEOPLE = ["p0", "p1", "p2", "p3", "p4", "p5"]
CHAIN: dict[str, Any] = {"id": "c", "not_better_after_min": 20, "last_resort": "last"}
LATE_MS = 35 * MIN
"""The longest silence: the longest repeat of the chains made here, and a word that grows for half an hour at most goes by itself anyway."""


def rosters(cuts: list[int], crew: list[str], holes: set[int]) -> dict[str, Any]:
    """Shifts that begin where the others end; those in `holes` have nobody for three days around the begin of the test."""
    walls = [f"{cut // 4:02}:{cut % 4 * 15:02}" for cut in cuts]
    ends = [*walls[1:], walls[0]]
    spans = enumerate(zip(walls, ends, strict=True))
    shifts = [{"id": f"s{n}", "from": begin, "to": end, "people": [crew[n % len(crew)]]} for n, (begin, end) in spans]
    return {"shifts": shifts, "holes": [f"s{n}" for n in holes if n < len(shifts)]}


class Telling(RuleBasedStateMachine):
    """The exchange on a disk that survives it, and a model that only knows who heard what."""

    @initialize(
        zone=st.sampled_from(ZONES),
        begin=st.sampled_from(BEGINS),
        cuts=st.lists(st.integers(0, 95), min_size=1, max_size=4, unique=True).map(sorted),
        crew=st.lists(st.sampled_from(PEOPLE[:4]), min_size=1, max_size=3, unique=True),
        holes=st.sets(st.integers(0, 3), max_size=2),
        repeat=st.sampled_from([1, 5, 15, 30]),
        after=st.sampled_from([1, 5, 20]),
        budget=st.sampled_from([3, 12]),
    )
    def begin(self, zone: str, begin: str, cuts: list[int], crew: list[str], holes: set[int], repeat: int, after: int, budget: int) -> None:
        self.zone = ZoneInfo(zone)
        self.now_ms = round(datetime.fromisoformat(begin).replace(tzinfo=self.zone).timestamp() * 1000)
        self.ticks_ms = 0
        made = rosters(cuts, crew, holes)
        day = date.fromisoformat(begin[:10])
        out = {shift["id"]: shift["people"][0] for shift in made["shifts"]}
        swaps = [
            {"date": (day + timedelta(days=n)).isoformat(), "shift": name, "out": out[name]} for n in range(-1, 3) for name in made["holes"]
        ]
        steps = [{"tell": "room"}, {"tell": "p4", "after_min": after}, {"tell": "room2", "after_min": 2 * after, "hours_left_below": 6}]
        ways = [{"channel": "sms", "to": "x"}, {"channel": "mail", "to": "y"}]
        self.house = House(
            [Site.model_validate({"id": "s", "timezone": zone, "assets": []})],
            [Person.model_validate({"id": name, "name": name, "role": "nurse", "ways": ways}) for name in PEOPLE],
            [Team.model_validate({"id": "last", "members": ["p5"]})],
            [
                Roster.model_validate({"id": "room", "shifts": made["shifts"], "swaps": swaps}),
                Roster.model_validate({"id": "room2", "shifts": [made["shifts"][0]], "around_the_clock": False}),
            ],
            [Chain.model_validate({**CHAIN, "steps": steps, "repeat_every_min": repeat})],
            Duty.model_validate({"messages_per_hour": budget}),
        )
        self.disk = Disk()
        self.broken: frozenset[str] = frozenset()
        self.exchange = Exchange(self.house, lambda: self.broken)
        self.alarms: dict[str, Transition] = {}
        self.heard: dict[str, set[str]] = {}
        self.decided_ms: dict[str, int] = {}
        self.count = 0

    # ---- what happens --------------------------------------------------------------------------------------------------------

    @rule(priority=st.sampled_from(["high", "medium"]))
    def raise_(self, priority: Priority) -> None:
        self.count += 1
        self._change(f"s/a{self.count}/LP-L@{self.count}", "raised", "unacknowledged", priority)

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        self._some(data, {"unacknowledged"}, "acknowledged", "acknowledged")

    @rule(data=st.data())
    def announce_again(self, data: st.DataObject) -> None:
        self._some(data, {"acknowledged"}, "realarmed", "unacknowledged")

    @rule(data=st.data())
    def shelve(self, data: st.DataObject) -> None:
        self._some(data, {"unacknowledged", "acknowledged"}, "shelved", "shelved")

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        self._some(data, {"unacknowledged", "acknowledged", "shelved"}, "cleared", "normal")

    @rule(minutes=st.sampled_from([0.2, 1, 4, 11, 30, 61, 200, 600]))
    def wait(self, minutes: float) -> None:
        end_ms = self.now_ms + round(minutes * MIN)
        while (next_ms := self.exchange.next_ms()) is not None and next_ms <= end_ms:
            self._tick_to(max(self.now_ms, next_ms))
        self._tick_to(end_ms)

    @rule(minutes=st.sampled_from([1, 30, 60, 1440]))
    def clock_put_back(self, minutes: int) -> None:
        self._serve()
        self.now_ms -= minutes * MIN
        self.decided_ms = {name: at_ms - minutes * MIN for name, at_ms in self.decided_ms.items()}
        self._serve()

    @rule(minutes=st.sampled_from([60, 1440]))
    def clock_put_on(self, minutes: int) -> None:
        self.now_ms += minutes * MIN
        self._serve()

    @rule()
    def crash(self) -> None:
        self.exchange = Exchange(self.house, lambda: self.broken)
        disk = self.disk
        self.exchange.load(disk.calls.values(), disk.ended.values(), disk.tells.values(), disk.people.values())

    @rule(broken=st.sampled_from([frozenset(), frozenset({"sms"}), frozenset({"mail"}), frozenset({"sms", "mail"})]))
    def channels_break_and_mend(self, broken: frozenset[str]) -> None:
        self.broken = broken

    @rule(hours=st.sampled_from([3.0, 10.0, 40.0]))
    def hours(self, hours: float) -> None:
        self.exchange.note_hours("s", hours, self.now_ms)
        self._serve()

    # ---- what must hold ------------------------------------------------------------------------------------------------------

    @invariant()
    def somebody_is_told_until_somebody_answers(self) -> None:
        for occurrence, alarm in getattr(self, "alarms", {}).items():
            if alarm.state == "unacknowledged":
                call = self.exchange.calls[occurrence]
                assert call.last_ms is not None
                assert self.now_ms - call.last_ms <= LATE_MS, occurrence
                assert call.told
            elif alarm.state == "normal":
                assert occurrence not in self.exchange.calls
            elif alarm.state == "shelved" and (call_ := self.exchange.calls.get(occurrence)) is not None:
                assert call_.state == "hidden"

    @invariant()
    def what_ends_is_known_to_all_who_heard_of_it(self) -> None:
        if self.__dict__.get("disk") is None:
            return
        waiting = set(self.disk.tells)
        for occurrence, alarm in self.alarms.items():
            if alarm.state == "normal":
                for person in self.heard.get(occurrence, set()):
                    assert (person, occurrence) in waiting or (person, occurrence) in self._ends, (person, occurrence)

    # ---- how it is done ------------------------------------------------------------------------------------------------------

    def _some(self, data: st.DataObject, states: set[str], event: AlarmEvent, state: AlarmState) -> None:
        fitting = sorted(name for name, alarm in self.alarms.items() if alarm.state in states)
        if fitting:
            name = data.draw(st.sampled_from(fitting))
            self._change(name, event, state, self.alarms[name].priority)

    def _change(self, occurrence: str, event: AlarmEvent, state: AlarmState, priority: Priority) -> None:
        self.ticks_ms += 1
        alarm = Transition(
            occurrence=occurrence, site="s", asset=occurrence.split("/")[1], rule="LP-L", event=event, state=state, priority=priority,
            event_ms=self.ticks_ms, evaluated_ms=self.ticks_ms, raised_ms=self.count, text="", annunciate=state == "unacknowledged",
        )  # fmt: skip
        self.alarms[occurrence] = alarm
        self.disk.calls.update({call.occurrence: _through_json(call) for call in self.exchange.hear([alarm], self.now_ms)})
        self._serve()

    def _tick_to(self, at_ms: int) -> None:
        self.now_ms = at_ms
        self._serve()

    def _serve(self) -> None:
        for _ in range(50):
            served = self.exchange.serve(self.now_ms)
            if served is None:
                return
            self.disk.serve(served)
            for call in (*served.calls, *served.ended):
                self._check_duty(call)
            for notice in served.notices:
                self._note(notice)
            if (next_ms := self.exchange.next_ms()) is None or next_ms > self.now_ms:
                return
        raise AssertionError("it spins")

    def _check_duty(self, call: Call) -> None:
        """Whoever is told now is on duty now (p4 and p5 always are), and the last resort has its turn after all others."""
        if LAST_RESORT in call.steps:
            assert {0, 1, 2} <= set(call.steps)
        for told in call.told:
            before = self.__dict__.setdefault("times", {})
            is_new = before.get((call.occurrence, told.person), 0) != told.times
            before[call.occurrence, told.person] = told.times
            if is_new and told.person not in ("p4", "p5"):
                on_duty = {person for name in ("room", "room2") for person in self.house.who(name, self.zone, self.now_ms).people}
                assert told.person in on_duty, (told, on_duty)

    def _note(self, notice: Notice) -> None:
        """A message takes a way that works, where there is one."""
        assert notice.channel not in self.broken or len(self.broken) == 2
        for transition in (notice.transition, *notice.also):
            if transition.state == "normal":
                self._ends.add((notice.person, transition.occurrence))
            else:
                self.heard.setdefault(transition.occurrence, set()).add(notice.person)

    @property
    def _ends(self) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = self.__dict__.setdefault("ends", set())
        return found


def _through_json(call: Call) -> Call:
    return msgspec.json.decode(msgspec.json.encode(call), type=Call)


TestTelling = Telling.TestCase
TestTelling.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
