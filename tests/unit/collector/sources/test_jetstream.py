from __future__ import annotations

import nats.errors
import nats.js.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.jetstream import JetStreamOptions, Position, position_of, topic_of, translate


@pytest.mark.parametrize(
    ("subject", "topic"),
    [
        # the mapping table of NATS's documentation, "MQTT topics and NATS subjects"
        ("oxygrid.v1.site.asset", "oxygrid/v1/site/asset"),
        ("oxygrid.v1.s.a.status", "oxygrid/v1/s/a/status"),
        ("foo//bar", "foo.bar"),
        ("foo./.bar", "foo//bar"),
        ("foo./", "foo/"),
        ("/.foo", "/foo"),
    ],
)
def test_topics(subject: str, topic: str) -> None:
    assert topic_of(subject) == topic


@given(st.text(st.characters(codec="utf-8"), max_size=50))
def test_any_subject_has_a_topic(subject: str) -> None:
    assert len(topic_of(subject)) <= len(subject)


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.OXYGRID.oxygrid.1.17.9.1764000000000000000.3",
        "$JS.ACK.hub.ABCDEF.OXYGRID.oxygrid.1.17.9.1764000000000000000.3",
        "$JS.ACK.hub.ABCDEF.OXYGRID.oxygrid.1.17.9.1764000000000000000.3.token",
    ],
)
def test_positions(reply: str) -> None:
    assert position_of(reply) == Position(stream=17, consumer=9)


@pytest.mark.parametrize(
    ("error", "words", "slow"),
    [
        (nats.errors.AuthorizationError(), "not authorised; check username", True),
        (nats.errors.Error("nats: 'Authorization Violation'"), "not authorised; check username", True),
        (nats.js.errors.ServiceUnavailableError(code=503), "no JetStream", True),
        (
            nats.js.errors.BadRequestError(code=400, description="subjects overlap", err_code=10065),
            r"subjects overlap \(error 10065\)",
            True,
        ),
        (ConnectionRefusedError(), "nothing listens on", False),
        (nats.errors.NoServersError(), "nothing listens on", False),
        (TimeoutError(), "no answer from", False),
        (ConnectionResetError("gone"), "broke off: gone", False),
    ],
)
def test_errors_say_what_to_do(error: Exception, words: str, slow: bool) -> None:
    translated = translate(error, "here:4222")
    with pytest.raises(type(translated), match=words):
        raise translated
    assert translated.slow is slow
    assert translated.retry


def test_subjects_and_secrets() -> None:
    options = JetStreamOptions(url="nats://h", password="secret")
    assert options.subjects == "oxygrid.v1.>"
    assert "secret" not in repr(options)
