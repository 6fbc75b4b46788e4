from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.records import Point
from collector.store import line
from collector.store.line import Series, number_lines, number_point_line, observation_lines, point_line
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.signal import Observation, Timing, Value
from tests.unit.collector.store.lineprotocol import Row, read

KASGANJ = Site.model_validate(
    {
        "id": "kasganj-dh",
        "district": "kasganj",
        "region": "up",
        "assets": [{"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 500}, {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}],
    }
)
SERIES = Series([KASGANJ])


def seen(values: dict[str, Value], **more: Any) -> Observation:
    given = {"site": "kasganj-dh", "asset": "psa1", "kind": "psa_plant", "event_ms": 1764000000123, "received_ms": 1764000000500}
    return Observation(**{**given, **more}, values=values)


def test_a_line_as_documented() -> None:
    assert observation_lines(SERIES, [seen({"o2_purity_pct": 93.4, "state": "standby", "mains_ok": True})]) == [
        "psa_plant,asset=psa1,district=kasganj,region=up,site=kasganj-dh "
        'o2_purity_pct=93.4,state="standby",mains_ok=true 1764000000123000000'
    ]


def test_lines_keep_the_order_of_the_observations() -> None:
    lines = observation_lines(SERIES, [seen({"o2_flow_lpm": float(n)}, tie=n) for n in range(3)])
    assert [(row.fields, row.time_ns - 1764000000123000000) for row in map(read, lines)] == [
        ({"o2_flow_lpm": float(n)}, n) for n in range(3)
    ]


def test_no_observations_are_no_lines() -> None:
    assert observation_lines(SERIES, []) == []


@pytest.mark.parametrize(
    ("timing", "raw_ts_ms", "extra"),
    [
        (Timing.LIVE, None, {}),
        (Timing.NO_TS, None, {}),
        (Timing.LATE, None, {"late": True}),
        (Timing.BACKFILL, None, {"late": True}),
        (Timing.RETAINED, None, {"late": True}),
        (Timing.BAD_CLOCK, 3000, {"raw_ts_ms": 3000}),
        (Timing.FUTURE, 1964000000123, {"raw_ts_ms": 1964000000123}),
        (Timing.BAD_CLOCK | Timing.RETAINED, -5, {"late": True, "raw_ts_ms": -5}),
        (Timing.BAD_CLOCK, 10**30, {}),
    ],
)
def test_what_is_unusual_about_the_time_is_a_field(timing: Timing, raw_ts_ms: int | None, extra: dict[str, object]) -> None:
    (text,) = observation_lines(SERIES, [seen({"room_temp_c": 21.5}, timing=int(timing), raw_ts_ms=raw_ts_ms)])
    assert read(text).fields == {"room_temp_c": 21.5, **extra}


def test_own_fields_and_tags_collide_with_no_signal() -> None:
    names = {name for kind in KINDS.values() for name in kind.signals}
    assert names.isdisjoint({line.LATE, line.RAW_TS_MS, "site", "asset", *line.LEVELS})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_left_out_and_its_neighbours_stay(bad: float) -> None:
    lines = observation_lines(SERIES, [seen({"room_temp_c": bad, "co_ppm": 1.0}), seen({"room_temp_c": bad}), seen({"co_ppm": 2.0})])
    assert [read(text).fields if text else None for text in lines] == [{"co_ppm": 1.0}, None, {"co_ppm": 2.0}]


def test_a_number_is_never_an_integer_in_the_store() -> None:
    sets: list[dict[str, Value]] = [{"fault_code": 5}, {"fault_code": 5, "state": "a\\b"}]
    for values in sets:
        (text,) = observation_lines(SERIES, [seen(values)])
        assert read(text).fields["fault_code"] == 5.0
        assert "5i" not in text


names = st.sampled_from(sorted(KINDS["psa_plant"].signals))
values = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(), st.text('",:{}[]\\=\n x'))
value_sets = st.dictionaries(names, values, min_size=1, max_size=8)


@given(st.lists(value_sets, min_size=1, max_size=5))
@example([{"state": ":x", "co_ppm": 1.0}])
@example([{"state": "x,", "co_ppm": 1.0}])
@example([{"co_ppm": 1.0, "state": "x,"}])
@example([{"state": "x},{", "co_ppm": 1.0}, {"co_ppm": 2.0}])
@example([{"co_ppm": 1.0, "state": "x},{"}, {"co_ppm": 2.0}])
@example([{"state": "null"}, {"state": ""}, {"state": "{}"}])
def test_lines_read_back_equal(sets: list[dict[str, Value]]) -> None:
    lines = observation_lines(SERIES, [seen(one) for one in sets])
    tags = {"asset": "psa1", "site": "kasganj-dh", "district": "kasganj", "region": "up"}
    assert list(map(read, lines)) == [Row("psa_plant", tags, one, 1764000000123000000) for one in sets]


@given(st.lists(value_sets, min_size=1, max_size=5))
def test_number_lines_hold_everything_but_strings(sets: list[dict[str, Value]]) -> None:
    lines = number_lines(SERIES, [seen(one) for one in sets])
    kept = [{name: value for name, value in one.items() if not isinstance(value, str)} for one in sets]
    assert [read(text).fields if text else {} for text in lines] == kept


def test_an_asset_that_is_not_configured_has_the_levels_of_its_site_only() -> None:
    assert SERIES.prefix("manifold", "kasganj-dh", "old") == "manifold,asset=old,district=kasganj,region=up,site=kasganj-dh "
    assert SERIES.prefix("manifold", "gone", "old") == "manifold,asset=old,site=gone "


def test_the_table_of_prefixes_does_not_grow() -> None:
    series = Series([KASGANJ])
    before = len(series._prefixes)
    for number in range(100):
        series.prefix("manifold", "kasganj-dh", f"stranger-{number}")
    assert len(series._prefixes) == before == 2


def test_points_keep_integers_apart_and_get_the_levels_of_their_site() -> None:
    point = Point(
        "stock", {"site": "kasganj-dh", "source": "all"}, {"hours": 9.5, "cylinders": 12, "known": False, "text": 'a "b"'}, 1764000000000
    )
    assert point_line(SERIES, point) == (
        "stock,district=kasganj,region=up,site=kasganj-dh,source=all "
        'hours=9.5,cylinders=12i,known=false,text="a \\"b\\"" 1764000000000000000'
    )
    assert read(number_point_line(SERIES, point)).fields == {"hours": 9.5, "cylinders": 12, "known": False}


def test_a_point_without_a_field_is_no_line() -> None:
    assert point_line(SERIES, Point("stock", {}, {"hours": float("nan")}, 0)) == ""
    assert number_point_line(SERIES, Point("alarm", {}, {"text": "x"}, 0)) == ""


def test_a_field_never_has_the_name_of_a_tag() -> None:
    assert point_line(SERIES, Point("alarm", {"rule": "LP-LL"}, {"rule": "LP-LL", "n": 1}, 0)) == "alarm,rule=LP-LL n=1i 0"


words = st.text(min_size=1)
point_fields = st.dictionaries(words, st.one_of(values, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=4)


def _plainer(text: str) -> str:
    """What a tag or a name can hold: see the module's docstring."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text.replace("\\", "/"))


@given(words, st.dictionaries(words, words, max_size=3), point_fields)
def test_points_read_back_equal_but_for_what_a_tag_cannot_hold(
    measurement: str, tags: dict[str, str], fields: dict[str, Value | int]
) -> None:
    text = point_line(SERIES, Point(measurement, tags, fields, 1))
    kept = {_plainer(name): value for name, value in fields.items() if name not in tags}
    if not kept:
        assert text == ""
        return
    row = read(text)
    assert (row.measurement, row.time_ns) == (_plainer(measurement), 1_000_000)
    assert row.tags == {_plainer(name): _plainer(tags[name]) for name in sorted(tags)}
    assert row.fields == kept
