"""What holds for any payload: no exception, no good value lost, none but good values kept, and the quick way equals the slow one."""

import json
import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.decoding import MAX_FAULTS, REASONS, Decoder
from collector.records import Batch, Decoded, Message
from devices.assets import Gateway, PsaPlant, Site
from devices.kinds.catalogue import KINDS
from devices.payloads.native import Reading, encode
from devices.signal import Observation, Signal, Value

NOW = 1_764_000_000_000
PSA, GATEWAY = "oxygrid/v1/kasganj-dh/psa1", "oxygrid/v1/kasganj-dh/gw1"
SIGNALS = KINDS["psa_plant"].signals
DECODER = Decoder(
    [Site(id="kasganj-dh", assets=(PsaPlant(id="psa1", kind="psa_plant", rated_flow_lpm=500), Gateway(id="gw1", kind="gateway")))]
)


def decode(payload: bytes, topic: str = PSA, *, retained: bool = False) -> Decoded:
    return DECODER.decode(Batch(1, NOW, [Message(topic, payload, retained)]))


def check(done: Decoded) -> None:
    """What every decoded batch promises to those who use it."""
    assert done.values == sum(len(event.values) for event in done.events if isinstance(event, Observation))
    assert done.events or done.rejects
    assert len(done.rejects) <= MAX_FAULTS + 1
    for event in done.events:
        if isinstance(event, Observation):
            signals = KINDS[event.kind].signals
            assert event.values
            assert all(fits(signals[name], value) for name, value in event.values.items())
            assert 1_577_836_800_000 <= event.event_ms <= NOW + 120_000
            assert event.seq is None or 0 <= event.seq < 2**63
            assert event.raw_ts_ms is None or -(2**63) <= event.raw_ts_ms < 2**63
    for reject in done.rejects:
        assert reject.reason in REASONS
        assert len(reject.sample) <= 512
        assert reject.detail.encode()
        assert len(reject.detail) < 1000
        assert reject.signal is None or len(reject.signal.encode()) < 400


def fits(signal: Signal, value: Value) -> bool:
    if signal.type == "boolean":
        return isinstance(value, bool)
    if signal.type in {"number", "counter"}:
        return type(value) is float and math.isfinite(value) and signal.sane[0] <= value <= signal.sane[1]
    return isinstance(value, str) and (value in signal.states or signal.type == "text")


def good_value(signal: Signal) -> st.SearchStrategy[Value]:
    if signal.type == "boolean":
        return st.booleans()
    if signal.type == "state":
        return st.sampled_from(sorted(signal.states))
    return st.floats(*map(float, signal.sane))


