"""The MQTT source against mosquitto, and against brokers that misbehave."""

from __future__ import annotations

import asyncio
import random
import subprocess
from contextlib import suppress
from pathlib import Path

import mqtt5
import pytest

from collector.errors import SourceError, UserError
from collector.sources.mqtt.client import MqttSource
from collector.sources.mqtt.options import MqttOptions, SessionOptions
from tests import servers
from tests.integration.mqtt import Publisher, accept, controls, fake_broker, options, payloads, problem, read_packet, running, source, until
from tests.servers import HOST, Server

pytestmark = pytest.mark.server

ON, OFF = b'{"connected":true}', b'{"connected":false}'


def publish(port: int, topic: str, payload: str, *more: str) -> None:
    program = servers.program("mosquitto_pub", "Debian's package mosquitto-clients")
    subprocess.run([program, "-h", HOST, "-p", str(port), "-q", "1", "-t", topic, "-m", payload, *more], check=True)


def publish_file(port: int, file: Path) -> None:
    program = servers.program("mosquitto_pub", "Debian's package mosquitto-clients")
    subprocess.run([program, "-h", HOST, "-p", str(port), "-q", "1", "-t", "oxygrid/v1/s/a", "-f", str(file)], check=True)


def password_file(path: Path, user: str, password: str) -> None:
    program = servers.program("mosquitto_passwd", "Debian's package mosquitto")
    subprocess.run([program, "-b", "-c", str(path), user, password], check=True)


# ---------------------------------------------------------------------------- the ordinary way


async def test_readings_arrive_in_order_after_the_word_that_the_source_is_connected(broker: Server) -> None:
    async with running(source(options(broker.port))) as subject:
        assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]
        publish(broker.port, "oxygrid/v1/s/a", "1")
        publish(broker.port, "oxygrid/v1/s/a", "2")
        publish(broker.port, "somewhere/else", "x")
        publish(broker.port, "oxygrid/v1/s/a", "3")
        assert payloads(await until(subject, lambda seen: len(seen) == 3)) == [b"1", b"2", b"3"]
        status = subject.status()
        assert (status.connected, status.problem, status.received, status.acknowledged, status.waiting) == (True, "", 3, 3, 0)
    assert subject.status().connected is False
    assert controls((await subject.receive()).messages) == [OFF]


async def test_only_what_comes_from_the_brokers_memory_is_marked_retained(broker: Server) -> None:
    publish(broker.port, "oxygrid/v1/s/a/status", "before", "-r")
    async with running(source(options(broker.port))) as subject:
        before = await until(subject, lambda seen: len(payloads(seen)) == 1)
        publish(broker.port, "oxygrid/v1/s/a/status", "live", "-r")
        live = await until(subject, lambda seen: len(payloads(seen)) == 1)
    assert [(m.payload, m.retained) for m in before + live if m.topic.endswith("status")] == [(b"before", True), (b"live", False)]


async def test_a_session_that_is_kept_brings_what_was_missed_and_no_retained_message_again(broker: Server) -> None:
    publish(broker.port, "oxygrid/v1/s/a/status", "online", "-r")
    async with running(source(options(broker.port))) as subject:
        await until(subject, lambda seen: len(payloads(seen)) == 1)
    publish(broker.port, "oxygrid/v1/s/a", "missed")
    async with running(source(options(broker.port))) as subject:
        await until(subject, lambda seen: b"missed" in payloads(seen))
        publish(broker.port, "oxygrid/v1/s/a", "last")
        assert payloads(await until(subject, lambda seen: b"last" in payloads(seen))) == [b"last"]


async def test_a_large_message_arrives_and_one_above_the_bound_is_kept_away_by_the_broker(broker: Server, tmp_path: Path) -> None:
    big, giant = tmp_path / "big", tmp_path / "giant"
    big.write_bytes(b"b" * 256 * 1024)
    giant.write_bytes(b"g" * 400 * 1024)
    async with running(source(options(broker.port))) as subject:
        await until(subject, lambda seen: len(seen) == 1)
        for file in (giant, big):
            publish_file(broker.port, file)
        assert payloads(await until(subject, lambda seen: len(seen) == 1)) == [big.read_bytes()]
        assert subject.status().connected


# ---------------------------------------------------------------------------- nothing is lost


