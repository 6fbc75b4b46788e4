from __future__ import annotations

import mqtt5
import pytest
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
)

from collector.errors import SourceError, UserError
from collector.records import Message
from collector.sources.mqtt.options import SessionOptions
from collector.sources.mqtt.session import RECEIVE_MAXIMUM, Session
from collector.sources.mqtt.states import FROM_BROKER, TABLE, Event, State
from tests.unit.collector.sources.mqtt.talk import (
    CONNECTED,
    DISCONNECTED,
    GRANTED,
    OPTIONS,
    accept,
    echo,
    publish,
    reconnect,
    sent,
    session_in,
    take,
    take_token,
    token_of,
)

PROBE = OPTIONS.probe_topic


# ---------------------------------------------------------------------------- the way in


def test_connect_asks_for_a_lasting_session_and_a_wide_window() -> None:
    session = Session(OPTIONS)
    session.connect(0)
    (packet,) = sent(session)
    assert isinstance(packet, ConnectPacket)
    assert (packet.client_id, packet.username, packet.password) == ("oxygrid-test", "u", b"secret")
    assert packet.clean_start is False
    assert packet.session_expiry_interval == 7 * 86_400
    assert packet.receive_max == RECEIVE_MAXIMUM == 65534
    assert packet.max_packet_size == 300 * 1024
    assert packet.keep_alive == 60


def test_receive_maximum_is_really_on_the_wire() -> None:
    session = Session(OPTIONS)
    session.connect(0)
    assert b"\x21\xff\xfe" in session.data_to_send()  # property 0x21, MQTT 5.0 §3.1.2.11.3


@pytest.mark.parametrize("present", [True, False])
def test_every_connection_subscribes_and_gets_no_retained_message_twice(present: bool) -> None:
    session = Session(OPTIONS)
    session.connect(0)
    accept(session, present=present)
    (packet,) = sent(session)
    assert isinstance(packet, SubscribePacket)
    (topic_filter,) = packet.topic_filters
    assert topic_filter.pattern == "oxygrid/v1/#"
    assert topic_filter.max_qos == QoS.AT_LEAST_ONCE
    assert topic_filter.retain_handling == RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
    assert topic_filter.retain_as_published is False


def test_connected_is_said_when_the_probe_is_heard_and_not_before() -> None:
    session = session_in(State.SUBSCRIBING)
    session.receive(GRANTED, 5)
    assert take(session) == []
    session.receive(echo(session, 7), 6)
    assert session.state is State.ONLINE
    assert take(session) == [CONNECTED]
    assert session.data_to_send() == b"\x40\x02\x00\x07"  # the probe itself is acknowledged at once


def test_a_reading_proves_hearing_as_well_and_stands_after_the_word_of_it() -> None:
    session = session_in(State.PROVING)
    session.receive(publish(1), 6)
    assert session.state is State.ONLINE
    assert take(session) == [CONNECTED, Message("oxygrid/v1/s/a", b"{}")]


def test_what_the_session_kept_arrives_before_the_subscription_is_answered() -> None:
    session = session_in(State.SUBSCRIBING)
    session.receive(publish(1) + GRANTED, 6)
    assert session.state is State.PROVING
    assert take(session) == [Message("oxygrid/v1/s/a", b"{}")]


# ---------------------------------------------------------------------------- acknowledging


def test_nothing_is_acknowledged_before_it_is_durable_and_then_all_in_one_write() -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1) + publish(0) + publish(2) + publish(65535), 0)
    assert session.data_to_send() == b""
    token = take_token(session)
    assert session.data_to_send() == b""
    session.acknowledge(token, 1)
    assert session.data_to_send() == b"\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\xff\xff"
    assert (session.counts.received, session.counts.acknowledged) == (4, 3)


def test_a_delivery_of_an_older_connection_is_never_acknowledged() -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1), 0)
    token = take_token(session)
    session.connection_lost(SourceError("cut"), 1)
    reconnect(session, 2)
    session.acknowledge(token, 3)
    assert session.data_to_send() == b""
    assert session.counts.acknowledged == 0


