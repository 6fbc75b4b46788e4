"""What `oxygrid duty` shows: who, until when, who next, and where nobody is."""

from __future__ import annotations

from collector.notify.rota import duty_lines, duty_view
from tests.unit.collector.notify.house import SITE, house, ms

NOON = ms("2026-03-04T12:00")


def lines(**parts: object) -> list[str]:
    whole = house(**parts)  # type: ignore[arg-type]
    return list(duty_lines(duty_view(whole, SITE, NOON), whole, SITE.zone))


def test_step_by_step() -> None:
    assert lines() == [
        "kasganj-dh (kasganj-dh), Wed 2026-03-04 12:00 IST",
        "  chain all (high, medium, low)",
        "    at once: nurses: Asha (1) until Wed 2026-03-04 20:00, then Ravi (2)",
        "    after 5 min: meena: Meena",
        "    after 15 min, or below 6 h left: room: Room",
        "    last resort: Room, Meena",
    ]


def test_a_gap_is_loud() -> None:
    hole = {"swaps": [{"date": "2026-03-04", "shift": "day", "out": "asha"}, {"date": "2026-03-06", "shift": "day", "out": "asha"}]}
    found = lines(roster=hole)
    assert found[2] == "    at once: nurses: NOBODY until Wed 2026-03-04 20:00, then Ravi (2)"
    assert found[-1] == "  NOBODY on duty in nurses: Fri 2026-03-06 08:00 to Fri 2026-03-06 20:00"


def test_no_chain_is_said() -> None:
    assert lines(chain={"sites": ["other"]})[1:] == ["  no chain: channels are told, no people"]


def test_a_week_has_every_change() -> None:
    view = duty_view(house(), SITE, NOON, week=True)
    assert len(view.rosters[0].week) == 15
    assert view.rosters[0].gaps == []
