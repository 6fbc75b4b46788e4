from __future__ import annotations

import random

from bench.honesty import SITE, memory_bytes, reading
from collector.honesty import CHARACTERS


def test_the_bench_measures_every_kind_that_is_watched_and_readings_that_hold_its_signals() -> None:
    assert {asset.kind for asset in SITE.assets} == set(CHARACTERS)
    for asset in SITE.assets:
        assert CHARACTERS[asset.kind].keys() <= reading(asset, random.Random(1)).keys()


def test_memory_is_told_per_watched_signal() -> None:
    """The numbers of one signal alone are 88 bytes."""
    assert all(88 <= memory_bytes(asset) < 1000 for asset in SITE.assets)
