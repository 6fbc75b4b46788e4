import re
import shlex
from pathlib import Path

import pytest

from collector.decoding import MAX_FAULTS, REASONS, Decoder
from collector.records import Batch, Control, Decoded, Message, Reject, Status
from devices.assets import Bank, Concentrator, Gateway, Manifold, Pipeline, PsaPlant, Site
from devices.payloads.native import Reading, encode
from devices.signal import Observation, Timing, Value

PAGE = Path(__file__).parents[3] / "docs/reference/payload.md"
NOW = 1_764_000_000_000
PSA, LINE, GATEWAY = "oxygrid/v1/kasganj-dh/psa1", "oxygrid/v1/kasganj-dh/line", "oxygrid/v1/kasganj-dh/gw1"

SITES = [
    Site(
        id="kasganj-dh",
        assets=(
            PsaPlant(id="psa1", kind="psa_plant", rated_flow_lpm=500),
            Pipeline(id="line", kind="pipeline", nominal_bar=4.1),
            Manifold(id="manifold", kind="manifold", banks={"a": Bank(cylinders=12, type="in-d")}),
            Gateway(id="gw1", kind="gateway", assets=("psa1", "line")),
            Pipeline(id="status", kind="pipeline", nominal_bar=4.1),
        ),
    ),
    Site(id="chc-ganjdundwara", assets=(Concentrator(id="psa1", kind="concentrator"),)),
]
DECODER = Decoder(SITES)


def decode(*messages: Message | tuple[str, str | bytes]) -> Decoded:
    made = [
        each if isinstance(each, Message) else Message(each[0], each[1] if isinstance(each[1], bytes) else each[1].encode())
        for each in messages
    ]
    return DECODER.decode(Batch(7, NOW, made))


def observed(payload: str | bytes, topic: str = PSA, *, retained: bool = False) -> Observation:
    """The one observation of a payload without a fault."""
    sent = payload.encode() if isinstance(payload, str) else payload
    done = DECODER.decode(Batch(7, NOW, [Message(topic, sent, retained)]))
    assert done.rejects == []
    (event,) = done.events
    assert isinstance(event, Observation)
    return event


def rejected(payload: str | bytes, topic: str = PSA) -> Reject:
    """The one reject of a message that yields nothing else."""
    done = decode((topic, payload))
    assert (done.events, done.values) == ([], 0)
    (reject,) = done.rejects
    return reject


# what is right


def test_a_plain_message() -> None:
    payload = (
        '{"ts": 1764000000000, "seq": 18211, "values": {"o2_purity_pct": 93.4, "o2_flow_lpm": 412, "state": "standby", "mains_ok": true}}'
    )
    done = decode((PSA, payload))
    values: dict[str, Value] = {"o2_purity_pct": 93.4, "o2_flow_lpm": 412.0, "state": "standby", "mains_ok": True}
    assert done == Decoded(7, NOW, [Observation("kasganj-dh", "psa1", "psa_plant", NOW, NOW, values, 0, 18211)], [], 1, 4)
    assert isinstance(observed(payload).values["o2_flow_lpm"], float)


@pytest.mark.parametrize(
    ("topic", "payload", "site", "kind", "values"),
    [
        (LINE, '{"values":{"line_pressure_bar":4.1}}', "kasganj-dh", "pipeline", {"line_pressure_bar": 4.1}),
        (GATEWAY, '{"values":{"online":true,"firmware":"2.1 (b:7)"}}', "kasganj-dh", "gateway", {"online": True, "firmware": "2.1 (b:7)"}),
        ("oxygrid/v1/chc-ganjdundwara/psa1", '{"values":{"run_h":1e3}}', "chc-ganjdundwara", "concentrator", {"run_h": 1000.0}),
        ("oxygrid/v1/kasganj-dh/status", '{"values":{"line_pressure_bar":4.1}}', "kasganj-dh", "pipeline", {"line_pressure_bar": 4.1}),
    ],
)
def test_the_topic_says_whose_reading_it_is(topic: str, payload: str, site: str, kind: str, values: dict[str, Value]) -> None:
    found = observed(payload, topic)
    assert (found.site, found.kind, found.values) == (site, kind, values)


