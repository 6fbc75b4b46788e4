import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.kinds.catalogue import KINDS
from devices.payloads import native
from devices.payloads.native import Fault, Reading
from devices.signal import Signal, Value

READER = native.reader(KINDS["psa_plant"].signals.values())
GOOD = {"o2_purity_pct": 93.4}

values = st.dictionaries(
    st.text(min_size=1),
    st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    min_size=1,
    max_size=8,
)
readings = st.builds(
    Reading,
    ts=st.none() | st.integers(-(2**63), 2**63),
    seq=st.none() | st.integers(0, 2**63 - 1),
    values=values,
    backfill=st.none() | st.booleans(),
)


def salvaged(payload: str | bytes) -> tuple[list[Reading], list[Fault]]:
    found = list(native.salvage(payload.encode() if isinstance(payload, str) else payload))
    return [each for each in found if isinstance(each, Reading)], [each for each in found if isinstance(each, Fault)]


# encode


def test_the_payload_of_the_contract() -> None:
    reading = Reading(ts=1764000000123, seq=18211, values={"o2_purity_pct": 93.4, "line_pressure_bar": 4.12, "o2_flow_lpm": 412.0})
    expected = b'{"ts":1764000000123,"seq":18211,"values":{"o2_purity_pct":93.4,"line_pressure_bar":4.12,"o2_flow_lpm":412.0}}'
    assert native.encode(reading) == expected


@given(readings)
def test_salvage_reads_back_what_was_encoded(reading: Reading) -> None:
    assert salvaged(native.encode(reading)) == ([reading], [])


@given(st.lists(readings, min_size=1, max_size=4))
def test_salvage_reads_back_a_batch(batch: list[Reading]) -> None:
    assert salvaged(native.encode(batch)) == (batch, [])


@pytest.mark.parametrize("units", [None, {"o2_flow_lpm": "m3/h"}])
def test_units_are_read_back(units: dict[str, str] | None) -> None:
    reading = Reading(values={"o2_flow_lpm": 24.0}, units=units)
    assert salvaged(native.encode(reading)) == ([reading], [])


@pytest.mark.parametrize(
    ("unsayable", "why"),
    [
        ([], "without values"),
        (Reading(values={}), "without values"),
        ([Reading(values={"o2_purity_pct": 93.0}), Reading(values={})], "without values"),
        (Reading(values={"o2_purity_pct": float("nan")}), "o2_purity_pct is nan"),
        (Reading(values={"o2_purity_pct": float("-inf")}), "o2_purity_pct is -inf"),
        (Reading(values={"firmware": "x" * 262_144}), "split the batch"),
    ],
)
def test_encode_refuses_what_no_collector_takes(unsayable: Reading | list[Reading], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        native.encode(unsayable)


# the reader of a kind


@pytest.mark.parametrize(
    ("payload", "reading"),
    [
        ('{"values":{"o2_purity_pct":93}}', Reading(values={"o2_purity_pct": 93.0})),
        ('{"values":{"o2_purity_pct":100}}', Reading(values={"o2_purity_pct": 100.0})),
        ('{"values":{"state":"off","mains_ok":false}}', Reading(values={"state": "off", "mains_ok": False})),
        ('{"seq":0,"ts":-1,"backfill":true,"values":{"cycle_count":7}}', Reading(seq=0, ts=-1, backfill=True, values={"cycle_count": 7.0})),
        (' {"values" : {"room_temp_c" : -3e0 } }\n', Reading(values={"room_temp_c": -3.0})),
        ('{"ts":null,"values":{"o2_purity_pct":93}}', Reading(values={"o2_purity_pct": 93.0})),
    ],
)
def test_a_reader_takes_what_is_right(payload: str, reading: Reading) -> None:
    read = READER.one(payload.encode())
    assert (read.ts, read.seq, read.values, read.units, read.backfill) == (
        reading.ts,
        reading.seq,
        reading.values,
        reading.units,
        reading.backfill,
    )
    assert [type(value) for value in read.values.values()] == [type(value) for value in reading.values.values()]


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "[]",
        "null",
        '{"values":{"o2_purity_pct":100.1}}',
        '{"values":{"o2_purity_pct":-0.1}}',
        '{"values":{"o2_purity_pct":"93"}}',
        '{"values":{"o2_purity_pct":true}}',
        '{"values":{"o2_purity_pct":null}}',
        '{"values":{"o2_purity_pct":NaN}}',
        '{"values":{"o2_purity_pct":1e400}}',
        '{"values":{"mains_ok":1}}',
        '{"values":{"state":"Off"}}',
        '{"values":{"state":3}}',
        '{"ts":"2026-01-31T08:00:00Z","values":{"o2_purity_pct":93}}',
        '{"seq":-1,"values":{"o2_purity_pct":93}}',
        '{"seq":9223372036854775808,"values":{"o2_purity_pct":93}}',
        '{"values":{"o2_purity_pct":93}} x',
        '{"values":{"o2_purity_pct":93},"x":' + "[" * 100_000,
    ],
)
def test_a_reader_refuses_what_is_not(payload: str) -> None:
    with pytest.raises(native.UNREADABLE):
        READER.one(payload.encode())
    with pytest.raises(native.UNREADABLE):
        READER.many(f"[{payload},1]".encode())


