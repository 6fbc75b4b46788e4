"""How far a sensor can be believed: flat lines, noise that was never there, jumps that physics forbids. Pure.

Only signals that some decision hangs on are watched (CHARACTERS), and only twice a minute, so that a reading costs nothing. What is found
raises and clears nothing but the rule of stuck sensors; an alarm that rests on such a signal says so, and is told all the same.

- *stuck*: the same number for so long, although what it depends on has moved meanwhile, or although it has never repeated itself like that:
  a sensor of coarse resolution may stand still while nothing happens, one that always flickered by a digit may not. What it depends on has
  moved when the flow varied, or when so many litres were drawn that the bank's pressure had to fall.
- *noisy*: the second differences (a real fall has none) are several times what they have been for days.
- *jumped*: a step that the quantity can't make between two looks.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from devices.assets import Asset, Manifold
from devices.oxygen import CYLINDERS
from devices.signal import Value

Doubt: TypeAlias = Literal["stuck", "noisy", "jumped"]

NOISE_FACTOR = 6.0
LEARN_LOOKS = 2_880
"""A day of looks before the noise of a sensor is known."""
QUICK, SLOW = 1 / 20, 1 / 5_000
REPEAT_LOOKS = 40
"""So many looks before it is known how often a sensor repeats itself."""
UNLIKELY = 1e-9
RUN_MOST = 20
"""Repeats longer than that tell nothing of how an honest sensor repeats itself."""
JUMP_KEPT_MS = 600_000
EXPECTED_FALL_BAR = 3.0
"""So far a bank in use must have fallen by what was drawn before its standing still is a fault."""


@dataclass(frozen=True, slots=True)
class Character:
    """What an honest sensor of this signal does. `mover` is the signal that it depends on, and `share` by how much of its greatest value
    that must have varied; `jump` is the greatest step between two looks (0: any); `floor` is the least noise that counts, in its unit."""

    mover: str = ""
    share: float = 0.1
    jump: float = 0.0
    floor: float = 0.0


CHARACTERS: dict[str, dict[str, Character]] = {
    "pipeline": {"line_pressure_bar": Character("o2_flow_lpm", floor=0.05)},
    "psa_plant": {
        "o2_purity_pct": Character("o2_flow_lpm", 0.3, floor=0.5),
        "product_tank_bar": Character("o2_flow_lpm", floor=0.1),
    },
    "manifold": {
        "bank_a_bar": Character("o2_flow_lpm", floor=2.0),
        "bank_b_bar": Character("o2_flow_lpm", floor=2.0),
        "reserve_bar": Character("", floor=2.0),
        "bank_temp_c": Character("", jump=10.0),
    },
    "lox_tank": {"level_pct": Character("", jump=8.0, floor=2.0)},
}
"""Kind → signal → its character; all numbers are engineering judgement. A bank's own mover is what is drawn from it."""

RUNNING = frozenset({"running_on_spec", "running_off_spec"})
_AT, _VALUE, _SINCE, _LOW, _HIGH, _BEFORE, _QUICK, _SLOW, _LOOKS, _RUN, _REPEAT = range(11)
_STRIDE = 11
_NO_BANKS: dict[str, float] = {}
_TRUSTED: dict[str, tuple[Doubt, int, str]] = {}
"""Shared by all assets that nobody doubts, and never written to."""


class HonestyState(msgspec.Struct, array_like=True, gc=False):
    """The numbers of each watched signal as bytes (float64), and the doubts: signal → (what, since when, words)."""

    numbers: bytes = b""
    doubts: dict[str, tuple[Doubt, int, str]] = {}


