"""Observations and points as InfluxDB line protocol. Pure.

    psa_plant,asset=psa1,district=kasganj,region=up,site=kasganj-dh o2_purity_pct=93.4,state="standby",mains_ok=true 1764000000123000000

Measurement = kind of asset; tags in the order of their names, empty ones left out; fields = signals; time in nanoseconds. One line per
observation. `observation_lines` is the hot path of the writer.

Escaping follows the line protocol of InfluxDB 1.x, which 2.x, 3 and VictoriaMetrics share. It has no way to write a backslash before a
comma, an equals sign or a space, so a backslash in a tag, a measurement or a field's name becomes a slash; control characters there
become spaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

import msgspec

from collector.records import Point
from devices.assets import Site
from devices.signal import HISTORY, Observation, Value

LATE = "late"
"""Boolean field: true on an observation that came late, as back-fill or retained. A field, because a tag would make another series."""

RAW_TS_MS = "raw_ts_ms"
"""Integer field: what the sender claimed, where its clock was not believed."""

LEVELS = ("district", "region")
"""Tags above the site; every measurement that has a site has them."""

_INT64 = 2**63
_NS_PER_MS = 1_000_000
_AMBIGUOUS = ("\\", "null", "{}", ':":', ',",', ',"}', '{",', '{"}')
"""Where the text of JSON has none of these, no string holds a quote, begins with a colon or ends with a comma or `{`, so that every quote
next to one of those is JSON's own; and no number is missing for not being finite, nor a whole set for being empty."""
_to_json = msgspec.json.Encoder().encode
_BLANK = dict.fromkeys([*range(32), 127], "\\ ")
_KEY = {**_BLANK, ord(" "): "\\ ", ord(","): "\\,", ord("="): "\\=", ord("\\"): "/"}
_MEASUREMENT = {**_BLANK, ord(" "): "\\ ", ord(","): "\\,", ord("\\"): "/"}
_STRING = {ord('"'): '\\"', ord("\\"): "\\\\"}


class Series:
    """The part of a line before its fields, per asset: computed once, and kept for the assets that are configured.

    An asset that is not (it was taken out of the configuration after it spoke) gets its part anew each time, so the table can't grow.
    """

    def __init__(self, sites: Iterable[Site]) -> None:
        self._levels: dict[str, dict[str, str]] = {}
        self._prefixes: dict[tuple[str, str, str], str] = {}
        for site in sites:
            self._levels[site.id] = {"district": site.district, "region": site.region}
            for asset in site.assets:
                self._prefixes[asset.kind, site.id, asset.id] = self._compute(asset.kind, site.id, asset.id)

    def prefix(self, kind: str, site: str, asset: str) -> str:
        """`kind,asset=…,site=…` and the space before the fields."""
        return self._prefixes.get((kind, site, asset)) or self._compute(kind, site, asset)

    def levels(self, site: str) -> dict[str, str]:
        """District and region of a site; empty where the site is unknown."""
        return self._levels.get(site, {})

    def _compute(self, kind: str, site: str, asset: str) -> str:
        return series_key(kind, {"asset": asset, "site": site, **self.levels(site)}) + " "


def series_key(measurement: str, tags: Mapping[str, str]) -> str:
    """Measurement and tags, escaped, the tags in the order of their names, empty ones left out."""
    written = (f",{name.translate(_KEY)}={tags[name].translate(_KEY)}" for name in sorted(tags) if tags[name])
    return measurement.translate(_MEASUREMENT) + "".join(written)


def observation_lines(series: Series, seen: Sequence[Observation]) -> list[str]:
    """One line per observation, in order; "" for one that has no field that can be stored."""
    return _lines(series, seen, [one.values for one in seen])


def number_lines(series: Series, seen: Sequence[Observation]) -> list[str]:
    """As `observation_lines`, without what is a string: for VictoriaMetrics, which would store it as 0."""
    return _lines(series, seen, [{name: value for name, value in one.values.items() if type(value) is not str} for one in seen])


def _lines(series: Series, seen: Sequence[Observation], values: list[dict[str, Value]]) -> list[str]:
    prefix = series.prefix
    return [
        f"{prefix(one.kind, one.site, one.asset)}{fields} {one.event_ms * _NS_PER_MS + one.tie}"
        if fields and not one.timing & HISTORY and one.raw_ts_ms is None
        else _unusual_line(prefix(one.kind, one.site, one.asset), fields, one)
        for one, fields in zip(seen, _field_sets(values), strict=True)
    ]


def _unusual_line(prefix: str, fields: str, one: Observation) -> str:
    if not fields:
        return ""
    late = f",{LATE}=true" if one.timing & HISTORY else ""
    raw = f",{RAW_TS_MS}={one.raw_ts_ms}i" if one.raw_ts_ms is not None and -_INT64 <= one.raw_ts_ms < _INT64 else ""
    return f"{prefix}{fields}{late}{raw} {one.event_ms * _NS_PER_MS + one.tie}"


def _field_sets(values: list[dict[str, Value]]) -> list[str]:
    """`a=1.5,b=true,c="standby"` for each.

    The field set of a line is the JSON of its values but for a few quotes, and msgspec writes JSON (its floats too) several times as fast
    as anything in Python. Three replacements make one of the other, unless the text holds one of `_AMBIGUOUS`: then the long way.
    """
    text = _to_json(values).decode()
    if not values or any(odd in text for odd in _AMBIGUOUS):
        return [field_set({name: float(value) if type(value) is int else value for name, value in one.items()}) for one in values]
    return text[3:-2].replace('":', "=").replace(',"', ",").split('},{"')


def field_set(values: Mapping[str, Value | int]) -> str:
    """Fields as line protocol, escaped; integers with their `i`; what is not finite is left out, as no store takes it."""
    return ",".join(filter(None, (field(name, value) for name, value in values.items())))


def field(name: str, value: Value | int) -> str:
    """`name=value`; "" for a number that is not finite."""
    key = name.translate(_KEY)
    if isinstance(value, bool):
        return f"{key}={'true' if value else 'false'}"
    if isinstance(value, str):
        return f'{key}="{value.translate(_STRING)}"'
    if isinstance(value, int):
        return f"{key}={value}i" if -_INT64 <= value < _INT64 else f"{key}={float(value)!r}"
    return f"{key}={value!r}" if isfinite(value) else ""


def point_line(series: Series, point: Point) -> str:
    """The line of a point, with the levels above its site as tags; "" where it has no field that can be stored."""
    return _point_line(series, point, point.fields)


def number_point_line(series: Series, point: Point) -> str:
    """As `point_line`, without what is a string: for VictoriaMetrics."""
    return _point_line(series, point, {name: value for name, value in point.fields.items() if not isinstance(value, str)})


def _point_line(series: Series, point: Point, fields: Mapping[str, Value | int]) -> str:
    tags = {**series.levels(point.tags.get("site", "")), **point.tags}
    written = field_set({name: value for name, value in fields.items() if name not in tags})
    return f"{series_key(point.measurement, tags)} {written} {point.time_ms * _NS_PER_MS}" if written else ""