async def killed_at_random(port: int, rnd: random.Random, seen: set[bytes]) -> None:
    """A collector that dies somewhere between receiving and saying durable; what was durable goes into `seen`."""
    subject = source(options(port))
    task = asyncio.create_task(subject.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            for _ in range(rnd.randrange(1, 6)):
                delivery = await subject.receive()
                await asyncio.sleep(rnd.random() * 0.02)
                seen.update(payloads(list(delivery.messages)))
                subject.durable(delivery)
            await subject.receive()  # taken, and never durable
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_20_000_readings_survive_collectors_that_are_killed(broker: Server) -> None:
    rnd = random.Random(7)
    seen: set[bytes] = set()
    async with running(source(options(broker.port))) as subject:  # makes the session
        await until(subject, lambda got: len(got) == 1)
    publishers = [Publisher(broker.port, f"gateway-{n}") for n in range(4)]
    for i in range(5_000):
        for n, publisher in enumerate(publishers):
            publisher.publish(f"oxygrid/v1/s/a{n}", b"%d/%d" % (n, i))
        if i % 250 == 0:
            await killed_at_random(broker.port, rnd, seen)
    for publisher in publishers:
        await publisher.done(5_000)
    acknowledged = set().union(*(publisher.acknowledged for publisher in publishers))
    assert len(acknowledged) == 20_000
    async with running(source(options(broker.port))) as subject:
        async with asyncio.timeout(30):
            while not acknowledged <= seen:
                delivery = await subject.receive()
                seen.update(payloads(list(delivery.messages)))
                subject.durable(delivery)
    for publisher in publishers:
        publisher.close()
    assert seen == acknowledged


async def test_a_broker_that_restarts_with_persistence_loses_nothing(durable_broker: Server) -> None:
    port = durable_broker.port
    async with running(source(options(port))) as subject:
        seen = await until(subject, lambda got: len(got) == 1)
        publisher = Publisher(port, "gateway")
        for i in range(2_000):
            publisher.publish("oxygrid/v1/s/a", b"%d" % i)
            if i == 1_000:
                await publisher.done(500)
                await asyncio.to_thread(durable_broker.stop)
                await asyncio.to_thread(durable_broker.start)
        await publisher.done(2_000)
        seen += await until(subject, lambda got: publisher.acknowledged <= set(payloads(seen + got)))
        publisher.close()
        status = subject.status()
    assert controls(seen)[:3] == [ON, OFF, ON]
    assert (status.reconnects, status.sessions_lost) == (1, 0)


async def test_a_broker_that_forgot_the_session_is_reported_with_the_gap(broker: Server) -> None:
    async with running(source(options(broker.port))) as subject:
        await until(subject, lambda seen: len(seen) == 1)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(broker.start)
        first, second = controls(await until(subject, lambda seen: len(seen) == 2))
        publish(broker.port, "oxygrid/v1/s/a", "after")
        assert payloads(await until(subject, lambda seen: len(seen) == 1)) == [b"after"]
        assert subject.status().sessions_lost == 1
    assert first == OFF
    assert second.startswith(b'{"connected":true,"session_lost":true,"gap_ms":')


async def test_back_pressure_leaves_the_rest_at_the_broker(broker: Server) -> None:
    given = MqttOptions(url=f"mqtt://{HOST}:{broker.port}", session=SessionOptions(client_id="c"), max_waiting=100, max_delivery=50)
    publisher = Publisher(broker.port, "gateway")
    async with running(source(given)) as subject:
        seen = await until(subject, lambda got: len(got) == 1)
        for i in range(5_000):
            publisher.publish("oxygrid/v1/s/a", b"%0200d" % i)
        await publisher.done(5_000)
        await asyncio.sleep(0.2)
        assert 100 < subject.status().waiting < 4_500  # the bound, and one read of the socket
        while len(payloads(seen)) < 5_000:
            delivery = await asyncio.wait_for(subject.receive(), 10)
            assert len(delivery.messages) <= 50
            seen += delivery.messages
            subject.durable(delivery)
    publisher.close()
    assert payloads(seen) == [b"%0200d" % i for i in range(5_000)]


# ---------------------------------------------------------------------------- connected but deaf


async def test_a_session_deaf_by_an_access_rule_is_found_and_reported(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite oxygrid/#\n")
    with servers.mosquitto(tmp_path / "m", extra=f"acl_file {acl}") as broker:
        given = options(broker.port, probe_interval_s=0.5, probe_timeout_s=0.3)
        async with running(source(given)) as subject:
            await until(subject, lambda seen: len(seen) == 1)
            acl.write_text("topic write oxygrid/#\n")
            await asyncio.to_thread(broker.reload)
            text = await problem(subject, "deaf")
            assert "access rules for reading oxygrid/v1/#" in text
            assert subject.status().deaf >= 1
            assert subject.status().connected is False
            acl.write_text("topic readwrite oxygrid/#\n")
            await asyncio.to_thread(broker.reload)
            assert controls(await until(subject, lambda seen: len(seen) == 2)) == [OFF, ON]


async def test_a_broker_that_forbids_the_probe_is_used_all_the_same(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic read oxygrid/#\n")
    with servers.mosquitto(tmp_path / "m", extra=f"acl_file {acl}") as broker:
        async with running(source(options(broker.port))) as subject:
            assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]
            assert "allow writing to oxygrid/v1/$probe/collector" in subject.status().problem


async def test_a_broker_that_takes_everything_and_delivers_nothing() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept(reader, writer)
        while packet := await read_packet(reader):
            if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id:
                writer.write(mqtt5.PubAckPacket(packet.packet_id).write())

    async with fake_broker(deaf) as port, running(source(options(port, probe_interval_s=0.5, probe_timeout_s=0.2))) as subject:
        assert "was not heard within 0.2 s" in await problem(subject, "deaf")


async def test_a_frozen_broker_is_taken_for_dead_and_found_again(broker: Server) -> None:
    async with running(source(options(broker.port, probe_interval_s=0.5, probe_timeout_s=0.3))) as subject:
        await until(subject, lambda seen: len(seen) == 1)
        broker.freeze()
        assert controls(await until(subject, lambda seen: len(seen) == 1)) == [OFF]
        broker.thaw()
        assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]


# ---------------------------------------------------------------------------- refusals


async def test_two_collectors_with_one_id_are_told_so_and_do_not_fight_for_ever(broker: Server) -> None:
    async with running(source(options(broker.port))) as first:
        await until(first, lambda seen: len(seen) == 1)
        async with running(source(options(broker.port))) as second:
            before, quiet = -1, 0
            async with asyncio.timeout(15):
                while quiet < 30:
                    await asyncio.sleep(0.05)
                    now = first.status().reconnects + second.status().reconnects
                    quiet = quiet + 1 if now == before else 0
                    before = now
            assert first.status().connected != second.status().connected  # who was told waits long; mosquitto 2.0 tells it the second time
            assert is_told_of_a_twin(first) != is_told_of_a_twin(second)
            assert before <= 3


def is_told_of_a_twin(subject: MqttSource) -> bool:
    return "two collectors run with one client_id" in subject.status().problem


async def test_a_wrong_password_is_said_plainly_and_tried_again_slowly(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    password_file(passwords, "collector", "right")
    with servers.mosquitto(tmp_path / "m", extra=f"password_file {passwords}", anonymous=False) as broker:
        async with running(source(options(broker.port, username="collector", password=b"wrong"))) as subject:
            text = await problem(subject, "refused the connection")
            assert "check username and password" in text
            assert "wrong" not in text
        async with running(source(options(broker.port, username="collector", password=b"right"))) as subject:
            assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]


async def test_nothing_listens() -> None:
    port = servers.free_port()
    async with running(source(options(port))) as subject:
        assert f"nothing listens on {HOST}:{port}" in await problem(subject, "nothing listens")


async def test_nats_speaks_only_mqtt_3_1_1_and_that_ends_the_source(tmp_path: Path) -> None:
    mqtt_port = servers.free_port()
    with servers.nats_server(tmp_path, mqtt_port=mqtt_port), pytest.raises(SourceError, match="does not speak MQTT 5"):
        await asyncio.wait_for(source(options(mqtt_port)).run(), 5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what listens there does not answer like an MQTT 5 broker"),
        (b"", "connection broke off without a word"),
        (mqtt5.ConnAckPacket().write() + b"\x30\xff\xff\xff\x7f" + b"x" * 1000, "broker sent a packet of 268435460 bytes"),
        (mqtt5.ConnAckPacket().write() + b"\xff" * 1000, "sent what is no MQTT 5 packet"),
        (mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_MOVED, server_reference="b:1").write(), "broker has moved .*'b:1'"),
    ],
)
async def test_hostile_answers_end_in_a_clear_problem_and_another_try(answer: bytes, words: str) -> None:
    connections = 0

    async def hostile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_packet(reader)
        writer.write(answer)
        await writer.drain()
        if answer:
            await reader.read()

    async with fake_broker(hostile) as port, running(source(options(port))) as subject:
        text = await problem(subject, words[:9])
        with pytest.raises(SourceError, match=words):
            raise SourceError(text)
        assert connections >= 1