def test_what_waited_when_the_connection_broke_is_handed_on_but_not_acknowledged() -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1, payload=b"old"), 0)
    session.connection_lost(SourceError("cut"), 1)
    reconnect(session, 2)
    session.receive(publish(1, payload=b"again"), 3)
    delivery = session.take(100, 10_000)
    assert [message.payload for message in delivery.messages] == [b"old", DISCONNECTED.payload, CONNECTED.payload, b"again"]
    session.acknowledge(token_of(delivery.token), 4)
    assert session.data_to_send() == b"\x40\x02\x00\x01"


def test_qos_2_left_over_from_another_subscription_is_taken_in_its_own_way() -> None:
    session = session_in(State.ONLINE)
    session.receive(PublishPacket("oxygrid/v1/s/a", b"x", qos=QoS.EXACTLY_ONCE, packet_id=3).write() + publish(4), 0)
    session.acknowledge(take_token(session), 1)
    received, acknowledged = sent(session)
    assert isinstance(received, PubRecPacket)
    assert received.packet_id == 3
    assert isinstance(acknowledged, PubAckPacket)
    assert acknowledged.packet_id == 4
    session.receive(PubRelPacket(3).write(), 2)
    (complete,) = sent(session)
    assert isinstance(complete, PubCompPacket)
    assert complete.packet_id == 3


@pytest.mark.parametrize(
    ("max_messages", "max_bytes", "expected"), [(2, 10_000, [2, 2, 1]), (9, 250, [2, 2, 1]), (9, 1, [1] * 5), (5, 10_000, [5])]
)
def test_deliveries_are_bounded(max_messages: int, max_bytes: int, expected: list[int]) -> None:
    session = session_in(State.ONLINE)
    session.receive(b"".join(publish(i, payload=b"x" * 100) for i in range(1, 6)), 0)
    sizes = []
    while session.waiting:
        delivery = session.take(max_messages, max_bytes)
        sizes.append(len(delivery.messages))
        session.acknowledge(token_of(delivery.token), 0)
    assert sizes == expected
    assert session.waiting_bytes == 0
    assert [packet.packet_id for packet in sent(session) if isinstance(packet, PubAckPacket)] == [1, 2, 3, 4, 5]


# ---------------------------------------------------------------------------- what may not get through


@pytest.mark.parametrize("state", [State.SUBSCRIBING, State.PROVING, State.ONLINE])
def test_nobody_else_speaks_in_the_name_of_the_collector(state: State) -> None:
    session = session_in(state)
    session.receive(publish(1, "$oxygrid/command", b"{}"), 0)
    assert take(session)[-1] == Message("?$oxygrid/command", b"{}")


@pytest.mark.parametrize("topic", [PROBE, "oxygrid/v1/$probe/another-collector"])
def test_probes_never_reach_the_journal(topic: str) -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(5, topic, b"old probe"), 0)
    assert take(session) == []
    assert session.data_to_send() == b"\x40\x02\x00\x05"


def test_a_retained_message_is_marked() -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1, retain=True) + publish(2), 0)
    assert [message.retained for message in take(session)] == [True, False]


def test_a_topic_that_is_not_utf8_goes_to_the_quarantine_and_not_round_and_round() -> None:
    session = session_in(State.ONLINE)
    bad = b"\x32\x09\x00\x02\xff\xfe\x00\x2a\x00hi"
    session.receive(publish(1) + bad + publish(2), 0)
    delivery = session.take(10, 1000)
    assert [message.topic for message in delivery.messages] == ["oxygrid/v1/s/a", "\ufffd\ufffd", "oxygrid/v1/s/a"]
    assert delivery.messages[1].payload == b"hi"
    session.acknowledge(token_of(delivery.token), 1)
    assert [packet.packet_id for packet in sent(session) if isinstance(packet, PubAckPacket)] == [1, 42, 2]
    assert session.counts.malformed == 1
    assert session.state is State.ONLINE


