from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from collector.kpi.classes import Finding
from collector.kpi.nuisance import Nuisance, NuisanceState
from collector.kpi.points import KPI_FIELDS
from collector.outputs import AlarmEvent, StateChange, Transition
from collector.records import Point
from devices.assets import Site
from tests.unit.collector.kpi.cases import SITE, START_MS, at, said, spell

HOUR = 3_600.0
_codec = msgspec.msgpack.Decoder(NuisanceState)


@dataclass
class Fed:
    """A tracker, and all that it said."""

    site: Site = SITE
    nuisance: Nuisance = field(default_factory=lambda: Nuisance(SITE))
    out: StateChange = field(default_factory=StateChange)
    found: list[Finding] = field(default_factory=list)

    def observe(self, *transitions: Transition) -> Fed:
        for transition in transitions:
            self.found += self.nuisance.observe(transition, self.out)
        return self

    def wait(self, second: float) -> Fed:
        self.found += self.nuisance.due(at(second), self.out)
        return self

    def restart(self) -> None:
        state = self.nuisance.state
        self.nuisance = Nuisance(self.site, _codec.decode(msgspec.msgpack.encode(state)) if state is not None else None)

    def hours(self) -> list[Point]:
        return [point for point in self.out.points if point.measurement == "alarm_kpi"]

    @property
    def due_ms(self) -> int:
        return self.nuisance.due_ms


def test_nothing_is_kept_and_nothing_is_due_before_the_first_alarm() -> None:
    fed = Fed().observe(said("gw1/CK-BD", 0, "raised", priority="info"))
    assert (fed.nuisance.state, fed.due_ms) == (None, 0)
    assert fed.wait(10 * HOUR).out.points == []


def test_the_hour_is_a_row_of_counts() -> None:
    """At 22:00 in Kolkata, half an hour after START_MS, the night begins."""
    fed = Fed().observe(
        said("line/LP-LL", 0, "raised", priority="high"),
        said("line/LP-LL", 120, "acknowledged", priority="high", raised_s=0, by="Asha"),
        *spell("psa1/PU-L", 600, 5, priority="low"),
        said("psa1/PL-DN", 2000, "raised"),
        said("psa1/PL-DN", 2300, "shelved", raised_s=2000, by="Asha", why="service"),
        said("line/LP-L", 2400, "discovered_late"),
        said("manifold/BK-CH", 3000, "suppressed", annunciate=False),
    )
    fed.wait(2 * HOUR)
    first = fed.hours()[0]
    assert (first.time_ms, first.tags) == (START_MS, {"site": "dh", "district": "kasganj", "region": "up"})
    assert first.fields == {
        "annunciated": 3,
        "high": 1,
        "medium": 1,
        "low": 1,
        "worst_10min": 1,
        "night_pages": 1,
        "flood_s": 0.0,
        "chattering": 0,
        "fleeting": 1,
        "discovered_late": 1,
        "answered": 2,
        "response_median_s": 210.0,
        "response_worst_s": 300.0,
        "open": 1,
        "standing": 0,
        "unacknowledged": 1,
        "left_alone": 0,
        "shelved": 1,
        "suppressed": 1,
        "out_of_service": 0,
    }


def test_rows_go_on_while_something_is_open_and_end_with_it() -> None:
    fed = Fed().observe(said("line/LP-LL", 0, "raised"))
    fed.wait(3 * HOUR + 60)
    assert [(p.time_ms - START_MS) / 3_600_000 for p in fed.hours()] == [0, 1, 2]
    assert [(p.fields["open"], p.fields["left_alone"]) for p in fed.hours()] == [(1, 0), (1, 1), (1, 1)]
    fed.observe(
        said("line/LP-LL", 3.5 * HOUR, "acknowledged", raised_s=0, by="Asha"),
        said("line/LP-LL", 3.6 * HOUR, "cleared", raised_s=0, state="normal"),
    ).wait(9 * HOUR)
    assert len(fed.hours()) == 4
    assert (fed.nuisance.state, fed.due_ms) == (None, 0)


def test_the_hour_is_written_within_the_minute_after_it() -> None:
    fed = Fed().observe(said("line/LP-LL", 0, "raised")).wait(400)
    assert at(HOUR) <= fed.due_ms < at(HOUR + 60)
    fed.wait(HOUR - 0.001)
    assert fed.hours() == []


def test_what_comes_after_the_hour_belongs_to_the_next() -> None:
    fed = Fed().observe(said("line/LP-LL", 0, "raised"), said("psa1/PL-DN", HOUR, "raised")).wait(2.1 * HOUR)
    assert [p.fields["annunciated"] for p in fed.hours()] == [1, 1]
    assert [p.fields["open"] for p in fed.hours()] == [1, 2]


def test_time_in_flood_is_split_between_the_hours() -> None:
    """23 alarms in the last 22 s of the hour: the fifth last comes 5 s before its end, so that the flood lasts 595 s into the next."""
    fed = Fed().observe(*(said(f"conc-{n}/CN-LL", HOUR - 23 + n, "raised", priority="high") for n in range(23))).wait(2.1 * HOUR)
    assert [p.fields["flood_s"] for p in fed.hours()] == [23.0, 595.0]
    assert fed.hours()[0].fields["worst_10min"] == 23
    begun, over = (p for p in fed.out.points if p.measurement == "nuisance")
    assert (begun.fields["on"], over.fields["on"]) == (True, False)
    assert begun.time_ms == over.time_ms == at(HOUR - 23)
    assert over.fields["text"] == "a flood of 23 alarms in 10 min, mostly CN-LL (100 %)"
    assert over.tags == {"site": "dh", "district": "kasganj", "region": "up", "class": "flood"}


