from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.subjects import Position, position_of, topic_of


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
