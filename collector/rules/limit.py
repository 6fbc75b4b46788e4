"""The numbers of a rule, as people write them: absolute, with a unit of their own, or relative to what the asset declares. Pure."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from devices.units import OUR_UNITS, IncompatibleUnits, UnknownUnit, exact_factor

_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = r"[^\s\d.%+*-][^\s%+*]*(?:\s*/\s*[^\s%+*]+)?"
_ABSOLUTE = re.compile(rf"^\s*(?P<number>[+-]?{_NUMBER})\s*(?P<unit>{_UNIT})\s*$")
_RELATIVE = re.compile(
    rf"^\s*(?:(?P<percent>{_NUMBER})\s*%\s*of\s+)?(?P<name>[a-z][a-z0-9_]*)"
    rf"(?:\s*(?P<sign>[+-])\s*(?P<offset>{_NUMBER})\s*(?P<unit>{_UNIT})?)?\s*$"
)
_PER_CENT = re.compile(rf"^\s*{_NUMBER}\s*%\s*$")
RIGHT = "write a number, '48 psi', '80 % of nominal_bar' or 'nominal_bar + 2'"


class Limit(BaseModel):
    """`factor` × what the asset declares as `of`, + `offset`; with `of` empty, just `offset`. In the unit of the rule's signal.

    `unit` is that of `offset` as it was written, until a rule that knows its signal has converted it; `said` is then how it was written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    factor: float = 1.0
    of: str = ""
    offset: float = 0.0
    unit: str = ""
    said: str = ""

    def value(self, declared: dict[str, float]) -> float | None:
        """The number for an asset that declares these; None where the asset doesn't declare what the limit refers to."""
        if not self.of:
            return self.offset
        base = declared.get(self.of)
        return None if base is None else round(self.factor * base + self.offset, 9)

    def in_unit(self, ours: str, *, change: bool = False) -> Limit:
        """The same in our unit, a key of `devices.units.OUR_UNITS`. `change`: the number is a difference, without a zero of its own.

        Raises ValueError, with the units that would be right, where the unit it was written in is none of that dimension.
        """
        if not self.unit:
            return self
        try:
            scale, zero = exact_factor(self.unit, OUR_UNITS.get(ours, ""))
        except (UnknownUnit, IncompatibleUnits) as exc:
            raise ValueError(f"{self}: {exc}") from exc
        shift = Fraction(0) if change or self.of else zero
        return Limit(factor=self.factor, of=self.of, offset=float(Fraction(str(self.offset)) * scale + shift), said=str(self))

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if not self.of:
            return f"{self.offset:g}{unit}"
        share = self.of if self.factor == 1.0 else f"{self.factor * 100:g} % of {self.of}"
        return share if not self.offset else f"{share} {'+' if self.offset > 0 else '-'} {abs(self.offset):g}{unit}"


def parse_limit(text: Any) -> Any:
    """A number, "48 psi", "80 % of nominal_bar", or "nominal_bar + 2". Raises ValueError with what would be right."""
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        return text
    if isinstance(text, (int, float)):
        return {"offset": float(text)}
    if match := _RELATIVE.match(text):
        offset = float(match["offset"] or 0.0)
        factor = float(match["percent"] or 100.0) / 100.0
        sign = -1 if match["sign"] == "-" else 1
        return {"factor": factor, "of": match["name"], "offset": sign * offset, "unit": match["unit"] or ""}
    if match := _ABSOLUTE.match(text):
        return {"offset": float(match["number"]), "unit": match["unit"]}
    if _PER_CENT.match(text):
        raise ValueError(f"{text!r} is no limit: per cent of what? For a signal in % write the number alone; else {RIGHT}")
    raise ValueError(f"{text!r} is no limit; {RIGHT}")


LimitField = Annotated[Limit, BeforeValidator(parse_limit, json_schema_input_type=float | str)]


def unit_of(signals: tuple[str, ...]) -> str:
    """The unit of a rule's numbers: that of its first signal, by the last part of the name; empty where it has none."""
    unit = signals[0].rpartition("_")[2] if signals else ""
    return unit if unit in OUR_UNITS else ""
