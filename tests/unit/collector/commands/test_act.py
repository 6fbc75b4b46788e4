"""`oxygrid ack`, used wrongly: a sentence each, before anybody is asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from collector.cli import main
from collector.commands.control import Command, send
from collector.config import Config
from collector.errors import UserError

ACK = Command("ack", "a/line/LP-LL", "Asha")


@pytest.mark.parametrize("by", ["", "  ", "x" * 65, "two\nlines", "\x1b[31m"])
def test_a_name_that_is_none_is_refused(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ack", "a/line/LP-LL", "--by", by]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("oxygrid: --by ")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("args", [[], ["a/line/LP-LL"], ["--by", "Asha"]])
def test_alarm_and_name_are_both_needed(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ack", *args]) == 2
    assert "Usage: oxygrid ack" in capsys.readouterr().err


def test_a_collector_that_does_not_run_is_named_by_its_folder(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path))
    with pytest.raises(UserError, match=rf"no collector runs on {tmp_path}; start one with `oxygrid run`"):
        send(config, ACK)
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(tmp_path / "control.sock"))  # what a collector leaves behind that was killed
    with pytest.raises(UserError, match="no collector runs on"):
        send(config, ACK)


def test_a_folder_too_deep_for_a_socket_is_said() -> None:
    with pytest.raises(UserError, match=r"control\.sock: AF_UNIX path too long"):
        send(Config(data_dir="d" * 120), ACK)
