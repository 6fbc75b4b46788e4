from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from collector.config.model import Config
from collector.config.notify import SmtpChannel, WebhookChannel
from collector.config.sources import Mqtt
from collector.config.stores import InfluxDb

SMTP = {"id": "m", "kind": "smtp", "host": "h", "from": "a@b", "to": ["c@d"]}
INFLUX = {"url": "http://a"}


def test_a_configuration_is_frozen() -> None:
    config = Config()
    with pytest.raises(ValidationError):
        config.topic_prefix = "x"


@pytest.mark.parametrize(
    ("model", "data", "said"),
    [
        (Mqtt, {"url": "mqtt://a", "password_file": "p"}, "password_file without username"),
        (InfluxDb, INFLUX | {"password_file": "p"}, "password_file without username"),
        (InfluxDb, INFLUX | {"token_file": "p", "username": "u"}, "exclude each other"),
        (SmtpChannel, SMTP | {"username": "u"}, "belong together"),
        (SmtpChannel, SMTP | {"username": "u", "password_file": "p", "tls": "none"}, "in clear"),
        (WebhookChannel, {"id": "w", "kind": "webhook", "url": "http://a", "url_file": "p"}, "exactly one"),
        (Config, {"sites": [{"id": "a", "assets": []}] * 2}, "stands twice"),
    ],
)
def test_what_does_not_belong_together_is_refused(model: type[BaseModel], data: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        model.model_validate(data)


def test_paths_stay_as_they_are_without_a_base_and_home_is_resolved_with_one() -> None:
    assert Config().data_dir == "data"
    config = Config.model_validate({"data_dir": "~/x"}, context={"base": Path("/base")})
    assert config.data_dir == str(Path.home() / "x")
    assert config.state_path == Path.home() / "x" / "state.db"
    assert config.history_path == Path.home() / "x" / "history.db"


def test_text_of_an_error_holds_no_input() -> None:
    with pytest.raises(ValidationError) as caught:
        Mqtt.model_validate({"url": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../etc",
        "a/b",
        "/a",
        "a\\b",
        "a b",
        "a\n",
        "a\x00",
        "A",
        "-a",
        "_a",
        "a.b",
        "a,b=c",
        'a"',
        "a'",
        "a;b",
        "$SYS",
        "+",
        "#",
        "é",
        "a" * 64,
    ],
)
def test_an_id_that_could_mean_something_else_somewhere_is_refused(name: str) -> None:
    """Ids become topics, tags, parts of queries, of file names and of user names."""
    line = {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}
    for site in ({"id": name, "assets": [line]}, {"id": "a", "assets": [{**line, "id": name}]}):
        with pytest.raises(ValidationError):
            Config.model_validate({"sites": [site]})