@pytest.mark.parametrize(
    "payload",
    [
        '{"ts":1764000000000,"seq":1,"values":{"o2_purity_pct":93}}',
        '{"ts":1764000000000.0,"seq":1.0,"values":{"o2_purity_pct":93}}',
        '{"ts":"2025-11-24T16:00:00Z","seq":1,"values":{"o2_purity_pct":93}}',
        '{"ts":"2025-11-24T21:30:00+05:30","seq":1,"values":{"o2_purity_pct":93}}',
        '{"who":"plant:1","ts":1764000000000,"seq":1,"backfill":null,"units":null,"values":{"o2_purity_pct":93}}',
        '{"units":{"o2_purity_pct":"%","o2_flow_lpm":"Nm3/h"},"ts":1764000000000,"seq":1,"values":{"o2_purity_pct":93}}',
        '{"units":{"o2_purity_pct":""},"ts":1764000000000,"seq":1,"values":{"o2_purity_pct":93}}',
        '[{"ts":1764000000000,"seq":1,"values":{"o2_purity_pct":93}}]',
    ],
)
def test_ways_to_say_the_same(payload: str) -> None:
    assert observed(payload) == Observation("kasganj-dh", "psa1", "psa_plant", NOW, NOW, {"o2_purity_pct": 93.0}, 0, 1)


def test_an_array_yields_its_objects_in_order() -> None:
    batch = [Reading(ts=NOW + n, seq=n, values={"o2_purity_pct": 90.0 + n}) for n in range(3)]
    done = decode((PSA, encode(batch)))
    assert [event.event_ms for event in done.events if isinstance(event, Observation)] == [NOW, NOW + 1, NOW + 2]
    assert (done.messages, done.values, done.rejects) == (1, 3, [])


def test_events_keep_the_order_of_their_messages() -> None:
    reading = '{"values":{"o2_purity_pct":93}}'
    done = decode(("$oxygrid/start", "{}"), (PSA, reading), (f"{GATEWAY}/status", "offline"), (PSA, "x"), (PSA, f"[{reading},{reading}]"))
    assert [type(event) for event in done.events] == [Control, Observation, Status, Observation, Observation]
    assert ([reject.index for reject in done.rejects], done.messages, done.values) == ([3], 5, 3)


# units


@pytest.mark.parametrize(
    ("signal", "sent", "unit", "ours"),
    [
        ("product_tank_bar", "58.0151", "psi", pytest.approx(4.0, abs=1e-4)),
        ("product_tank_bar", "400", "kPa", pytest.approx(4.0)),
        ("product_tank_bar", "4", "kg/cm2", pytest.approx(3.922660)),
        ("room_temp_c", "86", "°F", pytest.approx(30.0)),
        ("o2_purity_pct", "0.93", "ratio", pytest.approx(93.0)),
        ("o2_flow_lpm", "30", "m3/h", pytest.approx(500.0)),
    ],
)
def test_units_are_converted_at_the_door(signal: str, sent: str, unit: str, ours: float) -> None:
    found = observed(f'{{"values":{{"{signal}":{sent},"mains_ok":true}},"units":{{"{signal}":"{unit}"}}}}')
    assert found.values == {signal: ours, "mains_ok": True}


def test_the_range_is_that_after_conversion() -> None:
    assert observed('{"values":{"product_tank_bar":100},"units":{"product_tank_bar":"psi"}}').values["product_tank_bar"] < 16  # type: ignore[operator]
    assert rejected('{"values":{"product_tank_bar":5},"units":{"product_tank_bar":"MPa"}}').reason == "out_of_range"


# contacts


@pytest.mark.parametrize(("sent", "contact"), [("true", True), ("false", False), ("1", True), ("0", False), ("1.0", True)])
def test_a_contact_may_be_said_in_numbers(sent: str, contact: bool) -> None:
    assert observed(f'{{"values":{{"mains_ok":{sent}}}}}').values == {"mains_ok": contact}
    assert isinstance(observed(f'{{"values":{{"mains_ok":{sent}}}}}').values["mains_ok"], bool)


# what is wrong with one value


