"""Facility-days together: by site as they are, or one row for each district or region. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from collector.notify.texts.catalogue import Language, marked, word
from collector.reports.day import FacilityDay, Values
from collector.reports.fields import FIELDS, Gather
from devices.assets import Site, display_name

Level: TypeAlias = Literal["site", "district", "region"]
LEVELS: tuple[Level, ...] = get_args(Level)
NO_NAME = marked("(none declared)")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the report. `facilities`: how many there are; `reporting`: of how many anything was heard that day."""

    level: Level
    id: str
    name: str
    district: str
    region: str
    date: str
    generated_ms: int
    facilities: int
    reporting: int
    values: Values
    plants: list[dict[str, Any]] = []


_BY: dict[Gather, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "lowest": min,
    "highest": max,
    "mean": lambda values: sum(values) / len(values),
}


def rows(days: Sequence[FacilityDay], level: Level) -> list[Row]:
    """In the order of their names."""
    if level == "site":
        return [_site(day) for day in sorted(days, key=lambda day: (day.region, day.district, day.facility))]
    groups: dict[tuple[str, str], list[FacilityDay]] = defaultdict(list)
    for day in days:
        groups[day.region, day.district if level == "district" else ""].append(day)
    return [_group(level, region, district, group) for (region, district), group in sorted(groups.items())]


def named(rows: Sequence[Row], sites: Iterable[Site], language: Language) -> list[Row]:
    """The same for readers of that language: hospitals by the name that they have in it."""
    names = {site.id: display_name(site, language) for site in sites}
    return [
        msgspec.structs.replace(row, name=names.get(row.id, row.name) if row.level == "site" else _or_none(row.name, language))
        for row in rows
    ]


def _or_none(name: str, language: Language) -> str:
    return word(language, NO_NAME) if name == NO_NAME else name


def _site(day: FacilityDay) -> Row:
    return Row(
        level="site",
        id=day.facility,
        name=day.name,
        district=day.district,
        region=day.region,
        date=day.date,
        generated_ms=day.generated_ms,
        facilities=1,
        reporting=_heard(day),
        values=day.values,
        plants=day.plants,
    )


def _group(level: Level, region: str, district: str, days: Sequence[FacilityDay]) -> Row:
    name = district if level == "district" else region
    return Row(
        level=level,
        id=name or "-",
        name=name or NO_NAME,
        district=district,
        region=region,
        date=days[0].date,
        generated_ms=max(day.generated_ms for day in days),
        facilities=len(days),
        reporting=sum(_heard(day) for day in days),
        values={field.name: _gathered(field.gather, [day.values[field.name] for day in days]) for field in FIELDS},
    )


def _gathered(how: Gather, values: Sequence[float | str | None]) -> float | None:
    """Of those that are known: the completeness says how many that were."""
    known = [value for value in values if isinstance(value, float | int)]
    return round(_BY[how](known), 3) if known and how != "no" else None


def _heard(day: FacilityDay) -> int:
    completeness = day.values["completeness_pct"]
    return int(isinstance(completeness, float | int) and completeness > 0)
