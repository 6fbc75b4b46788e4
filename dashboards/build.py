"""Builds every dashboard in every language, writes it to `out/`, or says where `out/` is not what the code builds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from collector.errors import UserError
from dashboards.influxql import LONG_POLICY
from dashboards.words import LANGUAGES

OUT = Path(__file__).with_name("out")
NO_SDK = "grafana-foundation-sdk is needed to build the dashboards, and is not installed: pip install grafana-foundation-sdk==0.0.21"


def built(languages: Iterable[str] = LANGUAGES, long: str = LONG_POLICY) -> dict[Path, str]:
    """The text of each file, by its path below `out/`: `<language>/<board>.json`. Raises UserError where the SDK is not installed."""
    try:
        from dashboards.render import to_json
    except ImportError as exc:
        raise UserError(NO_SDK) from exc
    from dashboards.boards import BOARDS
    from dashboards.words import Words

    return {
        Path(language, f"{board.key}.json"): to_json(board, Words(language), BOARDS, long) for language in languages for board in BOARDS
    }


def write(files: Mapping[Path, str], out: Path) -> None:
    """Write them, and remove what is no longer built in the folders of their languages."""
    for stale in _strangers(files, out):
        stale.unlink()
    for path, text in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text, encoding="utf-8")


def differences(files: Mapping[Path, str], out: Path) -> list[str]:
    """What in `out` is missing, is other than built, or is built no more; empty where all is the same."""
    found = [f"{out / path} is missing" for path in files if not (out / path).is_file()]
    found += [
        f"{out / path} is not what is built"
        for path, text in files.items()
        if (out / path).is_file() and (out / path).read_text("utf-8") != text
    ]
    return found + [f"{stale} is built no more" for stale in _strangers(files, out)]


def _strangers(files: Mapping[Path, str], out: Path) -> Iterator[Path]:
    for folder in sorted({path.parent for path in files}):
        yield from (each for each in sorted((out / folder).glob("*.json")) if each.relative_to(out) not in files)