good_values = st.dictionaries(st.sampled_from(sorted(SIGNALS)), st.none(), min_size=1, max_size=8).flatmap(
    lambda names: st.fixed_dictionaries({name: good_value(SIGNALS[name]) for name in names})
)
times = st.none() | st.integers(NOW - 400_000, NOW + 200_000) | st.integers(-(2**63), 2**63 - 1)
good_readings = st.builds(
    Reading, ts=times, seq=st.none() | st.integers(0, 2**63 - 1), values=good_values, backfill=st.none() | st.booleans()
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([10**400, "NaN", "\ud800", "off"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from(["o2_purity_pct", "state", "mains_ok", "cycle_count", "product_tank_bar", "colour", ""]) | st.text(max_size=5)
datetimes = st.datetimes().map(str) | st.datetimes().map(lambda at: f"{at.isoformat()}Z")
mostly_right = st.fixed_dictionaries(
    {"values": st.dictionaries(names, anything | st.floats(0, 16), max_size=5) | anything},
    optional={
        "ts": anything | datetimes | st.integers(NOW - 10**6, NOW + 10**6),
        "seq": anything,
        "units": st.dictionaries(names, st.sampled_from(["psi", "bar", "ratio", "%", "kg"]) | anything, max_size=3) | anything,
        "backfill": anything,
        "who": anything,
    },
)


@given(st.binary(max_size=200), st.sampled_from([PSA, GATEWAY, f"{PSA}/status", "$oxygrid/x"]), st.booleans())
def test_any_bytes(payload: bytes, topic: str, retained: bool) -> None:
    check(decode(payload, topic, retained=retained))


@given(st.text(max_size=80))
def test_any_topic(topic: str) -> None:
    check(decode(b'{"values":{"o2_purity_pct":93}}', topic))
    check(decode(b'{"values":{"o2_purity_pct":93}}', f"oxygrid/v1/{topic}"))


@given(anything | mostly_right | st.lists(mostly_right, max_size=3), st.sampled_from([PSA, GATEWAY]), st.booleans())
@settings(max_examples=400)
def test_any_json(sent: object, topic: str, retained: bool) -> None:
    payload = json.dumps(sent).encode()
    done = decode(payload, topic, retained=retained)
    check(done)
    assert decode(payload, topic, retained=retained) == done


@given(st.lists(good_readings, min_size=1, max_size=3), st.data())
def test_a_mutated_payload(batch: list[Reading], data: st.DataObject) -> None:
    payload = bytearray(encode(batch))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b"", b'"', b":", b",", b"}", b"[", b"NaN", b"e9", b"\xff", b"0"])
        )
        payload = payload or bytearray(b"x")
    check(decode(bytes(payload)))


@given(good_readings)
@example(Reading(values={"o2_purity_pct": 0.0}))
def test_what_is_encoded_is_decoded(reading: Reading) -> None:
    done = decode(encode(reading))
    (event,) = done.events
    assert isinstance(event, Observation)
    assert (event.values, event.seq, done.rejects) == (reading.values, reading.seq, [])
    assert {name: type(value) for name, value in event.values.items()} == {name: type(value) for name, value in reading.values.items()}
    assert reading.ts in (event.event_ms, event.raw_ts_ms)


@given(st.lists(good_readings, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_the_quick_way_equals_the_slow_way(batch: list[Reading], alone: bool, retained: bool) -> None:
    quick = encode(batch[0] if alone else batch)
    slow = quick.replace(b'"values":', b'"who":"a member that no reader knows","values":')
    assert decode(slow, retained=retained) == decode(quick, retained=retained)


poison = st.dictionaries(
    st.sampled_from(["colour", "", "line_pressure_bar", "ts", "a:b", "\ud800"]) | st.text(min_size=13, max_size=14), anything, max_size=4
)


@given(good_readings, poison, st.permutations(range(12)))
def test_the_good_values_of_a_poisoned_payload_are_all_kept(reading: Reading, bad: dict[str, object], order: list[int]) -> None:
    bad = {name: value for name, value in bad.items() if name not in SIGNALS}
    mixed = [*(dict(reading.values) | bad).items()]
    values = dict(mixed[place] for place in order if place < len(mixed))
    done = decode(json.dumps({"ts": NOW, "values": values}).encode())
    check(done)
    (event,) = done.events
    assert isinstance(event, Observation)
    assert event.values == reading.values
    assert len(done.rejects) == len(bad)


@given(st.lists(st.tuples(st.sampled_from([PSA, GATEWAY, "nobody"]), st.binary(max_size=20) | good_readings.map(encode)), max_size=6))
def test_a_batch_decodes_like_its_messages(sent: list[tuple[str, bytes]]) -> None:
    together = DECODER.decode(Batch(1, NOW, [Message(topic, payload) for topic, payload in sent]))
    single = [decode(payload, topic) for topic, payload in sent]
    assert together.values == sum(done.values for done in single)
    assert [reject.reason for reject in together.rejects] == [reject.reason for done in single for reject in done.rejects]
    together_values = [event.values for event in together.events if isinstance(event, Observation)]
    assert together_values == [event.values for done in single for event in done.events if isinstance(event, Observation)]
