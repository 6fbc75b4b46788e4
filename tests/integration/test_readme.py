"""What the README and the other documents say is so: their blocks run, their commands, options, targets, links and files exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from collector.cli import main
from collector.commands.root import build
from collector.config.rulebook import default_rules
from tests.integration.documents import DOCUMENTS, ROOT, Block, Running, blocks, collector, name_of, oxygrid_calls, without_blocks
from tests.servers import Server, program

README = ROOT / "README.md"
WRITTEN = [document for document in DOCUMENTS if "reference" not in document.parts]
"""Written by hand; the generated pages are compared with the code elsewhere."""

RUN = {"sh run", "python run"}
LIVE = [document for document in DOCUMENTS if any(block.info in RUN for block in blocks(document))]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def ids(document: Path) -> str:
    return name_of(document)


def anchors(document: Path) -> set[str]:
    """Headings as links name them."""
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in HEADING.findall(without_blocks(document))}


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids)
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    for target, anchor in LINK.findall(without_blocks(document)):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{target} is not there"
        assert ROOT in path.parents, f"{target} leads out of the repository"
        assert not anchor or anchor in anchors(path), f"{target}#{anchor} is not there"


@pytest.mark.parametrize("document", WRITTEN, ids=ids)
def test_the_commands_that_are_named_exist_with_their_options(document: Path) -> None:
    shell = [block.text for block in blocks(document) if block.info.split(" ")[0] == "sh"]
    prose = re.findall(r"`((?:sudo -u oxygrid )?oxygrid [^`]*)`", without_blocks(document))
    for arguments in oxygrid_calls("\n".join([*shell, *(each.replace("\n", " ") for each in prose)])):
        command, name = typer.main.get_command(build()), "oxygrid"
        rest = list(arguments)
        while rest and rest[0] in (inner := getattr(command, "commands", {})):
            command, name = inner[rest[0]], f"{name} {rest[0]}"
            rest.pop(0)
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        assert name != "oxygrid" or rest[:1] in ([], ["--version"], ["…"]), f"there is no command oxygrid {' '.join(rest)}"
        unknown = {word.split("=")[0] for word in rest if word.startswith("-") and word != "-"} - known
        assert not unknown, f"{name} has no {unknown}"


@pytest.mark.parametrize("document", WRITTEN, ids=ids)
def test_the_targets_of_make_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(
        r"\bmake (?:-C \S+ )?([a-z./-]+)", "\n".join(block.text for block in blocks(document) if block.info.startswith("sh"))
    )
    named += re.findall(r"`make ([a-z]+)`", without_blocks(document))
    assert set(named) <= targets
    assert document != README or {"demo", "test"} <= set(named)


@pytest.mark.parametrize("document", WRITTEN, ids=ids)
def test_files_that_are_named_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:collector|devices|examples|docs|tests|scripts)/[\w./-]*\w", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"^\| \[(\d{4})\]\(([\w.-]+)\) \| (.*) \|$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = {file.name: HEADING.findall(file.read_text(encoding="utf-8")) for file in folder.glob("0*.md")}
    assert {name: f"{number} {title}" for number, name, title in listed} == {name: headings[0] for name, headings in found.items()}
    assert all(headings[1:] == ["Context", "Decision", "Consequences"] for headings in found.values())


def configurations() -> Iterator[object]:
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.info == "yaml check":
                yield pytest.param(block, id=f"{name_of(document)}:{block.line}")


@pytest.mark.parametrize("block", list(configurations()))
def test_configurations_that_are_shown_are_right(block: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "oxygrid.yaml").write_text(block.text)
    assert main(["config", "check", "-c", str(tmp_path / "oxygrid.yaml")]) == 0, capsys.readouterr().err


def test_the_first_screen_shows_lines_that_the_demo_can_say() -> None:
    (demo,) = [block.text for block in blocks(README) if block.info == "text demo"]
    messages = {rule.message for rule in default_rules()}
    told = re.findall(r"(?:raised|cleared): [^:]*?: (.*?)(?: is over)? \(", demo)
    assert len(told) >= 3
    assert set(told) <= messages
    assert f"{len(default_rules())} default rules" in README.read_text(encoding="utf-8")


def ready_for(block: Block, running: Running) -> None:
    """A person reads before they acknowledge; so wait until the alarm is there to be seen."""
    for arguments in oxygrid_calls(block.text) if block.info.startswith("sh") else ():
        if arguments[:1] == ["ack"]:
            running.wait_for(f"{arguments[1]}, to acknowledge it", waiting(arguments[1]))


def waiting(alarm: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: any((known["alarm"], known["state"]) == (alarm, "unacknowledged") for known in status["alarms"])


@pytest.mark.server
@pytest.mark.parametrize("document", LIVE, ids=ids)
def test_what_is_marked_to_run_runs_as_pasted(document: Path, tmp_path: Path, broker: Server) -> None:
    program("mosquitto_pub", "mosquitto-clients")
    program("curl", "Debian's package curl")
    with collector(tmp_path, broker) as running:
        for block in blocks(document):
            if block.info in RUN:
                ready_for(block, running)
                running.run(block)
        status = running.status()
    assert status["source"]["received"] > 0
    if document == README:
        assert status["quarantined"] == {"out_of_range": 1, "unknown_signal": 1}
        (line,) = [asset for site in status["sites"] for asset in site["assets"] if (site["id"], asset["id"]) == ("kasganj-dh", "line")]
        assert line["values"]["line_pressure_bar"]["value"] == pytest.approx(2.758, abs=0.001)