class Honesty:
    """The watched signals of one asset. `take` is to be called with the latest values and their times, about twice a minute."""

    __slots__ = ("_characters", "_litres_per_bar", "_numbers", "doubts", "still_ms")

    def __init__(self, asset: Asset, still_ms: int, state: HonestyState | None = None) -> None:
        self._characters = CHARACTERS.get(asset.kind, {})
        self._litres_per_bar = _litres_per_bar(asset)
        self.still_ms = still_ms
        size = 8 * _STRIDE * len(self._characters)
        known = state if state is not None and len(state.numbers) == size else HonestyState(bytes(size))
        self._numbers = array("d", known.numbers)
        self.doubts = dict(known.doubts) if known.doubts else _TRUSTED

    def dump(self) -> HonestyState:
        return HonestyState(self._numbers.tobytes(), dict(self.doubts))

    def take(self, values: Mapping[str, Value], times: Mapping[str, tuple[int, int]]) -> None:
        """Look at the latest values; `times` are (event ms, received ms). A value that was looked at before is passed over."""
        for index, (name, character) in enumerate(self._characters.items()):
            value, at = values.get(name), times.get(name)
            if value.__class__ is float and at is not None and at[0] > self._numbers[index * _STRIDE + _AT]:
                self._look(index * _STRIDE, name, character, value, at[0], values)

    def stuck(self) -> str:
        """The names of the signals that stand still, for people."""
        return ", ".join(sorted(name for name, (doubt, _, _) in self.doubts.items() if doubt == "stuck"))

    def _look(self, place: int, name: str, character: Character, value: float, at_ms: int, values: Mapping[str, Value]) -> None:
        numbers = self._numbers
        before, first = numbers[place + _VALUE], numbers[place + _AT] == 0
        since_last_ms = at_ms - numbers[place + _AT]
        numbers[place + _AT] = at_ms
        if name == "o2_purity_pct" and values.get("state", "running_on_spec") not in RUNNING:
            first = True  # an analyser keeps what it read last while nothing flows
        if first or value != before:
            numbers[place + _SINCE] = at_ms
            numbers[place + _LOW] = numbers[place + _HIGH] = float("nan")
            self._drop(name, "stuck")
        self._follow_mover(place, name, character, values, since_last_ms)
        if not first:
            self._follow_repeats(place, value == before)
            self._follow_noise(place, name, character, value, at_ms)
            if character.jump and abs(value - before) > character.jump and since_last_ms < 120_000:
                self._doubt(name, "jumped", at_ms, f"jumped from {before:g} to {value:g}")
        doubt = self.doubts.get(name)
        if doubt is not None and doubt[0] == "jumped" and at_ms - doubt[1] > JUMP_KEPT_MS:
            del self.doubts[name]
        numbers[place + _BEFORE] = value - before if not first else 0.0
        numbers[place + _VALUE] = value
        still_ms = at_ms - numbers[place + _SINCE]
        if still_ms >= self.still_ms and value > 0 and (self._has_moved(place, name, character) or self._never_repeats(place)):
            self._doubt(name, "stuck", at_ms, f"{value:g} for {still_ms / 60_000:.0f} min")

    def _follow_mover(self, place: int, name: str, character: Character, values: Mapping[str, Value], since_last_ms: float) -> None:
        """Least and greatest value of what it depends on, since it stands still; of a bank the litres drawn from it."""
        mover, numbers = values.get(character.mover), self._numbers
        if not isinstance(mover, float):
            return
        if name in self._litres_per_bar:
            drawn = mover * min(since_last_ms, 120_000) / 60_000 if f"bank_{values.get('bank_in_use')}_bar" == name else 0.0
            high = numbers[place + _HIGH]
            numbers[place + _HIGH] = drawn if high != high else high + drawn  # noqa: PLR0124 - not a number
            return
        low, high = numbers[place + _LOW], numbers[place + _HIGH]
        numbers[place + _LOW] = mover if low != low else min(low, mover)  # noqa: PLR0124 - not a number
        numbers[place + _HIGH] = mover if high != high else max(high, mover)  # noqa: PLR0124 - not a number

    def _has_moved(self, place: int, name: str, character: Character) -> bool:
        low, high = self._numbers[place + _LOW], self._numbers[place + _HIGH]
        if name in self._litres_per_bar:
            return high / self._litres_per_bar[name] > EXPECTED_FALL_BAR
        return high > 0 and high - low >= character.share * high

    def _follow_repeats(self, place: int, repeats: bool) -> None:
        numbers = self._numbers
        numbers[place + _RUN] = numbers[place + _RUN] + 1 if repeats else 0
        if numbers[place + _RUN] <= RUN_MOST:
            numbers[place + _REPEAT] += max(SLOW, 1 / (numbers[place + _LOOKS] + 1)) * (repeats - numbers[place + _REPEAT])

    def _never_repeats(self, place: int) -> bool:
        """As often as it has repeated itself, such a run is as good as impossible."""
        numbers = self._numbers
        return numbers[place + _LOOKS] >= REPEAT_LOOKS and numbers[place + _REPEAT] ** numbers[place + _RUN] < UNLIKELY

    def _follow_noise(self, place: int, name: str, character: Character, value: float, at_ms: int) -> None:
        """Quick and slow mean of the second differences; the slow one learns only while there is no doubt."""
        numbers = self._numbers
        bend = abs((value - numbers[place + _VALUE]) - numbers[place + _BEFORE])
        looks = numbers[place + _LOOKS]
        numbers[place + _QUICK] += QUICK * (bend - numbers[place + _QUICK])
        noisy = looks >= LEARN_LOOKS and numbers[place + _QUICK] > max(character.floor, NOISE_FACTOR * numbers[place + _SLOW])
        if noisy and character.floor:
            self._doubt(name, "noisy", at_ms, f"scatters by {numbers[place + _QUICK]:.2g}, usually {numbers[place + _SLOW]:.2g}")
            return
        self._drop(name, "noisy")
        numbers[place + _SLOW] += max(SLOW, 1 / (looks + 1)) * (bend - numbers[place + _SLOW])
        numbers[place + _LOOKS] = min(looks + 1, 1e9)

    def _doubt(self, name: str, doubt: Doubt, at_ms: int, words: str) -> None:
        """The first doubt stays until it is dropped."""
        if name not in self.doubts:
            self.doubts = {**self.doubts, name: (doubt, at_ms, words)}

    def _drop(self, name: str, doubt: Doubt) -> None:
        known = self.doubts.get(name)
        if known is not None and known[0] == doubt:
            del self.doubts[name]


def _litres_per_bar(asset: Asset) -> dict[str, float]:
    """Signal → how many litres a bank gives for one bar (about its water volume)."""
    if not isinstance(asset, Manifold):
        return _NO_BANKS
    return {f"bank_{name}_bar": bank.cylinders * CYLINDERS[bank.type].water_l for name, bank in asset.banks.items() if name != "reserve"}