def test_a_chattering_alarm_is_told_when_it_begins_and_when_it_is_over() -> None:
    fed = Fed().observe(*(t for n in range(5) for t in spell("line/LP-L", n * 20, 12))).wait(HOUR + 60)
    first, last = (p for p in fed.out.points if p.measurement == "nuisance")
    assert first.tags == {"site": "dh", "district": "kasganj", "region": "up", "class": "chattering", "asset": "line", "rule": "LP-L"}
    assert first.fields == {"text": "line/LP-L chatters", "count": 3, "on": True}
    assert last.fields == {"text": "line/LP-L chattered: announced 5 times in 92 s", "count": 5, "on": False, "lasted_s": 92.0}
    assert fed.hours()[0].fields["chattering"] == 1


def test_what_goes_on_now_can_be_asked_for() -> None:
    fed = Fed()
    assert fed.nuisance.current() == []
    fed.observe(*(said(f"conc-{n}/CN-LL", n, "raised") for n in range(11)))
    assert [(f.kind, f.count, f.mostly) for f in fed.nuisance.current()] == [("flood", 11, "CN-LL")]


def test_a_clock_that_is_put_back_loses_nothing_and_writes_the_hour_later() -> None:
    fed = Fed().observe(said("line/LP-LL", 1000, "raised"))
    fed.nuisance.shift(-7_200_000)
    fed.observe(said("line/LP-L", 1100 - 2 * HOUR, "raised")).wait(-HOUR)
    assert [(p.time_ms - START_MS) / 3_600_000 for p in fed.hours()] == [-2.0]
    assert fed.hours()[0].fields["annunciated"] == 2


# ---- properties ---------------------------------------------------------------------------------------------------------------

ALARMS = ["line/LP-L", "line/LP-LL", "psa1/PL-DN", "gw1/ST-OF", *(f"conc-{n}/CN-LL" for n in range(8))]
EVENTS: list[AlarmEvent] = ["raised", "raised", "cleared", "cleared", "acknowledged", "shelved", "unshelved", "suppressed"]
PRIORITIES = ["high", "medium", "low", "info"]
PAUSES = [0.0, 1.0, 1.0, 5.0, 9.0, 30.0, 70.0, 320.0, 700.0, 4000.0, 90_000.0]

Step = tuple[float, str, AlarmEvent, str]
steps = st.lists(
    st.tuples(st.sampled_from(PAUSES), st.sampled_from(ALARMS), st.sampled_from(EVENTS), st.sampled_from(PRIORITIES)),
    max_size=60,
)


def history(found: Sequence[Step]) -> list[Transition]:
    second, transitions = 0.0, []
    raised: dict[str, float] = {}
    for pause_s, alarm, event, priority in found:
        second += pause_s
        raised[alarm] = second if event == "raised" else raised.get(alarm, second)
        transitions.append(said(alarm, second, event, raised_s=raised[alarm], priority=priority, by="Asha", why="x"))
    return transitions


@given(steps, st.data())
def test_restarts_and_looks_in_between_change_nothing(found: list[Step], data: st.DataObject) -> None:
    plain, broken = Fed(), Fed()
    for transition in history(found):
        plain.observe(transition)
        if data.draw(st.booleans()):
            broken.restart()
        if data.draw(st.booleans()):
            broken.nuisance.due(transition.evaluated_ms, broken.out)
        broken.observe(transition)
    end_s = sum(step[0] for step in found) + 200_000
    assert plain.wait(end_s).out.points == broken.wait(end_s - 100_000).wait(end_s).out.points


@given(steps)
def test_every_nuisance_that_begins_is_told_to_end_when_all_alarms_are_over(found: list[Step]) -> None:
    fed = Fed().observe(*history(found))
    end_s = sum(step[0] for step in found) + 100
    ends: tuple[AlarmEvent, ...] = ("unshelved", "cleared", "acknowledged")
    fed.observe(*(said(alarm, end_s, event, state="normal", by="Asha", condition=False) for alarm in ALARMS for event in ends))
    fed.wait(end_s + 200_000)
    rows = {(p.tags["class"], p.tags.get("asset"), p.tags.get("rule"), p.time_ms): p for p in fed.out.points if p.measurement == "nuisance"}
    assert [p.fields["text"] for p in rows.values() if p.fields["on"]] == []
    assert (fed.nuisance.state, fed.due_ms) == (None, 0)


@given(steps)
def test_rows_have_the_fields_that_are_documented(found: list[Step]) -> None:
    fed = Fed().observe(*history(found)).wait(sum(step[0] for step in found) + 10_000)
    for point in fed.hours():
        assert KPI_FIELDS.keys() - point.fields.keys() in (set(), {"response_median_s", "response_worst_s"})
        assert not point.fields.keys() - KPI_FIELDS.keys()
        assert not point.tags.keys() & point.fields.keys()
