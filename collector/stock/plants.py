"""Oxygen plants: what they give to the line, and what a healthy one that stands idle could give. Pure."""

from __future__ import annotations

import msgspec

from collector.stock.flow import Flow, FlowState, number
from collector.stock.series import MINUTE_MS
from collector.stock.span import NOTHING, Span, add
from devices.assets import PsaPlant
from devices.signal import Value

DELIVERING = frozenset({"running_on_spec", "standby"})
"""States in which what a plant's flow meter shows reaches the line; in stand-by it comes from the full product tank."""
BROKEN = frozenset({"fault", "maintenance"})
READY = frozenset({"running_on_spec", "standby", "off"})
"""States in which a plant that is not broken could give more: off is ready only until it is known to have been stopped by a fault."""
USUAL_SHARE = 0.8
"""What of its rated flow a plant gives in real life (Open Critical Care, "assume 80 %"; domain reference 1.6)."""


class PlantState(msgspec.Struct, frozen=True, array_like=True):
    flow: FlowState = FlowState()
    state: str = ""
    state_ms: int = 0
    changed_ms: int = 0
    broken: bool = False
    mains_ok: bool = True
    genset_on: bool = False
    fault_code: float = 0.0


class Plant:
    """A PSA plant: only what it delivers counts; in all other states its flow is nothing (it vents, or stands).

    `broken`: the last that was heard of it before it went off was a fault or maintenance. It ends when it runs again or stands by.
    """

    __slots__ = ("broken", "changed_ms", "duty", "fault_code", "flow", "genset_on", "mains_ok", "rated_lpm", "state", "state_ms")

    def __init__(self, rated_lpm: float, interval_s: float, *, duty: bool = True) -> None:
        self.rated_lpm = rated_lpm
        self.duty = duty
        self.flow = Flow(interval_s)
        self.state = ""
        self.state_ms = 0
        self.changed_ms = 0
        self.broken = False
        self.mains_ok = True
        self.genset_on = False
        self.fault_code = 0.0

    def take(self, values: dict[str, Value], time_ms: int) -> tuple[()]:
        """All that one message says of it."""
        state, flow_lpm = values.get("state"), values.get("o2_flow_lpm")
        if state == self.state and flow_lpm.__class__ is float and state in DELIVERING and time_ms > self.state_ms:
            self.state_ms = time_ms
            self.flow.observe(flow_lpm, time_ms)
        elif state is not None or flow_lpm is not None:
            self.observe(state if isinstance(state, str) else None, number(values, "o2_flow_lpm"), time_ms)
        if "fault_code" in values:
            self.fault_code = number(values, "fault_code") or 0.0
        if "mains_ok" in values:
            self.mains_ok = values["mains_ok"] is not False
        if "genset_on" in values:
            self.genset_on = values["genset_on"] is True
        return ()

    def observe(self, state: str | None, flow_lpm: float | None, time_ms: int) -> bool:
        """True when the plant began or ceased to deliver."""
        if time_ms <= self.state_ms:
            return False
        was = self.state
        self.state = state or self.state
        self.state_ms = time_ms
        self.broken = self.state in BROKEN or (self.broken and self.state in {"off", "starting"})
        changed = (was in DELIVERING) != (self.state in DELIVERING) or (was == "" and self.state != "")
        if changed:
            self.changed_ms = time_ms
        if self.state and self.state not in DELIVERING:
            self.flow.observe(0.0, time_ms)
        elif self.state and flow_lpm is not None:
            self.flow.observe(flow_lpm, time_ms)
        return changed and was != ""

    def status(self, now_ms: int) -> str:
        """on, off, or unknown: nothing heard, no state ever sent, or running without a flow."""
        if not self.state or now_ms - self.state_ms > self.flow.fresh_ms:
            return "unknown"
        if self.state not in DELIVERING:
            return "off"
        return "on" if self.flow.fresh(now_ms) else "unknown"

    def delivers(self, back_ms: int) -> Span:
        """What it gives now (or gave last), from the last `back_ms` since it began to."""
        return self.flow.mean(back_ms, self.changed_ms) or NOTHING

    def spare_lpm(self, now_ms: int) -> float:
        """What it could give besides, were it run as it should: nothing where it is a spare, silent, broken, without power, starting up or
        off its specification."""
        healthy = self.duty and (self.mains_ok or self.genset_on) and not self.broken and not self.fault_code and self.state in READY
        if not healthy or self.status(now_ms) == "unknown":
            return 0.0
        given_lpm = self.delivers(5 * MINUTE_MS).mid if self.state in DELIVERING else 0.0
        return max(0.0, USUAL_SHARE * self.rated_lpm - given_lpm)

    def dump(self) -> PlantState:
        flow, contacts = self.flow.dump(), (self.mains_ok, self.genset_on)
        return PlantState(flow, self.state, self.state_ms, self.changed_ms, self.broken, *contacts, self.fault_code)

    def load(self, state: PlantState) -> None:
        self.flow.load(state.flow)
        self.state, self.state_ms, self.changed_ms = state.state, state.state_ms, state.changed_ms
        self.broken, self.fault_code = state.broken, state.fault_code
        self.mains_ok, self.genset_on = state.mains_ok, state.genset_on


class Plants:
    """All plants of a site together."""

    __slots__ = ("by_asset",)

    def __init__(self, by_asset: dict[str, Plant]) -> None:
        self.by_asset = by_asset

    @classmethod
    def of(cls, assets: list[PsaPlant]) -> Plants:
        return cls({asset.id: Plant(asset.rated_flow_lpm, asset.interval_s, duty=asset.duty) for asset in assets})

    def status(self, now_ms: int) -> str:
        """unknown where any plant is; on where at least one delivers; off else (also where there is none)."""
        found = "off"
        for plant in self.by_asset.values():
            status = plant.status(now_ms)
            if status == "unknown":
                return status
            found = "on" if status == "on" else found
        return found

    def delivers(self, now_ms: int) -> Span:
        """What the plants that are known to deliver give now."""
        return add(plant.delivers(5 * MINUTE_MS) for plant in self.by_asset.values() if plant.status(now_ms) == "on")

    def could_deliver_lpm(self, now_ms: int) -> float:
        """What the plants that nothing is known of may be giving besides."""
        unknown = [plant for plant in self.by_asset.values() if plant.status(now_ms) == "unknown" and plant.state in {"", *DELIVERING}]
        return sum(plant.delivers(5 * MINUTE_MS).high or plant.rated_lpm for plant in unknown)

    def spare_lpm(self, now_ms: int) -> float:
        return sum(plant.spare_lpm(now_ms) for plant in self.by_asset.values())

    def mean(self, back_ms: int) -> Span:
        """What the plants gave on average over the last hour, or six."""
        means = [plant.flow.mean(back_ms) for plant in self.by_asset.values()]
        return add(mean for mean in means if mean is not None)

    @property
    def rated_lpm(self) -> float:
        return sum(plant.rated_lpm for plant in self.by_asset.values())

    @property
    def changed_ms(self) -> int:
        """When a plant last began or ceased to deliver: the draw on the stock before it says nothing about now."""
        return max((plant.changed_ms for plant in self.by_asset.values()), default=0)
