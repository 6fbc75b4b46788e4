"""The console that can't begin, or begins on a damaged file: one line that says what is wrong, and no traceback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.rig import ROOT, wait_until
from tests.servers import HOST, _die_with_parent, free_port


def configured(folder: Path, **console: object) -> Path:
    file = folder / "c.yaml"
    file.write_text(json.dumps({"sites": [{"id": "a", "assets": []}], "data_dir": str(folder / "data"), "console": console}))
    return file


def command(*args: object, given: str = "") -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "collector", "console", *map(str, args)]
    return subprocess.run(argv, cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=False)


def test_a_certificate_that_is_missing(tmp_path: Path) -> None:
    told = command("run", "-c", configured(tmp_path, port=free_port(), cert_file=str(tmp_path / "c"), key_file=str(tmp_path / "k")))
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1].startswith(f"oxygrid: console.cert_file: {tmp_path}/c can't be read")
    assert "Traceback" not in told.stderr


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        told = command("run", "-c", configured(tmp_path, port=port))
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1] == f"oxygrid: port {port} on 127.0.0.1 can't be listened on; set console.port to a free one"
    assert "Traceback" not in told.stderr


@pytest.mark.server
def test_a_damaged_file_is_put_aside_and_what_is_readable_of_it_kept(tmp_path: Path) -> None:
    config = configured(tmp_path, port=free_port())
    for name in ("asha", "ravi"):
        assert (
            command(
                "accounts", "add", name, "--role", "viewer", "--scope", "all", "-c", config, given="four long secret words\n"
            ).returncode
            == 0
        )
    file = tmp_path / "data/console.db"
    content = bytearray(file.read_bytes())
    content[16:18] = b"\x12\x34"  # no size of a page
    file.write_bytes(content)
    told = command("accounts", "list", "-c", config)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith(f"oxygrid: {file}: ")
    assert told.stderr.endswith("; `oxygrid console run` mends it at its start\n")
    argv = [sys.executable, "-m", "collector", "console", "run", "-c", str(config)]
    console = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509
    try:
        wait_until(lambda: command("accounts", "list", "-c", config).returncode == 0, 20, "the file is a new one")
    finally:
        console.terminate()
        console.wait(10)
    assert list(file.parent.glob("console.db.damaged-*"))
