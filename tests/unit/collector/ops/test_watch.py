from __future__ import annotations

import msgspec

from collector.ops.watch import TRACKED
from collector.selfwatch import Health
from tests.unit.collector.ops.world import ALARM, SHELVED, START_MS, World, batch


def test_each_message_is_timed_once_per_reader_when_its_batch_is_done() -> None:
    world = World()
    for seq in range(1, 5):
        world.watch.received(batch(seq, START_MS + seq * 1000, 10, 10))
    world.now_ms = START_MS + 5000
    world.watch.passed("writer", 2)
    world.watch.passed("writer", 2)
    stored, evaluated = world.watch.numbers.stored, world.watch.numbers.evaluated
    assert (sum(stored.counts), stored.total_s, sum(evaluated.counts)) == (20, 10 * 4.0 + 10 * 3.0, 0)
    world.watch.passed("writer", 4)
    assert (sum(stored.counts), stored.total_s) == (40, 10 * (4.0 + 3.0 + 2.0 + 1.0))


def test_what_is_remembered_of_a_backlog_is_bounded() -> None:
    world = World()
    for seq in range(1, TRACKED + 101):
        world.watch.received(batch(seq, START_MS, 1, 1))
    world.watch.passed("writer", TRACKED + 100)
    assert sum(world.watch.numbers.stored.counts) == TRACKED


def test_ready_when_connected_and_the_database_takes_what_it_is_given() -> None:
    world = World()
    assert world.watch.problems() == []
    world.source = msgspec.structs.replace(world.source, connected=False)
    assert world.watch.problems() == ["not connected to mqtt: connecting"]
    world.source = msgspec.structs.replace(world.source, problem="nobody listens")
    world.fails("500 busy")
    world.disk_problem = "no room"
    assert world.watch.problems() == [
        "not connected to mqtt: nobody listens",
        "the journal can't be written, nothing is acknowledged: no room",
        "the database takes nothing: readings: 500 busy",
    ]


def test_what_was_dropped_is_said_once() -> None:
    """The room on the disk is in steps."""
    world = World()
    assert world.watch.health() == Health(True, False, 0.0, 896.0)
    world.dropped = {"journal": 30, "exports": 2, "unknown_assets": 900}
    assert world.watch.health() == Health(True, False, 32.0, 896.0)
    assert world.watch.health() == Health(True, False, 0.0, 896.0)


def test_what_was_dropped_before_the_start_is_no_news() -> None:
    world = World()
    world.dropped = {"journal": 3}
    again = type(world.watch)(world.watch._views, lambda: START_MS)
    assert again.health().dropped_recently == 0.0


def test_the_status_holds_all_of_it() -> None:
    world = World()
    world.alarms, world.quarantined = [ALARM, SHELVED], {"malformed": 1}
    world.positions = {"evaluator": 2, "quarantine": 1, "writer": 0}
    status = world.watch.status()
    assert (status.at_ms, status.live, status.source) == (START_MS, True, world.source)
    assert [site.id for site in status.sites] == ["dh"]
    assert [(cursor.name, cursor.lag_batches) for cursor in status.cursors] == [("evaluator", 0), ("quarantine", 1), ("writer", 2)]
    assert (status.alarms, status.quiet) == ([ALARM], [SHELVED])
    assert (status.dropped, status.quarantined) == ({"journal": 0}, {"malformed": 1})