# ---------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("code", "words", "retry", "slow"),
    [
        (ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "bad user name or password .*check username and password", True, True),
        (ConnAckReasonCode.NOT_AUTHORIZED, "not authorised .*access rules", True, True),
        (ConnAckReasonCode.SERVER_BUSY, "busy", True, True),
        (ConnAckReasonCode.SERVER_UNAVAILABLE, "not available", True, False),
        (ConnAckReasonCode.QUOTA_EXCEEDED, "quota", True, True),
        (ConnAckReasonCode.CLIENT_ID_NOT_VALID, "client id.*choose another", False, False),
        (ConnAckReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "does not speak MQTT 5.*use a broker", False, False),
    ],
)
def test_a_refused_connection_has_its_own_words_and_its_own_patience(code: ConnAckReasonCode, words: str, retry: bool, slow: bool) -> None:
    session = session_in(State.CONNECTING)
    session.receive(ConnAckPacket(reason_code=code, reason_str="so there").write(), 1)
    assert_failed(session, words, retry=retry, slow=slow)
    assert "'so there'" in str(session.failure)


@pytest.mark.parametrize(
    ("packet", "words", "retry"),
    [
        (ConnAckPacket(max_qos=QoS.AT_MOST_ONCE), "does not support QoS 1", True),
        (ConnAckPacket(wildcard_subscription_available=False), "no wildcard subscriptions", False),
    ],
)
def test_a_broker_that_cannot_do_what_we_need(packet: ConnAckPacket, words: str, retry: bool) -> None:
    session = session_in(State.CONNECTING)
    session.receive(packet.write(), 1)
    assert_failed(session, words, retry=retry, slow=retry)


@pytest.mark.parametrize(
    ("code", "words", "retry"),
    [
        (SubAckReasonCode.NOT_AUTHORIZED, "not authorised to read .*oxygrid/v1/#.*allow this user to subscribe", True),
        (SubAckReasonCode.TOPIC_FILTER_INVALID, "topic filter.*prefix", False),
        (SubAckReasonCode.QUOTA_EXCEEDED, "quota", True),
        (SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE, "does not support QoS 1", True),
    ],
)
def test_a_refused_subscription(code: SubAckReasonCode, words: str, retry: bool) -> None:
    session = session_in(State.SUBSCRIBING)
    session.receive(SubAckPacket(1, [code]).write(), 1)
    assert_failed(session, words, retry=retry, slow=retry)


def test_a_suback_without_any_answer_is_a_refusal() -> None:
    session = session_in(State.SUBSCRIBING)
    session.receive(b"\x90\x03\x00\x01\x00", 1)
    assert_failed(session, "refused the subscription")


@pytest.mark.parametrize(
    ("code", "words", "slow"),
    [
        (DisconnectReasonCode.SESSION_TAKEN_OVER, "same client id .*two collectors", True),
        (DisconnectReasonCode.SERVER_SHUTTING_DOWN, "shutting down", False),
        (DisconnectReasonCode.SERVER_BUSY, "busy", True),
        (DisconnectReasonCode.PACKET_TOO_LARGE, "too large", True),
        (DisconnectReasonCode.QUOTA_EXCEEDED, "quota", True),
        (DisconnectReasonCode.KEEP_ALIVE_TIMEOUT, "keep-alive", False),
        (DisconnectReasonCode.NOT_AUTHORIZED, "took our authorisation away", True),
    ],
)
def test_a_goodbye_of_the_broker(code: DisconnectReasonCode, words: str, slow: bool) -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1) + DisconnectPacket(reason_code=code).write() + publish(2), 1)
    assert_failed(session, words, slow=slow)
    assert take(session) == [Message("oxygrid/v1/s/a", b"{}"), DISCONNECTED]


@pytest.mark.parametrize("answer", [b"\x20\x02\x00\x01", b"\x20\x02\x00\x05", b"\x20\x02\x00\x00"])
def test_a_broker_that_speaks_only_3_1_1(answer: bytes) -> None:
    session = session_in(State.CONNECTING)
    session.receive(answer, 1)
    assert_failed(session, "does not speak MQTT 5.*mosquitto 1.6", retry=False)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"\x15\x03\x01\x00\x02\x02\x0a", publish(1), b"\x00", b"\xe0\x00"])
