"""People, rosters and chains that do not fit are refused with file, line, and what would be right, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config.loader import ConfigError, load
from collector.reference import all_models

GOOD = (
    """
sites: [{id: a, district: north, region: up, assets: []}]
notify: {channels: [{id: log, kind: log}, {id: mail, kind: smtp, host: m, from: x@example.org, to: [y@example.org]}, MODEM, CHAT]}
people:
  - {id: asha, name: Asha, role: nurse, ways: [{channel: log}]}
  - {id: ravi, name: Ravi, role: nurse, ways: [{channel: mail, to: ravi@example.org}]}
teams:
  - {id: both, members: [asha, ravi]}
rosters:
  - id: room
    timezone: Asia/Kolkata
    shifts:
      - {id: day, from: "08:00", to: "20:00", people: [asha]}
      - {id: night, from: "20:00", to: "08:00", people: [ravi]}
    holidays: [{date: "2026-01-26", shifts: [{id: h, from: "08:00", to: "08:00", people: [both]}]}, {date: "2026-08-15"}]
    swaps: [{date: "2026-03-03", shift: day, out: asha, in: ravi}]
chains:
  - id: all
    districts: [north]
    steps: [{tell: room}, {tell: both, after_min: 5}]
    last_resort: both
""".replace("MODEM", "{id: modem, kind: gsm, device: /dev/m}")
    .replace("CHAT", "{id: chat, kind: telegram, token_file: t}, GATEWAY")
    .replace("GATEWAY", "{id: gateway, kind: webhook, url: 'https://sms.example.org', form: sms, people_only: true}")
)

WRONG = [
    ('to: "20:00"', 'to: "21:00"', 'c.yaml:14: rosters[0].shifts[1]: overlaps shift \'day\': it begins mon 20:00'),
    ('to: "20:00"', 'to: "19:00"', "c.yaml:12: rosters[0].shifts: nobody is on duty: mon 19:00 to mon 20:00; tue 19:00 to tue 20:00"),
    ("people: [asha]}", "people: [asta]}", "c.yaml:13: rosters[0].shifts[0].people[0]: unknown person or team 'asta'"),
    ("members: [asha, ravi]", "members: [asha, room]", "c.yaml:8: teams[0].members[1]: unknown person 'room'; known: asha, ravi"),
    ("channel: log", "channel: logs", "c.yaml:5: people[0].ways[0].channel: unknown channel 'logs'; did you mean 'log'?"),
    (", to: ravi@example.org}", "}", "c.yaml:6: people[1].ways[0]: channel 'mail' sends mail: `to` should be a mail address"),
    ("{channel: log}]", "{channel: modem, to: asha}]", "people[0].ways[0].to: channel 'modem' sends SMS: `to` should be a phone number"),
    ("{channel: log}]", "{channel: chat}]", "people[0].ways[0]: channel 'chat' sends Telegram messages: `to` should be the id"),
    ("ways: [{channel: log}]", "ways: []", "c.yaml:5: people[0].ways: found an empty list; should be one with at least 1 item"),
    (", ways: [{channel: log}]", "", "c.yaml:5: people[0].ways: missing: Ways to reach them, the best first."),
    ("Asia/Kolkata", "Asia/Kolkatta", "c.yaml:11: rosters[0].timezone: 'Asia/Kolkatta' is no IANA time zone; e.g. Asia/Kolkata"),
    ("2026-03-03", "2026-02-30", "c.yaml:16: rosters[0].swaps[0].date: '2026-02-30' is no day of the calendar; e.g. '2026-02-28'"),
    ("2026-03-03", "03.03.2026", "rosters[0].swaps[0].date: found '03.03.2026'; should be a day like '2026-01-26'"),
    ("2026-03-03", "2026-01-26", "c.yaml:16: rosters[0].swaps[0].shift: no shift 'day' begins on that day; those of 2026-01-26 (mon): h"),
    ("out: asha, in: ravi", "out: ravi, in: asha", "c.yaml:16: rosters[0].swaps[0].out: 'ravi' is not in shift 'day'; in it: asha"),
    (", out: asha, in: ravi", "", "c.yaml:16: rosters[0].swaps[0]: nobody is named: say who is not there (out)"),
    ('from: "08:00", to: "20:00"', 'from: "8:00", to: "20:00"', "found '8:00'; should be a time like '08:00', or '24:00'"),
    ("last_resort: both", "last_resort: room", "c.yaml:21: chains[0].last_resort: 'room' is a roster, and may have nobody on duty"),
    ("last_resort: both", "", "c.yaml:18: chains[0].last_resort: missing: Id of a person or a team that is always there"),
    ("tell: both, after_min: 5", "tell: both", "c.yaml:20: chains[0].steps[1]: this step is never taken: give after_min"),
    ("{tell: room}", "{tell: rum}", "c.yaml:20: chains[0].steps[0].tell: unknown person, team or roster 'rum'; known: asha"),
    ("districts: [north]", "districts: [nord]", "c.yaml:19: chains[0].districts[0]: unknown district 'nord'; did you mean 'north'?"),
    ('date: "2026-08-15"', 'date: "2026-01-26"', "c.yaml:15: rosters[0].holidays[1].date: holiday '2026-01-26' stands twice"),
    ('"08:00", people: [both]}', '"20:00", people: [both]}, {id: h, from: "20:00", to: "08:00", people: [asha]}', "shift 'h' stands twice"),
    ("{channel: log}]", "{channel: gateway}]", "people[0].ways[0]: channel 'gateway' sends SMS: `to` should be a phone number"),
    ("id: both, members", "id: asha, members", "c.yaml:8: teams[0].id: id 'asha' stands twice; people, teams and rosters"),
]  # fmt: skip


def found(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "c.yaml").write_text(text)
    try:
        load(folder / "c.yaml")
    except ConfigError as exc:
        return exc.problems
    return ()


def test_what_fits_is_taken(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == ()


@pytest.mark.parametrize(("old", "new", "problem"), WRONG, ids=[f"{new[:30]}" for _, new, _ in WRONG])
def test_what_does_not_fit_says_where_and_what_would_be_right(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    problems = found(tmp_path, GOOD.replace(old, new, 1))
    assert any(problem in each for each in problems), problems


def test_all_of_it_is_said_at_once(tmp_path: Path) -> None:
    text = GOOD
    for old, new, _ in (WRONG[2], WRONG[4], WRONG[15], WRONG[19]):
        text = text.replace(old, new, 1)
    assert len(found(tmp_path, text)) == 4


def test_a_daytime_roster_may_leave_the_night(tmp_path: Path) -> None:
    assert (
        found(tmp_path, GOOD.replace('to: "20:00"', 'to: "19:00"').replace("timezone: Asia", "around_the_clock: false\n    timezone: Asia"))
        == ()
    )


def test_a_heartbeat_needs_one_address(tmp_path: Path) -> None:
    for heartbeat in ("{}", "{url: 'https://x.example', url_file: y}"):
        assert found(tmp_path, f"{GOOD}heartbeat: {heartbeat}\n") == (
            f"{tmp_path}/c.yaml:22: heartbeat: a heartbeat needs exactly one of url and url_file",
        )


def test_the_models_are_in_the_reference() -> None:
    names: Any = {model.__name__ for model in all_models()}
    assert {"Person", "Roster", "Chain", "Duty", "Heartbeat"} <= names
