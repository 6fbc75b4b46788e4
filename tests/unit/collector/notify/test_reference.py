"""The reference page names every key that a webhook sends and every reason for telling nobody, and its example is what is sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

from collector.notify.channels import webhook_body
from collector.notify.decide import Reason
from collector.notify.messages import Kind, single
from tests.unit.collector.notify.cases import AT_MS, notice

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "notices.md").read_text()


def body() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(webhook_body(single(notice(channel="duty-room"), AT_MS + 1250)))
    return made


def test_every_key_is_documented() -> None:
    keys = set(body()) | {f"alarms[].{key}" for key in body()["alarms"][0]}
    assert keys - set(re.findall(r"`([a-z_\[\].]+)`", PAGE)) == set()


def test_every_word_is_documented() -> None:
    words = {*get_args(Reason), *get_args(Kind)} - {"told"}
    assert words - set(re.findall(r"`([a-z_]+)`", PAGE)) == set()


def test_the_example_is_what_is_sent() -> None:
    (example,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    made = body()
    assert made.pop("text").startswith(example.pop("text").rstrip("…"))
    assert made == example
