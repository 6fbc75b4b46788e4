from __future__ import annotations

import pytest

from collector.ops.status import cursor_views, site_views
from collector.views import CursorView, ValueView
from tests.unit.collector.ops.world import START_MS, World


def test_every_asset_is_told_also_one_that_was_never_heard() -> None:
    (site,) = site_views(World().evaluator, START_MS)
    assert (site.id, site.name, site.stock) == ("dh", "District Hospital", None)
    assert [(asset.id, asset.kind, asset.name, asset.online, asset.values) for asset in site.assets] == [
        ("line", "pipeline", "Ward line", None, {}),
        ("gw", "gateway", "gw", None, {}),
    ]


@pytest.mark.parametrize(("after_s", "quality", "reason"), [(0, "good", ""), (119, "good", ""), (121, "stale", "nothing for 2 min")])
def test_a_value_grows_old(after_s: int, quality: str, reason: str) -> None:
    """By its receipt; the pipeline speaks every ten seconds, and is stale after two minutes."""
    world = World()
    world.say(3, START_MS, line_pressure_bar=4.0)
    (site,) = site_views(world.evaluator, START_MS + after_s * 1000)
    assert site.assets[0].values == {"line_pressure_bar": ValueView(4.0, START_MS - 2000, float(after_s), quality, reason)}


def test_signals_of_one_asset_age_each_by_itself() -> None:
    world = World()
    world.say(3, START_MS, line_pressure_bar=4.0)
    world.say(4, START_MS + 200_000, o2_flow_lpm=120.0)
    (site,) = site_views(world.evaluator, START_MS + 200_000)
    assert {name: view.quality for name, view in site.assets[0].values.items()} == {"line_pressure_bar": "stale", "o2_flow_lpm": "good"}


def test_the_collectors_own_site_is_not_among_the_hospitals() -> None:
    world = World()
    assert "_collector" in world.evaluator.sites
    assert [site.id for site in site_views(world.evaluator, START_MS)] == ["dh"]


@pytest.mark.parametrize(
    ("position", "last_ms", "view"),
    [
        (9, START_MS - 60_000, CursorView("writer", 9, 0, 0.0)),
        (4, START_MS - 60_000, CursorView("writer", 4, 5, 60.0)),
        (4, None, CursorView("writer", 4, 5, 0.0)),
        (12, START_MS, CursorView("writer", 12, 0, 0.0)),
        (4, START_MS + 5000, CursorView("writer", 4, 5, 0.0)),
    ],
    ids=["all done", "behind", "behind since before the start", "ahead of the last look", "clock set back"],
)
def test_how_far_a_reader_is_behind(position: int, last_ms: int | None, view: CursorView) -> None:
    last = {} if last_ms is None else {"writer": last_ms}
    assert cursor_views({"writer": position}, 9, last, START_MS) == [view]
