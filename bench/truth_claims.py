"""What is truly so: for each rule, whether its condition holds by the simulator's own state and not by what sensors say.

A limit counts as crossed when the true value is beyond it by what a sensor may be wrong by, so that what is expected can be seen.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from devices.assets import LoxTank, PsaPlant, Site
from devices.assets import Manifold as ManifoldSpec
from devices.simulator.demand import shape
from devices.simulator.faults import NONE_ACTIVE, Active
from devices.simulator.manifold import Manifold
from devices.simulator.plant import Plant
from devices.simulator.psa import Psa
from devices.simulator.sensors import NOISE

SIGMAS = 4
SURE = 0.95
"""Hours left are an estimate: those that are below this share of a limit must be seen to be below it."""
LITRES_PER_CYLINDER = 6300.0
"""Usable gas of a full D-type cylinder at 30 °C, roughly; for loose ones."""
LEARNT_MS = 8 * 86_400_000
"""How long it takes until a week of the demand is known."""


class Scene:
    """A site at one step, seen from within."""

    def __init__(self, site: Site, plant: Plant, step_s: float) -> None:
        self.site, self.plant = site, plant
        self.specs = {asset.id: asset for asset in site.assets}
        self.active: Active = NONE_ACTIVE
        self.hour = 0.0
        self.now_ms = self.age_ms = 0
        self._draws_lpm: deque[float] = deque(maxlen=round(900 / step_s))
        self._wishes_lpm: deque[float] = deque(maxlen=round(3600 / step_s))
        self._draw_sum = self._wish_sum = 0.0
        self._connected_l: float | None = None

    def step(self, now_ms: int, age_ms: int, hour: float, active: Active) -> None:
        """Take note of what is drawn. `age_ms`: how long the site has been watched."""
        self.now_ms, self.age_ms, self.hour, self.active, self._connected_l = now_ms, age_ms, hour, active, None
        self._draw_sum = _pushed(self._draws_lpm, self.plant.drawn_lpm(), self._draw_sum)
        self._wish_sum = _pushed(self._wishes_lpm, self.plant.wanted_lpm + self.plant.leak_lpm, self._wish_sum)

    def hours_connected(self) -> float:
        """Of the connected sources at their draw of the last quarter of an hour; infinite while nothing is drawn."""
        lpm = self._draw_sum / len(self._draws_lpm)
        return self._connected() / 60 / lpm if lpm > 1 else math.inf

    def hours_on_site(self) -> float:
        """With the loose cylinders and without any plant, at the demand of the last hour."""
        loose_l = sum(store.full for store in self.plant.stores.values()) * LITRES_PER_CYLINDER
        lpm = self._wish_sum / len(self._wishes_lpm)
        return (self._connected() + loose_l) / 60 / lpm if lpm > 1 else math.inf

    def _connected(self) -> float:
        """Usable litres, reckoned once in a step."""
        if self._connected_l is None:
            self._connected_l = sum(self.plant.connected_l().values())
        return self._connected_l


def _pushed(values: deque[float], value: float, total: float) -> float:
    """The sum of the values with the new one, the oldest forgotten."""
    if len(values) == values.maxlen:
        total -= values[0]
    values.append(value)
    return total + value


Claim: TypeAlias = Callable[[Scene, str], bool | None]
"""(scene, asset) → whether it is so; None where it can't be judged: neither counted nor a reset."""


def wrong_by(signal: str) -> float:
    """What a reading of the signal may be wrong by: SIGMAS σ and half of its last digit."""
    sigma, decimals = NOISE[signal]
    return SIGMAS * sigma + math.pow(10, -decimals) / 2


def _line(share: float, sign: int) -> Claim:
    def claim(scene: Scene, asset: str) -> bool:
        line = scene.plant.lines[asset]
        return sign * (line.bar - share * line.nominal_bar) > wrong_by("line_pressure_bar")

    return claim


MAKING = frozenset({"running_on_spec", "running_off_spec"})
READY = MAKING | {"standby"}
STANDING = frozenset({"off", "fault", "maintenance"})


def _gated(value: Callable[[Psa], float], limit: float, signal: str, sign: int = 1, states: frozenset[str] = MAKING) -> Claim:
    """Judged in these states of the plant; in the others it waits, and where the plant stands for good it is over."""

    def claim(scene: Scene, asset: str) -> bool | None:
        psa = scene.plant.psas[asset]
        if psa.state not in states:
            return False if psa.state in STANDING else None
        return sign * (value(psa) - limit) > wrong_by(signal)

    return claim