BAD_VALUES = [
    ("unknown_signal", "colour", "1", None),
    ("unknown_signal", "O2_purity_pct", "93", None),
    ("unknown_signal", "line_pressure_bar", "4.1", None),
    ("unknown_signal", "", "1", None),
    ("wrong_type", "o2_purity_pct", '"93.4"', None),
    ("wrong_type", "o2_purity_pct", '"NaN"', None),
    ("wrong_type", "o2_purity_pct", "true", None),
    ("wrong_type", "o2_purity_pct", "null", None),
    ("wrong_type", "o2_purity_pct", "[93.4]", None),
    ("wrong_type", "o2_purity_pct", '{"value":93.4}', None),
    ("wrong_type", "cycle_count", '"7"', None),
    ("wrong_type", "state", "3", None),
    ("wrong_type", "state", "true", None),
    ("wrong_type", "mains_ok", '"true"', None),
    ("wrong_type", "mains_ok", "2", None),
    ("wrong_type", "mains_ok", "0.5", None),
    ("not_finite", "o2_purity_pct", "NaN", None),
    ("not_finite", "o2_purity_pct", "-Infinity", None),
    ("not_finite", "o2_purity_pct", "1e400", None),
    ("not_finite", "o2_purity_pct", "9" * 500, None),
    ("not_finite", "product_tank_bar", "1e308", "MPa"),
    ("out_of_range", "o2_purity_pct", "100.01", None),
    ("out_of_range", "o2_purity_pct", "-999", None),
    ("out_of_range", "o2_purity_pct", "65535", None),
    ("out_of_range", "cycle_count", "-1", None),
    ("out_of_range", "o2_purity_pct", "93", "ratio"),
    ("unit_unknown", "product_tank_bar", "4", "furlong"),
    ("unit_unknown", "product_tank_bar", "4", "kg"),
    ("unit_unknown", "product_tank_bar", "4", "bara"),
    ("unit_unknown", "fault_code", "4", "bar"),
    ("unit_unknown", "mains_ok", "true", "bar"),
    ("state_unknown", "state", '"RUNNING"', None),
    ("state_unknown", "state", '""', None),
    ("duplicate_name", "o2_purity_pct", '93,"o2_purity_pct":20', None),
]


@pytest.mark.parametrize(("reason", "signal", "sent", "unit"), BAD_VALUES)
@pytest.mark.parametrize("form", ["{}", "[{}]"])
def test_a_bad_value_loses_only_itself(reason: str, signal: str, sent: str, unit: str | None, form: str) -> None:
    units = f'"units":{{"{signal}":"{unit}","room_temp_c":"°C"}},' if unit else ""
    payload = form.format(f'{{"ts":{NOW},"seq":4,{units}"values":{{"room_temp_c":31,"{signal}":{sent},"genset_on":false}}}}')
    done = decode((PSA, payload))
    assert done.events == [Observation("kasganj-dh", "psa1", "psa_plant", NOW, NOW, {"room_temp_c": 31.0, "genset_on": False}, 0, 4)]
    (reject,) = done.rejects
    assert (reject.index, reject.topic, reject.reason, reject.signal, reject.sample) == (0, PSA, reason, signal, payload.encode()[:512])
    assert len(reject.detail) > 10
    assert done.values == 2


def test_an_object_without_a_good_value_yields_nothing() -> None:
    assert rejected('{"values":{"o2_purity_pct":930}}').detail == "930 pct is outside of 0 … 100"


@pytest.mark.parametrize("text", ["", "x" * 129, "a\\nb", "\\u0000", "\\ud800"])
def test_texts_that_can_not_be_used(text: str) -> None:
    reject = rejected(f'{{"values":{{"firmware":"{text}"}}}}', GATEWAY)
    assert (reject.reason, reject.signal) == ("text_unusable", "firmware")
    assert reject.detail.isprintable()


@pytest.mark.parametrize("text", ["2.1", "x" * 128, "v2 – été"])
def test_texts_that_can(text: str) -> None:
    assert observed(f'{{"values":{{"firmware":"{text}"}}}}', GATEWAY).values == {"firmware": text}
    assert rejected('{"values":{"firmware":2.1}}', GATEWAY).reason == "wrong_type"


@pytest.mark.parametrize("member", ['"seq":-3', '"seq":"7"', '"seq":7.5', '"backfill":"yes"'])
def test_a_senseless_member_is_ignored_and_said(member: str) -> None:
    done = decode((PSA, f'{{"ts":{NOW},{member},"values":{{"o2_purity_pct":93}}}}'))
    assert done.events == [Observation("kasganj-dh", "psa1", "psa_plant", NOW, NOW, {"o2_purity_pct": 93.0})]
    (reject,) = done.rejects
    assert (reject.reason, reject.signal) == ("wrong_type", member.split('"')[1])


# what is wrong with a whole message


