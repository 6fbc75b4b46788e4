"""The example that `oxygrid config example` prints is right, complete, and right with every choice that it shows switched on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from collector.config.loader import load
from collector.config.model import Config
from collector.config.yaml_text import parse
from collector.reference import all_models

TEXT = (resources.files("collector.config") / "example.yaml").read_text("utf-8")
RULES_TEXT = (resources.files("collector.config") / "example-rules.yaml").read_text("utf-8")
CHOICE = re.compile(r"^( *)# ([a-z_]+:)", re.MULTILINE)
EXAMPLES = Path(__file__).parents[4] / "examples"


def keys_in(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key)
            yield from keys_in(value)
    elif isinstance(data, list):
        for item in data:
            yield from keys_in(item)


def test_the_example_passes_the_check(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(TEXT, encoding="utf-8")
    config = load(tmp_path / "c.yaml")
    assert config.mqtt is not None
    assert {asset.kind for asset in config.sites[0].assets} == {
        "psa_plant", "pipeline", "manifold", "lox_tank", "cylinder_store", "concentrator", "gateway",
    }  # fmt: skip


def test_every_line_that_is_off_is_right_when_switched_on(tmp_path: Path) -> None:
    text = CHOICE.sub(r"\1\2", TEXT)
    assert text != TEXT
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "1.yaml").write_text("sites: []\n")
    (tmp_path / "my-rules.yaml").write_text(CHOICE.sub(r"\1\2", RULES_TEXT), encoding="utf-8")
    text = text.replace("mqtt://127.0.0.1:1883", "mqtts://127.0.0.1:8883")
    without_mqtt = re.sub(r"^mqtt:\n(  .*\n)+", "", text, flags=re.MULTILINE).replace("  token_file: /etc/oxygrid/secrets/influxdb\n", "")
    without_jetstream = re.sub(r"^jetstream:\n(  .*\n)+", "", text, flags=re.MULTILINE).replace(
        "  username: oxygrid\n  password_file: /etc/oxygrid/secrets/influxdb-password\n", ""
    )
    for variant in (without_mqtt, without_jetstream):
        (tmp_path / "c.yaml").write_text(variant, encoding="utf-8")
        config = load(tmp_path / "c.yaml")
        assert (config.mqtt is None) != (config.jetstream is None)
        assert config.notes == ()


@pytest.mark.parametrize("model", list(all_models()), ids=lambda model: model.__name__)
def test_every_key_of_every_section_is_shown(model: type[BaseModel]) -> None:
    shown = {key for text in (TEXT, RULES_TEXT) for key in keys_in(parse(CHOICE.sub(r"\1\2", text)))}
    wanted = {field.alias or name for name, field in model.model_fields.items()}
    assert wanted <= shown | {"upper", "upper_clear"}


def test_the_defaults_that_the_example_shows_are_those_of_the_models() -> None:
    data: Any = parse(TEXT)
    for section in ("embedded", "journal", "history", "ops"):
        defaults = getattr(Config(), section).model_dump()
        off = {key for key, value in defaults.items() if value is None or value is False} - data[section].keys()
        assert {key: value for key, value in defaults.items() if key not in off} == data[section]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_the_shipped_examples_pass_the_check(file: Path) -> None:
    assert load(file).sites
