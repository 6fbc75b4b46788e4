"""Accounts and the files that are made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.access.accounts import COLLECTOR, Account, acl_file, grants_of, mosquitto_hash, nats_file, password_file, user_of

PREFIX = "oxygrid/v1"
ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


def account(site: str, gateway: str = "") -> Account:
    return Account(site=site, gateway=gateway, since_ms=0, mosquitto="$7$h", nats="$2a$h")


@given(st.tuples(ids, ids | st.just("")), st.tuples(ids, ids | st.just("")))
def test_no_two_accounts_have_one_name(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (user_of(*one) == user_of(*other)) is (one == other)
    assert user_of(*one) != COLLECTOR


def test_the_hash_is_that_of_mosquitto() -> None:
    """PBKDF2-HMAC-SHA512, as `mosquitto_passwd` writes and the broker reads it (tests/integration/test_broker_door.py has the broker)."""
    kind, iterations, salt, digest = mosquitto_hash("secret", b"0123456789ab").split("$")[1:]
    assert (kind, iterations, salt) == ("7", "1000", "MDEyMzQ1Njc4OWFi")
    assert digest != mosquitto_hash("Secret", b"0123456789ab").split("$")[-1]


@pytest.mark.parametrize(
    ("site", "gateway", "write", "read"),
    [
        ("a", "gw1", ("oxygrid/v1/a/+", "oxygrid/v1/a/+/status"), ("oxygrid/v1/a/gw1/command",)),
        ("a", "", ("oxygrid/v1/a/+", "oxygrid/v1/a/+/status"), ("oxygrid/v1/a/+/command",)),
        ("", "", ("oxygrid/v1/$probe/#",), ("oxygrid/v1/#",)),
    ],
)
def test_what_an_account_may_do(site: str, gateway: str, write: tuple[str, ...], read: tuple[str, ...]) -> None:
    assert grants_of(site, gateway, PREFIX) == (write, read)


def test_the_files_of_mosquitto() -> None:
    accounts = [account(""), account("a", "gw1")]
    assert password_file(accounts) == f"{COLLECTOR}:$7$h\na.gw1:$7$h\n"
    assert acl_file(accounts, PREFIX).splitlines()[1:] == [
        "",
        f"user {COLLECTOR}",
        "topic write oxygrid/v1/$probe/#",
        "topic read oxygrid/v1/#",
        "",
        "user a.gw1",
        "topic write oxygrid/v1/a/+",
        "topic write oxygrid/v1/a/+/status",
        "topic read oxygrid/v1/a/gw1/command",
    ]


def test_the_file_of_nats() -> None:
    text = nats_file([account(""), account("a", "gw1")], PREFIX)
    users = json.loads(text[text.index("[") : text.rindex("]") + 1])
    assert users[0] == {"user": COLLECTOR, "password": "$2a$h"}
    assert users[1]["permissions"] == {
        "publish": ["oxygrid.v1.a.*", "oxygrid.v1.a.*.status"],
        "subscribe": ["oxygrid.v1.a.gw1.command", "$MQTT.sub.>"],
    }
