from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from collector.kpi.advice import Delays
from collector.kpi.report import KpiReport, LeftAlone, Response, Standing
from collector.kpi.tally import Tally
from collector.kpi.targets import TARGETS
from collector.outputs import Transition
from devices.assets import Site
from tests.unit.collector.kpi.cases import SITE, START_MS, at, said, spell

DAY = 86_400.0
HOUR = 3_600.0
OTHER = Site.model_validate({"id": "other", "district": "kasganj", "assets": []})
SITES = {"dh": SITE, "other": OTHER}


def tell(transitions: Iterable[Transition], until_s: float = 30 * DAY, before: Iterable[Transition] = ()) -> KpiReport:
    tally = Tally(SITES, START_MS)
    for transition in before:
        tally.remember(transition)
    for transition in sorted(transitions, key=lambda t: t.evaluated_ms):
        tally.add(transition)
    return tally.report("kasganj", at(until_s), lambda alarm: Delays(60, 60) if alarm.endswith("LP-L") else None)


def figures(report: KpiReport) -> dict[str, tuple[float | None, str]]:
    return {figure.id: (figure.value, figure.verdict) for figure in report.figures}


def test_a_quiet_month_is_good_in_everything_that_can_be_told() -> None:
    report = tell([])
    assert (report.scope, report.sites, report.days, report.counts.annunciated, report.notes) == ("kasganj", 2, 30.0, 0, [])
    assert {verdict for _, verdict in figures(report).values()} == {"good", "unknown"}
    assert [name for name, (_, verdict) in figures(report).items() if verdict == "unknown"] == [
        "high_pct",
        "medium_pct",
        "low_pct",
        "response_high_min",
        "response_medium_min",
        "response_low_min",
    ]
    assert (report.offenders, report.floods, report.standing, report.left_alone) == ([], [], [], [])


def test_every_figure_has_a_target_and_every_target_a_figure() -> None:
    few = figures(tell([])).keys()
    many = figures(tell([said(f"a{n}/R", n * 3600.0, "raised") for n in range(200)])).keys()
    assert few | many == {target.id for target in TARGETS}
    assert few ^ many == {"top10_pct", "top_per_day"}


def test_information_and_late_discoveries_are_no_load() -> None:
    report = tell([said("gw1/CK-BD", 0, "raised", priority="info"), said("line/LP-L", 60, "discovered_late")])
    assert (report.counts.annunciated, report.counts.discovered_late) == (0, 1)


def test_the_worst_come_first_with_what_would_have_kept_them_quiet() -> None:
    comes_back = [t for n in range(20) for t in spell("line/LP-L", n * 400.0, 300)]
    report = tell([*comes_back, *spell("psa1/PL-DN", 0, 600), *spell("line/LP-L", 5 * DAY, 900, site="other")])
    assert [(o.alarm, o.announced, o.share) for o in report.offenders] == [
        ("dh/line/LP-L", 20, 0.909),
        ("dh/psa1/PL-DN", 1, 0.045),
        ("other/line/LP-L", 1, 0.045),
    ]
    worst = report.offenders[0]
    assert (worst.came_back, worst.longer_off_s, worst.merges, worst.median_on_s) == (19, 120, 19, 300.0)
    assert (
        worst.advice == "19 of 20 raised within 5 min of clearing: off_delay_s 180 (now 60) would have merged 19; or widen its hysteresis"
    )
    assert report.offenders[1].advice == ""


def test_answers_are_told_by_priority() -> None:
    answered = [
        t
        for n in range(10)
        for t in (
            said(f"line/R{n}", n * HOUR, "raised", priority="high"),
            said(f"line/R{n}", n * HOUR + 60 * (n + 1), "acknowledged", raised_s=n * HOUR, priority="high", by="Asha"),
        )
    ]
    missed = [*spell("psa1/PL-DN", 0, 60), *spell("psa1/PL-DN", 5 * HOUR, 60)]
    report = tell([*answered, *missed])
    assert report.responses == [
        Response(priority="high", answered=10, median_s=330.0, p90_s=540.0, worst_s=600.0, left_alone=0),
        Response(priority="medium", answered=0, left_alone=1, missed=1),
        Response(priority="low", answered=0),
    ]
    assert figures(report)["response_high_min"] == (5.5, "manageable")
    assert figures(report)["left_alone"] == (1, "manageable")
    assert report.left_alone == [LeftAlone(alarm="dh/psa1/PL-DN", priority="medium", hours=715.0)]


def test_what_stands_is_listed_with_who_knows_of_it_also_from_before_the_period() -> None:
    before = [said("manifold/RS-LO", -3 * DAY, "acknowledged", raised_s=-4 * DAY, by="Asha")]
    inside = [
        said("line/LP-L", DAY, "raised"),
        said("psa1/PL-DN", 2 * DAY, "raised"),
        said("psa1/PL-DN", 5 * DAY, "cleared", raised_s=2 * DAY),
    ]
    report = tell(inside, before=before)
    assert report.standing == [
        Standing(alarm="dh/manifold/RS-LO", priority="medium", since_ms=at(-4 * DAY), hours=816.0, acknowledged_by="Asha"),
        Standing(alarm="dh/line/LP-L", priority="medium", since_ms=at(DAY), hours=696.0),
    ]
    assert figures(report)["standing"] == (3, "good")