def test_a_signal_without_limits_has_a_reader() -> None:
    read = native.reader([Signal("anything", "number")]).one(b'{"values":{"anything":-1e300}}')
    assert read.values == {"anything": -1e300}


@pytest.mark.parametrize(
    ("payload", "whole"),
    [
        ('{"values":{"o2_purity_pct":93}}', True),
        ('{"ts":1,"seq":2,"backfill":false,"values":{"o2_purity_pct":93,"state":"off"}}', True),
        ('[{"ts":1,"values":{"o2_purity_pct":93}},{"values":{"state":"off"}}]', True),
        ("[]", False),
        ('{"values":{}}', False),
        ('[{"values":{}},{"values":{"state":"off"}}]', False),
        ('{"values":{"o2_purity_pct":93,"colour":1}}', False),
        ('{"values":{"o2_purity_pct":93,"o2_purity_pct":94}}', False),
        ('{"values":{"o2_purity_pct":93},"values":{"state":"off"}}', False),
        ('{"ts":1,"ts":2,"values":{"o2_purity_pct":93}}', False),
        ('{"ts":null,"values":{"o2_purity_pct":93}}', False),
        ('{"units":{},"values":{"o2_purity_pct":93}}', False),
        ('{"units":{"o2_purity_pct":"ratio"},"values":{"o2_purity_pct":0.93}}', False),
        ('{"values":{"o2_purity_pct":93},"who":"me"}', False),
        ('{"values" :{"o2_purity_pct" :93,"colour" :1}}', False),
        ('{"values":{"a:b":1,"o2_purity_pct":93}}', False),
    ],
)
def test_is_whole(payload: str, whole: bool) -> None:
    sent = payload.encode()
    assert native.is_whole(sent, READER.many(sent) if payload.startswith("[") else [READER.one(sent)]) is whole


names = st.sampled_from(["o2_purity_pct", "o2_flow_lpm", "colour", "a:b", 'q":'])
members = st.sampled_from(["ts", "seq", "backfill", "units", "who", "x:y"])
contents = {"ts": "1", "seq": "2", "backfill": "true", "units": "null", "who": '"a:b"', "x:y": '":"'}


@given(st.lists(names, max_size=4), st.lists(members, max_size=4), st.sampled_from([":", " :", ": ", "\n:\t"]))
def test_a_whole_reading_has_every_name_of_its_payload_once(inner: list[str], outer: list[str], colon: str) -> None:
    sent_values = ",".join(f"{json.dumps(name)}{colon}1" for name in inner)
    sent = [f"{json.dumps(name)}{colon}{contents[name]}" for name in outer] + [f'"values"{colon}{{{sent_values}}}']
    payload = f"{{{','.join(sent)}}}"
    read = READER.one(payload.encode())
    if native.is_whole(payload.encode(), [read]):
        assert sorted(inner) == sorted(read.values)
        assert len(outer) == len(set(outer))
        assert set(outer) <= {"ts", "seq", "backfill"}