def test_what_is_no_mqtt_broker(answer: bytes) -> None:
    session = session_in(State.CONNECTING)
    session.receive(answer, 1)
    assert_failed(session, f"begins with 0x{answer[0]:02x} .*check host and port", slow=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x00\x00", "no MQTT 5 packet"),
        (b"\x36\x07\x00\x02ab\x00\x01\x00", "no MQTT 5 packet.*quality of service"),
        (b"\x32\x04\x00\x09ab", "no MQTT 5 packet.*ends too early"),
        (b"\x30\xff\xff\xff\xff\x01", "no MQTT 5 packet"),
        (ConnAckPacket().write(), "ConnAckPacket to a session that is online"),
        (ConnectPacket("x").write(), "ConnectPacket to a session that is online"),
        (GRANTED, "SubAckPacket to a session that is online"),
        (mqtt5.AuthPacket().write(), "AuthPacket"),
    ],
)
def test_garbage_ends_the_connection_with_a_reason(data: bytes, words: str) -> None:
    session = session_in(State.ONLINE)
    session.receive(publish(1) + data, 1)
    assert_failed(session, words)
    goodbye = sent(session)[-1]
    assert isinstance(goodbye, DisconnectPacket)
    assert goodbye.reason_code in (DisconnectReasonCode.MALFORMED_PACKET, DisconnectReasonCode.PROTOCOL_ERROR)
    assert take(session) == [Message("oxygrid/v1/s/a", b"{}"), DISCONNECTED]
    session.receive(publish(2), 2)
    assert take(session) == []


@pytest.mark.parametrize("data", [b"\x30\xff\xff\xff\x7f", publish(1, payload=b"x" * 300 * 1024)])
def test_a_giant_packet_is_refused_by_its_length_alone(data: bytes) -> None:
    session = session_in(State.ONLINE)
    session.receive(data, 1)
    assert_failed(session, r"packet of \d+ bytes, though we said")
    assert session.counts.too_large == 1
    assert isinstance(sent(session)[-1], DisconnectPacket)


def test_a_shorter_session_than_asked_for_is_a_warning() -> None:
    session = session_in(State.CONNECTING)
    session.receive(ConnAckPacket(session_expiry_interval=3600).write(), 1)
    assert session.state is State.SUBSCRIBING
    assert "3600 s only" in session.warning


def assert_failed(session: Session, words: str, *, retry: bool = True, slow: bool = False) -> None:
    assert session.state is State.CLOSED
    assert session.failure is not None
    with pytest.raises(SourceError, match=words):
        raise session.failure
    assert (session.failure.retry, session.failure.slow) == (retry, slow)
    assert session.next_deadline() is None


# ---------------------------------------------------------------------------- a session that is lost


def test_a_broker_that_forgot_is_told_apart_and_the_gap_is_said() -> None:
    session = session_in(State.ONLINE, 1_000)
    session.connection_lost(SourceError("cut"), 5_000)
    session.connect(8_000)
    session.connection_lost(SourceError("again"), 8_001)
    reconnect(session, 65_000, present=False)
    assert take(session) == [DISCONNECTED, Message("$oxygrid/source", b'{"connected":true,"session_lost":true,"gap_ms":60000}')]
    assert session.counts.sessions_lost == 1


def test_a_session_that_was_kept_is_not_lost() -> None:
    session = session_in(State.ONLINE, 1_000)
    session.connection_lost(SourceError("cut"), 5_000)
    reconnect(session, 65_000, present=True)
    assert take(session) == [DISCONNECTED, CONNECTED]
    assert session.counts.sessions_lost == 0


def test_connections_that_never_heard_anything_are_not_announced() -> None:
    session = session_in(State.PROVING)
    session.connection_lost(SourceError("cut"), 5)
    assert take(session) == []


def test_leaving_says_goodbye_and_keeps_the_session() -> None:
    session = session_in(State.ONLINE)
    session.leave(1)
    (goodbye,) = sent(session)
    assert isinstance(goodbye, DisconnectPacket)
    assert goodbye.reason_code == DisconnectReasonCode.NORMAL_DISCONNECTION
    assert goodbye.session_expiry_interval is None
    assert take(session) == [DISCONNECTED]
    assert session.failure is None


