"""States as people see them: a sign, a word of the catalogue (`state.<value>`) and a colour, so that none depends on the colour alone. Pure."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.colours import BLUE, GREEN, NORMAL, ORANGE, PRIORITY, PURPLE, SKY


class Look(NamedTuple):
    value: str
    sign: str
    colour: str


PLANT = (
    Look("running_on_spec", "✔", GREEN),
    Look("running_off_spec", "▼", PRIORITY["high"]),
    Look("starting", "▷", SKY),
    Look("standby", "⏸", BLUE),
    Look("off", "■", NORMAL),
    Look("fault", "✖", PRIORITY["high"]),
    Look("maintenance", "⚙", PURPLE),
)
BANK = (Look("a", "A", BLUE), Look("b", "B", ORANGE), Look("reserve", "R", PRIORITY["high"]))

STATES: dict[str, tuple[Look, ...]] = {
    "plant": PLANT,
    "bank": BANK,
    "feeding": PLANT + BANK,
    "analyser": (Look("ok", "✔", GREEN), Look("warming_up", "▷", SKY), Look("fault", "✖", PRIORITY["high"])),
    "feeds": (Look("true", "▶", GREEN), Look("false", "–", NORMAL)),
    "alarm": (
        Look("unacknowledged", "●", PRIORITY["high"]),
        Look("acknowledged", "◐", PRIORITY["medium"]),
        Look("returned", "○", NORMAL),
        Look("latched_unacknowledged", "●L", PRIORITY["high"]),
        Look("latched_acknowledged", "◐L", PRIORITY["medium"]),
        Look("shelved", "⏲", NORMAL),
        Look("suppressed", "⊘", NORMAL),
        Look("out_of_service", "⚙", PURPLE),
    ),
    "priority": (
        Look("high", "▲▲", PRIORITY["high"]),
        Look("medium", "▲", PRIORITY["medium"]),
        Look("low", "△", PRIORITY["low"]),
        Look("info", "i", NORMAL),
    ),
}
