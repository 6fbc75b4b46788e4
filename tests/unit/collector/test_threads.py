from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from collector.errors import JournalError
from collector.threads import PatientThread, Thread


@pytest.fixture
def patient() -> Iterator[PatientThread]:
    thread = PatientThread("state file", retry_s=0.0)
    yield thread
    thread.close()


class Disk:
    """Takes nothing the first `refusals` times."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.taken: list[int] = []

    def take(self, what: int) -> int:
        if self.refusals:
            self.refusals -= 1
            raise JournalError("no room")
        self.taken.append(what)
        return what


async def test_calls_run_one_after_another_and_give_their_result(patient: PatientThread) -> None:
    disk = Disk()
    assert await asyncio.gather(*(patient.run(disk.take, n) for n in range(50))) == list(range(50))
    assert disk.taken == list(range(50))


async def test_a_call_whose_caller_is_gone_still_has_its_turn() -> None:
    """Also one that had not begun: what was to be written is written."""
    thread, gate, disk = Thread("state"), threading.Event(), Disk()
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        gate.wait(10)

    calls = [asyncio.create_task(thread.run(wait)), asyncio.create_task(thread.run(disk.take, 1))]
    await asyncio.to_thread(begun.wait, 10)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    gate.set()
    thread.close()
    assert disk.taken == [1]


async def test_a_thread_hands_the_error_on() -> None:
    thread = Thread("journal")
    with pytest.raises(JournalError, match="no room"):
        await thread.run(Disk(1).take, 1)
    thread.close()


async def test_a_patient_thread_tries_again_until_it_can_and_says_so_twice(
    patient: PatientThread, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    disk = Disk(5)
    assert await patient.run(disk.take, 7) == 7
    assert await patient.run(disk.take, 8) == 8
    assert (disk.taken, disk.refusals) == ([7, 8], 0)
    assert caplog.messages == ["the state file can't be written, trying again until it can: no room", "the state file can be written again"]


async def test_what_is_no_fault_of_the_disk_is_not_tried_again(patient: PatientThread) -> None:
    tries: list[int] = []

    def wrong() -> None:
        tries.append(1)
        raise ValueError("a mistake in the program")

    with pytest.raises(ValueError, match="a mistake"):
        await patient.run(wrong)
    assert tries == [1]


async def test_patience_ends_where_time_can_not_help(patient: PatientThread) -> None:
    def damaged() -> None:
        raise JournalError("malformed", retry=False)

    with pytest.raises(JournalError, match="malformed"):
        await patient.run(damaged)
