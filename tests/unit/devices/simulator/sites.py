"""Small sites for the simulator's tests."""

from __future__ import annotations

from devices.assets import Bank, Beds, Concentrator, CylinderStore, Gateway, LoxTank, Manifold, Pipeline, PsaPlant, Site

START_MS = 1_764_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000

PSA = PsaPlant(id="psa1", kind="psa_plant", rated_flow_lpm=1000, product_tank_l=2000)
LINE = Pipeline(id="line", kind="pipeline", nominal_bar=4.1)
MANIFOLD = Manifold(
    id="manifold",
    kind="manifold",
    banks={"a": Bank(cylinders=24, type="in-d"), "b": Bank(cylinders=24, type="in-d"), "reserve": Bank(cylinders=12, type="in-d")},
)
STORE = CylinderStore(id="store-d", kind="cylinder_store", type="in-d", full=51)
TANK = LoxTank(id="lox", kind="lox_tank", capacity_kg=6000)
GATEWAY = Gateway(id="gw1", kind="gateway")
BEDS = Beds(ward=120, icu=30)

HOSPITAL = Site(id="hospital", beds=BEDS, timezone="Asia/Kolkata", delivery_lead_hours=8, assets=(PSA, LINE, MANIFOLD, STORE, GATEWAY))
CYLINDERS_ONLY = Site(id="cylinders", beds=BEDS, delivery_lead_hours=8, assets=(LINE, MANIFOLD, STORE, GATEWAY))
LIQUID = Site(id="liquid", beds=BEDS, assets=(LINE, TANK, MANIFOLD, GATEWAY))
EVERYTHING = Site(id="everything", beds=BEDS, assets=(PSA, PSA.model_copy(update={"id": "psa2"}), LINE, TANK, MANIFOLD, STORE, GATEWAY))
CLINIC = Site(
    id="clinic",
    beds=Beds(ward=10),
    delivery_lead_hours=24,
    assets=(
        LINE,
        MANIFOLD.model_copy(update={"banks": {"a": Bank(cylinders=4, type="in-b"), "b": Bank(cylinders=4, type="in-b")}}),
        *(Concentrator(id=f"oc{n}", kind="concentrator", rated_flow_lpm=10) for n in range(1, 4)),
        GATEWAY,
    ),
)


def slower(site: Site, interval_s: float) -> Site:
    """The same site, each asset read every `interval_s`."""
    return site.model_copy(update={"assets": tuple(asset.model_copy(update={"interval_s": interval_s}) for asset in site.assets)})
