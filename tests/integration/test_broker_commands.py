"""`oxygrid broker …` as an administrator types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.rig import ROOT

SITES = [
    {
        "id": "district-hospital",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
            {"id": "gw-plant", "kind": "gateway", "assets": ["line"]},
            {"id": "gw-wards", "kind": "gateway"},
        ],
    }
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir(mode=0o700)
    access = {"folder": str(tmp_path / "accounts"), "url": "mqtts://oxygen.example.org:8883"}
    (tmp_path / "c.yaml").write_text(json.dumps({"sites": SITES, "access": access}))
    return tmp_path / "c.yaml"


def broker(config: Path, *args: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "collector", "broker", *map(str, args), *(["-c", str(config)] if args[0] == "accounts" else [])]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_an_account_from_its_beginning_to_its_end(config: Path) -> None:
    added = broker(config, "accounts", "add", "district-hospital/gw-plant", "--json")
    told = json.loads(added.stdout)
    assert (told["username"], told["url"]) == ("district-hospital.gw-plant", "mqtts://oxygen.example.org:8883")
    assert len(told["password"]) >= 27
    listed = broker(config, "accounts", "list").stdout.splitlines()
    assert [line.split(maxsplit=1)[0] for line in listed] == ["district-hospital.gw-plant", "district-hospital/gw-wards"]
    assert told["password"] not in broker(config, "accounts", "list", "--json").stdout
    assert "revoked: district-hospital.gw-plant" in broker(config, "accounts", "revoke", "district-hospital/gw-plant").stdout
    assert (config.parent / "accounts/passwords").read_text() == ""


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_technician_gets_a_picture_of_the_settings(config: Path, ending: str) -> None:
    added = broker(config, "accounts", "add", "district-hospital", "--qr-file", config.parent / f"qr.{ending}")
    assert (added.returncode, added.stderr) == (0, "")
    assert (config.parent / f"qr.{ending}").stat().st_size > 200
    assert (config.parent / f"qr.{ending}").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["add", "district-hospital/gw-plants"], "district-hospital/gw-plant"),
        (["add", "district-hospital/line"], "is no site and no gateway"),
        (["add", "../etc"], "is no site and no gateway"),
        (["add", ""], "is no site and no gateway"),
        (["revoke", "district-hospital/gw-plant"], "there is: none at all"),
        (["add", "district-hospital", "--folder", "/nowhere"], "is no folder; make it"),
        (["add", "district-hospital", "--qr-file", "/nowhere/qr.svg"], "/nowhere/qr.svg can't be written"),
        (["add", "district-hospital", "--qr-file", "qr.gif"], ".png or .svg"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_nothing_is_made(config: Path, args: list[str], said: str) -> None:
    refused = broker(config, "accounts", *args)
    assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (2, True, False), refused.stderr
    assert not (config.parent / "accounts/passwords").exists()


def test_certificates_are_made_once(config: Path) -> None:
    folder = config.parent / "tls"
    made = broker(config, "certificates", "--folder", folder, "--host", "oxygen.example.org")
    assert made.returncode == 0
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(before) == {"ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"}
    assert "is good, and stays" in broker(config, "certificates", "--folder", folder, "--host", "oxygen.example.org").stdout
    assert before == {file.name: file.read_bytes() for file in folder.iterdir()}
    refused = broker(config, "certificates", "--folder", folder, "--host", "not a host!")
    assert (refused.returncode, "neither a host name nor an address" in refused.stderr) == (2, True)
