"""What fits and still reaches nobody is said, with its line; what reaches somebody is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import load

SITES = "sites: [{id: a, district: north, region: up, assets: []}, {id: b, district: south, region: up, assets: []}]\n"
MAIL = "{id: mail, kind: smtp, host: m, from: x@example.org"
PEOPLE = "people: [{id: asha, name: Asha, role: nurse, ways: [{channel: mail, to: a@example.org}]}]\n"
FOR_PEOPLE = f"notify: {{channels: [{{id: log, kind: log}}, {MAIL}}}]}}\n"


def chains(*given: str) -> str:
    return "chains:\n" + "".join(f"  - {{steps: [{{tell: asha}}], last_resort: asha, {each}}}\n" for each in given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1: notify: alarms of medium and high priority of a, b, the coll"]),
        (f"notify: {{channels: [{MAIL}, to: [y@example.org]}}]}}\n", []),
        (
            f"notify: {{channels: [{MAIL}, to: [y@example.org], min_priority: high}}]}}\n",
            ["2: notify: alarms of medium priority of a, b, the coll"],
        ),
        (
            f"notify: {{channels: [{MAIL}, to: [y@example.org], sites: [a]}}]}}\n",
            ["2: notify: alarms of medium and high priority of b, the coll"],
        ),
        (FOR_PEOPLE + PEOPLE, ["2: notify: alarms of medium and high priority of a, b, the coll"]),
        (FOR_PEOPLE + PEOPLE + chains("id: all"), []),
        (
            FOR_PEOPLE + PEOPLE + chains("id: n, districts: [north]"),
            ["4: chains: alarms of medium and high priority of b, the coll"],
        ),
        (
            FOR_PEOPLE + PEOPLE + chains("id: h, priorities: [high]"),
            ["4: chains: alarms of medium priority of a, b, the coll"],
        ),
        (FOR_PEOPLE + PEOPLE + chains("id: all", "id: more"), ["6: chains[1]: this chain is never taken"]),
        (FOR_PEOPLE + PEOPLE + chains("id: all", "id: up, regions: [up]"), ["5: chains[0]: this chain is never taken"]),
        (FOR_PEOPLE + PEOPLE + chains("id: all", "id: n, districts: [north]"), []),
        (
            FOR_PEOPLE + PEOPLE.replace("mail, to: a@example.org", "log") + chains("id: all"),
            ["3: people[0].ways: Asha is told in the log alone; give a way that reaches them"],
        ),
    ],
)
def test_it_is_said(tmp_path: Path, text: str, expected: list[str]) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(SITES + text)
    notes = [note.removeprefix(f"{file}:") for note in load(file).notes]
    assert len(notes) == len(expected), notes
    for note, begin in zip(notes, expected, strict=True):
        assert note.startswith(begin)
