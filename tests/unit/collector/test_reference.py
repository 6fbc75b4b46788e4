from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from collector.commands.root import build
from collector.decoding import REASONS
from collector.ops.metrics import METRICS
from collector.reference import FOLDER, JSON_OF, PAGES, SHAPES, all_models, commands_markdown, configuration_markdown, main


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_committed_page_is_what_the_code_says(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "run: python -m collector.reference"


@pytest.mark.parametrize("model", list(all_models()), ids=lambda model: model.__name__)
def test_every_key_has_a_description_and_a_row(model: type[BaseModel]) -> None:
    page = configuration_markdown()
    for name, field in model.model_fields.items():
        assert field.description or name == "kind", name
        assert f"\n| `{field.alias or name}` | " in page


def test_every_command_and_option_is_on_the_page() -> None:
    import typer

    page = commands_markdown()
    groups = [("oxygrid", typer.main.get_command(build()))]
    for name, command in groups:
        assert f"\n## {name}\n" in page
        groups += [(f"{name} {inner}", each) for inner, each in getattr(command, "commands", {}).items()]
    assert {name for name, _ in groups} >= {"oxygrid run", "oxygrid config check", "oxygrid replay", "oxygrid quarantine"}
    assert {f"oxygrid {command}" for command in JSON_OF} <= {name for name, _ in groups}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_field_of_json_is_on_the_page(shape: type[msgspec.Struct]) -> None:
    section = commands_markdown().split(f"\n## {shape.__name__}\n", 1)[1].split("\n## ", 1)[0]
    assert all(f"`{field.encode_name}`" in section for field in msgspec.structs.fields(shape))


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_on_the_page_with_its_labels(name: str) -> None:
    (row,) = [row for row in PAGES["metrics.md"]().splitlines() if row.startswith((f"| `{name}` |", f"| `{name}_total` |"))]
    assert f"| {', '.join(METRICS[name].labels)} | {METRICS[name].text} |" in row
    assert METRICS[name].text.endswith(".")


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_on_the_page_with_what_to_do(code: str) -> None:
    (row,) = [row for row in (FOLDER / "payload.md").read_text(encoding="utf-8").splitlines() if row.startswith(f"| `{code}` |")]
    meaning, what_to_do = row.strip("| ").split(" | ")[1:]
    assert meaning == REASONS[code]
    assert len(what_to_do) > 10


def test_pages_are_written_to_the_folder_that_is_named(tmp_path: Path) -> None:
    main(tmp_path / "new")
    assert {file.name for file in (tmp_path / "new").iterdir()} == set(PAGES)


def test_no_page_tells_where_it_was_made() -> None:
    assert not [name for name, page in PAGES.items() if str(FOLDER.parents[1]) in page()]