def _purity_below(limit_pct: float) -> Claim:
    seen = _gated(lambda psa: psa.shown_pct, limit_pct, "o2_purity_pct", -1)

    def claim(scene: Scene, asset: str) -> bool | None:
        psa = scene.plant.psas[asset]
        feeds = psa.flow_lpm > 0.05 * psa.rated_lpm + 2 or psa.state in STANDING
        return seen(scene, asset) if feeds else None

    return claim


def _of_plant(value: Callable[[Psa], float], limit: float, signal: str) -> Claim:
    """Judged unless somebody works on the plant."""

    def claim(scene: Scene, asset: str) -> bool:
        psa = scene.plant.psas[asset]
        return psa.state != "maintenance" and value(psa) - limit > wrong_by(signal)

    return claim


def _in_states(*states: str) -> Claim:
    return lambda scene, asset: scene.plant.psas[asset].duty and scene.plant.psas[asset].state in states


def _towers_stand_still(scene: Scene, asset: str) -> bool:
    """While it runs; in stand-by they stand as they should."""
    psa = scene.plant.psas[asset]
    return psa.towers_stuck and psa.state in MAKING


def _room_is_unsafe(scene: Scene, asset: str) -> bool:
    pct = scene.plant.psas[asset].air.room_o2_pct
    return abs(pct - 21.5) > 2.0 + wrong_by("room_o2_pct")


def _idles_while_cylinders_burn(scene: Scene, _asset: str) -> bool:
    """A plant that could run does not, and more than a little is drawn from the stock. One that has tripped is no idle one."""
    left = any(
        scene.active.get("plant_left_idle", name) and not scene.active.get("plant_trip", name) and psa.state in {"standby", "off"}
        for name, psa in scene.plant.psas.items()
    )
    return left and scene.plant.power.on and scene.plant.drawn_lpm() > 30


def _surges(scene: Scene, _asset: str) -> bool:
    usual_lpm = scene.plant.demand.mean_lpm * shape(scene.hour)
    lpm = scene.plant.wanted_lpm + scene.plant.leak_lpm
    return scene.age_ms > LEARNT_MS and lpm > max(55.0, 2.4 * usual_lpm)


def _duty(manifold: Manifold) -> list[str]:
    return [name for name in manifold.banks if name != "reserve"]


def _spec(scene: Scene, asset: str) -> ManifoldSpec:
    spec = scene.specs[asset]
    assert isinstance(spec, ManifoldSpec)
    return spec


def _bank_is_empty(scene: Scene, asset: str) -> bool:
    """Whichever feeds."""
    manifold = scene.plant.manifolds[asset]
    limit_bar = _spec(scene, asset).changeover_bar + 2 - wrong_by("bank_a_bar")
    return any(manifold.is_below(name, limit_bar) for name in _duty(manifold))


def bank_may_read_empty(scene: Scene, asset: str) -> bool:
    """Whichever feeds: what its sensor says may be below the limit, for it is as near as the sensor may be wrong by."""
    manifold = scene.plant.manifolds[asset]
    limit_bar = _spec(scene, asset).changeover_bar + 2 + wrong_by("bank_a_bar")
    return any(manifold.is_below(name, limit_bar) for name in _duty(manifold))


def _banks_are_empty(scene: Scene, asset: str) -> bool:
    manifold = scene.plant.manifolds[asset]
    return all(manifold.is_below(name, 0.10 * manifold.banks[name].fill_bar - wrong_by("bank_a_bar")) for name in _duty(manifold))


def _stand_by_is_not_full(scene: Scene, asset: str) -> bool:
    manifold = scene.plant.manifolds[asset]
    waiting = [name for name in _duty(manifold) if name != manifold.in_use]
    return any(manifold.is_below(name, 0.87 * manifold.banks[name].fill_bar) for name in waiting)


def _reserve_feeds(scene: Scene, asset: str) -> bool:
    manifold = scene.plant.manifolds[asset]
    return manifold.in_use == "reserve" and manifold.flow_lpm > 5


def _reserve_is_low(scene: Scene, asset: str) -> bool:
    manifold = scene.plant.manifolds[asset]
    reserve = manifold.banks.get("reserve")
    return reserve is not None and manifold.is_below("reserve", 0.5 * reserve.fill_bar - wrong_by("reserve_bar"))


