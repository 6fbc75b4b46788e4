"""Hours left beside the truth of the simulator, and beside the plain way. `python -m bench.hours [--quick] [--days N] [--seeds N]`.

Sites of several kinds, with and without flow meters and temperature, through the real decoder and evaluator, over change-overs, refills,
deliveries, temperature swings, noise, gaps, lying clocks and sensors that stick; what is compared is said in bench/hours_case.py. Two
processes; about a quarter of an hour, --quick a minute or two.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf
from multiprocessing import Pool
from random import Random
from statistics import median

from bench import machine
from bench.hours_case import QUANTITIES, Case, Quantity, Ran, Told, run
from bench.table import percentile
from devices.assets import Site
from devices.simulator.faults import Fault
from tests.unit.devices.simulator.sites import CYLINDERS_ONLY, EVERYTHING, HOSPITAL, HOUR_MS, LIQUID, START_MS, slower

PROCESSES = 2
FLOW = frozenset({"o2_flow_lpm"})
MOST_ERROR, LEAST_HELD = 0.05, 0.90


def without_lines(site: Site) -> Site:
    return site.model_copy(update={"assets": tuple(asset for asset in site.assets if asset.kind != "pipeline")})


SITES: dict[str, tuple[Site, frozenset[str]]] = {
    "plant and cylinders": (HOSPITAL, frozenset()),
    "the same, no meter in the line": (without_lines(HOSPITAL), frozenset()),
    "cylinders": (CYLINDERS_ONLY, frozenset()),
    "the same, no meter at all": (without_lines(CYLINDERS_ONLY), FLOW),
    "the same, no meter, no temperature": (without_lines(CYLINDERS_ONLY), FLOW | {"bank_temp_c"}),
    "liquid and cylinders": (LIQUID, frozenset()),
    "the same, no meter at the tank": (without_lines(LIQUID), frozenset()),
    "two plants, liquid, cylinders": (EVERYTHING, frozenset()),
}


@dataclass(frozen=True, slots=True)
class Woe:
    """A fault, the kind of asset that it befalls, and its least and most hours."""

    name: str
    kind: str
    hours: tuple[float, float]
    parameters: tuple[tuple[str, float | str], ...] = ()


OF_EQUIPMENT = (
    Woe("plant_trip", "psa_plant", (1, 10)),
    Woe("plant_trip", "psa_plant", (4, 14)),
    Woe("plant_maintenance", "psa_plant", (2, 6)),
    Woe("purity_drift", "psa_plant", (6, 14), (("drift_pct_per_h", 1.5),)),
    Woe("changeover_failure", "manifold", (3, 6)),
    Woe("reserve_loss", "manifold", (6, 12), (("loss_bar_per_h", 6.0),)),
    Woe("stock_low", "manifold", (3, 8)),
    Woe("leak", "pipeline", (1, 6)),
    Woe("sensor_stuck", "manifold", (1, 3), (("signal", "bank_a_bar"),)),
    Woe("sensor_silent", "pipeline", (1, 3), (("signal", "o2_flow_lpm"),)),
)
OF_DELIVERY = (
    Woe("gateway_offline", "gateway", (0.5, 3)),
    Woe("duplicates", "gateway", (2, 8)),
    Woe("reordered", "gateway", (2, 8)),
    Woe("clock_1970", "gateway", (1, 3)),
    Woe("clock_offset", "gateway", (1, 3)),
)
PAUSE_H = (4.0, 14.0)


def faults_of(site: Site, days: float, seed: int) -> tuple[Fault, ...]:
    """Two chains of faults with pauses between them: one of the equipment, and at the same time one of the messages' way."""
    rng = Random(f"{seed}/{site.id}")
    return tuple(fault for woes in (OF_EQUIPMENT, OF_DELIVERY) for fault in _chain(site, days, woes, rng))


def _chain(site: Site, days: float, woes: Sequence[Woe], rng: Random) -> list[Fault]:
    known = {asset.kind for asset in site.assets}
    possible = [woe for woe in woes if woe.kind in known]
    faults: list[Fault] = []
    at_h = 3.0
    while at_h < days * 24 - 2:
        woe = rng.choice(possible)
        last_h = at_h + rng.uniform(*woe.hours)
        targets = [asset.id for asset in site.assets if asset.kind == woe.kind]
        if rng.random() < 0.3:
            targets = targets[:1]
        start_ms, end_ms = START_MS + round(at_h * HOUR_MS), START_MS + round(last_h * HOUR_MS)
        faults += [Fault(woe.name, site.id, asset, start_ms, end_ms, dict(woe.parameters)) for asset in targets]
        at_h = last_h + rng.uniform(*PAUSE_H)
    return faults


