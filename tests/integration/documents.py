"""What the tests of the documents share: the documents, their fenced blocks, and a collector for the blocks that can be run.

A block is marked in its info string, behind the language:

    sh run       pasted into a shell, against a running collector on examples/kasganj.yaml
    python run   the same as a program
    yaml check   a whole configuration, which `oxygrid config check` must find right
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers import Server, free_port

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
WAIT_S = 30.0

_FENCE = re.compile(r"^(?P<ticks>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    info: str
    text: str
    line: int


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def blocks(document: Path) -> list[Block]:
    text = document.read_text(encoding="utf-8")
    return [Block(found["info"].strip(), found["text"], text.count("\n", 0, found.start()) + 1) for found in _FENCE.finditer(text)]


def without_blocks(document: Path) -> str:
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


SEPARATORS = {"|", ">", ">>", "<", "&&", ";"}
AS_USER = ["sudo", "-u", "oxygrid"]


def oxygrid_calls(text: str) -> Iterator[list[str]]:
    """The arguments of every `oxygrid …` in lines of shell."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        for start, word in enumerate(words):
            first = start == 0 or words[start - 1] in SEPARATORS or words[:start] == AS_USER
            if first and Path(word).name == "oxygrid":
                ends = [end for end, other in enumerate(words) if end > start and other in SEPARATORS]
                yield words[start + 1 : min(ends, default=len(words))]


class Running:
    """A collector of its own process, and shells beside it in which `oxygrid` means the same configuration."""

    def __init__(self, folder: Path, broker: Server, ops_port: int) -> None:
        self._folder, self._broker, self._ops_port = folder, broker, ops_port
        programs = folder / "bin"
        programs.mkdir()
        (programs / "oxygrid").write_text(f'#!/bin/sh\nexec {sys.executable} -m collector "$@"\n')
        (programs / "oxygrid").chmod(0o755)
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "OXYGRID_CONFIG": str(folder / "oxygrid.yaml"),
        }

    def run(self, block: Block) -> str:
        """What the block prints; with the ports of this test in place of the usual ones."""
        text = block.text.replace("mosquitto_pub -h localhost", f"mosquitto_pub -h localhost -p {self._broker.port}")
        text = text.replace(":9464", f":{self._ops_port}").replace(" 1883", f" {self._broker.port}")
        argv = ["bash", "-euo", "pipefail", "-c", text] if block.info.startswith("sh") else [sys.executable, "-c", text]
        ran = subprocess.run(argv, cwd=self._folder, env=self.environment, capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert ran.returncode == 0, f"line {block.line}: {ran.stderr}"
        return ran.stdout

    def status(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._ops_port}/status", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def wait_for(self, what: str, seen: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                if seen(status := self.status()):
                    return
            except OSError:
                status = {}
            assert time.monotonic() < deadline, f"not seen: {what}; the status is {json.dumps(status)[:3000]}"
            time.sleep(0.1)


@contextmanager
def collector(folder: Path, broker: Server) -> Iterator[Running]:
    """The collector on examples/kasganj.yaml with the embedded history; low line pressure is an alarm without delay."""
    ops_port = free_port()
    (folder / "oxygrid.yaml").write_text(
        f"sites_from: [{ROOT}/examples/kasganj.yaml]\nmqtt: {{url: 'mqtt://127.0.0.1:{broker.port}'}}\nops: {{port: {ops_port}}}\n"
        "rules: {everywhere: {LP-LL: {on_delay_s: 0}}}\n"
    )
    running = Running(folder, broker, ops_port)
    log = folder / "collector.log"
    with log.open("w") as stderr, subprocess.Popen(["oxygrid", "run"], cwd=folder, env=running.environment, stderr=stderr) as process:
        try:
            running.wait_for("a session with the broker", lambda status: bool(status["source"]["connected"]))
            yield running
        finally:
            process.terminate()
            process.wait(WAIT_S)
    assert process.returncode == 0, log.read_text()
