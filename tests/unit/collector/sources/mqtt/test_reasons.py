from __future__ import annotations

import mqtt5
import pytest

from collector.sources.mqtt.reasons import ANYWHERE, Where, reason, refusal


def codes(enum: type) -> list[int]:
    """All values of an enumeration of the codec (it is none of Python's and can't be iterated)."""
    return sorted(int(getattr(enum, name)) for name in dir(enum) if name.isupper())


CASES: list[tuple[Where, int]] = [
    *(("connect", code) for code in codes(mqtt5.ConnAckReasonCode) if code),
    *(("subscribe", code) for code in codes(mqtt5.SubAckReasonCode) if code >= 128),
    *(("disconnect", code) for code in codes(mqtt5.DisconnectReasonCode)),
    *(("publish", code) for code in codes(mqtt5.PubAckReasonCode) if code >= 128),
]
assert len(CASES) == 66


@pytest.mark.parametrize(("where", "code"), CASES)
def test_every_reason_of_the_protocol_has_words(where: Where, code: int) -> None:
    assert code in ANYWHERE
    assert str(code) in str(refusal(where, code))


@pytest.mark.parametrize(("where", "code"), CASES)
def test_where_trying_again_is_slow_or_useless_a_person_is_told_what_to_do(where: Where, code: int) -> None:
    why = reason(where, code)
    waits_for_itself = {137, 152, 159}
    assert why.advice or (why.retry and not why.slow) or code in waits_for_itself


def test_an_unknown_reason_is_tried_again_slowly() -> None:
    error = refusal("connect", 255, "??")
    assert error.retry
    assert error.slow
    assert "reason 255, and says '??'" in str(error)
