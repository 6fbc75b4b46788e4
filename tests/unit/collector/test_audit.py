"""The chain: whole as it was written, and broken wherever anybody changed, removed, put in or moved something."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.audit import (
    BEFORE_THE_FIRST,
    EMPTY,
    MANY,
    Break,
    Check,
    Head,
    Row,
    Word,
    chain,
    decode,
    digest,
    encode,
    head_in,
    noted,
    of_command,
    verify,
)
from collector.outputs import AuditEntry, Command, TrailEntry
from collector.records import Control, Decoded
from devices.signal import Observation

NOW = 1_764_000_000_000
ACK = Command("ack", "a/line/LP-LL", "Asha")


def entry(n: int, **more: object) -> TrailEntry:
    return msgspec.structs.replace(TrailEntry(kind="command", at_ms=NOW + n, seq=10 + n, nth=0, command=ACK, state="acknowledged"), **more)


def trail(entries: Sequence[TrailEntry], after: Head = EMPTY) -> list[Row]:
    """As the store writes them."""
    rows: list[Row] = []
    head = after
    for each in entries:
        body = encode(each)
        head = Head(head.n + 1, chain(head.hash, body))
        rows.append(Row(head.n, each.at_ms, each.seq, each.nth, body, head.hash))
    return rows


def head_of(rows: Sequence[Row]) -> Head:
    return Head(rows[-1].n, rows[-1].hash) if rows else EMPTY


def breaks(rows: Sequence[Row], kept: Head | None, *written: Head) -> list[Break]:
    check = Check(written)
    for row in rows:
        check.take(row)
    return check.end(kept)


ROWS = trail([entry(n) for n in range(8)])
HEAD = head_of(ROWS)


# ---- the chain


def test_a_row_is_chained_by_sha_256_of_the_hash_before_it_and_its_body() -> None:
    first = chain(BEFORE_THE_FIRST, b"{}")
    assert first == hashlib.sha256(b"\0" * 32 + b"{}").digest()
    assert chain(first, b"[]") == hashlib.sha256(first + b"[]").digest()


def test_the_body_is_json_that_a_person_can_read() -> None:
    assert json.loads(encode(entry(1))) == {
        "kind": "command",
        "at_ms": NOW + 1,
        "seq": 11,
        "nth": 0,
        "command": {"command": "ack", "alarm": "a/line/LP-LL", "by": "Asha", "why": "", "minutes": 0.0, "one_shot": False},
        "state": "acknowledged",
    }
    assert decode(encode(entry(1))) == entry(1)


def test_a_head_is_read_where_it_was_printed() -> None:
    assert str(HEAD) == f"n=8 hash={HEAD.hash.hex()}"
    assert head_in(str(HEAD)) == HEAD
    assert head_in(f"2026-01-31 08:00:00 INFO collector.app: audit head {HEAD}\n") == HEAD
    assert head_in("n=8 hash=abc") is None
    assert head_in("") is None


# ---- whole, and broken


def test_what_was_written_is_whole() -> None:
    assert verify(ROWS, HEAD) is None
    assert verify([], EMPTY) is None
    assert verify([], None) is None
    check = Check()
    for row in ROWS:
        check.take(row)
    assert (check.end(HEAD), check.head, check.first, check.count) == ([], HEAD, 1, 8)


def changed(n: int, **columns: Any) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row._replace(**columns) if row.n == n else row for row in rows]


def removed(*numbers: int) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row for row in rows if row.n not in numbers]


def rewritten(n: int, body: bytes) -> Callable[[list[Row]], list[Row]]:
    """One row with the hash that fits, and the old ones behind it."""
    return lambda rows: [row._replace(body=body, hash=chain(rows[n - 2].hash, body)) if row.n == n else row for row in rows]


def swapped(rows: list[Row]) -> list[Row]:
    """The contents of two neighbours, with their hashes, changed places."""
    third, fourth = rows[2], rows[3]
    return [*rows[:2], fourth._replace(n=3), third._replace(n=4), *rows[4:]]


def put_in(rows: list[Row]) -> list[Row]:
    """A row between the fourth and the fifth, those behind it renumbered."""
    (extra,) = trail([entry(99)], head_of(rows[:4]))
    return [*rows[:4], extra, *(row._replace(n=row.n + 1) for row in rows[4:])]


OTHER = encode(entry(4, refused="no"))


@pytest.mark.parametrize(
    ("damage", "n", "what"),
    [
        pytest.param(changed(5, body=OTHER), 5, "not that of its content", id="content"),
        pytest.param(changed(5, hash=bytes(32)), 5, "not that of its content", id="hash"),
        pytest.param(changed(5, body=b"?"), 5, "not that of its content", id="rubbish"),
        pytest.param(changed(5, at_ms=1), 5, "not what its content says", id="time beside the content"),
        pytest.param(changed(5, seq=1), 5, "not what its content says", id="batch beside the content"),
        pytest.param(changed(5, nth=3), 5, "not what its content says", id="place beside the content"),
        pytest.param(rewritten(5, OTHER), 6, "not that of its content behind the row before it", id="content and hash"),
        pytest.param(removed(5), 6, "row 5 is before it missing", id="one is gone"),
        pytest.param(removed(3, 4, 5), 6, "rows 3 to 5 are before it missing", id="some are gone"),
        pytest.param(removed(1), 2, "row 1 is before it missing, and no entry says that they were trimmed", id="the oldest is gone"),
        pytest.param(removed(8), 8, "row 8 is missing at the end; the head that was kept is n=8", id="the newest is gone"),
        pytest.param(removed(6, 7, 8), 6, "rows 6 to 8 are missing at the end", id="the newest are gone"),
        pytest.param(removed(*range(1, 9)), 1, "rows 1 to 8 are missing at the end", id="all are gone"),
        pytest.param(swapped, 3, "not that of its content", id="two changed places"),
        pytest.param(put_in, 6, "not that of its content", id="one was put in"),
        pytest.param(lambda rows: [rows[0]._replace(n=0), *rows], 0, "no row has such a number", id="one before the first"),
    ],
)
def test_the_first_broken_row_is_named_with_what_is_wrong(damage: Callable[[list[Row]], list[Row]], n: int, what: str) -> None:
    found = breaks(damage(list(ROWS)), HEAD)
    assert found[0].n == n == verify(damage(list(ROWS)), HEAD)
    assert what in str(found[0])


def test_a_row_behind_the_head_was_not_written_by_the_collector() -> None:
    (found,) = breaks(ROWS, head_of(ROWS[:6]))
    assert (found.n, "rows 7 to 8 are not written by the collector" in found.what) == (7, True)
    (found,) = breaks(ROWS, Head(8, bytes(32)))
    assert "not that of the head that was kept" in found.what
    (found,) = breaks(ROWS, None)
    assert "no head is kept beside the trail" in found.what


def test_behind_a_broken_place_the_chain_is_followed_on() -> None:
    rows = changed(3, body=OTHER)(changed(6, at_ms=0)(list(ROWS)))
    assert {found.n for found in breaks(rows, HEAD)} == {3, 6}


def test_of_a_file_that_is_rubbish_not_every_row_is_told() -> None:
    rows = [Row(n, 0, 0, 0, b"?", b"?") for n in range(1, 10 * MANY)]
    assert len(breaks(rows, None)) <= MANY + 3


def changed_row(row: Row, column: str, value: Any) -> Row:
    return row._replace(**{column: value})


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12, unique=True), st.data())
def test_any_one_change_is_found(times: list[int], data: st.DataObject) -> None:
    rows = trail([entry(n) for n in times])
    head = head_of(rows)
    assert verify(rows, head) is None
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows[at]
    what = data.draw(st.sampled_from(["body", "hash", "at_ms", "seq", "nth", "remove", "double", "swap"]))
    if what in {"body", "hash"}:
        old: bytes = getattr(row, what)
        place, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
        rows[at] = changed_row(row, what, old[:place] + bytes([old[place] ^ 1 << bit]) + old[place + 1 :])
    elif what in {"at_ms", "seq", "nth"}:
        rows[at] = changed_row(row, what, getattr(row, what) + 1)
    elif what == "remove":
        del rows[at]
    elif what == "double":
        rows.insert(at, row)
        rows = [each._replace(n=n) for n, each in enumerate(rows, start=1)]
    else:
        other = data.draw(st.integers(0, len(rows) - 1))
        if other == at:
            return
        rows[at], rows[other] = rows[other]._replace(n=at + 1), row._replace(n=other + 1)
    assert verify(rows, head) is not None


# ---- heads that were written down


def test_a_file_that_was_rewritten_as_a_whole_is_found_by_a_head_that_was_written_down() -> None:
    forged = trail([entry(n, refused="never done") if n == 2 else entry(n) for n in range(8)])
    assert verify(forged, head_of(forged)) is None
    written = Head(5, ROWS[4].hash)
    assert breaks(ROWS, HEAD, written, Head(5, ROWS[4].hash), EMPTY) == []
    assert [str(found) for found in breaks(forged, head_of(forged), written)] == [
        "row 5: its hash is not the one that was written down: the trail was rewritten"
    ]
    assert [str(found) for found in breaks(forged[:4], head_of(forged[:4]), written)] == ["row 5: is missing; its hash was written down"]


# ---- trimmed


def trimmed(rows: Sequence[Row], through: int) -> list[Row]:
    """The rows up to number `through` are removed, and an entry behind the last says so."""
    (gone,) = (row for row in rows if row.n == through)
    says = TrailEntry(kind="trimmed", at_ms=NOW, seq=0, nth=through, through=through, hash=gone.hash.hex())
    return [*(row for row in rows if row.n > through), *trail([says], head_of(rows))]


def test_a_trail_whose_oldest_rows_were_trimmed_is_whole() -> None:
    rows = trimmed(ROWS, 3)
    assert breaks(rows, head_of(rows), Head(4, ROWS[3].hash)) == []
    twice = trimmed(rows, 6)
    assert breaks(twice, head_of(twice)) == []
    (found,) = breaks(rows, head_of(rows), Head(2, ROWS[1].hash))
    assert str(found) == "row 2: was trimmed since its hash was written down, and can't be compared"


def test_more_removed_than_the_entry_says_is_found() -> None:
    rows = trimmed(ROWS, 3)
    (found,) = breaks(rows[1:], head_of(rows))
    assert str(found) == "row 5: rows 1 to 4 are before it missing, and no entry says that they were trimmed"


@pytest.mark.parametrize(("column", "value"), [("hash", bytes(32)), ("body", OTHER)])
def test_the_oldest_row_that_is_left_is_checked_too(column: str, value: bytes) -> None:
    rows = trimmed(ROWS, 3)
    rows[0] = changed_row(rows[0], column, value)
    assert breaks(rows, head_of(rows))[0].n == 4


def test_a_trim_that_gives_no_hash_proves_nothing() -> None:
    says = TrailEntry(kind="trimmed", at_ms=NOW, seq=0, nth=3, through=3, hash="rubbish")
    rows = [*ROWS[3:], *trail([says], HEAD)]
    (found,) = breaks(rows, head_of(rows))
    assert found.n == 4


# ---- what goes into it


def test_a_command_goes_in_with_what_became_of_it() -> None:
    refused = AuditEntry(at_ms=NOW, seq=7, nth=1, command=ACK, state="normal", refused="nothing to acknowledge")
    assert of_command(refused) == TrailEntry(
        kind="command", at_ms=NOW, seq=7, nth=1, command=ACK, state="normal", refused="nothing to acknowledge"
    )


def control(name: str, word: Word | None = None) -> Control:
    return Control(name, msgspec.json.encode(word) if word else b"{}", NOW)


def batch(*events: Control | Observation) -> Decoded:
    return Decoded(7, NOW, list(events), [], len(events), 0)


def test_the_collectors_own_records_go_in_in_their_order_below_zero() -> None:
    words = Word(what="oxygrid 1", rules="r", sites="s"), Word(what="other rules", rules="r", sites="s")
    refused = Word(command=ACK, refused="no such alarm")
    found = noted(batch(control("clock"), control("start", words[0]), control("configuration", words[1]), control("refused", refused)))
    assert found == [
        TrailEntry(kind="start", at_ms=NOW, seq=7, nth=-3, what="oxygrid 1", rules="r", sites="s"),
        TrailEntry(kind="configuration", at_ms=NOW, seq=7, nth=-2, what="other rules", rules="r", sites="s"),
        TrailEntry(kind="command", at_ms=NOW, seq=7, nth=-1, command=ACK, refused="no such alarm"),
    ]
    assert noted(batch(control("stop"))) == [TrailEntry(kind="stop", at_ms=NOW, seq=7, nth=-1)]


def test_readings_and_what_the_fold_sees_to_are_not_noted() -> None:
    reading = Observation("a", "line", "pipeline", NOW, NOW, {"line_pressure_bar": 4.1})
    assert noted(batch()) == noted(batch(reading)) == []
    assert noted(batch(control("source"), reading, control("command"), control("health"))) == []


def test_a_configuration_is_known_by_its_digest_whatever_the_order_of_its_sets_and_keys() -> None:
    states = [f"state-{n}" for n in range(40)]
    expected = hashlib.sha256(json.dumps({"limit": 3.5, "states": sorted(states)}, separators=(",", ":")).encode()).hexdigest()
    assert digest({"states": frozenset(states), "limit": 3.5}) == expected
    assert digest({"limit": 3.5, "states": set(states)}) == expected
    assert digest({"limit": 3.6, "states": set(states)}) != expected


def test_the_digest_of_the_default_rules_and_of_sites_is_the_same_in_every_process() -> None:
    code = (
        "import sys; from pathlib import Path; from collector.app import digests_of; from collector.config import load; "
        "from collector.config.rulebook import rule_set; config = load(Path(sys.argv[1])); "
        "print(*digests_of(config, rule_set(config.rules)))"
    )
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", code, str(root / "examples" / "kasganj.yaml")]
    told = {
        subprocess.run(argv, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert len(set(told.pop().split())) == 2
