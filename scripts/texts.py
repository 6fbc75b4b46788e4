"""Write collector/locale: new English texts into each .po, and each .mo from its .po (make texts). What no code says any more goes out.

A translator edits the .po; the .mo beside it is what the collector reads, and a test says whether the two agree.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from collector.notify.texts.catalogue import LANGUAGES, english  # noqa: E402

LOCALE = ROOT / "collector" / "locale"
PLACES = {"marked": (0,), "w": (0,), "word": (1,), "plural": (1, 2), "Field": (3,)}
"""What is called with texts, and which of its arguments they are. `Field`: of the daily report."""


def texts() -> Iterator[tuple[str, ...]]:
    """Every English text, alone or with its plural."""
    for said in english().values():
        yield from ((text,) for text in said.values())
    for file in sorted((ROOT / "collector").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACES:
                given = [node.args[place] for place in PLACES[node.func.id] if place < len(node.args)]
                said_here = tuple(each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))
                if said_here and len(said_here) == len(PLACES[node.func.id]):
                    yield said_here


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "oxygrid.po"), wrapwidth=0)


def main() -> int:
    wanted = {each[0]: each for each in texts()}
    missing = 0
    for language in LANGUAGES[1:]:
        book = catalogue(language)
        book[:] = [entry for entry in book if entry.msgid in wanted]
        known = {entry.msgid for entry in book}
        for text, *plural in (each for each in wanted.values() if each[0] not in known):
            book.append(polib.POEntry(msgid=text, msgid_plural=plural[0], msgstr_plural={0: ""}) if plural else polib.POEntry(msgid=text))
        path = LOCALE / language / "LC_MESSAGES" / "oxygrid.po"
        book.save(str(path))
        book.save_as_mofile(str(path.with_suffix(".mo")))
        for entry in book.untranslated_entries():
            sys.stderr.write(f"{path}: not translated: {entry.msgid}\n")
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
