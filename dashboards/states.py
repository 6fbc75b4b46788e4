"""States as people see them: a sign, a word of the catalogue and a colour, so that none depends on the colour alone. Pure."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.colours import BLUE, GREEN, NORMAL, ORANGE, PRIORITY, PURPLE, SKY


class Look(NamedTuple):
    """`word` is the key of its word, `state.<value>` where it is empty."""

    value: str
    sign: str
    colour: str
    word: str = ""

    @property
    def key(self) -> str:
        return self.word or f"state.{self.value}"


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
    "leaks": (Look("true", "▼", PRIORITY["medium"], "state.leaks"), Look("false", "–", NORMAL, "state.tight")),
    "patient": (Look("true", "●", BLUE, "state.in_use"), Look("false", "–", NORMAL, "state.spare")),
    "connected": (Look("1", "✔", GREEN, "state.connected"), Look("0", "✖", PRIORITY["high"], "state.not_connected")),
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
