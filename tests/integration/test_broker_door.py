"""The shipped broker configuration with a real mosquitto: who has no business there is refused, and the right gateway passes."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.access import certificates
from collector.access.accounts import COLLECTOR
from collector.access.certificates import Pair
from collector.access.stack import PREFIX
from collector.sources.mqtt.client import MqttSource
from collector.sources.mqtt.options import MqttOptions, SessionOptions
from tests.integration.door import Client, Door, come, door, trusting
from tests.integration.mqtt import problem, running, source, until
from tests.servers import HOST

pytestmark = pytest.mark.server

READING = b'{"values": {"line_pressure_bar": 4.1}}'


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Door]:
    with door(tmp_path) as there:
        yield there


def gateway(shipped: Door, site: str = "a", name: str = "gw1") -> Client:
    login = shipped.account(site, name)
    client = come(f"{site}.{name}", shipped.gateways, login, trusting(shipped.authority))
    assert client.refused == ""
    return client


def written(folder: Path, name: str, pair: Pair) -> tuple[Path, Path]:
    (folder / f"{name}.pem").write_bytes(pair.certificate)
    (folder / f"{name}.key").write_bytes(pair.key)
    return folder / f"{name}.pem", folder / f"{name}.key"


def collector(shipped: Door, port: int, *, certified: bool) -> MqttSource:
    """The collector's own session, with its secrets as the stack has them."""
    secrets = shipped.secrets / "collector"
    session = SessionOptions(
        client_id="collector", prefix=PREFIX, username=COLLECTOR, password=(secrets / "mqtt-password").read_bytes().strip()
    )
    cert, key = (str(secrets / "client.pem"), str(secrets / "client.key")) if certified else (None, None)
    return source(MqttOptions(url=f"mqtts://{HOST}:{port}", session=session, ca_file=str(secrets / "ca.pem"), cert_file=cert, key_file=key))


async def test_the_right_gateway_passes_and_the_collector_hears_it(shipped: Door) -> None:
    async with running(collector(shipped, shipped.certified, certified=True)) as subject:
        await until(subject, lambda seen: any(b"true" in message.payload for message in seen))
        with closing(gateway(shipped)) as client:
            assert client.publish(f"{PREFIX}/a/line", READING) == "Success"
            assert client.publish(f"{PREFIX}/a/gw1/status", b"online") == "Success"
        heard = await until(subject, lambda seen: len(seen) >= 2)
    assert {f"{PREFIX}/a/line", f"{PREFIX}/a/gw1/status"} <= {message.topic for message in heard}


@pytest.mark.parametrize(
    "login",
    [None, ("a.gw1", "wrong"), ("a.gw1", ""), ("a", "wrong"), ("a.gw2", "guess"), ("collector@oxygrid", "guess"), ("#", "x"), ("", "")],
    ids=lambda login: "anonymous" if login is None else f"{login[0]}:{login[1]}",
)
def test_nobody_comes_in_without_an_account(shipped: Door, login: tuple[str, str] | None) -> None:
    shipped.account("a", "gw1")
    client = come("stranger", shipped.gateways, login, trusting(shipped.authority))
    assert client.refused in {"Not authorized", "Bad user name or password"}


@pytest.mark.parametrize(
    "topic",
    [
        f"{PREFIX}/b/line",
        f"{PREFIX}/b/gw1/status",
        f"{PREFIX}/a/line/deeper/still",
        f"{PREFIX}/a/gw1/command",
        f"{PREFIX}/$probe/collector",
        "x",
    ],
)
def test_a_gateway_writes_under_its_own_site_alone(shipped: Door, topic: str) -> None:
    with closing(gateway(shipped)) as client:
        assert client.publish(topic, READING) == "Not authorized"
        assert client.publish(f"{PREFIX}/a/line", READING) in {"Success", "No matching subscribers"}


def test_a_gateway_hears_its_own_commands_and_nothing_else(shipped: Door) -> None:
    """mosquitto takes every subscription and then hands on what may be read: what counts is what is heard."""
    with closing(gateway(shipped, "a", "gw1")) as one, closing(gateway(shipped, "b", "gw1")) as other:
        for topic in ("#", f"{PREFIX}/#", f"{PREFIX}/b/+", f"{PREFIX}/+/+/command", "$SYS/#"):
            one.subscribe(topic)
        other.publish(f"{PREFIX}/b/line", READING)
        other.publish(f"{PREFIX}/b/gw1/status", b"online")
        assert one.wait(1, 0.5) == []