@pytest.mark.parametrize(
    ("reason", "topic", "payload"),
    [
        ("malformed", PSA, ""),
        ("malformed", PSA, "93.4"),
        ("malformed", PSA, "{"),
        ("malformed", PSA, b"\xff"),
        ("malformed", PSA, "[" * 250_000),
        ("malformed", PSA, '{"a":' * 50_000),
        ("malformed", PSA, '{"values":{"o2_purity_pct":93},"x":' + "[" * 200_000),
        ("no_values", PSA, "{}"),
        ("no_values", PSA, "[]"),
        ("no_values", PSA, f'{{"ts":{NOW},"seq":1,"values":{{}}}}'),
        ("no_values", PSA, '[{"ts":1,"seq":1,"values":{}}]'),
        ("duplicate_name", PSA, '{"ts":1764000000000,"seq":1,"values":{"o2_purity_pct":93},"values":{"o2_purity_pct":20}}'),
        ("too_large", PSA, b" " * 262_113 + b'{"values":{"o2_purity_pct":93.4}}'),
        ("too_large", PSA, "[" + "1," * 12_000 + "1]"),
        ("unit_unknown", PSA, '{"values":{"o2_purity_pct":93},"units":"psi"}'),
        ("timestamp_unusable", PSA, '{"ts":"2025-11-24T16:00:00","values":{"o2_purity_pct":93}}'),
        ("timestamp_unusable", PSA, '{"ts":true,"values":{"o2_purity_pct":93}}'),
        ("unknown_site", "oxygrid/v1/agra/psa1", '{"values":{"o2_purity_pct":93}}'),
        ("unknown_site", "oxygrid/v1/agra/psa1/status", "online"),
        ("unknown_asset", "oxygrid/v1/kasganj-dh/psa2", '{"values":{"o2_purity_pct":93}}'),
        ("unknown_asset", "oxygrid/v1/kasganj-dh/psa2/status", "online"),
        ("unknown_asset", "oxygrid/v1/chc-ganjdundwara/line", "x"),
        ("unknown_topic", "oxygrid/v1/kasganj-dh", "x"),
        ("unknown_topic", "oxygrid/v1/kasganj-dh/", "x"),
        ("unknown_topic", "oxygrid/v1//psa1", "x"),
        ("unknown_topic", "oxygrid/v1/kasganj-dh/psa1/", "x"),
        ("unknown_topic", "oxygrid/v1/kasganj-dh/psa1/status/", "x"),
        ("unknown_topic", "oxygrid/v1/kasganj-dh/psa1/alarm", "x"),
        ("unknown_topic", "oxygrid/v2/kasganj-dh/psa1", "x"),
        ("unknown_topic", "kasganj-dh/psa1", "x"),
        ("unknown_topic", "oxygrid/v1", "x"),
        ("unknown_topic", "", "x"),
        ("unknown_status", f"{PSA}/status", ""),
        ("unknown_status", f"{PSA}/status", "up"),
        ("unknown_status", f"{PSA}/status", b"\xff\xfe"),
        ("unknown_status", f"{PSA}/status", '{"values":{"o2_purity_pct":93}}'),
    ],
)
def test_a_message_that_yields_nothing(reason: str, topic: str, payload: str | bytes) -> None:
    reject = rejected(payload, topic)
    sent = payload if isinstance(payload, bytes) else payload.encode()
    assert (reject.reason, reject.topic, reject.signal, reject.sample) == (reason, topic, None, sent[:512])
    assert 10 < len(reject.detail) < 300


def test_the_largest_message_is_taken() -> None:
    payload = b'{"values":{"o2_purity_pct":93.4}}'
    assert observed(payload.rjust(262_144)).values == {"o2_purity_pct": 93.4}


def test_each_object_of_an_array_stands_on_its_own() -> None:
    objects = (
        f'{{"ts":{NOW},"seq":1,"values":{{"o2_purity_pct":93}}}}',
        '{"ts":"noon","values":{"o2_purity_pct":93}}',
        "7",
        f'{{"ts":{NOW + 1},"seq":2,"values":{{"o2_purity_pct":930,"room_temp_c":31}}}}',
        f'{{"ts":{NOW + 2},"seq":3,"values":{{"state":"off"}}}}',
    )
    done = decode((PSA, f"[{','.join(objects)}]"))
    assert [(event.seq, event.values) for event in done.events if isinstance(event, Observation)] == [
        (1, {"o2_purity_pct": 93.0}),
        (2, {"room_temp_c": 31.0}),
        (3, {"state": "off"}),
    ]
    assert [(reject.reason, reject.signal) for reject in done.rejects] == [
        ("timestamp_unusable", None),
        ("malformed", None),
        ("out_of_range", "o2_purity_pct"),
    ]


# bounds


