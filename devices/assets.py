"""What stands in a hospital: sites and their assets, as their owner declares them. Frozen, self-checking values; no behaviour.

The configuration file holds these models, the simulator and the rules read them. Pressures are gauge, flows at 15 °C and 1.01325 bar.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Names = dict[str, str]
"""Language code to name, e.g. {en: …, hi: …}."""

Analyser = Literal["zirconia", "paramagnetic", "galvanic", "ultrasonic"]
BankName = Literal["a", "b", "reserve"]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Asset(Model):
    id: Id = Field(description="Id of the asset, unique in its site; the last part of its topic.")
    name: str | Names | None = Field(default=None, description="Name for people, or one per language.")
    interval_s: float = Field(default=10.0, gt=0, le=86_400, description="Expected time between two readings, in seconds.")


class PsaPlant(_Asset):
    kind: Literal["psa_plant"]
    rated_flow_lpm: float = Field(gt=0, description="Rated product flow, L/min.")
    nominal_bar: float = Field(default=4.1, gt=0, le=16, description="Nominal distribution pressure, bar gauge.")
    duty: bool = Field(default=True, description="True when the plant is meant to run; a plant kept as spare raises no plant-down alarm.")
    analyser: Analyser = Field(default="zirconia", description="Type of purity analyser; an ultrasonic one is wrong where others feed.")
    dryer: Literal["refrigerated", "desiccant"] = Field(default="refrigerated", description="Type of the air dryer.")
    service_due_h: float | None = Field(default=None, gt=0, description="Running hours at which the next service is due, h.")
    product_tank_l: float = Field(default=1000.0, gt=0, description="Water volume of the product tank, L.")
    power_kw: float | None = Field(
        default=None, gt=0, description="Electrical power at rated flow, kW; 0.0714 kW per L/min when not given."
    )


class Pipeline(_Asset):
    kind: Literal["pipeline"]
    nominal_bar: float = Field(gt=0, le=16, description="Nominal distribution pressure of the zone, bar gauge.")
    analyser: Analyser = Field(default="zirconia", description="Type of purity analyser.")
    zone: str | None = Field(default=None, description="The clinical area that this zone feeds; absent for the main line.")


class Bank(Model):
    cylinders: int = Field(gt=0, le=500, description="How many cylinders are connected.")
    type: str = Field(description="Cylinder type of devices.oxygen.CYLINDERS, e.g. in-d.")
    fill_bar: float | None = Field(default=None, gt=0, le=300, description="Fill pressure when it differs from the type's, bar gauge.")


class Manifold(_Asset):
    kind: Literal["manifold"]
    banks: dict[BankName, Bank] = Field(min_length=1, description="The banks: a and b (duty and stand-by), reserve.")
    changeover_bar: float = Field(default=10.0, gt=0, le=50, description="Bank pressure at which the manifold changes over, bar gauge.")
    residual_bar: float = Field(default=10.0, ge=0, le=50, description="Pressure below which a bank can't hold the line, bar gauge.")
    room_temp_c: float = Field(default=30.0, ge=-20, le=60, description="Gas temperature assumed where none is measured, °C.")


class LoxTank(_Asset):
    kind: Literal["lox_tank"]
    capacity_kg: float = Field(gt=0, description="Liquid oxygen at 100 % level, kg.")
    area_m2: float | None = Field(default=None, gt=0, description="Cross-section of a vertical vessel, m²; needed for level_dp_mbar.")
    nominal_bar: float = Field(default=8.0, gt=0, le=40, description="Lowest tank pressure that holds the line, bar gauge.")
    relief_bar: float | None = Field(default=None, gt=0, le=50, description="Set pressure of the relief valve, bar gauge.")
    heel_pct: float = Field(default=8.0, ge=0, le=30, description="Part of the capacity that can't be drawn, %.")
    reorder_pct: float = Field(default=40.0, gt=0, lt=100, description="Level at which to reorder, %.")


class CylinderStore(_Asset):
    kind: Literal["cylinder_store"]
    type: str = Field(description="Cylinder type of devices.oxygen.CYLINDERS, e.g. in-d.")
    full: int | None = Field(default=None, ge=0, description="Full cylinders counted by hand, until a payload says otherwise.")
    interval_s: float = Field(default=86_400.0, gt=0, le=604_800, description="Expected time between two counts, in seconds.")


class Concentrator(_Asset):
    kind: Literal["concentrator"]
    rated_flow_lpm: float = Field(default=10.0, gt=0, le=50, description="Rated flow, L/min.")


class Gateway(_Asset):
    kind: Literal["gateway"]
    assets: tuple[Id, ...] = Field(
        default=(), description="Ids of the assets that this gateway reports for; a site's only gateway that names none reports for all."
    )
    interval_s: float = Field(default=60.0, gt=0, le=86_400, description="Expected time between two reports, in seconds.")


Asset = Annotated[PsaPlant | Pipeline | Manifold | LoxTank | CylinderStore | Concentrator | Gateway, Field(discriminator="kind")]


class Beds(Model):
    ward: int = Field(default=0, ge=0, description="Beds in general wards.")
    hdu: int = Field(default=0, ge=0, description="Beds in high-dependency units.")
    icu: int = Field(default=0, ge=0, description="Beds in intensive care.")


_ZONES = frozenset(available_timezones())


class Site(Model):
    id: Id = Field(description="Id of the site; the first part of its topics after the prefix.")
    name: str | Names | None = Field(default=None, description="Name for people, or one per language.")
    district: str = Field(default="", description="District, province; a tag of every point.")
    region: str = Field(default="", description="State, wilaya, region; a tag of every point.")
    timezone: str = Field(default="UTC", description="IANA time zone of the site.")
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrees north (WGS 84).")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Degrees east (WGS 84).")
    beds: Beds = Field(default=Beds(), description="Beds by type, for the expected demand.")
    delivery_lead_hours: float = Field(default=24.0, ge=0, description="Hours from an order to its delivery.")
    assets: tuple[Asset, ...] = Field(description="The assets of the site.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in _ZONES:
            raise ValueError(f"{name!r} is no IANA time zone; e.g. Asia/Kolkata, Africa/Algiers, UTC")
        return name

    @model_validator(mode="after")
    def _assets_fit(self) -> Site:
        seen: set[str] = set()
        for asset in self.assets:
            if asset.id in seen:
                raise ValueError(f"asset id {asset.id!r} stands twice in site {self.id!r}; ids are unique within a site")
            seen.add(asset.id)
        for asset in self.assets:
            if isinstance(asset, Gateway):
                for unknown in sorted(set(asset.assets) - seen):
                    raise ValueError(f"gateway {asset.id!r} names asset {unknown!r}, which site {self.id!r} does not have")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def display_name(thing: Site | _Asset, language: str = "en") -> str:
    """The name in that language, else in English, else any, else the id."""
    name = thing.name
    if isinstance(name, str):
        return name
    if name:
        return name.get(language) or name.get("en") or next(iter(name.values()))
    return thing.id