async def test_a_server_that_says_nothing_does_not_hold_us_for_ever() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with fake_broker(silent) as port, running(source(options(port, answer_timeout_s=0.2))) as subject:
        assert "did not answer CONNECT within 0.2 s" in await problem(subject, "did not answer")


async def test_a_server_that_drips_a_packet_without_end_is_left() -> None:
    """A byte now and then keeps the connection alive and says nothing: the probe is what counts."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_packet(reader)
        writer.write(mqtt5.ConnAckPacket().write() + b"\x30\xff\x7f")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    given = options(0, answer_timeout_s=0.3, probe_interval_s=0.3, probe_timeout_s=0.2)
    async with fake_broker(drip) as port, running(source(MqttOptions(url=f"mqtt://{HOST}:{port}", session=given.session))) as subject:
        assert await problem(subject, "within")


# ---------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a certificate of the broker for 127.0.0.1, and one of the collector."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = servers.program("openssl", "Debian's package openssl")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    for authority in ("ca", "other-ca"):
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={authority}",
            "-keyout", f"{authority}.key", "-out", f"{authority}.pem")  # fmt: skip
    for name, alternative in (("broker", f"subjectAltName=IP:{HOST}"), ("collector", "subjectAltName=DNS:collector")):
        (folder / f"{name}.ext").write_text(alternative)
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip
    return folder


def tls_lines(folder: Path, *more: str) -> str:
    return "\n".join([f"cafile {folder}/ca.pem", f"certfile {folder}/broker.pem", f"keyfile {folder}/broker.key", *more])


def tls_options(port: int, folder: Path, **files: str) -> MqttOptions:
    paths = {name: str(folder / file) for name, file in files.items()}
    return MqttOptions(url=f"mqtts://{HOST}:{port}", session=SessionOptions(client_id="c"), **paths)  # type: ignore[arg-type]


async def test_tls_with_a_client_certificate(tmp_path: Path, certificates: Path) -> None:
    with servers.mosquitto(tmp_path / "m", extra=tls_lines(certificates, "require_certificate true")) as broker:
        good = tls_options(broker.port, certificates, ca_file="ca.pem", cert_file="collector.pem", key_file="collector.key")
        async with running(source(good)) as subject:
            assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]
        async with running(source(tls_options(broker.port, certificates, ca_file="ca.pem"))) as subject:
            assert "client certificate" in await problem(subject, "TLS")


async def test_a_broker_of_another_authority_is_not_trusted(tmp_path: Path, certificates: Path) -> None:
    with servers.mosquitto(tmp_path / "m", extra=tls_lines(certificates)) as broker:
        async with running(source(tls_options(broker.port, certificates, ca_file="other-ca.pem"))) as subject:
            assert "set ca_file to the authority that signed it" in await problem(subject, "not trusted")


async def test_plain_and_tls_mixed_up(tmp_path: Path, certificates: Path) -> None:
    with servers.mosquitto(tmp_path / "tls", extra=tls_lines(certificates)) as broker:
        async with running(source(options(broker.port))) as subject:
            assert "wants TLS" in await problem(subject, "TLS")
    with servers.mosquitto(tmp_path / "plain") as broker:
        async with running(source(tls_options(broker.port, certificates, ca_file="ca.pem"))) as subject:
            assert "handshake" in await problem(subject, "TLS port")


@pytest.mark.parametrize(
    ("files", "words"),
    [({"ca_file": "nothing.pem"}, "missing"), ({"ca_file": "ca.key"}, "must be PEM"), ({"cert_file": "ca.pem"}, "must be PEM")],
)
def test_unusable_certificate_files(certificates: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        source(tls_options(1, certificates, **files))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("broker:1883", "must be like mqtt://"),
        ("http://broker", "must be like mqtt://"),
        ("mqtt://", "must be like mqtt://"),
        ("mqtt://user:pw@broker", "password_file"),
    ],
)
def test_urls_that_cannot_work(url: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as failure:
        options(0, url=url)
    assert "pw" not in str(failure.value).replace("mqtt://user:pw", "")


async def test_close_while_waiting_for_the_next_try_ends_at_once() -> None:
    subject = source(options(servers.free_port()))
    task = asyncio.create_task(subject.run())
    await problem(subject, "nothing listens")
    await subject.close()
    over, _ = await asyncio.wait({task}, timeout=1)
    assert over == {task}
    assert task.exception() is None