def cases(names: Sequence[str], days: float, seeds: Sequence[int], every_s: float) -> list[Case]:
    found = []
    for name in names:
        site, without = SITES[name]
        paced = slower(site, every_s) if every_s != 10 else site
        found += [Case(name, paced, days, seed, START_MS, faults_of(site, days, seed), without) for seed in seeds]
    return found


@dataclass(frozen=True)
class Row:
    """All that was compared of one quantity at one kind of site. Errors are relative to the truth."""

    name: str
    quantity: Quantity
    told: Sequence[Told]

    @property
    def finite(self) -> list[Told]:
        return [each for each in self.told if each.known and not isinf(each.truth_h)]

    @property
    def error(self) -> float:
        return median([each.error for each in self.finite]) if self.finite else inf

    @property
    def held(self) -> float:
        """Of all that was told, for ever among it."""
        known = [each for each in self.told if each.known]
        return sum(each.held for each in known) / len(known) if known else 0.0

    @property
    def plain_error(self) -> float:
        return median([each.plain_error for each in self.finite]) if self.finite else inf

    @property
    def met(self) -> bool:
        return self.error <= MOST_ERROR and self.held >= LEAST_HELD

    def cells(self) -> tuple[str, ...]:
        finite, errors = self.finite, [each.error for each in self.finite]
        unknown = sum(not each.known for each in self.told)
        none = sum(each.plain_h is None for each in finite) / len(finite) if finite else 0.0
        verdict = "" if self.quantity == "gone" else "met" if self.met else "MISSED"
        return (
            self.name,
            self.quantity,
            f"{len(finite):,}",
            f"{sum(isinf(each.truth_h) for each in self.told):,}",
            f"{unknown:,}",
            _pct(self.error),
            _pct(percentile(errors, 0.9)) if errors else "",
            _pct(self.held),
            _pct(median([each.half_width for each in finite])) if finite else "",
            verdict,
            _pct(self.plain_error),
            _pct(none),
        )


HEADER = (
    "site", "hours", "instants", "for ever", "unknown", "error: median", "p90", "in the bounds", "± of them", "bar: ≤ 5 %, ≥ 90 %",
    "plain way: median error", "no number",
)  # fmt: skip


def _pct(share: float) -> str:
    return "∞" if isinf(share) else f"{100 * share:.1f} %"


def table(rows: Sequence[Row]) -> str:
    lines = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    drawn = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def rows_of(all_ran: Sequence[Ran]) -> list[Row]:
    """One of each site and quantity, and one of each quantity over all sites."""
    names = list(dict.fromkeys(ran.case.name for ran in all_ran))
    rows = [
        Row(name, quantity, [told for ran in all_ran if ran.case.name == name for told in ran.told[quantity]])
        for name in names
        for quantity in QUANTITIES
    ]
    return rows + [Row("all", quantity, [told for ran in all_ran for told in ran.told[quantity]]) for quantity in QUANTITIES]


def measure(chosen: Sequence[Case]) -> list[Ran]:
    with Pool(PROCESSES) as pool:
        ran = []
        for each in pool.imap(run, chosen):
            ran.append(each)
            print(f"  {len(ran)} of {len(chosen)}: {each.case.name}, seed {each.case.seed}", file=sys.stderr, flush=True)
        return ran


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.hours", description="Hours left beside the simulator's truth.")
    parser.add_argument("--quick", action="store_true", help="one seed and a day and a half: a look, not a measurement")
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two readings of an asset")
    parser.add_argument("--only", nargs="+", choices=SITES, default=list(SITES), metavar="SITE", help=f"of {', '.join(SITES)}")
    chosen = parser.parse_args()
    days, seeds = (1.5, [1]) if chosen.quick else (chosen.days, list(range(1, chosen.seeds + 1)))
    print(f"{machine.describe()}; {days:g} days of each site, seeds {', '.join(map(str, seeds))}, a reading every {chosen.every:g} s")
    rows = rows_of(measure(cases(chosen.only, days, seeds, chosen.every)))
    print(table(rows))
    missed = [f"{row.name}, {row.quantity}" for row in rows if row.quantity != "gone" and not row.met]
    print("The bar is met everywhere." if not missed else f"Missed: {'; '.join(missed)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
