"""The electricity of a site: the mains, and a generator that takes over or does not."""

from __future__ import annotations

from devices.simulator.faults import Active


class Power:
    """`on`: the plants and the sockets of the wards have current. Gateways and controllers go on from their batteries."""

    def __init__(self) -> None:
        self.mains_ok = True
        self.genset_on = False
        self._without_s = 0.0

    @property
    def on(self) -> bool:
        return self.mains_ok or self.genset_on

    def step(self, dt_s: float, active: Active) -> None:
        """The mains belongs to the whole site, whichever plant a fault names. A generator that fails beats one that would start."""
        covered, bare = active.named("mains_lost"), active.named("power_lost")
        self.mains_ok = not (covered or bare)
        self._without_s = 0.0 if self.mains_ok else self._without_s + dt_s
        self.genset_on = bool(covered) and not bare and self._without_s > min(fault.number("genset_after_s") for fault in covered)
