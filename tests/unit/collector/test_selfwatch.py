from __future__ import annotations

import msgspec
import pytest

from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import CONTROL, Batch
from collector.rules.model import RuleSet
from collector.selfwatch import COLLECTOR_SITE, Health
from devices.assets import Site

START_MS = 1_764_000_000_000
WELL = Health(source_connected=True, store_failing=False, dropped_recently=0.0, disk_free_mib=4096.0)
ILL = {
    "not connected": msgspec.structs.replace(WELL, source_connected=False),
    "store failing": msgspec.structs.replace(WELL, store_failing=True),
    "dropped": msgspec.structs.replace(WELL, dropped_recently=3.0),
    "nearly full": msgspec.structs.replace(WELL, disk_free_mib=960.0),
    "full": msgspec.structs.replace(WELL, disk_free_mib=64.0),
}


def folded(*said: Health) -> list[tuple[str, str, str]]:
    """Each word of health a minute after the last, through decoder and evaluator: (asset, rule, event)."""
    sites: list[Site] = []
    evaluator, decoder, change = Evaluator(sites, RuleSet(rules=default_rules())), Decoder(sites), StateChange()
    for seq, health in enumerate(said, start=1):
        evaluator.step(decoder.decode(Batch(seq, START_MS + seq * 60_000, [health.message()])), change)
    return [(t.asset, t.rule, t.event) for t in change.transitions if t.annunciate]


def test_the_word_is_a_record_of_the_collectors_own() -> None:
    assert ILL["dropped"].message().topic == f"{CONTROL}health"
    assert ILL["dropped"].message().payload == (
        b'{"values":{"source_connected":true,"store_failing":false,"dropped_recently":3.0,"disk_free_mib":4096.0}}'
    )


def test_every_ill_is_an_alarm_of_its_own_and_ends() -> None:
    rules: set[str] = set()
    for what, ill in ILL.items():
        told = folded(WELL, *[ill] * 10, *[WELL] * 70)
        assert [event for _, _, event in told] == ["raised", "cleared"], what
        assert {asset for asset, _, _ in told} == {"collector"}
        rules |= {rule for _, rule, _ in told}
    assert len(rules) == len(ILL)


def test_a_collector_that_is_well_says_nothing() -> None:
    assert folded(*[WELL] * 100) == []


def test_no_configured_site_can_have_its_id() -> None:
    """Ids of sites begin with a letter or a digit, and its own does not."""
    assert COLLECTOR_SITE.id.startswith("_")
    with pytest.raises(ValueError, match="id"):
        Site.model_validate({"id": COLLECTOR_SITE.id, "assets": []})
