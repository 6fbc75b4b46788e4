"""A manifold: banks of real gas that empty, change over, fall back on the reserve, and are changed by staff."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from devices.assets import Bank as BankSpec
from devices.assets import Manifold as ManifoldSpec
from devices.oxygen import ATMOSPHERE_BAR, CYLINDERS, REFERENCE_DENSITY_KG_M3, density_kg_m3
from devices.signal import Value
from devices.simulator.faults import Active
from devices.simulator.store import Store

FILLING_TEMP_C = 30.0
READY_BAR = 5.0
"""How far above the change-over pressure a bank must be to be taken into use."""
CHANGE_MIN = (25.0, 60.0)
"""Minutes until staff have changed an empty bank: least, most."""
RESERVE_AT = 0.5
"""Share of its fill pressure below which staff refill the reserve."""


class Bank:
    """Cylinders that hang together. `gas_l` is all gas in them at the reference condition, so that it changes only by what flows."""

    def __init__(self, spec: BankSpec, share: float) -> None:
        kind = CYLINDERS[spec.type]
        self.cylinders, self.type = spec.cylinders, spec.type
        self.fill_bar = spec.fill_bar or kind.fill_bar
        self.water_l = spec.cylinders * kind.water_l
        self.full_l = self.gas_at(self.fill_bar, FILLING_TEMP_C)
        self.gas_l = self.gas_at(self.fill_bar * share, FILLING_TEMP_C)
        self._bar = self.fill_bar * share

    def gas_at(self, bar: float, temp_c: float) -> float:
        return self.water_l * density_kg_m3(bar, temp_c) / REFERENCE_DENSITY_KG_M3

    def bar(self, temp_c: float) -> float:
        """Its pressure, to 1e-6 bar: found from the one before by p ← p·ρ/ρ(p), as density grows almost in proportion to pressure."""
        wanted = self.gas_l * REFERENCE_DENSITY_KG_M3 / self.water_l
        absolute_bar = self._bar + ATMOSPHERE_BAR
        for _ in range(20):
            before_bar = absolute_bar
            absolute_bar *= wanted / density_kg_m3(before_bar - ATMOSPHERE_BAR, temp_c)
            if abs(absolute_bar - before_bar) < 1e-7:
                break
        self._bar = absolute_bar - ATMOSPHERE_BAR
        return self._bar

    def usable_l(self, residual_bar: float, temp_c: float) -> float:
        return max(0.0, self.gas_l - self.gas_at(residual_bar, temp_c))


@dataclass(frozen=True, slots=True)
class Ailment:
    """What is wrong with a manifold: its change-over is `stuck`, so much of the draw comes from the bank that should stand by, nobody looks
    after it, or cylinders come filled to a share only."""

    stuck: bool = False
    cross_share: float = 0.0
    unattended: bool = False
    fill_share: float = 1.0


SOUND = Ailment()


def ailment_of(active: Active, asset: str) -> Ailment:
    crossed, short = active.get("cross_leak", asset), active.get("short_filled", asset)
    return Ailment(
        active.get("changeover_failure", asset) is not None,
        crossed.number("share") if crossed else 0.0,
        active.get("banks_not_changed", asset) is not None,
        short.number("fill_share") if short else 1.0,
    )


class Manifold:
    """Banks in the order a, b, reserve. The reserve opens when neither a nor b can feed."""

    feed_pct = 99.5

    def __init__(self, asset: ManifoldSpec, rng: Random) -> None:
        self._asset, self._rng = asset, rng
        self.banks: dict[str, Bank] = {name: Bank(spec, rng.uniform(0.96, 1.0)) for name, spec in sorted(asset.banks.items())}
        self.in_use = next(iter(self.banks))
        self.temp_c = asset.room_temp_c
        self.ailment = SOUND
        self.flow_lpm = 0.0
        self._drawn_l = 0.0
        self._change_ms: dict[str, int] = {}
        self._from_lorry: set[str] = set()
        self._gas_l: dict[tuple[str, float], float] = {}

    @property
    def set_share(self) -> float:
        """The reserve's regulator is set lower, so that it opens only when the banks' can't hold the line."""
        return 0.965 if self.in_use == "reserve" else 0.985

    def residual_bar(self, name: str) -> float:
        """The pressure down to which a bank is drawn."""
        return self._asset.residual_bar if name == "reserve" else max(self._asset.residual_bar, self._asset.changeover_bar)

    def usable_l(self, name: str) -> float:
        return max(0.0, self.banks[name].gas_l - self._gas_at(name, self.residual_bar(name)))

    def _gas_at(self, name: str, bar: float) -> float:
        """Gas in a bank at that pressure and the present temperature; reckoned once for each temperature."""
        known = self._gas_l.get((name, bar))
        if known is None:
            known = self._gas_l[name, bar] = self.banks[name].gas_at(bar, self.temp_c)
        return known

    def available_l(self) -> float:
        """What can be drawn now: the bank in use, the others that are ready, and the reserve."""
        return sum(self.usable_l(name) for name in self._feeding_order())

    def _feeding_order(self) -> list[str]:
        """A stuck change-over leaves the other bank out. A spent bank that the sun warmed over its limit is not taken into use again."""
        others = (name for name in self.banks if name not in {self.in_use, "reserve"} and self._is_ready(name))
        reserve = ["reserve"] if "reserve" in self.banks and self.in_use != "reserve" else []
        return [self.in_use, *others, *reserve]

    def _is_ready(self, name: str) -> bool:
        return not self.ailment.stuck and not self.is_below(name, self.residual_bar(name) + READY_BAR)

    def is_below(self, name: str, bar: float) -> bool:
        """Whether a bank's pressure is below that."""
        return self.banks[name].gas_l < self._gas_at(name, bar)

    def warm(self, temp_c: float) -> None:
        self.temp_c = temp_c
        self._gas_l.clear()

    def step_back(self) -> None:
        """Leave the reserve as soon as a duty bank is ready again."""
        if self.in_use == "reserve":
            self.in_use = next((name for name in self.banks if name != "reserve" and self._is_ready(name)), "reserve")

    def draw(self, litres: float) -> None:
        """Take `litres` (not more than `available_l`), changing over on the way."""
        left_l = litres - self._seep(litres)
        for name in self._feeding_order():
            taken_l = min(left_l, self.usable_l(name))
            if taken_l > 0:
                self.in_use = name
                self.banks[name].gas_l -= taken_l
                left_l -= taken_l
        self._drawn_l += litres - left_l

    def _seep(self, litres: float) -> float:
        """A leaking non-return valve lets the other bank feed too; litres of the draw that come from it."""
        other = {"a": "b", "b": "a"}.get(self.in_use, "")
        if not self.ailment.cross_share or other not in self.banks:
            return 0.0
        seeps_l = min(litres * self.ailment.cross_share, self.usable_l(other))
        self.banks[other].gas_l -= seeps_l
        return seeps_l

    def close_step(self, dt_s: float) -> None:
        self.flow_lpm = self._drawn_l * 60 / dt_s
        self._drawn_l = 0.0

    def leak(self, name: str, bar: float) -> float:
        """Lose so much pressure from a bank; litres lost."""
        bank = self.banks[name]
        before_l = bank.gas_l
        bank.gas_l = bank.gas_at(max(0.0, bank.bar(self.temp_c) - bar), self.temp_c)
        return before_l - bank.gas_l

    def refill_to(self, name: str, litres: float) -> float:
        """Have that much usable gas in a bank (at most full); litres added (negative: taken away)."""
        bank = self.banks[name]
        before_l = bank.gas_l
        bank.gas_l = min(bank.full_l, bank.gas_at(self.residual_bar(name), self.temp_c) + litres)
        return bank.gas_l - before_l

    def attend(self, now_ms: int, stores: dict[str, Store]) -> float:
        """Staff change empty banks for full ones from the store, some time after they see them; litres that came in (net)."""
        gained_l = 0.0
        if self.ailment.unattended:
            return gained_l
        for name, bank in self.banks.items():
            if name not in self._change_ms:
                if self._is_spent(name):
                    self._change_ms[name] = now_ms + round(self._rng.uniform(*CHANGE_MIN) * 60_000)
            elif now_ms >= self._change_ms[name]:
                gained_l += self._change(name, bank, None if name in self._from_lorry else stores.get(bank.type))
        return gained_l

    def hurry(self, now_ms: int, minutes: float) -> None:
        """A lorry brings cylinders for every bank that is not full; they hang after so many minutes."""
        self._change_ms = {name: now_ms + round(minutes * 60_000) for name, bank in self.banks.items() if bank.gas_l < 0.8 * bank.full_l}
        self._from_lorry = set(self._change_ms)

    def exchange(self, now_ms: int, minutes: float) -> None:
        """The filler takes back what he sent short, from the banks that stand by."""
        short = [name for name, bank in self.banks.items() if name != self.in_use and bank.gas_l < 0.93 * bank.full_l]
        self._change_ms |= dict.fromkeys(short, now_ms + round(minutes * 60_000))
        self._from_lorry |= set(short)

    def _is_spent(self, name: str) -> bool:
        limit_bar = self.banks[name].fill_bar * RESERVE_AT if name == "reserve" else self.residual_bar(name) + 1.0
        return self.is_below(name, limit_bar)

    def _change(self, name: str, bank: Bank, store: Store | None) -> float:
        """A bank is changed whole or not at all. Without a store of its type the cylinders come from outside."""
        if store is not None and store.full < bank.cylinders:
            return 0.0
        if store is not None:
            store.take(bank.cylinders)
        del self._change_ms[name]
        self._from_lorry.discard(name)
        before_l = bank.gas_l
        bank.gas_l = bank.full_l * self._rng.uniform(0.97, 1.0) * self.ailment.fill_share
        return bank.gas_l - before_l

    def read(self, outlet_bar: float) -> dict[str, Value]:
        values: dict[str, Value] = {_SIGNAL[name]: bank.bar(self.temp_c) for name, bank in self.banks.items()}
        return values | {
            "bank_in_use": self.in_use,
            "bank_temp_c": self.temp_c,
            "outlet_pressure_bar": outlet_bar,
            "o2_flow_lpm": self.flow_lpm,
        }


_SIGNAL = {"a": "bank_a_bar", "b": "bank_b_bar", "reserve": "reserve_bar"}
