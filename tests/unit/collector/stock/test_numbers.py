"""What rules about a site may read of its stock."""

from collector.config.rulebook import default_rules
from collector.outputs import Bounded
from collector.stock.numbers import NUMBERS, numbers_of
from collector.stock.site import SiteStock
from devices.assets import Site

EMPTY = SiteStock(Site(id="dh", assets=())).estimate(1_764_000_000_000)


def test_what_is_unknown_is_absent() -> None:
    assert "connected_h" not in numbers_of(EMPTY)


def test_the_middle_of_what_is_known() -> None:
    values = {name: getattr(EMPTY, name) for name in EMPTY.__struct_fields__} | {"connected_h": Bounded(1.0, 2.0, 3.0)}
    assert numbers_of(type(EMPTY)(**values))["connected_h"] == 2.0


def test_every_number_that_a_default_rule_reads_is_one_of_an_estimate() -> None:
    limits = {limit.of for rule in default_rules() for limit in (rule.limit, rule.clear) if rule.kind == "site" and limit and limit.of}
    signals = {name for rule in default_rules() if rule.kind == "site" for name in rule.signals}
    assert limits | signals <= NUMBERS
