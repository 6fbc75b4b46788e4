from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.store import responses
from collector.store.responses import NO_ANSWER, Reply, Sending, Verdict, backoff_s, kept, portions, refused, told_s, verdict, words

PROBE = "collector write_probe=true 1"
NOW_S = 1_764_000_000.0


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Verdict.ACCEPTED),
        (204, Verdict.ACCEPTED),
        (400, Verdict.REFUSED),
        (422, Verdict.REFUSED),
        (413, Verdict.TOO_LARGE),
        (429, Verdict.WAIT),
        (503, Verdict.WAIT),
        (301, Verdict.BARRED),
        (401, Verdict.BARRED),
        (403, Verdict.BARRED),
        (404, Verdict.BARRED),
        (405, Verdict.BARRED),
        (500, Verdict.FAILED),
        (502, Verdict.FAILED),
        (504, Verdict.FAILED),
        (NO_ANSWER, Verdict.FAILED),
    ],
)
def test_every_status_has_its_meaning(status: int, expected: Verdict) -> None:
    assert verdict(status) is expected


LINES = ["m,a=1 f=1 1", "garbage", 'm,a=3 f="x" 1', "m,,="]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # as InfluxDB 1.6.7 answers
        (
            {"error": "partial write: unable to parse 'garbage': missing fields\nunable to parse 'm,,=': missing tag key dropped=0"},
            {1: "unable to parse: missing fields", 3: "unable to parse: missing tag key"},
        ),
        ({"error": "unable to parse 'garbage': missing fields"}, {1: "unable to parse: missing fields"}),
        ({"error": "partial write: points beyond retention policy dropped=2"}, {}),
        (
            {"error": "partial write: points beyond retention policy dropped=4"},
            dict.fromkeys(range(4), "400 partial write: points beyond retention policy dropped=4"),
        ),
        ({"error": 'partial write: field type conflict: input field "f" on measurement "m" is type string dropped=1'}, {}),
        # as InfluxDB 2.x answers
        ({"code": "invalid", "message": "unable to parse 'garbage': missing fields"}, {1: "unable to parse: missing fields"}),
        # as InfluxDB 3 Core answers (its documentation, "write_lp"): the line without its quotes, numbered from 1
        (
            {
                "error": "partial write of line protocol occurred",
                "data": [{"original_line": "m,a=3 f=x 1", "line_number": 3, "error_message": "invalid column type for column 'f'"}],
            },
            {2: "invalid column type for column 'f'"},
        ),
        (
            {
                "error": "parsing failed for write_lp endpoint",
                "data": {"original_line": "garbage", "line_number": 2, "error_message": "No fields"},
            },
            {1: "No fields"},
        ),
        ({"error": "partial write of line protocol occurred", "data": [{"line_number": 9, "error_message": "x"}]}, {}),
        ("<html>Bad request</html>", {}),
    ],
)
def test_what_the_servers_name(body: object, expected: dict[int, str]) -> None:
    assert refused(Reply(400, body if isinstance(body, str) else json.dumps(body)), LINES) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(404, '{"error":"database not found: \\"nope\\""}'), '404 database not found: "nope"'),
        (Reply(401, '{"code":"unauthorized","message":"unauthorized access"}'), "401 unauthorized access"),
        (Reply(502, "<html>\n  Bad   gateway</html>"), "502 <html> Bad gateway</html>"),
        (Reply(500, ""), "500 no words"),
        (Reply(500, "x" * 10_000), "500 " + "x" * 500),
        (Reply(NO_ANSWER, "no answer within 10 s"), "no answer within 10 s"),
        (Reply(400, "[1]"), "400 [1]"),
    ],
)
def test_words_for_people(reply: Reply, expected: str) -> None:
    assert words(reply) == expected


# A model of a server: what it refuses, and how it says so

Server = Callable[[list[str]], Reply]


def silent(lines: list[str]) -> Reply:
    bad = [line for line in lines if line.startswith("bad")]
    return Reply(400, "unable to parse") if bad else Reply(204)


def influx_1(lines: list[str]) -> Reply:
    bad = [line for line in lines if line.startswith("bad")]
    text = "\n".join(f"unable to parse '{line}': missing fields" for line in bad)
    return Reply(400, json.dumps({"error": f"partial write: {text} dropped=0"})) if bad else Reply(204)


def influx_1_conflict(lines: list[str]) -> Reply:
    bad = sum(line.startswith("bad") for line in lines)
    text = 'partial write: field type conflict: input field "f" on measurement "bad" is type float, already exists as type string'
    return Reply(400, json.dumps({"error": f"{text} dropped={bad}"})) if bad else Reply(204)


def influx_3(lines: list[str]) -> Reply:
    data = [{"line_number": n, "error_message": "no", "original_line": ""} for n, line in enumerate(lines, 1) if line.startswith("bad")]
    return Reply(400, json.dumps({"error": "partial write of line protocol occurred", "data": data})) if data else Reply(204)


def small(lines: list[str]) -> Reply:
    return Reply(413, "too large") if sum(map(len, lines)) > 60 else silent(lines)


def wordless(lines: list[str]) -> Reply:
    """Refuses without a word that is known to be about lines."""
    return silent(lines)._replace(body="no")


