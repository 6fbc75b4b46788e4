from __future__ import annotations

from pathlib import Path

import pytest

from collector.config.model import Config
from collector.config.secret import LEAST, read_secret, sources, unreadable
from collector.errors import UserError


@pytest.mark.parametrize(("content", "secret"), [(b"s3cret\n", "s3cret"), (b"s3cret", "s3cret"), (b" a b \r\nrest\n", " a b ")])
def test_a_secret_is_the_first_line_of_its_file(tmp_path: Path, content: bytes, secret: str) -> None:
    (tmp_path / "s").write_bytes(content)
    assert read_secret(str(tmp_path / "s")) == secret


def test_a_secret_may_come_from_the_environment() -> None:
    assert read_secret("env:PATH")
    with pytest.raises(UserError, match="OXYGRID_NO_SUCH_NAME is not set"):
        read_secret("env:OXYGRID_NO_SUCH_NAME")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "first line is empty"), (b"\nhunter2", "first line is empty"), (b"hunter2\xff", "no UTF-8")]
)
def test_a_file_without_a_secret_is_refused_without_its_content(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(UserError, match=said) as caught:
        read_secret(str(tmp_path / "s"))
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"No such file.*put it there"):
        read_secret(str(tmp_path / "none"))


def test_every_secret_of_a_configuration_is_listed_and_tried(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x\n")
    config = Config.model_validate(
        {
            "mqtt": {"url": "mqtt://a", "username": "u", "password_file": "there"},
            "influxdb": {"url": "http://a", "token_file": "none"},
            "notify": {
                "channels": [
                    {"id": "m", "kind": "smtp", "host": "h", "from": "a@b", "to": ["c@d"], "username": "u", "password_file": "there"},
                    {"id": "w", "kind": "webhook", "url_file": "there", "secret_headers": {"K": "env:OXYGRID_NO_SUCH_NAME"}},
                ]
            },
        },
        context={"base": tmp_path},
    )
    assert [key for key, _ in sources(config)] == [
        "mqtt.password_file",
        "influxdb.token_file",
        "notify.channels.m.password_file",
        "notify.channels.w.url_file",
        "notify.channels.w.secret_headers.K",
    ]
    assert [line.partition(":")[0] for line in unreadable(config)] == ["influxdb.token_file", "notify.channels.w.secret_headers.K"]


def test_a_secret_that_anybody_may_try_is_long(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("a\n")
    (tmp_path / "long").write_text("a" * LEAST)
    given = {
        "public_url": "https://o.example.org",
        "reply_token_file": str(tmp_path / "short"),
        "telegram_token_file": str(tmp_path / "long"),
    }
    (said,) = unreadable(Config.model_validate({"answers": given}))
    assert said.endswith("short: the secret has 1 characters; 16 random ones or more are right")
    assert said.startswith("answers.reply_token_file: ")