def _banks_fall_together(scene: Scene, asset: str) -> bool:
    """Each by a bar in ten minutes, and as much as noise and the sun may hide of it."""
    manifold = scene.plant.manifolds[asset]
    names = _duty(manifold)
    if manifold.in_use not in names or len(names) < 2 or min(manifold.usable_l(name) for name in names) < 1000:
        return False
    other_lpm = manifold.flow_lpm * manifold.ailment.cross_share
    return min(other_lpm, manifold.flow_lpm - other_lpm) * 10 > 1.8 * max(manifold.banks[name].water_l for name in names)


def _connected_below(limit_h: float) -> Claim:
    return lambda scene, _: scene.hours_connected() < SURE * limit_h


def _on_site_below(limit_h: float) -> Claim:
    return lambda scene, _: scene.hours_on_site() < SURE * limit_h


def _tank(scene: Scene, asset: str) -> LoxTank:
    spec = scene.specs[asset]
    assert isinstance(spec, LoxTank)
    return spec


def _level_below(limit_pct: float | None) -> Claim:
    """None: its reorder level."""

    def claim(scene: Scene, asset: str) -> bool:
        limit = _tank(scene, asset).reorder_pct if limit_pct is None else limit_pct
        return scene.plant.tanks[asset].level_pct < limit - wrong_by("level_pct")

    return claim


def _cannot_hold_the_line(scene: Scene, asset: str) -> bool:
    return scene.plant.tanks[asset].pressure_bar < _tank(scene, asset).nominal_bar + 2 - wrong_by("tank_pressure_bar")


def _about_to_vent(scene: Scene, asset: str) -> bool:
    relief_bar = _tank(scene, asset).relief_bar
    return relief_bar is not None and scene.plant.tanks[asset].pressure_bar > 0.95 * relief_bar + wrong_by("tank_pressure_bar")


def _concentrator_below(limit_pct: float) -> Claim:
    """In use; a spare is judged by nobody."""

    def claim(scene: Scene, asset: str) -> bool | None:
        unit = scene.plant.bedsides[asset]
        return unit.purity_pct < limit_pct - wrong_by("o2_purity_pct") if unit.in_use else None

    return claim


def _line_purity_below(limit_pct: float) -> Claim:
    return lambda scene, _: scene.plant.line_purity_pct < limit_pct - wrong_by("o2_purity_pct")


def _fault(*names: str) -> Claim:
    """The fault itself is what is so; at this asset, or (a gateway's) at the whole site."""

    def claim(scene: Scene, asset: str) -> bool:
        return any(scene.active.get(name, asset) or (name == "site_dark" and scene.active.named(name)) for name in names)

    return claim


def _silent(*signals: str) -> Claim:
    """One of the signals that must not fall silent has; a plant that stands is not asked."""

    def claim(scene: Scene, asset: str) -> bool | None:
        fault = scene.active.get("sensor_silent", asset)
        if asset in scene.plant.psas and scene.plant.psas[asset].state in STANDING:
            return False
        return fault is not None and fault.text("signal") in signals

    return claim


FLICKERING = frozenset({"line_pressure_bar", "product_tank_bar", "bank_a_bar", "bank_b_bar", "reserve_bar", "level_pct"})
"""Signals that never stand still by themselves. A purity does, at its resolution and while the plant stands by."""


def _stands_still(scene: Scene, asset: str) -> bool:
    fault = scene.active.get("sensor_stuck", asset)
    return fault is not None and fault.text("signal") in FLICKERING


def _creeps_to_the_limit(scene: Scene, asset: str) -> bool | None:
    """For more than nine days the purity has crept, and will be at 90 % within 300 hours."""
    drift, psa = scene.active.get("purity_drift", asset), scene.plant.psas[asset]
    if drift is None or drift.number("drift_pct_per_h") > 0.02:
        return False
    if psa.state not in MAKING:
        return None
    left_h = (psa.shown_pct - 90) / drift.number("drift_pct_per_h")
    return drift.hours_since_start(scene.now_ms) > 216 and left_h < 300


def _service_is_due(scene: Scene, asset: str) -> bool:
    spec = scene.specs[asset]
    assert isinstance(spec, PsaPlant)
    return spec.service_due_h is not None and scene.plant.psas[asset].load_h > spec.service_due_h + 0.1


def _site_is_dark(scene: Scene, _asset: str) -> bool:
    """All of its gateways at once; a site with one has that one's alarm."""
    gateways = [asset.id for asset in scene.site.assets if asset.kind == "gateway"]
    if len(gateways) == 1:
        return False
    return bool(scene.active.named("site_dark")) or all(scene.active.get("gateway_offline", name) for name in gateways)


def _no_power(scene: Scene, asset: str) -> bool:
    return not scene.plant.power.on and scene.plant.psas[asset].state != "maintenance"