def drive(sending: Sending, server: Server) -> tuple[set[str], int]:
    """What the server stored (only what it accepted whole, which is the least that any server does), and how many requests it got."""
    stored: set[str] = set()
    requests = 0
    while chunk := sending.chunk:
        requests += 1
        reply = server(chunk)
        if reply.status == 204:
            stored.update(chunk)
        sending.answer(reply)
    return stored, requests


@pytest.mark.parametrize("server", [silent, influx_1, influx_1_conflict, influx_3, small, wordless])
@given(good=st.lists(st.booleans(), max_size=40))
def test_good_lines_are_stored_and_bad_ones_rejected(server: Server, good: list[bool]) -> None:
    lines = [f"{'good' if one else 'bad'} f={place} 1" for place, one in enumerate(good)]
    sending = Sending(lines, PROBE)
    stored, requests = drive(sending, server)
    assert sending.stopped is None
    assert stored - {PROBE} == {line for line in lines if line.startswith("good")}
    assert sorted(one.line for one in sending.rejected) == sorted(line for line in lines if line.startswith("bad"))
    assert requests <= 2 * len(lines)


@pytest.mark.parametrize(("server", "most"), [(influx_1, 2), (influx_1_conflict, 3), (influx_3, 2), (silent, 25)])
def test_one_bad_line_among_a_thousand_costs_few_requests(server: Server, most: int) -> None:
    lines = [f"good f={n} 1" for n in range(1000)]
    lines[617] = "bad f=617 1"
    _, requests = drive(Sending(lines, PROBE), server)
    assert requests <= most


def test_a_field_of_the_wrong_type_in_every_line_of_a_measurement_costs_few_requests() -> None:
    lines = [f"{'bad' if n % 2 else 'good'} f={n} 1" for n in range(1000)]
    sending = Sending(lines, PROBE)
    _, requests = drive(sending, influx_1_conflict)
    assert (len(sending.rejected), requests) == (500, 3)


def test_a_line_that_is_too_large_alone_is_rejected() -> None:
    sending = Sending(["good f=1 1", "good " + "f" * 100 + "=1 1", "good f=2 1"], PROBE)
    stored, _ = drive(sending, small)
    assert stored == {"good f=1 1", "good f=2 1"}
    assert [one.reason for one in sending.rejected] == ["413 too large"]


def test_no_line_is_blamed_when_the_server_refuses_everything() -> None:
    sending = Sending(["a f=1 1", "b f=1 1"], PROBE)
    stored, _ = drive(sending, lambda _: Reply(400, "database is required"))
    assert (stored, sending.rejected) == (set(), [])
    assert sending.stopped == Reply(400, "database is required")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503, NO_ANSWER])
def test_after_any_other_answer_the_write_stops(status: int) -> None:
    sending = Sending(["good f=1 1", "bad f=2 1"], PROBE)
    sending.answer(Reply(400, "unable to parse"))
    sending.answer(Reply(status, "why"))
    assert (sending.chunk, sending.stopped) == ([], Reply(status, "why"))


def test_nothing_to_send_is_no_request() -> None:
    assert Sending(["", ""], PROBE).chunk == []


@given(st.lists(st.text("ab", max_size=9), max_size=60))
def test_portions_hold_every_line_in_order_within_both_bounds(lines: list[str]) -> None:
    cut = portions(lines)
    assert [line for portion in cut for line in portion] == [line for line in lines if line]
    assert all(cut)


def test_portions_are_bounded_in_lines_and_bytes() -> None:
    assert [len(part) for part in portions(["x"] * (responses.MAX_LINES + 1))] == [responses.MAX_LINES, 1]
    half = "x" * (responses.MAX_BYTES // 2)
    assert [len(part) for part in portions([half, half, "y", half * 3, "z"])] == [1, 2, 1, 1]


# When to try again


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("0", 0.0),
        ("86400", 300.0),
        ("Mon, 24 Nov 2025 16:00:30 GMT", 30.0),
        ("Mon, 24 Nov 2025 15:00:00 GMT", 0.0),
        ("Tue, 25 Nov 2025 16:00:00 GMT", 300.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert told_s(header, NOW_S) == seconds


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_bounded(attempt: int, share: float) -> None:
    assert 0.05 <= backoff_s(attempt, share) <= 30.0


def test_backoff_doubles() -> None:
    assert [backoff_s(attempt, 0.5) for attempt in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 15, 15]


@pytest.mark.parametrize(
    ("reply", "keep_s", "alarm"),
    [
        (Reply(401, "who"), 22.5, True),
        (Reply(404, "no such database"), 22.5, True),
        (Reply(400, "database is required"), 22.5, True),
        (Reply(429, "slow", "7"), 7.0, False),
        (Reply(503, "busy", "Mon, 24 Nov 2025 16:00:30 GMT"), 30.0, False),
        (Reply(503, "busy"), 1.0, False),
        (Reply(500, "engine: cache maximum memory size exceeded", "7"), 1.0, False),
        (Reply(NO_ANSWER, "connection refused"), 1.0, False),
    ],
)
def test_what_is_kept_waits_as_long_as_its_reason_asks(reply: Reply, keep_s: float, alarm: bool) -> None:
    outcome = kept(reply, attempt=2, share=0.5, now_s=NOW_S)
    assert (outcome.keep, outcome.keep_s, outcome.alarm, outcome.rejected) == (True, keep_s, alarm, [])
    assert outcome.problem == words(reply)
