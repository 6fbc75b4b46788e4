from __future__ import annotations

import pytest

from devices.gateway.endpoint import Credentials, Endpoint, parse_endpoint


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://localhost", Endpoint("localhost", 1883, False, Credentials())),
        ("mqtts://broker.example", Endpoint("broker.example", 8883, True, Credentials())),
        ("mqtt://127.0.0.1:11883", Endpoint("127.0.0.1", 11883, False, Credentials())),
        ("mqtt://[::1]:1884", Endpoint("::1", 1884, False, Credentials())),
        ("mqtt://gw:p%40ss@localhost", Endpoint("localhost", 1883, False, Credentials("gw", "p@ss"))),
        ("mqtt://gw@localhost", Endpoint("localhost", 1883, False, Credentials("gw"))),
    ],
)
def test_reads(url: str, expected: Endpoint) -> None:
    assert parse_endpoint(url) == expected


def test_what_is_given_comes_before_the_url() -> None:
    given = Credentials("other", "word", ca_file="ca.pem")
    assert parse_endpoint("mqtts://gw:secret@localhost", given).credentials == given


@pytest.mark.parametrize(
    "url", ["localhost:1883", "http://localhost", "mqtt://", "mqtt://gw:secret@localhost:99999", "mqtt://gw:secret@localhost:x"]
)
def test_refuses_without_telling_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="broker URL") as caught:
        parse_endpoint(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(parse_endpoint("mqtt://gw:secret@localhost"))
