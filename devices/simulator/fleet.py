"""Sites in virtual time: what their gateways send, message by message, the same for the same seed."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from devices.assets import CylinderStore, Gateway, Site
from devices.gateway.emission import PREFIX, Emission, links_of
from devices.signal import Value
from devices.simulator.delivery import Delivery, Sample, Sent
from devices.simulator.faults import NONE_ACTIVE, Active, Fault, Timeline
from devices.simulator.plant import Plant
from devices.simulator.scenarios import resolve
from devices.simulator.sensors import Transmitters, measure

LONGEST_STEP_MS = 30_000
SHORTEST_STEP_MS = 1_000
TRUTH_EVERY_MS = 300_000
COUNT_EVERY_MS = 3_600_000


def step_ms(sites: Iterable[Site]) -> int:
    """The step of the physics: the shortest interval of any asset, between 1 s and 30 s."""
    shortest_s = min((asset.interval_s for site in sites for asset in site.assets), default=LONGEST_STEP_MS / 1000)
    return min(LONGEST_STEP_MS, max(SHORTEST_STEP_MS, round(shortest_s * 1000)))


class Fleet:
    """All sites and what befalls them.

    `scenario` is a name of SCENARIOS or a list of faults; ValueError for a name that is not there. `on_truth` is given the lines of
    the truth file: the faults at once, then every five simulated minutes the true stock of each site.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        seed: int,
        start_ms: int,
        scenario: str | Sequence[Fault] = "normal",
        *,
        prefix: str = PREFIX,
        on_truth: Callable[[str], None] | None = None,
    ) -> None:
        self.sites, self.prefix = tuple(sites), prefix
        self.faults = resolve(scenario, self.sites, start_ms) if isinstance(scenario, str) else tuple(scenario)
        self._step_ms = step_ms(self.sites)
        self._next_ms = self.start_ms = start_ms
        self._on_truth = on_truth
        self.simulated = {
            site.id: SimulatedSite(site, Random(f"{seed}/{site.id}"), Random(f"{seed}/{site.id}/readings"), self)  # noqa: S311
            for site in self.sites
        }
        self._due: list[tuple[int, int, Sent]] = []
        self._sent = 0
        if on_truth is not None:
            for fault in self.faults:
                on_truth(fault.truth())

    def run(self, until_ms: int) -> Iterator[Emission]:
        """All that is sent before `until_ms`, in the order of sending. Goes on where the last call, or its caller, stopped."""
        return (sent.emission(self.prefix) for sent in self.sent(until_ms))

    def sent(self, until_ms: int) -> Iterator[Sent]:
        """The same as `run`, before it is written as bytes: for those who want the readings and not their JSON."""
        while True:
            horizon_ms = min(self._next_ms, until_ms)
            while self._due and self._due[0][0] < horizon_ms:
                yield heapq.heappop(self._due)[2]
            if self._next_ms >= until_ms:
                return
            self._step(self._next_ms)
            self._next_ms += self._step_ms

    def _step(self, now_ms: int) -> None:
        for site in self.simulated.values():
            for sent in site.step(now_ms, self._step_ms):
                self._sent += 1
                heapq.heappush(self._due, (sent.send_ms, self._sent, sent))
            if self._on_truth is not None and (now_ms - self.start_ms) % TRUTH_EVERY_MS < self._step_ms:
                self._on_truth(site.truth(now_ms))


