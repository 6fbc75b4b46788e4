"""A house for the tests of this folder: two nurses in turn, an engineer, a control room, and a chain over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from collector.config.people import Chain, Duty, Person, Roster, Team
from collector.notify.house import House
from devices.assets import Site

SITE = Site.model_validate({"id": "kasganj-dh", "district": "kasganj", "region": "up", "timezone": "Asia/Kolkata", "assets": []})
DAY_AND_NIGHT = [
    {"id": "day", "from": "08:00", "to": "20:00", "people": ["asha"]},
    {"id": "night", "from": "20:00", "to": "08:00", "people": ["ravi"]},
]
PEOPLE: list[dict[str, Any]] = [
    {
        "id": "asha",
        "name": "Asha",
        "role": "nurse",
        "phone": "1",
        "ways": [{"channel": "sms", "to": "+91 1"}, {"channel": "mail", "to": "a@x"}],
    },
    {"id": "ravi", "name": "Ravi", "role": "nurse", "phone": "2", "ways": [{"channel": "sms", "to": "+91 2"}]},
    {"id": "meena", "name": "Meena", "role": "engineer", "ways": [{"channel": "sms", "to": "+91 3"}]},
    {"id": "room", "name": "Room", "role": "control_room", "ways": [{"channel": "hook"}]},
]
CHAIN: dict[str, Any] = {
    "id": "all",
    "steps": [{"tell": "nurses"}, {"tell": "meena", "after_min": 5}, {"tell": "room", "after_min": 15, "hours_left_below": 6}],
    "repeat_every_min": 10,
    "not_better_after_min": 60,
    "last_resort": "chiefs",
}


def house(chain: dict[str, Any] | None = None, settings: dict[str, Any] | None = None, roster: dict[str, Any] | None = None) -> House:
    return House(
        [SITE],
        [Person.model_validate(person) for person in PEOPLE],
        [Team.model_validate({"id": "chiefs", "members": ["room", "meena"]})],
        [Roster.model_validate({"id": "nurses", "shifts": DAY_AND_NIGHT, **(roster or {})})],
        [Chain.model_validate({**CHAIN, **(chain or {})})],
        Duty.model_validate(settings or {}),
    )


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=SITE.zone).timestamp() * 1000)
