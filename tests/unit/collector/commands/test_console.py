"""Accounts and tokens from the command line: what is printed once, what is listed, what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from collector.commands import console
from collector.console.accounts import opened
from collector.errors import UserError

SITES = [{"id": "a", "district": "east", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4}]}]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "oxygrid.yaml"
    path.write_text(json.dumps({"sites": SITES, "data_dir": str(tmp_path)}))
    return path


def test_a_token_is_printed_once_and_listed_without_itself(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console.add_token("ministry", scope=["district:east"], right="answer", days=30, config_file=config)
    token = capsys.readouterr().out.strip()
    assert token.startswith("oxygrid_")
    console.show_tokens(config)
    listed = capsys.readouterr().out
    assert listed.startswith("ministry\tanswer\tdistrict:east\tuntil ")
    assert token not in listed
    assert all(token.encode() not in path.read_bytes() for path in config.parent.iterdir())
    console.revoke_token("ministry", config)
    console.show_tokens(config)
    assert capsys.readouterr().out == "the token ministry is not valid any more\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "The Ministry"}, "is no name of a token"),
        ({"scope": ["district:west"]}, "the configuration has no such"),
        ({"scope": ["everything"]}, "is no scope"),
        ({"right": "manage"}, "is no right of a token"),
        ({"days": 0}, "1 to 366 days"),
        ({"days": 367}, "1 to 366 days"),
        ({"name": "there"}, "already"),
    ],
)
def test_what_is_refused(config: Path, wrong: dict[str, object], said: str) -> None:
    console.add_token("there", scope=["all"], config_file=config)
    with pytest.raises(UserError, match=said):
        console.add_token(**{"name": "ministry", "scope": ["all"], "config_file": config, **wrong})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="there is no token"):
        console.revoke_token("nobody", config)


def test_a_password_that_was_forgotten(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("four words that differ\n\n"))
    console.add("asha", role="viewer", scope=["all"], config_file=config)
    with opened(config.parent / "console.db") as accounts:
        user = accounts.check("asha", "four words that differ", "", 0)
        assert user is not None
        session = accounts.begin(user, 0, "test")
    capsys.readouterr()
    console.password("asha", config)
    made = capsys.readouterr().out.strip().removeprefix("asha has another password: ")
    with opened(config.parent / "console.db") as accounts:
        assert accounts.session(session, 1) is None, "its sessions have ended"
        assert accounts.check("asha", "four words that differ", "", 0) is None
        assert accounts.check("asha", made, "", 0) == user
    with pytest.raises(UserError, match="there is no account"):
        console.password("bina", config)


def test_an_account_for_who_signs_in_elsewhere(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("never read\n"))
    console.add("asha", role="viewer", scope=["all"], no_password=True, config_file=config)
    assert "password" not in capsys.readouterr().out
    with opened(config.parent / "console.db") as accounts:
        assert accounts.check("asha", "never read", "", 0) is None
    for command, listed in ((console.disable, "asha\tviewer\tall\tasha (disabled)\n"), (console.enable, "asha\tviewer\tall\tasha\n")):
        command("asha", config)
        capsys.readouterr()
        console.show(config)
        assert capsys.readouterr().out == listed