# salvage


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "malformed"),
        (b" \n", "malformed"),
        (b"{", "malformed"),
        (b"online", "malformed"),
        (b"93.4", "malformed"),
        (b'"x"', "malformed"),
        (b"null", "malformed"),
        (b"NaN", "malformed"),
        (b"\x00\xff\xfe", "malformed"),
        ("{}".encode("utf-16"), "malformed"),
        (b'\xef\xbb\xbf{"values":{"o2_purity_pct":93}}', "malformed"),
        (b'{"values":{"state":"\xff"}}', "malformed"),
        (b'{"values":{"o2_purity_pct":93}}{}', "malformed"),
        (b"[" * 200_000, "malformed"),
        (b'{"values":' * 20_000, "malformed"),
        (b"9" * 200_000, "malformed"),
        (b'{"values":[1]}', "malformed"),
        (b'{"values":3}', "malformed"),
        (b"{}", "no_values"),
        (b'{"values":{}}', "no_values"),
        (b'{"values":null}', "no_values"),
        (b"[]", "no_values"),
        (b"[" + b"{}," * 12_000 + b'{"values":{"a":1}}]', "too_large"),
        (b'{"values":{"a":1},"values":{"b":1}}', "duplicate_name"),
        (b'{"ts":1,"ts":2,"values":{"a":1}}', "duplicate_name"),
        (b'{"units":"psi","values":{"a":1}}', "unit_unknown"),
        (b'{"units":{"a":"psi","a":"bar"},"values":{"a":1}}', "unit_unknown"),
        (b'{"ts":"yesterday","values":{"a":1}}', "timestamp_unusable"),
    ],
)
def test_nothing_can_be_salvaged(payload: bytes, reason: str) -> None:
    found, faults = salvaged(payload)
    assert found == []
    assert [(fault.reason, fault.name) for fault in faults] == [(reason, None)]
    assert 10 < len(faults[0].detail) < 200


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("null", "wrong_type"),
        ("[1]", "wrong_type"),
        ("[]", "wrong_type"),
        ('{"value":1}', "wrong_type"),
        ("NaN", "not_finite"),
        ("Infinity", "not_finite"),
        ("-Infinity", "not_finite"),
        ("1e400", "not_finite"),
        ("-1e400", "not_finite"),
        ("9" * 400, "not_finite"),
        ("9" * 5000, "not_finite"),
        ('1,"bad":2', "duplicate_name"),
    ],
)
def test_a_bad_value_loses_only_itself(sent: str, reason: str) -> None:
    found, faults = salvaged(f'{{"ts":5,"values":{{"a":1,"bad":{sent},"b":"x","c":true}},"seq":6}}')
    assert found == [Reading(ts=5, seq=6, values={"a": 1.0, "b": "x", "c": True})]
    assert [(fault.reason, fault.name) for fault in faults] == [(reason, "bad")]


def test_an_object_with_nothing_but_bad_values_yields_no_reading() -> None:
    assert salvaged('{"values":{"bad":null}}')[0] == []


def test_each_object_of_an_array_stands_on_its_own_fault() -> None:
    found, faults = salvaged('[{"values":{"a":1}},3,{"ts":"no","values":{"a":2}},{"values":{"a":3,"b":null}},{"values":{}}]')
    assert found == [Reading(values={"a": 1.0}), Reading(values={"a": 3.0})]
    assert [(fault.reason, fault.name, fault.detail[:9]) for fault in faults] == [
        ("malformed", None, "object 1:"),
        ("timestamp_unusable", None, "object 2:"),
        ("wrong_type", "b", "object 3:"),
        ("no_values", None, "object 4:"),
    ]


