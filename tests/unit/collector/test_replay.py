from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.config import Config
from collector.errors import UserError
from collector.recording import to_line
from collector.records import CONTROL, Batch, Message
from collector.replay import SETTLE_MS, batches, fold, replay

START_MS = 1_764_000_000_000
CONFIG = Config.model_validate({"sites": [{"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]}]})


def said(at_s: float, bar: float) -> tuple[int, Message]:
    at_ms = START_MS + int(at_s * 1000)
    body = {"ts": at_ms, "values": {"line_pressure_bar": bar}}
    return at_ms, Message("oxygrid/v1/a/line", json.dumps(body).encode())


FALL = [said(at_s, 4.1 if at_s < 30 or at_s >= 60 else 2.0) for at_s in range(0, 120, 5)]


def file(folder: Path, lines: list[tuple[int, Message]]) -> Path:
    found = folder / "recorded.jsonl"
    found.write_text("\n".join(to_line(*line) for line in lines) + "\n\n")
    return found


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_messages_of_one_time_are_one_batch() -> None:
    lines = [(1, Message("a", b"")), (1, Message("b", b"")), (2, Message("c", b""))]
    assert list(batches(iter(lines))) == [Batch(1, 1, [lines[0][1], lines[1][1]]), Batch(2, 2, [lines[2][1]])]


def test_time_passes_after_the_last_message() -> None:
    """Who falls silent at the end is found silent, as in life."""
    told = [
        t
        for _, change in fold(CONFIG, batches(iter([(START_MS, Message(f"{CONTROL}start", b"{}")), said(1, 4.1)])))
        for t in change.transitions
    ]
    assert [t.event for t in told] == ["raised"]
    assert START_MS < told[0].evaluated_ms <= START_MS + SETTLE_MS + 1000


def test_every_transition_is_printed_with_both_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay(CONFIG, file(tmp_path, FALL), as_json=True, stock=False, store=False) == 0
    found = [
        (line["type"], line["rule"], line["event"], line["event_ms"] - START_MS, line["evaluated_ms"] - START_MS)
        for line in printed(capsys)
    ]
    assert found[:2] == [
        ("transition", "LP-LL", "raised", 40_000, 40_000),
        ("transition", "LP-LL", "cleared", 90_000, 90_000),
    ]
    replay(CONFIG, file(tmp_path, FALL), as_json=False, stock=False, store=False)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{START_MS + 40_000} known {START_MS + 40_000} raised          high   a/line/LP-LL: ")


def test_what_could_not_be_taken_is_counted_on_the_other_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay(CONFIG, file(tmp_path, [(START_MS, Message("oxygrid/v1/a/line", b"?"))]), as_json=False, stock=False, store=False)
    assert capsys.readouterr().err == "oxygrid: 1 messages or values could not be taken\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"received_ms": 2, "topic": "t", "payload": ""}\n{"received_ms": 1, "topic": "t", "payload": ""}', ":2: received_ms goes back"),
        ('{"received_ms": 2, "topic": "t", "payload": ""}\n\n{"topic"', ":3: "),
        ("\x00", ":1: "),
        ('{"received_ms": 2, "topic": "t", "payload": ""}\n\udcff', ":2: "),
    ],
    ids=["back in time", "cut off", "no text", "no UTF-8"],
)
def test_a_file_that_is_none_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match=f"wrong.jsonl{words}"):
        replay(CONFIG, wrong, as_json=True, stock=False, store=False)


def test_estimates_are_printed_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bank = {"id": "m", "kind": "manifold", "banks": {"a": {"cylinders": 10, "type": "in-d"}}}
    config = Config.model_validate({"sites": [{"id": "a", "assets": [bank]}]})

    def pressures() -> Iterator[tuple[int, Message]]:
        for minute in range(30):
            body = {"ts": START_MS + minute * 60_000, "values": {"bank_a_bar": 150.0 - minute, "bank_in_use": "a"}}
            yield START_MS + minute * 60_000, Message("oxygrid/v1/a/m", json.dumps(body).encode())

    recorded = file(tmp_path, list(pressures()))
    replay(config, recorded, as_json=True, stock=False, store=False)
    assert not [line for line in printed(capsys) if line["type"] == "stock"]
    replay(config, recorded, as_json=True, stock=True, store=False)
    estimates = [line for line in printed(capsys) if line["type"] == "stock"]
    assert len(estimates) >= 30
    assert estimates[28]["connected_now_h"][1] == pytest.approx(2.0, abs=0.4)  # 122 bar at 1 bar a minute
    replay(config, recorded, as_json=False, stock=True, store=False)
    assert " stock a: now " in capsys.readouterr().out
