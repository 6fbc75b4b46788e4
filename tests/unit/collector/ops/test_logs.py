from __future__ import annotations

import json
import logging
import sys

from collector.ops.logs import JsonLines


def line(text: str, *args: object, extra: dict[str, object] | None = None, failed: bool = False) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "collector.x", "levelname": "WARNING", "msg": text, "args": args, "created": 1_764_000_000.25})
    vars(record).update(extra or {})
    if failed:
        try:
            raise ValueError("why")
        except ValueError:
            record.exc_info = sys.exc_info()
    written = JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, object] = json.loads(written)
    return found


def test_a_line_is_one_object() -> None:
    assert line("lost %d of %s", 3, "अस्पताल") == {
        "at": "2025-11-24T16:00:00.250+00:00",
        "level": "warning",
        "logger": "collector.x",
        "text": "lost 3 of अस्पताल",
    }


def test_more_fields_stand_beside_the_text() -> None:
    assert line("taken", extra={"site": "dh", "path": object})["site"] == "dh"


def test_an_error_keeps_its_traceback_on_the_line() -> None:
    assert "ValueError: why" in str(line("failed", failed=True)["error"])