# ---------------------------------------------------------------------------- time


@pytest.mark.parametrize(("state", "what"), [(State.CONNECTING, "CONNECT"), (State.SUBSCRIBING, "SUBSCRIBE")])
def test_a_broker_that_does_not_answer(state: State, what: str) -> None:
    session = session_in(state, 100)
    deadline = session.next_deadline()
    assert deadline == 20_100
    session.handle_timer(20_099)
    assert session.state is state
    session.handle_timer(20_100)
    assert_failed(session, f"did not answer {what} within 20 s")


def test_a_deaf_session_is_closed_at_its_deadline() -> None:
    session = session_in(State.PROVING, 0)
    assert session.next_deadline() == 10_000
    session.handle_timer(9_999)
    assert session.state is State.PROVING
    session.handle_timer(10_000)
    assert_failed(session, "connected and subscribed, and deaf.*oxygrid/v1/\\$probe/oxygrid-test.*not heard within 10 s.*access rules")
    assert session.counts.deaf == 1


def test_a_session_that_goes_deaf_later_is_found_by_the_next_probe() -> None:
    session = session_in(State.ONLINE, 0)
    assert session.next_deadline() == 20_000
    session.handle_timer(20_000)
    (probe,) = sent(session)
    assert isinstance(probe, PublishPacket)
    assert probe.topic == PROBE
    session.handle_timer(30_000)
    assert_failed(session, "deaf")
    assert take(session) == [DISCONNECTED]


def test_a_session_that_hears_its_probes_lives_on() -> None:
    session = session_in(State.ONLINE, 0)
    for now_ms in range(20_000, 200_000, 20_000):
        session.handle_timer(now_ms)
        session.receive(echo(session), now_ms + 9_000)
        session.handle_timer(now_ms + 10_000)
    assert session.state is State.ONLINE
    assert session.counts.deaf == 0


def test_an_old_probe_is_no_proof() -> None:
    session = session_in(State.PROVING, 0)
    old = echo(session)
    session.connection_lost(SourceError("cut"), 1)
    session.connect(2)
    accept(session, 2, present=True)
    session.receive(GRANTED + old, 2)
    assert session.state is State.PROVING
    session.handle_timer(10_002)
    assert session.counts.deaf == 1


def test_a_probe_behind_a_backlog_is_waited_for_as_long_as_readings_arrive() -> None:
    session = session_in(State.PROVING, 0)
    for now_ms in range(1_000, 60_000, 1_000):
        session.receive(publish(1), now_ms)
        session.handle_timer(now_ms)
    assert session.state is State.ONLINE
    for now_ms in range(60_000, 70_000, 1_000):
        session.handle_timer(now_ms)
    assert session.state is State.ONLINE
    session.handle_timer(70_000)  # the last probe was sent at 60 s
    assert_failed(session, "deaf")


def test_a_broker_that_says_nobody_listens_has_lost_our_subscription() -> None:
    session = session_in(State.PROVING)
    session.receive(PubAckPacket(1, reason_code=PubAckReasonCode.NO_MATCHING_SUBSCRIBERS).write(), 5)
    assert_failed(session, "deaf.*nobody is subscribed")


def test_a_broker_that_forbids_the_probe_is_used_without_it_and_that_is_said() -> None:
    session = session_in(State.PROVING, 0)
    session.receive(PubAckPacket(1, reason_code=PubAckReasonCode.NOT_AUTHORIZED).write(), 5)
    assert session.state is State.ONLINE
    assert f"allow writing to {PROBE}" in session.warning
    session.handle_timer(20_000)
    assert session.state is State.ONLINE
    assert session.next_deadline() == 30_000  # only pings are left


def test_silence_of_ours_is_filled_with_pings_and_a_dead_peer_is_found() -> None:
    options = SessionOptions(client_id="c", keep_alive_s=10, probe_interval_s=1000, probe_timeout_s=900)
    session = session_in(State.ONLINE, 0, options)
    session.handle_timer(5_000)
    assert session.data_to_send() == b"\xc0\x00"
    session.receive(b"\xd0\x00", 5_100)
    session.handle_timer(10_000)
    assert session.data_to_send() == b"\xc0\x00"
    session.handle_timer(15_000)
    session.handle_timer(29_999)
    assert session.state is State.ONLINE
    session.handle_timer(30_000)
    assert_failed(session, "not answered a ping for 20 s")