def test_the_site_may_have_one_account_for_all(shipped: Door) -> None:
    client = come("any", shipped.gateways, shipped.account("a"), trusting(shipped.authority))
    with closing(client):
        assert client.publish(f"{PREFIX}/a/line", READING) != "Not authorized"
        assert client.publish(f"{PREFIX}/b/line", READING) == "Not authorized"


def test_what_is_not_tls_is_not_answered(shipped: Door) -> None:
    client = come("plain", shipped.gateways, shipped.account("a", "gw1"), None)
    assert client.refused


@pytest.mark.parametrize("whose", ["none", "of a foreign authority", "expired"])
def test_the_other_listener_wants_a_certificate_of_ours(shipped: Door, tmp_path: Path, whose: str) -> None:
    now = datetime.now(UTC)
    ours = Pair((shipped.secrets / "authority/ca.pem").read_bytes(), (shipped.secrets / "authority/ca.key").read_bytes())
    shown: dict[str, tuple[Path, Path] | None] = {
        "none": None,
        "of a foreign authority": written(tmp_path, "foreign", certificates.client(certificates.authority("x", now), "gw", now)),
        "expired": written(tmp_path, "expired", certificates.client(ours, "gw", now - timedelta(days=500))),
    }
    login = shipped.account("a", "gw1")
    assert come("a.gw1", shipped.certified, login, trusting(shipped.authority, shown[whose])).refused
    good = written(tmp_path, "good", certificates.client(ours, "gw", now))
    assert come("none", shipped.certified, None, trusting(shipped.authority, good)).refused in {
        "Not authorized",
        "Bad user name or password",
    }
    with closing(come("a.gw1", shipped.certified, login, trusting(shipped.authority, good))) as client:
        assert client.refused == ""


def test_a_message_beyond_all_measure_is_not_taken(shipped: Door) -> None:
    with closing(gateway(shipped)) as client:
        assert client.publish(f"{PREFIX}/a/line", b"x" * 300_000) != "Not authorized"  # the collector sets it aside, with its reason
        client.publish(f"{PREFIX}/a/line", b"x" * 2_000_000)
        assert client.gone.wait(5)
    with closing(gateway(shipped, "a", "gw2")) as another:
        assert another.publish(f"{PREFIX}/a/line", READING) != "Not authorized"


def test_there_are_not_more_connections_than_allowed(tmp_path: Path) -> None:
    with door(tmp_path, max_connections="2") as shipped:
        added = shipped.book.add("a", "", 0)
        login = added.account.user, added.password
        shipped.server.stop()  # and not a reload: mosquitto 2.0.11 knows no limit any more after one
        shipped.server.start()
        clients = [come(f"c{n}", shipped.gateways, login, trusting(shipped.authority)) for n in range(3)]
        assert [bool(client.refused) for client in clients] == [False, False, True]
        for client in clients[:2]:
            client.close()


def test_an_account_that_is_revoked_is_thrown_out_and_stays_out(shipped: Door) -> None:
    login = shipped.account("a", "gw1")
    client = come("a.gw1", shipped.gateways, login, trusting(shipped.authority))
    shipped.book.revoke("a", "gw1")
    shipped.server.reload()
    assert client.gone.wait(5)
    client.close()
    assert come("again", shipped.gateways, login, trusting(shipped.authority)).refused


@pytest.mark.parametrize("flaw", ["expired", "another name", "a foreign authority"])
async def test_the_collector_believes_no_broker_with_a_false_certificate(shipped: Door, tmp_path: Path, flaw: str) -> None:
    now = datetime.now(UTC)
    ours = Pair((shipped.secrets / "authority/ca.pem").read_bytes(), (shipped.secrets / "authority/ca.key").read_bytes())
    false = {
        "expired": lambda: certificates.server(ours, [HOST], now - timedelta(days=500)),
        "another name": lambda: certificates.server(ours, ["elsewhere.example.org"], now),
        "a foreign authority": lambda: certificates.server(certificates.authority("x", now), [HOST], now),
    }[flaw]()
    (shipped.secrets / "mosquitto/server.pem").write_bytes(false.certificate)
    (shipped.secrets / "mosquitto/server.key").write_bytes(false.key)
    shipped.server.stop()
    shipped.server.start()
    async with running(collector(shipped, shipped.gateways, certified=False)) as subject:
        assert await problem(subject, "certificate")


def test_old_tls_is_refused(shipped: Door) -> None:
    context = trusting(shipped.authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert come("old", shipped.gateways, shipped.account("a", "gw1"), context).refused