class SimulatedSite:
    """One site: its plant, its transmitters and its gateways' way to the broker.

    The plant has a source of chance of its own, so that what truly happens does not depend on how often it is read. `active` and `hour` are
    what is wrong now, and the local time.
    """

    def __init__(self, site: Site, plant_rng: Random, rng: Random, fleet: Fleet) -> None:
        self.site = site
        self.plant = Plant(site, plant_rng)
        self.faults = tuple(fault for fault in fleet.faults if fault.site == site.id)
        self._timeline = Timeline(self.faults)
        self.active = NONE_ACTIVE
        self.hour = 0.0
        self._rng, self._zone, self._start_ms = rng, site.zone, fleet.start_ms
        self._transmitters = Transmitters(rng)
        links = links_of(site)
        self._deliveries = [Delivery(link, rng) for link in links]
        by_asset = {asset: delivery for link, delivery in zip(links, self._deliveries, strict=True) for asset in link.assets}
        self._pollers = [Poller(asset.id, _every_ms(asset), by_asset[asset.id], fleet.start_ms, rng) for asset in site.assets]
        self._gateways = {asset.id: rng.uniform(-85, -60) for asset in site.assets if isinstance(asset, Gateway)}
        self._on_change = {asset.id for asset in site.assets if isinstance(asset, CylinderStore)}

    def step(self, now_ms: int, step_ms: int) -> Iterator[Sent]:
        active = self.active = self._timeline.at(now_ms)
        self.hour = local_hour(now_ms, self._zone)
        self.plant.step(now_ms, step_ms / 1000, self.hour, active)
        for delivery in self._deliveries:
            if now_ms == self._start_ms:
                yield from delivery.begin(now_ms)
            yield from delivery.turn(now_ms, active)
        for poller in self._pollers:
            changed = poller.asset in self._on_change and self._read(poller.asset, now_ms) != poller.last
            if changed or poller.is_due(now_ms):
                yield from self._poll(poller, now_ms, active)

    def _poll(self, poller: Poller, now_ms: int, active: Active) -> Iterator[Sent]:
        poller.last = self._read(poller.asset, now_ms)
        values = self._transmitters.pass_on(poller.asset, measure(poller.last, self._rng), active, now_ms)
        if values:
            yield from poller.delivery.send(poller.sample(now_ms, values), active)

    def _read(self, asset: str, now_ms: int) -> dict[str, Value]:
        return self._read_gateway(asset, now_ms) if asset in self._gateways else self.plant.read(asset)

    def _read_gateway(self, asset: str, now_ms: int) -> dict[str, Value]:
        return {
            "online": True,
            "uptime_s": (now_ms - self._start_ms) / 1000,
            "rssi_dbm": self._gateways[asset],
            "clock_offset_s": 0.05,
            "battery_pct": 100.0,
            "firmware": "1.4.2",
        }

    def truth(self, now_ms: int) -> str:
        """The line of the truth file on the site's stock. Hours are null while nothing is drawn from the connected sources."""
        content_l, draw_lpm = self.plant.connected_l(), self.plant.drawn_lpm()
        return json.dumps(
            {
                "truth": "stock",
                "site": self.site.id,
                "at_ms": now_ms,
                "content_l": {source: round(litres, 1) for source, litres in content_l.items()},
                "draw_lpm": round(draw_lpm, 2),
                "demand_lpm": round(self.plant.wanted_lpm, 2),
                "hours_left_connected": round(sum(content_l.values()) / 60 / draw_lpm, 3) if draw_lpm else None,
            }
        )


def local_hour(now_ms: int, zone: ZoneInfo) -> float:
    """Hours since local midnight, by the clock on the wall."""
    local = datetime.fromtimestamp(now_ms / 1000, zone)
    return local.hour + local.minute / 60 + local.second / 3600


class Poller:
    """When an asset is read. Assets are not read at the same instant: each has its own place within the first second of a step."""

    def __init__(self, asset: str, every_ms: int, delivery: Delivery, start_ms: int, rng: Random) -> None:
        self.asset, self.delivery = asset, delivery
        self.last: dict[str, Value] | None = None
        self._every_ms, self._next_ms = every_ms, start_ms
        self._place_ms = rng.randrange(0, 700)
        self._seq = 0

    def is_due(self, now_ms: int) -> bool:
        if now_ms < self._next_ms:
            return False
        while self._next_ms <= now_ms:
            self._next_ms += self._every_ms
        return True

    def sample(self, now_ms: int, values: dict[str, Value]) -> Sample:
        self._seq += 1
        return Sample(self.asset, now_ms + self._place_ms, self._seq, values)


def _every_ms(asset: object) -> int:
    """Counts of cylinders are sent at least hourly, whatever is expected of them; all others at their interval."""
    interval_ms = round(float(getattr(asset, "interval_s", 10.0)) * 1000)
    return min(COUNT_EVERY_MS, interval_ms) if isinstance(asset, CylinderStore) else interval_ms
