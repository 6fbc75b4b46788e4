"""The sites of the truth run: five make-ups that differ in what feeds the wards.

Lines, plants and manifolds are read every 30 s, all else every 60 s: the step of the physics is 30 s, and a rule with a delay of 10 or 30 s
needs two readings within its time.
"""

from __future__ import annotations

from devices.assets import Bank, Beds, Concentrator, CylinderStore, Gateway, LoxTank, Manifold, Pipeline, PsaPlant, Site

QUICK_S, SLOW_S = 30.0, 60.0


def _line(bar: float = 4.1) -> Pipeline:
    return Pipeline(id="line", kind="pipeline", nominal_bar=bar, interval_s=QUICK_S)


def _plant(name: str, rated_lpm: float, tank_l: float) -> PsaPlant:
    return PsaPlant(id=name, kind="psa_plant", rated_flow_lpm=rated_lpm, product_tank_l=tank_l, service_due_h=7000, interval_s=QUICK_S)


def _manifold(duty: int, reserve: int) -> Manifold:
    bank, spare = Bank(cylinders=duty, type="in-d"), Bank(cylinders=reserve, type="in-d")
    return Manifold(id="manifold", kind="manifold", banks={"a": bank, "b": bank, "reserve": spare}, interval_s=QUICK_S)


def _store(full: int) -> CylinderStore:
    return CylinderStore(id="store-d", kind="cylinder_store", type="in-d", full=full, interval_s=3600.0)


def _tank(capacity_kg: float) -> LoxTank:
    return LoxTank(id="lox", kind="lox_tank", capacity_kg=capacity_kg, relief_bar=16.0, interval_s=SLOW_S)


def _bedsides(count: int) -> tuple[Concentrator, ...]:
    return tuple(Concentrator(id=f"oc{n}", kind="concentrator", rated_flow_lpm=10, interval_s=SLOW_S) for n in range(1, count + 1))


def _gateway(name: str, *assets: str) -> Gateway:
    return Gateway(id=name, kind="gateway", assets=assets, interval_s=SLOW_S)


ZONE = "Asia/Kolkata"

SITES: tuple[Site, ...] = (
    Site(
        id="hospital",
        beds=Beds(ward=120, icu=30),
        timezone=ZONE,
        delivery_lead_hours=8,
        assets=(_plant("psa1", 1000, 2000), _line(), _manifold(24, 12), _store(130), *_bedsides(2), _gateway("gw1")),
    ),
    Site(
        id="cylinders",
        beds=Beds(ward=60),
        timezone=ZONE,
        delivery_lead_hours=12,
        assets=(_line(), _manifold(12, 6), _store(40), _gateway("gw1")),
    ),
    Site(
        id="liquid",
        beds=Beds(ward=120, icu=30),
        timezone="Africa/Algiers",
        delivery_lead_hours=24,
        assets=(_line(4.0), _tank(6000), _manifold(24, 12), _store(40), _gateway("gw1")),
    ),
    Site(
        id="everything",
        beds=Beds(ward=200, hdu=20, icu=40),
        timezone=ZONE,
        delivery_lead_hours=16,
        assets=(
            _plant("psa1", 500, 1500),
            _plant("psa2", 500, 1500),
            _line(),
            _manifold(24, 12),
            _tank(3000),
            _store(80),
            *_bedsides(2),
            _gateway("gw1", "psa1", "psa2", "lox"),
            _gateway("gw2", "line", "manifold", "store-d", "oc1", "oc2"),
        ),
    ),
    Site(
        id="clinic",
        beds=Beds(ward=10),
        timezone=ZONE,
        delivery_lead_hours=24,
        assets=(_line(), _manifold(2, 1), _store(12), *_bedsides(4), _gateway("gw1")),
    ),
)


def site_of(number: int) -> Site:
    """The site of the job with that number: the make-ups in turn, each under a name of its own."""
    site = SITES[number % len(SITES)]
    return site.model_copy(update={"id": f"{site.id}-{number // len(SITES) + 1}"})
