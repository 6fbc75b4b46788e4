"""Writes the pages of docs/reference that are made from the code: `python -m collector.reference [FOLDER]`."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import annotated_types
import msgspec
import typer
from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from collector import views
from collector.alarms.page import alarms_markdown
from collector.backtest.compare import Pair, RuleCount
from collector.backtest.episodes import Episode
from collector.backtest.pages import Pages
from collector.backtest.report import BacktestReport, SiteReport
from collector.cases.result import CaseResult, Difference, Failure, TestReport
from collector.commands.root import build
from collector.config.model import Config
from collector.config.rulebook import default_rules
from collector.kpi.classes import Finding
from collector.kpi.page import kpi_markdown
from collector.kpi.report import Counts, Hidden, KpiReport, LeftAlone, Offender, Response, Standing
from collector.kpi.targets import Figure
from collector.notify.rota import ChainView, DutyView, RosterView, StepView, WatchView
from collector.ops.metrics import metrics_markdown
from collector.outputs import Bounded, ManifoldStock, SourceStock, StockEstimate, Transition
from collector.ports import SourceStatus
from collector.rules.explain import Explained, Number, Setting
from collector.rules.limit import Limit
from collector.rules.model import RuleOverride
from collector.rules.page import rules_markdown
from devices.kinds.catalogue import catalogue_markdown

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
BOUNDS = (
    (annotated_types.Ge, "ge", "≥"),
    (annotated_types.Gt, "gt", ">"),
    (annotated_types.Le, "le", "≤"),
    (annotated_types.Lt, "lt", "<"),
)
KIND = "Says which of the kinds this is."
WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "nothing"}


def configuration_markdown() -> str:
    """docs/reference/configuration.md: every key of every section, from the models."""
    lines = [
        "# Configuration",
        "",
        "YAML 1.2, UTF-8. `oxygrid config example` prints a complete file with comments, `oxygrid config schema` the JSON Schema for "
        "editors, and `oxygrid config check` says everything that is wrong at once. This page is generated from the models.",
        "",
        "- Unknown and duplicate keys are refused. So are YAML aliases (`*name`). A file may be 32 MiB; `sites_from` takes more of them.",
        "- Relative paths are taken from the folder of the configuration file.",
        "- Secrets never stand in the file. A key that ends in `_file` names a file whose first line is the secret, or `env:NAME`, an "
        "environment variable. They are read when they are used and never logged.",
        "- A running collector takes a changed file on SIGHUP, or refuses it whole and goes on with the old one.",
        "",
    ]
    for name, model in _models():
        lines += [f"## {name}", "", *_first_sentence(model)]
        if model is RuleOverride:
            lines += ["Every key of `rules` `add` but `id` and `kind`; none is required.", ""]
            continue
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [_field_row(key, field) for key, field in _keys(model)]
        lines.append("")
    return "\n".join(lines)


def all_models() -> Iterator[type[BaseModel]]:
    """Every model that a configuration consists of."""
    return (model for _, model in _models())


def _models() -> Iterator[tuple[str, type[BaseModel]]]:
    """Config and every model below it, each once, with the path of its first use."""
    waiting: list[tuple[str, type[BaseModel]]] = [("Top level", Config)]
    seen: set[type[BaseModel]] = {Config}
    for name, model in waiting:
        yield name, model
        for key, field in _keys(model) if model is not RuleOverride else ():
            for inner in _inner_models(field.annotation):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append((_section_name("" if model is Config else name, key, inner), inner))


def _section_name(above: str, key: str, model: type[BaseModel]) -> str:
    kind = model.model_fields.get("kind")
    tag = get_args(kind.annotation) if kind else ()
    what = f" of kind `{tag[0]}`" if tag else ""
    return f"{above.replace(' of kind ', ' ')} `{key}`{what}" if above else f"`{key}`{what}"


def _first_sentence(model: type[BaseModel]) -> list[str]:
    text = model.__doc__ or ""
    return [" ".join(text.split()), ""] if text else []


def _keys(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _inner_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not Limit:
        yield annotation
    for inner in get_args(annotation):
        yield from _inner_models(inner)


def _field_row(key: str, field: FieldInfo) -> str:
    return f"| `{key}` | {_type_text(field.annotation)}{_bounds(field)} | {_default(field)} | {_cell(field.description or KIND)} |"


def _bounds(field: FieldInfo) -> str:
    found = [f"{sign} {_number(getattr(each, name))}" for each in field.metadata for kind, name, sign in BOUNDS if isinstance(each, kind)]
    return f", {' and '.join(found)}" if found else ""


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, int | float):
        return f"`{_number(value)}`"
    return f"`{value}`" if isinstance(value, str) and value else ""


def _type_text(annotation: Any) -> str:
    """The type in words for a reader who knows YAML and not Python."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return "text" if any(isinstance(each, WithJsonSchema) for each in args[1:]) else _type_text(args[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type_text(arg) for arg in args if arg is not type(None)))
    if origin is typing.Literal:
        return ", ".join(f"`{arg}`" for arg in args)
    if origin in (tuple, frozenset):
        return f"list of {_type_text(args[0])}"
    if origin is dict:
        return f"mapping of {_type_text(args[0])} to {_type_text(args[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "number or text" if annotation is Limit else "mapping"
    return WORDS[annotation]


