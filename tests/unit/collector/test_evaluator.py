"""What must hold for every history, and the evaluator's own small duties."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.outputs import SiteSnapshot
from collector.records import Control, Decoded
from tests.faults.rig import FULL
from tests.unit.collector.histories import SITES, START_MS, Folding, Said, batches, folded, histories

HOUR_MS = 3_600_000
many = settings(max_examples=30 if FULL else 15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(histories(), st.data())
@many
def test_time_in_any_steps_gives_the_same(history: list[Said], data: st.DataObject) -> None:
    found = batches(history)
    plain, stepwise = folded(found), Folding()
    for before, batch in pairwise(found):
        stepwise.step(before)
        for share in sorted(data.draw(st.lists(st.floats(0, 1), max_size=3))):
            stepwise.advance(before.received_ms + int(share * (batch.received_ms - 1 - before.received_ms)))
    stepwise.step(found[-1])
    assert stepwise.all() == plain.all()


@given(histories(), st.data())
@many
def test_a_restart_at_any_point_tells_nothing_twice_and_forgets_nothing(history: list[Said], data: st.DataObject) -> None:
    found = batches(history)
    restarts = data.draw(st.sets(st.integers(0, len(found) - 1), min_size=1, max_size=6))
    plain, restarted = folded(found), Folding()
    for index, batch in enumerate(found):
        restarted.step(batch)
        if index in restarts:
            restarted.restart()
    for folding in (plain, restarted):
        folding.advance(found[-1].received_ms + HOUR_MS)
    assert restarted.all() == plain.all()


@given(histories(), st.data())
@many
def test_after_a_crash_each_site_goes_on_from_its_own_snapshot(history: list[Said], data: st.DataObject) -> None:
    """Snapshots of single sites at any batches; then the journal is folded again from the oldest of them."""
    found = batches(history)
    saved_at = {site.id: data.draw(st.integers(0, len(found) - 1)) for site in SITES}
    live, snapshots, told = Folding(), list[SiteSnapshot](), dict[str, int]()
    for index, batch in enumerate(found):
        live.step(batch)
        for name in (name for name, at in saved_at.items() if at == index):
            snapshots += live.evaluator.snapshots([name])
            told[name] = len(live.of(name)[0])
    again = Folding(snapshots)
    for batch in found[again.evaluator.cursor :]:
        again.step(batch)
    for folding in (live, again):
        folding.advance(found[-1].received_ms + HOUR_MS)
    for name in saved_at:
        assert again.of(name)[0] == live.of(name)[0][told[name] :]


@given(histories(sessions=False))
@many
def test_sites_know_nothing_of_each_other(history: list[Said]) -> None:
    together, end_ms = folded(batches(history)), START_MS + sum(said.after_ms for said in history) + HOUR_MS
    together.advance(end_ms)
    for site in SITES:
        alone = folded(batches(history, only=site.id))
        alone.advance(end_ms)
        assert alone.of(site.id) == together.of(site.id)


@given(histories())
@many
def test_a_batch_folded_again_changes_nothing(history: list[Said]) -> None:
    found = batches(history)
    plain, twice = folded(found), Folding()
    for index, batch in enumerate(found):
        twice.step(batch)
        twice.step(batch)
        twice.step(found[index // 2])
    assert twice.all() == plain.all()
    assert twice.evaluator.snapshots(["north"]) == plain.evaluator.snapshots(["north"])


@given(histories())
@many
def test_silence_clears_nothing(history: list[Said]) -> None:
    """But for what the last words have settled: gateways and hours left are looked at within the minute after them."""
    folding = folded(batches(history))
    folding.advance(folding.evaluator.now_ms + 60_000)
    folding.change.transitions.clear()
    folding.advance(folding.evaluator.now_ms + 2 * HOUR_MS)
    assert [t.alarm for t in folding.change.transitions if t.event == "cleared"] == []


@given(histories())
@many
def test_every_alarm_goes_through_its_states_in_order(history: list[Said]) -> None:
    """Raised and cleared take turns, what is cleared was raised, and no transition is told twice."""
    told = folded(batches(history)).change.transitions
    assert len({t.id for t in told if t.event != "discovered_late"}) == len([t for t in told if t.event != "discovered_late"])
    for alarm in {t.alarm for t in told}:
        turns = [t.event for t in told if t.alarm == alarm and t.event in ("raised", "cleared")]
        assert turns == [("raised", "cleared")[n % 2] for n in range(len(turns))]


def test_a_command_to_a_site_that_is_not_there_is_refused_and_stands_in_the_trail() -> None:
    folding = folded(batches([]))
    payload = b'{"command": "ack", "alarm": "west/line/LP-LL", "by": "Asha"}'
    folding.step(Decoded(2, START_MS + 1, [Control("command", payload, START_MS + 1)], [], 1, 0))
    (entry,) = folding.change.audit
    assert (entry.refused, entry.state) == ("there is no alarm 'west/line/LP-LL': no such site", "normal")