@pytest.mark.parametrize(
    "payload",
    [
        "[" + ",".join(["1"] * 12_000) + "]",
        '{"values":{' + ",".join(f'"{n}":1' for n in range(20_000)) + "}}",
        '{"values":{' + ",".join(f'"{n}":null' for n in range(20_000)) + "}}",
        "[" + ",".join(['{"seq":-1,"values":{"o2_purity_pct":-1}}'] * 5_000) + "]",
    ],
)
def test_the_faults_of_one_message_are_bounded_and_counted(payload: str) -> None:
    done = decode((PSA, payload), (PSA, "x"))
    assert [reject.index for reject in done.rejects] == [0] * (MAX_FAULTS + 1) + [1]
    last = done.rejects[MAX_FAULTS]
    total = payload.count(",") + 1 if "seq" not in payload else 10_000
    assert (last.reason, last.detail) == ("too_many_faults", f"{total - MAX_FAULTS} more faults in this message")


def test_exactly_as_many_faults_as_are_listed() -> None:
    done = decode((PSA, "[" + ",".join(["1"] * MAX_FAULTS) + "]"))
    assert [reject.reason for reject in done.rejects] == ["malformed"] * MAX_FAULTS


def test_what_a_stranger_sends_is_cut_and_made_printable() -> None:
    reject = rejected(f'{{"values":{{"\\ud800{"n" * 5_000}":1}}}}')
    assert reject.signal is not None
    assert len(reject.signal) < 80
    assert reject.signal.isprintable()
    assert len(reject.detail) < 200
    assert len(rejected("x", "a" * 60_000).topic) == 256


# status and control


@pytest.mark.parametrize(("word", "online"), [("online", True), ("offline", False), ("Online", True), (" OFFLINE\n", False)])
@pytest.mark.parametrize("retained", [True, False])
def test_a_status(word: str, online: bool, retained: bool) -> None:
    done = decode(Message(f"{GATEWAY}/status", word.encode(), retained))
    assert (done.events, done.rejects, done.values) == ([Status("kasganj-dh", "gw1", online, NOW, retained)], [], 0)


def test_an_asset_named_status_has_readings_and_a_status() -> None:
    done = decode(("oxygrid/v1/kasganj-dh/status/status", "online"))
    assert done.events == [Status("kasganj-dh", "status", True, NOW, False)]


@pytest.mark.parametrize("name", ["start", "source", "command", "status", "a/status"])
def test_a_control_record_is_handed_on_as_it_is(name: str) -> None:
    assert decode((f"$oxygrid/{name}", b"\xff")).events == [Control(name, b"\xff", NOW)]


def test_another_prefix() -> None:
    decoder = Decoder(SITES, "up/oxygen")
    topics = ["up/oxygen/kasganj-dh/line", "oxygrid/v1/kasganj-dh/line"]
    done = decoder.decode(Batch(1, NOW, [Message(topic, b'{"values":{"line_pressure_bar":4}}') for topic in topics]))
    assert (len(done.events), [reject.reason for reject in done.rejects]) == (1, ["unknown_topic"])


# time