def commands_markdown() -> str:
    """docs/reference/commands.md: every command with its options, and the shapes of `--json`."""
    lines = [
        "# Commands",
        "",
        "This page is generated from the commands. `python -m collector …` is the same as `oxygrid …`.",
        "",
        "Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 130 interrupted. An error that a person can mend is one sentence on "
        "standard error; output for scripts goes to standard output.",
        "",
    ]
    for name, command in _commands(typer.main.get_command(build()), "oxygrid"):
        lines += [f"## {name}", "", *_help_text(command), ""]
        rows = [
            _option_row(parameter)
            for parameter in command.params
            if parameter.name not in ("install_completion", "show_completion", "help")
        ]
        lines += ["| option | default | meaning |", "|---|---|---|", *rows, ""] if rows else []
    return "\n".join([*lines, *_json_lines()])


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for inner_name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, f"{name} {inner_name}")


def _help_text(command: Any) -> list[str]:
    return ["\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))]


def _option_row(parameter: Any) -> str:
    is_argument = parameter.param_type_name == "argument"
    names = parameter.name.upper() if is_argument else ", ".join(parameter.opts)
    given = "" if parameter.default in (None, False) else f"`{_relative(parameter.default)}`"
    return f"| `{names}` | {'**required**' if parameter.required else given} | {_cell(parameter.help or '')} |"


def _relative(default: object) -> object:
    """A path of this checkout, told from its root."""
    root = Path(__file__).parents[1]
    return default.relative_to(root) if isinstance(default, Path) and default.is_relative_to(root) else default


JSON_OF = {
    "status": views.StatusView,
    "alarms": list[views.AlarmView],
    "alarms kpi": KpiReport,
    "quarantine": views.QuarantineView,
    "audit list": list[views.AuditView],
    "duty": list[DutyView],
    "rules test": TestReport,
    "rules backtest": BacktestReport,
    "rules explain": list[Explained],
}
"""Command → what its --json prints."""

SHAPES: tuple[type[msgspec.Struct], ...] = (
    views.StatusView,
    views.SiteView,
    views.AssetView,
    views.ValueView,
    StockEstimate,
    SourceStock,
    ManifoldStock,
    Bounded,
    views.AlarmView,
    Transition,
    KpiReport,
    Counts,
    Figure,
    Response,
    Finding,
    Offender,
    Standing,
    LeftAlone,
    Hidden,
    views.CursorView,
    SourceStatus,
    views.QuarantineView,
    views.QuarantinedView,
    views.UnknownAssetView,
    views.RefusedLineView,
    views.AuditView,
    DutyView,
    ChainView,
    StepView,
    RosterView,
    WatchView,
    TestReport,
    CaseResult,
    Failure,
    Difference,
    BacktestReport,
    SiteReport,
    Pair,
    Episode,
    Pages,
    RuleCount,
    Explained,
    Number,
    Setting,
)


def _json_lines() -> Iterator[str]:
    yield from ("# JSON", "", "Fields may be added; none is renamed or taken away. Times that end in `_ms` are Unix milliseconds.", "")
    yield from (f"- `oxygrid {command} --json`: {_json_type(shape)}" for command, shape in JSON_OF.items())
    yield "- `oxygrid replay --json`: one object a line: Transition and `type` `transition`; with --stock StockEstimate and `type` `stock`;"
    yield "  for a command that was refused AuditEntry and `type` `refused`."
    yield "- `oxygrid record`: one object a line: `received_ms`, `topic`, `payload` (text; else `payload_base64`), `retained` (when true)."
    for shape in SHAPES:
        yield from ("", f"## {shape.__name__}", "", " ".join((shape.__doc__ or "").split()), "")
        if shape.__struct_config__.array_like:
            yield f"An array: {', '.join(f'`{field.name}`' for field in msgspec.structs.fields(shape))}."
            continue
        yield from ("| field | type |", "|---|---|")
        yield from (f"| `{field.encode_name}` | {_json_type(field.type)} |" for field in msgspec.structs.fields(shape))


def _json_type(annotation: Any) -> str:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (list, tuple):
        return f"array of {_json_type(args[0])}"
    if origin is dict:
        return f"object of {_json_type(args[1])}, by name"
    if origin is typing.Literal:
        return ", ".join(f"`{arg}`" for arg in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("null" if arg is type(None) else _json_type(arg) for arg in args)
    return WORDS.get(annotation) or f"{annotation.__name__}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration_markdown,
    "commands.md": commands_markdown,
    "metrics.md": metrics_markdown,
    "signals.md": catalogue_markdown,
    "rules.md": lambda: rules_markdown(default_rules()),
    "alarms.md": alarms_markdown,
    "kpi.md": kpi_markdown,
}
"""File → what it holds. A test compares the committed files with these."""


def main(folder: Path = FOLDER) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