@pytest.mark.parametrize(
    ("ts", "ts_ms"),
    [
        ("null", None),
        ("1764000000123", 1764000000123),
        ("1764000000123.0", 1764000000123),
        ("1764000000123.9", 1764000000123),
        ("1.764e12", 1764000000000),
        ("0", 0),
        ("-5", -5),
        ("1" + "0" * 18, 10**18),
        ('"1970-01-01T00:00:03Z"', 3_000),
        ('"2026-01-31T08:00:00Z"', 1769846400000),
        ('"2026-01-31t08:00:00.123z"', 1769846400123),
        ('"2026-01-31 13:30:00+05:30"', 1769846400000),
        ('"2026-01-31T08:00:00.9999Z"', 1769846400999),
        ('"1969-12-31T23:59:59.9995Z"', -1),
        ('"0001-01-01T00:00:00+23:59"', -62135683140000),
    ],
)
def test_times_that_can_be_read(ts: str, ts_ms: int | None) -> None:
    assert salvaged(f'{{"ts":{ts},"values":{{"a":1}}}}') == ([Reading(ts=ts_ms, values={"a": 1.0})], [])


@pytest.mark.parametrize(
    "ts",
    [
        '"2026-01-31T08:00:00"',
        '"2026-01-31"',
        '"2026-02-30T08:00:00Z"',
        '"1764000000123"',
        '""',
        '"\\ud800"',
        "true",
        "[1764000000123]",
        "{}",
        "NaN",
        "1e400",
        "9" * 400,
    ],
)
def test_times_that_can_not_be_read(ts: str) -> None:
    found, faults = salvaged(f'{{"ts":{ts},"values":{{"a":1}}}}')
    assert (found, [fault.reason for fault in faults]) == ([], ["timestamp_unusable"])
    assert "2026-01-31T08:00:00Z" in faults[0].detail


@pytest.mark.parametrize(
    ("member", "sent", "kept"),
    [
        ("seq", "7", 7),
        ("seq", "7.0", 7),
        ("seq", "0", 0),
        ("seq", "null", None),
        ("backfill", "true", True),
        ("backfill", "1", True),
        ("backfill", "false", False),
        ("backfill", "0", False),
        ("backfill", "null", None),
    ],
)
def test_members_that_can_be_read(member: str, sent: str, kept: Value | None) -> None:
    (reading,), faults = salvaged(f'{{"{member}":{sent},"values":{{"a":1}}}}')
    assert (getattr(reading, member), faults) == (kept, [])


@pytest.mark.parametrize(
    ("member", "sent"),
    [
        *(("seq", sent) for sent in ("-1", "7.5", "1e300", "1e400", "NaN", "true", '"7"', "[7]", "9223372036854775808")),
        *(("backfill", sent) for sent in ('"yes"', "2", "[]", "{}", "NaN")),
    ],
)
def test_members_that_make_no_sense_are_ignored_and_said(member: str, sent: str) -> None:
    found, faults = salvaged(f'{{"{member}":{sent},"values":{{"a":1}}}}')
    assert found == [Reading(values={"a": 1.0})]
    assert [(fault.reason, fault.name) for fault in faults] == [("wrong_type", member)]


@pytest.mark.parametrize("unit", ["3", "[]", "{}", "true", "NaN"])
def test_a_unit_that_is_none_loses_its_value_only(unit: str) -> None:
    found, faults = salvaged(f'{{"units":{{"a":{unit},"b":"psi","c":null}},"values":{{"a":1,"b":2,"c":3}}}}')
    assert found == [Reading(values={"b": 2.0, "c": 3.0}, units={"b": "psi"})]
    assert [(fault.reason, fault.name) for fault in faults] == [("unit_unknown", "a")]


@pytest.mark.parametrize(
    ("sent", "text"),
    [(None, "null"), (True, "true"), (1.5, "1.5"), ([1], "an array"), ({}, "an object"), ("a\n\ud800", r"'a\n\ud800'"), ("é", "'é'")],
)
def test_shown(sent: object, text: str) -> None:
    assert native.shown(sent) == text


def test_what_is_shown_is_short() -> None:
    assert native.shown("x" * 1000) == "'" + "x" * 60 + "'…"
