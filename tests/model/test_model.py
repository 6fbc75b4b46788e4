"""The collector's alarms against the reference, on random histories: the same told, refused and shown after every step.

OXYGRID_FULL=1 takes 20,000 histories of each kind, which needs an hour or so.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.rules.model import RuleSet
from devices.assets import Site
from tests.model import drill
from tests.model.histories import NAMED, Step, begin, histories, known_rules, site
from tests.model.world import World

RULES = known_rules()
SITES = {
    "one gateway": site(),
    "an ultrasonic analyser": site(analyser="ultrasonic"),
    "two gateways": site(gateways=2),
    "no gateway": site(gateways=0),
}
where = st.sampled_from(sorted(SITES)).map(SITES.__getitem__)
many = settings(
    max_examples=20_000 if os.environ.get("OXYGRID_FULL") else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def lived(hospital: Site, rules: RuleSet, history: list[Step]) -> None:
    world = begin(World(hospital, rules))
    for step in history:
        step.happen(world)
    world.check_invariants()


@given(where, histories(NAMED))
@many
def test_the_default_rules_live_as_the_reference_says(hospital: Site, history: list[Step]) -> None:
    lived(hospital, RULES, history)


@given(where, drill.drills(), histories(drill.NAMED))
@many
def test_rules_of_every_mixture_live_as_the_reference_says(hospital: Site, rules: RuleSet, history: list[Step]) -> None:
    lived(hospital, rules, history)