def test_the_worst_day_of_standing_alarms_counts() -> None:
    stand = [t for n in range(6) for t in spell(f"line/R{n}", n * DAY, 2.5 * DAY)]
    assert figures(tell(stand))["standing"] == (2, "good")
    together = [t for n in range(6) for t in spell(f"line/R{n}", float(n), 2.5 * DAY)]
    assert figures(tell(together))["standing"] == (6, "manageable")


def test_floods_of_all_sites_of_one_operator_are_one() -> None:
    """Six alarms at each of two sites: neither has a flood of its own."""
    both = [said(f"conc-{n}/CN-LL", float(n), "raised", site=site, priority="high") for n in range(6) for site in ("dh", "other")]
    report = tell(both)
    assert report.flood_count == 1
    assert [(f.begin_ms, f.end_ms, f.count, f.mostly) for f in report.floods] == [(START_MS, at(603), 12, "CN-LL")]
    assert figures(report)["worst_10min"] == (12, "too much")


def test_nuisances_are_counted_by_alarm() -> None:
    chatters = [t for n in range(4) for t in spell("line/LP-L", n * 20.0, 12)] + [
        t for n in range(4) for t in spell("line/LP-L", DAY + n * 20.0, 12)
    ]
    report = tell([*chatters, *spell("psa1/PU-L", 0, 5, priority="low")])
    assert (report.counts.chattering, report.counts.fleeting) == (1, 1)
    assert figures(report)["chattering"] == (0.5, "manageable")
    assert [(o.alarm, o.chattering, o.fleeting) for o in report.offenders] == [("dh/line/LP-L", 2, 0), ("dh/psa1/PU-L", 0, 1)]


def test_the_split_by_priority_is_judged_from_twenty_alarms_on() -> None:
    said_ = [said(f"a{n}/R", n * HOUR, "raised", priority="high" if n < 2 else "medium" if n < 5 else "low") for n in range(20)]
    assert [figures(tell(said_))[f"{p}_pct"] for p in ("high", "medium", "low")] == [(10, "manageable"), (15, "good"), (75, "manageable")]
    assert figures(tell(said_[:19]))["high_pct"] == (None, "unknown")


def test_what_was_kept_quiet_without_a_name_is_said() -> None:
    report = tell([said("line/LP-L", 0, "shelved", by="", why="", condition=False)])
    assert figures(report)["unauthorised"] == (1, "too much")
    assert [(h.how, h.times) for h in report.hidden] == [("shelved", 1), ("suppressed", 0), ("out_of_service", 0)]


def test_a_short_period_says_so() -> None:
    assert tell([], until_s=3 * DAY).notes == ["3 days of data: the targets are meant for 30 days or more"]


@given(st.lists(st.tuples(st.sampled_from([5.0, 40.0, 400.0, 9000.0]), st.sampled_from(["line/LP-L", "psa1/PL-DN", "gw1/ST-OF"]),
                          st.sampled_from(["raised", "cleared", "acknowledged", "shelved", "unshelved"])), max_size=60),
       st.integers(0, 59))  # fmt: skip
def test_two_halves_with_what_was_open_between_them_count_as_much_as_the_whole(steps: list[tuple[float, str, str]], cut: int) -> None:
    """Announcements and time out of sight are neither lost nor counted twice where a period is cut in two."""
    second, transitions, last, raised = 0.0, [], dict[str, Transition](), dict[str, float]()
    for pause_s, alarm, event in steps:
        second += pause_s
        raised[alarm] = second if event == "raised" else raised.get(alarm, second)
        transitions.append(said(alarm, second, event, raised_s=raised[alarm], by="Asha", why="x"))  # type: ignore[arg-type]
    first, rest = transitions[:cut], transitions[cut:]
    middle_s = (rest[0].evaluated_ms - START_MS) / 1000 if rest else second + 1
    end_s = second + 10 * DAY
    whole, early = tell(transitions, until_s=end_s), tell(first, until_s=middle_s)
    for transition in first:
        last[transition.alarm] = transition
    late = Tally(SITES, at(middle_s))
    for transition in last.values():
        late.remember(transition)
    for transition in rest:
        late.add(transition)
    later = late.report("kasganj", at(end_s))
    assert whole.counts.annunciated == early.counts.annunciated + later.counts.annunciated
    assert abs(sum(h.hours for h in whole.hidden) - sum(h.hours for r in (early, later) for h in r.hidden)) < 0.03
    assert [s.alarm for s in whole.standing] == [s.alarm for s in later.standing]