LIVE, NO_TS, BAD_CLOCK, FUTURE, LATE, BACKFILL, RETAINED = (
    Timing.LIVE,
    Timing.NO_TS,
    Timing.BAD_CLOCK,
    Timing.FUTURE,
    Timing.LATE,
    Timing.BACKFILL,
    Timing.RETAINED,
)
YEAR_2020 = 1_577_836_800_000
TIMES = [
    # ts, event_ms, timing, raw_ts_ms
    (None, NOW, NO_TS, None),
    (NOW, NOW, LIVE, None),
    (NOW - 1, NOW - 1, LIVE, None),
    (NOW - 300_000, NOW - 300_000, LIVE, None),
    (NOW - 300_001, NOW - 300_001, LATE, None),
    (YEAR_2020, YEAR_2020, LATE, None),
    (YEAR_2020 - 1, NOW, BAD_CLOCK, YEAR_2020 - 1),
    (3_000, NOW, BAD_CLOCK, 3_000),
    (0, NOW, BAD_CLOCK, 0),
    (-1, NOW, BAD_CLOCK, -1),
    (-(10**18), NOW, BAD_CLOCK, -(10**18)),
    (-(10**25), NOW, BAD_CLOCK, -(2**63)),
    (NOW // 1000, NOW, BAD_CLOCK, NOW // 1000),
    (NOW + 120_000, NOW + 120_000, LIVE, None),
    (NOW + 120_001, NOW, FUTURE, NOW + 120_001),
    (NOW + 19_800_000, NOW, FUTURE, NOW + 19_800_000),
    (10**30, NOW, FUTURE, 2**63 - 1),
]


@pytest.mark.parametrize(("ts", "event_ms", "timing", "raw_ts_ms"), TIMES)
@pytest.mark.parametrize("seq", ["", '"seq":5,', '"seq":5.0,'])
@pytest.mark.parametrize(("backfill", "sent"), [(LIVE, ""), (LIVE, '"backfill":false,'), (BACKFILL, '"backfill":true,')])
@pytest.mark.parametrize("retained", [False, True])
def test_the_two_times(
    ts: int | None, event_ms: int, timing: Timing, raw_ts_ms: int | None, seq: str, backfill: Timing, sent: str, retained: bool
) -> None:
    said = "" if ts is None else f'"ts":{ts},'
    found = observed(f'{{{said}{seq}{sent}"values":{{"o2_purity_pct":93}}}}', retained=retained)
    expected = int(timing | backfill | (RETAINED if retained else LIVE))
    assert found == Observation(
        "kasganj-dh", "psa1", "psa_plant", event_ms, NOW, {"o2_purity_pct": 93.0}, expected, 5 if seq else None, 0, raw_ts_ms
    )
    assert type(found.timing) is int


def test_a_collector_whose_own_clock_is_wrong_takes_no_1970_as_live() -> None:
    done = DECODER.decode(Batch(1, 5_000, [Message(PSA, b'{"ts":4000,"seq":1,"values":{"o2_purity_pct":93}}')]))
    assert [event.timing for event in done.events if isinstance(event, Observation)] == [int(BAD_CLOCK)]


def test_observations_without_a_time_of_their_own_are_numbered_by_asset() -> None:
    reading, old = '{"values":{"o2_purity_pct":93}}', '{"ts":3000,"backfill":true,"values":{"o2_purity_pct":93}}'
    ahead, honest = f'{{"ts":{NOW * 2},"values":{{"o2_purity_pct":93}}}}', f'{{"ts":{NOW},"values":{{"o2_purity_pct":93}}}}'
    other = "oxygrid/v1/kasganj-dh/line"
    done = decode(
        (PSA, reading),
        (PSA, f"[{old},{honest},{old}]"),
        (other, reading),
        (PSA, '{"values":{"o2_purity_pct":930}}'),
        (PSA, '{"values":{"o2_purity_pct":93,"x":1}}'),
        (PSA, ahead),
        (other, reading),
    )
    assert [(event.asset, event.event_ms, event.tie) for event in done.events if isinstance(event, Observation)] == [
        ("psa1", NOW, 0),
        ("psa1", NOW, 1),
        ("psa1", NOW, 0),
        ("psa1", NOW, 2),
        ("line", NOW, 0),
        ("psa1", NOW, 3),
        ("psa1", NOW, 4),
        ("line", NOW, 1),
    ]
    again = decode((PSA, reading))
    assert [event.tie for event in again.events if isinstance(event, Observation)] == [0]


# the reference page


def test_every_reason_is_tried_above() -> None:
    tried = {row[0] for row in BAD_VALUES} | {"text_unusable", "too_many_faults"}
    marks = test_a_message_that_yields_nothing.pytestmark  # type: ignore[attr-defined]
    assert tried | {row[0] for row in marks[0].args[1]} == set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_stands_in_the_reference_page(reason: str) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{reason}` |")]
    assert len(rows) == 1
    assert REASONS[reason] in rows[0]


def test_the_lines_of_the_reference_page_are_right() -> None:
    lines = [shlex.split(line) for line in PAGE.read_text().splitlines() if line.startswith("mosquitto_pub ")]
    assert len(lines) == 6
    sent = [(line[line.index("-t") + 1], line[line.index("-m") + 1].replace("$(date +%s)", str(NOW // 1000))) for line in lines]
    done = decode(*sent)
    assert [(reject.index, reject.reason) for reject in done.rejects] == [(5, "out_of_range")]
    assert [event.values for event in done.events if isinstance(event, Observation)][1:3] == [
        {"line_pressure_bar": 4.12},
        {"line_pressure_bar": pytest.approx(4.137, abs=1e-3)},
    ]
    assert (len(done.events), done.values) == (6, 8)


def test_the_examples_of_the_reference_page_are_right() -> None:
    examples = re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    done = decode((PSA, examples[0]), (LINE, examples[1]))
    assert (len(examples), len(done.events), done.rejects) == (2, 3, [])
