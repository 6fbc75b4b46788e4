from __future__ import annotations

import nats.errors
import nats.js.errors
import pytest

from collector.sources.jetstream import translate
from collector.sources.jetstream_options import JetStreamOptions


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
