from __future__ import annotations

from collector.backtest.block import AssetBlock, Block, joined


def test_series_of_the_same_times_are_one_block() -> None:
    block = joined("line", "pipeline", {"line_pressure_bar": ([1, 2], [4.0, 4.1]), "o2_flow_lpm": ([1, 2], [5.0, 6.0])})
    assert block == AssetBlock("line", "pipeline", [1, 2], {"line_pressure_bar": [4.0, 4.1], "o2_flow_lpm": [5.0, 6.0]})


def test_series_of_other_times_have_gaps() -> None:
    block = joined("line", "pipeline", {"line_pressure_bar": ([1, 3], [4.0, 4.1]), "o2_flow_lpm": ([2, 3], [5.0, 6.0])})
    assert (list(block.times), dict(block.columns)) == (
        [1, 2, 3], {"line_pressure_bar": [4.0, None, 4.1], "o2_flow_lpm": [None, 5.0, 6.0]},
    )  # fmt: skip


def test_contacts_are_contacts_again_and_whole_numbers_are_numbers() -> None:
    block = joined("psa", "psa_plant", {"mains_ok": ([1, 2], [1, 0.0]), "power_kw": ([1, 2], [3, 4.5])})
    assert [[*column] for column in block.columns.values()] == [[True, False], [3.0, 4.5]]
    assert all(value.__class__ is float for value in block.columns["power_kw"])


def test_a_signal_that_the_kind_no_longer_has_is_left_out() -> None:
    assert joined("line", "pipeline", {"colour": ([1], ["red"])}) == AssetBlock("line", "pipeline", (), {})


def test_a_block_gives_what_the_journal_would() -> None:
    line = joined("line", "pipeline", {"line_pressure_bar": ([10, 30], [4.0, 4.1])})
    psa = joined("psa", "psa_plant", {"state": ([10, 20], ["off", "starting"]), "power_kw": ([20, 20], [1.0, 2.0])})
    block = Block("dh", 0, 40, [line, psa])
    found = [(time_ms, [(o.asset, o.event_ms, o.received_ms, o.values) for o in group]) for time_ms, group in block.moments()]
    assert found == [
        (10, [("line", 10, 10, {"line_pressure_bar": 4.0}), ("psa", 10, 10, {"state": "off"})]),
        (20, [("psa", 20, 20, {"state": "starting", "power_kw": 2.0})]),
        (30, [("line", 30, 30, {"line_pressure_bar": 4.1})]),
    ]
    assert block.readings == 5
