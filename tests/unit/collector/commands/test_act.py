"""`oxygrid ack`, `shelve` and the others, used wrongly: a sentence each, before anybody is asked."""

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


WHO = ["a/line/LP-LL", "--by", "Asha"]
SHELVE = ["shelve", *WHO, "--why", "new gauge", "--for", "15m"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["shelve", *WHO, "--why", " ", "--for", "15m"], "--why '': the reason"),
        (["shelve", *WHO, "--why", "new gauge", "--for", "15"], "--for '15': a number and its unit are right: 15m, 8h, 2d"),
        (["shelve", *WHO, "--why", "new gauge", "--for", "0m"], "--for 0 min: how long it is to last, more than nothing and 7d at most"),
        (["out-of-service", *WHO, "--why", "job 17", "--for", "8d"], "--for 11520 min: how long it is to last"),
        (["out-of-service", *WHO, "--why", "x" * 201, "--for", "1d"], "--why 'xxx"),
        (["reset", "", "--by", "Asha"], "alarm '': one as `oxygrid alarms` names it is right"),
        (["unshelve", "a/line/LP-LL", "--by", "\n"], "--by '': the name of the person"),
        (["return", *WHO, "--why", "a\nb"], r"--why 'a\nb': the reason"),
    ],
)
def test_wrong_use_is_one_sentence(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"oxygrid: {said}")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["shelve", "out-of-service"])
@pytest.mark.parametrize("left_out", ["--by", "--why", "--for"])
def test_who_why_and_for_how_long_are_asked_for(command: str, left_out: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = SHELVE.index(left_out)
    assert main([command, *SHELVE[1:place], *SHELVE[place + 2 :]]) == 2
    assert f"Missing option '{left_out}'" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["reset"], ["unshelve", "a/line/LP-LL"], ["return", "--by", "Asha"], ["reset", *WHO, "--for", "15m"]])
def test_what_a_command_takes_is_said(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    assert f"Usage: oxygrid {args[0]}" in capsys.readouterr().err


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
