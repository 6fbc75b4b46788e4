"""Commands on their way through the pipeline: with the step they belong to, each once in the audit trail, whatever dies in between."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from collector.audit import Check, Row, Word, decode
from collector.outputs import Command
from collector.records import CONTROL, Message
from collector.store.state import StateStore
from collector.threads import PatientThread, Thread
from tests.unit.collector.test_pipeline import STEP_MS, Crash, FullJournal, World, begin_and_crash, until_passed, working, world

__all__ = ["world"]

LP_LL = "a/line/LP-LL"
LP_L = "b/line/LP-L"


async def tell(world: World, name: str, what: Command | Word) -> None:
    """A record of its own, STEP_MS after the last batch."""
    world.now_ms += STEP_MS
    await world.feed.append([Message(CONTROL + name, msgspec.json.encode(what))])


async def fill(world: World) -> int:
    """A start, two sites that lose their pressure, commands of every kind, some of them refused, a reload and a stop; how many batches."""
    await tell(world, "start", Word(what="oxygrid 1", rules="r1", sites="s1"))
    for bar in (4.1, 2.0, 2.0, 2.0):
        await world.say(a=bar, b=4.1)
    await tell(world, "command", Command("ack", LP_LL, "Asha"))
    await tell(world, "command", Command("ack", LP_LL, "Bina"))
    await tell(world, "refused", Word(command=Command("ack", "a/line/NO-NE", "Asha"), refused="there is no such alarm"))
    await tell(world, "command", Command("shelve", LP_L, "Asha", "gauge is being replaced", 10.0))
    await world.say(a=4.1, b=3.5)
    await world.say(a=4.1, b=3.5)
    await tell(world, "configuration", Word(what="other rules", rules="r2", sites="s1"))
    await tell(world, "command", Command("unshelve", LP_L, "Asha"))
    await tell(world, "command", Command("out_of_service", LP_L, "Asha", "job 17", 60.0))
    await world.say(a=4.1, b=4.1)
    await tell(world, "command", Command("return", LP_L, "Asha"))
    await tell(world, "stop", Word(what="asked to"))
    return world.feed.last_seq


def trail(state: StateStore) -> list[Row]:
    check, rows = Check(), list(state.audit_rows())
    for row in rows:
        check.take(row)
    assert check.end(state.audit_head()) == []
    return rows


def told(rows: list[Row]) -> list[str]:
    entries = [decode(row.body) for row in rows]
    return [
        f"{e.command.command} {e.command.by}: {'refused' if e.refused else e.state}" if e.command else f"{e.kind}: {e.what}"
        for e in entries
    ]


COMMITS = 11
EXPECTED = [
    "start: oxygrid 1",
    "ack Asha: acknowledged",
    "ack Bina: refused",
    "ack Asha: refused",
    "shelve Asha: shelved",
    "configuration: other rules",
    "unshelve Asha: normal",
    "out_of_service Asha: out_of_service",
    "return Asha: normal",
    "stop: asked to",
]


async def test_a_command_its_change_and_its_row_in_the_trail_are_one_transaction(world: World) -> None:
    last = await fill(world)
    async with working(world.begin()) as task:
        await until_passed(world, last, task)
    assert len(world.written) == COMMITS
    assert told(trail(world.state)) == EXPECTED
    by_command = {change.audit[0].command.command + change.audit[0].refused: change for change in world.written if change.audit}
    shelved = by_command["shelve"]
    assert [(t.event, t.by, t.why) for t in shelved.transitions] == [("shelved", "Asha", "gauge is being replaced")]
    assert [snapshot.site for snapshot in shelved.snapshots if snapshot.site == "b"] == ["b"]
    assert world.state.configuration() == ("r2", "s1")


@pytest.mark.parametrize("at", range(COMMITS))
@pytest.mark.parametrize("moment", ["before the commit", "after the commit", "before the cursor"])
async def test_a_crash_between_any_two_steps_loses_no_row_of_the_trail_and_doubles_none(tmp_path: Path, moment: str, at: int) -> None:
    undisturbed = await run_through(tmp_path / "undisturbed", "never", 0)
    assert told(undisturbed[0]) == EXPECTED
    assert await run_through(tmp_path / "disturbed", moment, at) == undisturbed


async def run_through(folder: Path, moment: str, at: int) -> tuple[list[Row], list[tuple[str, str, int]]]:
    """Everything folded, with one crash and a restart: the trail to the last bit, and the transitions."""
    journal_thread, state_thread = Thread("journal"), PatientThread("state")
    with closing(StateStore(folder / "state.db")) as state:
        world = World(FullJournal(), journal_thread, state, state_thread)
        last = await fill(world)
        async with working(begin_and_crash(world, moment, at)) as task:
            await until_passed(world, last, task)
        if moment != "never":
            assert isinstance(task.exception(), Crash)
            async with working(world.begin()) as task:
                await until_passed(world, last, task)
        journal_thread.close()
        state_thread.close()
        return trail(state), world.told()
