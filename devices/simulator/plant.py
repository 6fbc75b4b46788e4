"""One site as physics: what the beds draw, which source feeds it, what that does to tanks, banks and the line.

Feeding order: the plants first, the manifolds make up the rest, liquid comes last; a site without plants lives on liquid first.
The pipeline itself holds no gas here: what is drawn in a step leaves the sources in that step, so litres in equal litres out exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from devices.assets import Concentrator, CylinderStore, LoxTank, Pipeline, PsaPlant, Site
from devices.assets import Manifold as ManifoldSpec
from devices.oxygen import lox_litres_gas
from devices.signal import Value
from devices.simulator.concentrator import Bedside
from devices.simulator.demand import Demand
from devices.simulator.faults import NONE_ACTIVE, Active, Fault
from devices.simulator.feeding import Feed, Source, feed
from devices.simulator.lox import Lox
from devices.simulator.lox import ailment_of as lox_ailment_of
from devices.simulator.manifold import Manifold, ailment_of
from devices.simulator.power import Power
from devices.simulator.psa import Psa
from devices.simulator.store import Store
from devices.simulator.trouble import NO_TROUBLE, Trouble, trouble_of

LINE_LAG_S = 20.0
PURITY_LAG_S = 60.0
DROOP = 0.03
"""Share of the nominal pressure that the line loses at twice the mean draw."""


@dataclass(slots=True)
class Ledger:
    """Litres since the start. `brought_l` is what deliveries added less what leaves in exchanged cylinders."""

    made_l: float = 0.0
    brought_l: float = 0.0
    used_l: float = 0.0
    leaked_l: float = 0.0
    vented_l: float = 0.0

    def balance_l(self) -> float:
        """What the stock must have grown by."""
        return self.made_l + self.brought_l - self.used_l - self.leaked_l - self.vented_l


class Line:
    """Pressure and flow of one pipeline asset. `regulator_share` is what a failed regulator makes of the pressure, `own_lpm` what leaks."""

    def __init__(self, nominal_bar: float, zone: str | None) -> None:
        self.nominal_bar, self.zone = nominal_bar, zone
        self.bar = nominal_bar
        self.flow_lpm = 0.0
        self.regulator_share = 1.0
        self.own_lpm = 0.0

    def settle(self, dt_s: float, goal_share: float) -> None:
        self.bar += (self.nominal_bar * goal_share - self.bar) * -math.expm1(-dt_s / LINE_LAG_S)


class Plant:
    """All equipment of a site. `step` moves it on; `read` gives the true values of one asset's signals."""

    def __init__(self, site: Site, rng: Random) -> None:
        self.site = site
        self.demand = Demand(site.beds, rng)
        self.power = Power()
        self.ledger = Ledger()
        self.psas: dict[str, Psa] = {a.id: Psa(a, rng, self.power) for a in site.assets if isinstance(a, PsaPlant)}
        self.manifolds: dict[str, Manifold] = {a.id: Manifold(a, rng) for a in site.assets if isinstance(a, ManifoldSpec)}
        self.tanks: dict[str, Lox] = {a.id: Lox(a, rng) for a in site.assets if isinstance(a, LoxTank)}
        self.stores: dict[str, Store] = {a.id: Store(a, rng) for a in site.assets if isinstance(a, CylinderStore)}
        self.bedsides: dict[str, Bedside] = {a.id: Bedside(a, rng) for a in site.assets if isinstance(a, Concentrator)}
        self.lines: dict[str, Line] = {a.id: Line(a.nominal_bar, a.zone) for a in site.assets if isinstance(a, Pipeline)}
        self._groups = self._feeding_order()
        self._manifold_room_c = {a.id: a.room_temp_c for a in site.assets if isinstance(a, ManifoldSpec)}
        self._stores_by_type = {store.type: store for store in self.stores.values()}
        self._nominal_bar = max((line.nominal_bar for line in self.lines.values()), default=4.1)
        self._lead_ms = round(site.delivery_lead_hours * 3_600_000)
        self._active = NONE_ACTIVE
        self._troubles: dict[str, Trouble] = dict.fromkeys(self.psas, NO_TROUBLE)
        self._worn_pct: dict[str, float | None] = dict.fromkeys(self.bedsides)
        self.leak_lpm = 0.0
        self._undelivered = False
        self.line_purity_pct = 94.6
        self.wanted_lpm = self.demand.mean_lpm

    def _feeding_order(self) -> list[list[Source]]:
        psas: list[Source] = list(self.psas.values())
        manifolds: list[Source] = list(self.manifolds.values())
        tanks: list[Source] = list(self.tanks.values())
        return [psas, manifolds, tanks] if psas else [tanks, manifolds]

    def step(self, now_ms: int, dt_s: float, hour: float, active: Active) -> None:
        """Move on by `dt_s`; `hour` is the site's local time, `active` what is wrong with it."""
        self._warm(hour)
        self.power.step(dt_s, active)
        surge_lpm = sum(fault.number("extra_lpm") for fault in active.named("demand_surge")) if len(active) else 0.0
        self.wanted_lpm = self.demand.step(dt_s, hour) + surge_lpm
        if active is not self._active:
            before, self._active = self._active, active
            self._turn_faults(now_ms, before, active)
        self._make(dt_s)
        self._restock(now_ms, dt_s)
        self._settle_lines(dt_s, self._feed(dt_s))
        for name, bedside in self.bedsides.items():
            bedside.step(dt_s, self._worn_pct[name], powered=self.power.on)

    def _warm(self, hour: float) -> None:
        swing = math.sin((hour - 9.0) / 24 * 2 * math.pi)
        for psa in self.psas.values():
            psa.air.warm(28.0 + 5.0 * swing)
        for name, manifold in self.manifolds.items():
            manifold.warm(self._manifold_room_c[name] + 4.0 * swing)

    def _turn_faults(self, now_ms: int, before: Active, active: Active) -> None:
        """Act on faults that begin or end now."""
        self._troubles = {name: trouble_of(active, name) for name in self.psas}
        self.leak_lpm = sum(fault.number("leak_lpm") for fault in active.named("leak"))
        self._undelivered = bool(active.named("stock_low"))
        for name in self.bedsides:
            worn = active.get("concentrator_worn", name)
            self._worn_pct[name] = worn.number("purity_pct") if worn else None
        for name, line in self.lines.items():
            loss, over, leak = (active.get(fault, name) for fault in ("pressure_loss", "overpressure", "leak"))
            line.regulator_share = loss.number("pressure_share") if loss else over.number("pressure_share") if over else 1.0
            line.own_lpm = leak.number("leak_lpm") if leak else 0.0
        self._turn_tanks(now_ms, before, active)
        self._turn_manifolds(now_ms, before, active)

    def _turn_tanks(self, now_ms: int, before: Active, active: Active) -> None:
        for name, tank in self.tanks.items():
            tank.ailment = lox_ailment_of(active, name)
            missing, was_missing = active.get("tanker_missing", name), before.get("tanker_missing", name)
            if missing and not was_missing:
                self.ledger.brought_l -= tank.run_down_to(missing.number("level_pct"))
            if was_missing and not missing:
                tank.hurry(now_ms)

    def _turn_manifolds(self, now_ms: int, before: Active, active: Active) -> None:
        for name, manifold in self.manifolds.items():
            manifold.ailment = ailment_of(active, name)
            stuck = active.get("changeover_failure", name)
            if stuck and before.get("changeover_failure", name) is None:
                self.ledger.brought_l += manifold.refill_to(manifold.in_use, stuck.number("duty_min") * self.wanted_lpm)
            low = active.get("stock_low", name)
            if low and before.get("stock_low", name) is None:
                self._run_low(manifold, low)
            if low is None and before.get("stock_low", name):
                manifold.hurry(now_ms, 5.0)
                for store in self.stores.values():
                    store.rescue()
            if before.get("short_filled", name) and active.get("short_filled", name) is None:
                manifold.exchange(now_ms, 45.0)

    def _run_low(self, manifold: Manifold, low: Fault) -> None:
        """Leave so many hours of the present draw in the banks, of which the duty bank has some minutes."""
        for store in self.stores.values():
            store.run_out()
        duty_l = low.number("duty_min") * self.wanted_lpm
        rest_l = max(0.0, low.number("hours_left_h") * 60 * self.wanted_lpm - duty_l)
        others = [name for name in manifold.banks if name != manifold.in_use]
        full_l = sum(manifold.banks[name].full_l for name in others) or 1.0
        self.ledger.brought_l += manifold.refill_to(manifold.in_use, duty_l)
        for name in others:
            self.ledger.brought_l += manifold.refill_to(name, rest_l * manifold.banks[name].full_l / full_l)

    def _make(self, dt_s: float) -> None:
        for name, psa in self.psas.items():
            trouble = self._troubles[name]
            self.ledger.made_l += psa.make(dt_s, trouble)
            self.ledger.leaked_l += psa.lose(dt_s, trouble)

    def _restock(self, now_ms: int, dt_s: float) -> None:
        losing = self._active.named("reserve_loss") if len(self._active) else ()
        for loss in losing:
            if "reserve" in self.manifolds[loss.asset].banks:
                lost_bar = loss.number("loss_bar_per_h") * dt_s / 3600
                self.ledger.leaked_l += self.manifolds[loss.asset].leak("reserve", lost_bar)
        for manifold in self.manifolds.values():
            manifold.step_back()
        if self._undelivered:
            return
        for manifold in self.manifolds.values():
            self.ledger.brought_l += manifold.attend(now_ms, self._stores_by_type)
        for store in self.stores.values():
            store.use(dt_s)
            store.deliver(now_ms, self._lead_ms)
        for tank in self.tanks.values():
            self.ledger.brought_l += tank.supply(now_ms, dt_s, self._lead_ms)

    def _feed(self, dt_s: float) -> Feed:
        leak_lpm = self.leak_lpm
        flowed = feed(self._groups, (self.wanted_lpm + leak_lpm) * dt_s / 60)
        for psa in self.psas.values():
            psa.close_step(dt_s)
        for manifold in self.manifolds.values():
            manifold.close_step(dt_s)
        self.ledger.vented_l += sum(tank.close_step(dt_s) for tank in self.tanks.values())
        leaked_l = leak_lpm * dt_s / 60 * flowed.share
        self.ledger.leaked_l += leaked_l
        self.ledger.used_l += flowed.given_l - leaked_l
        return flowed

    def _settle_lines(self, dt_s: float, flowed: Feed) -> None:
        given_lpm = flowed.given_l * 60 / dt_s
        goal_share = (flowed.set_share - DROOP * given_lpm / (2 * self.demand.mean_lpm)) * flowed.share
        patients_lpm = self.wanted_lpm * flowed.share
        zones = sum(line.zone is not None for line in self.lines.values())
        for line in self.lines.values():
            line.flow_lpm = given_lpm if line.zone is None else patients_lpm / zones + line.own_lpm * flowed.share
            line.settle(dt_s, goal_share * line.regulator_share)
        if flowed.given_l:
            self.line_purity_pct += (flowed.purity_pct - self.line_purity_pct) * -math.expm1(-dt_s / PURITY_LAG_S)

    # what can be seen of it

    def read(self, asset: str) -> dict[str, Value]:
        """True values of one asset's signals; empty for a gateway, which is none of the plant's."""
        if asset in self.bedsides:
            return self.bedsides[asset].read()
        if asset in self.lines:
            line = self.lines[asset]
            return {"line_pressure_bar": line.bar, "o2_flow_lpm": line.flow_lpm, "o2_purity_pct": self.line_purity_pct}
        if asset in self.psas:
            return self.psas[asset].read()
        if asset in self.manifolds:
            return self._read_manifold(self.manifolds[asset])
        if asset in self.stores:
            return self.stores[asset].read()
        return self.tanks[asset].read() if asset in self.tanks else {}

    def _read_manifold(self, manifold: Manifold) -> dict[str, Value]:
        line_bar = max((line.bar for line in self.lines.values()), default=0.0)
        locked_up_bar = self._nominal_bar * manifold.set_share if manifold.available_l() else 0.0
        return manifold.read(min(line_bar, locked_up_bar) if manifold.flow_lpm else locked_up_bar)

    def stock_l(self) -> float:
        """All oxygen in tanks and banks, litres: what `ledger.balance_l` accounts for."""
        banks_l = sum(bank.gas_l for manifold in self.manifolds.values() for bank in manifold.banks.values())
        liquid_l = sum(lox_litres_gas(tank.content_kg) for tank in self.tanks.values())
        return banks_l + liquid_l + sum(psa.content_l for psa in self.psas.values())

    def connected_l(self) -> dict[str, float]:
        """Usable litres of each connected source, by `asset/bank` or asset."""
        banks = {f"{name}/{bank}": manifold.usable_l(bank) for name, manifold in self.manifolds.items() for bank in manifold.banks}
        return banks | {name: tank.available_l() for name, tank in self.tanks.items()}

    def drawn_lpm(self) -> float:
        """Present draw from the connected sources: what the plants do not give."""
        banks_lpm = sum(manifold.flow_lpm for manifold in self.manifolds.values())
        return banks_lpm + sum(tank.flow_lpm for tank in self.tanks.values())