CLAIMS: Mapping[tuple[str, str], Claim] = MappingProxyType(
    {
        ("pipeline", "LP-LL"): _line(0.80, -1),
        ("pipeline", "LP-L"): _line(0.90, -1),
        ("pipeline", "LP-HH"): _line(1.20, 1),
        ("pipeline", "PU-XL"): _line_purity_below(82),
        ("psa_plant", "PU-L"): _purity_below(92),
        ("psa_plant", "PU-LL"): _purity_below(90),
        ("psa_plant", "PU-XL"): _purity_below(82),
        ("psa_plant", "PU-HI"): _gated(lambda psa: psa.shown_pct, 96.5, "o2_purity_pct"),
        ("psa_plant", "FL-H"): _gated(lambda psa: psa.flow_lpm - psa.rated_lpm, 0.0, "o2_flow_lpm"),
        ("psa_plant", "PL-DN"): _in_states("fault", "off"),
        ("psa_plant", "PL-ST"): _in_states("starting"),
        ("psa_plant", "PU-FC"): _creeps_to_the_limit,
        ("psa_plant", "SV-DU"): _service_is_due,
        ("psa_plant", "TW-ST"): _towers_stand_still,
        ("psa_plant", "TK-L"): _gated(lambda psa: psa.tank_bar - psa.nominal_bar, 0.3, "product_tank_bar", -1, READY),
        ("psa_plant", "AR-L"): _gated(lambda psa: psa.air.receiver_bar, 5.0, "air_receiver_bar", -1, READY),
        ("psa_plant", "FT-H"): _of_plant(lambda psa: psa.air.feed_c, 45.0, "feed_air_temp_c"),
        ("psa_plant", "DP-H"): _gated(lambda psa: psa.air.dewpoint_c, 10.0, "air_dewpoint_c", 1, READY | {"starting"}),
        ("psa_plant", "CT-H"): _of_plant(lambda psa: psa.air.discharge_c, 105.0, "compressor_discharge_temp_c"),
        ("psa_plant", "CO-H"): _of_plant(lambda psa: psa.co_ppm, 5.0, "co_ppm"),
        ("psa_plant", "CO-HH"): _of_plant(lambda psa: psa.co_ppm, 10.0, "co_ppm"),
        ("psa_plant", "C2-H"): _of_plant(lambda psa: psa.co2_ppm, 300.0, "co2_ppm"),
        ("psa_plant", "RM-O2"): _room_is_unsafe,
        ("psa_plant", "PW-LO"): _no_power,
        ("manifold", "BK-CH"): _bank_is_empty,
        ("manifold", "BK-LL"): _banks_are_empty,
        ("manifold", "BK-NR"): _stand_by_is_not_full,
        ("manifold", "BK-XL"): _banks_fall_together,
        ("manifold", "RS-US"): _reserve_feeds,
        ("manifold", "RS-LO"): _reserve_is_low,
        ("lox_tank", "LX-RO"): _level_below(None),
        ("lox_tank", "LX-LO"): _level_below(20),
        ("lox_tank", "LX-PL"): _cannot_hold_the_line,
        ("lox_tank", "LX-PH"): _about_to_vent,
        ("concentrator", "CN-LL"): _concentrator_below(82),
        ("concentrator", "CN-L"): _concentrator_below(87),
        ("site", "AU-48"): _on_site_below(48),
        ("site", "AU-24"): _on_site_below(24),
        ("site", "AU-06"): _connected_below(6),
        ("site", "AU-02"): _connected_below(2),
        ("site", "DM-H"): _surges,
        ("site", "PL-ID"): _idles_while_cylinders_burn,
        ("site", "ST-DK"): _site_is_dark,
        ("gateway", "ST-OF"): _fault("gateway_offline", "site_dark"),
        ("gateway", "CK-BD"): _fault("clock_1970", "clock_offset"),
        ("pipeline", "SN-SI"): _silent("line_pressure_bar"),
        ("psa_plant", "SN-SI"): _silent("o2_purity_pct"),
        ("manifold", "SN-SI"): _silent("bank_a_bar", "bank_b_bar", "bank_in_use"),
        ("lox_tank", "SN-SI"): _silent("level_pct"),
        **{(kind, "SN-SK"): _stands_still for kind in ("pipeline", "psa_plant", "manifold", "lox_tank")},
        **{(kind, "SN-RG"): _fault("sensor_out_of_range") for kind in ("pipeline", "psa_plant", "manifold", "lox_tank", "concentrator")},
    }
)
"""(kind of asset, rule) → its condition, in truth."""