def test_acknowledgements_count_as_signs_of_life_of_ours() -> None:
    options = SessionOptions(client_id="c", keep_alive_s=10, probe_interval_s=1000, probe_timeout_s=900)
    session = session_in(State.ONLINE, 0, options)
    session.receive(publish(1), 4_000)
    session.acknowledge(take_token(session), 4_000)
    session.data_to_send()
    session.handle_timer(5_000)
    assert session.data_to_send() == b""
    session.handle_timer(9_000)
    assert session.data_to_send() == b"\xc0\x00"


def test_the_keep_alive_of_the_broker_is_the_one_that_counts() -> None:
    session = session_in(State.CONNECTING, 0)
    session.receive(ConnAckPacket(server_keep_alive=4).write(), 0)
    assert session.next_deadline() == 2_000


def test_while_nothing_is_read_silence_proves_nothing_but_pings_go_on() -> None:
    session = session_in(State.ONLINE, 0)
    session.handle_timer(20_000)
    session.data_to_send()
    session.pause()
    for now_ms in range(20_000, 3_600_000, 1_000):
        session.handle_timer(now_ms)
    assert session.state is State.ONLINE
    pings = session.data_to_send()
    assert pings.count(b"\xc0\x00") * 2 == len(pings)
    assert len(pings) // 2 >= 3_580 // 30
    session.resume(3_600_000)
    session.handle_timer(3_600_000)
    session.receive(echo(session), 3_600_001)
    session.handle_timer(3_610_000)
    assert session.state is State.ONLINE


# ---------------------------------------------------------------------------- the table

A_PACKET: dict[Event, bytes] = {
    Event.CONNACK: ConnAckPacket().write(),
    Event.REFUSED: ConnAckPacket(reason_code=ConnAckReasonCode.NOT_AUTHORIZED).write(),
    Event.SUBACK: GRANTED,
    Event.HEARD: publish(1),
    Event.PUBACK: PubAckPacket(1).write(),
    Event.PUBREL: PubRelPacket(1).write(),
    Event.PINGRESP: b"\xd0\x00",
    Event.DISCONNECT: DisconnectPacket().write(),
}


@pytest.mark.parametrize("event", [event for event in Event if event in FROM_BROKER])
@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_every_packet_in_every_state_does_what_the_table_says(state: State, event: Event) -> None:
    session = session_in(state)
    expected = TABLE[state].get(event, State.CLOSED)
    data = A_PACKET[event]
    if state is State.SUBSCRIBING and event is Event.REFUSED:
        data = SubAckPacket(1, [SubAckReasonCode.NOT_AUTHORIZED]).write()
    session.receive(data, 1)
    assert session.state is expected
    assert (session.failure is not None) == (expected is State.CLOSED)


def test_packets_of_every_event_are_known() -> None:
    assert set(A_PACKET) == FROM_BROKER


@pytest.mark.parametrize("state", list(State))
def test_what_comes_after_the_end_is_ignored(state: State) -> None:
    session = session_in(state)
    session.leave(1)
    session.leave(2)
    session.connection_lost(SourceError("late"), 3)
    session.receive(publish(1), 4)
    session.handle_timer(1_000_000)
    session.resume(5)
    assert session.state is State.CLOSED
    assert session.failure is None


# ---------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": "a/b"}, "client_id"),
        ({"prefix": "oxygrid/#"}, "prefix"),
        ({"prefix": "$share/x"}, "prefix"),
        ({"prefix": "oxygrid/v1/"}, "prefix"),
        ({"keep_alive_s": 1}, "keep_alive_s"),
        ({"probe_timeout_s": 30.0}, "probe_timeout_s"),
        ({"max_packet_bytes": 10}, "max_packet_bytes"),
    ],
)
def test_options_that_cannot_work_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        SessionOptions(**{"client_id": "c", **changes})  # type: ignore[arg-type]


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(OPTIONS)
