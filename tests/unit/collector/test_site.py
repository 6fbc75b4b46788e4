"""One site: what belongs to whom, what is announced, what a snapshot holds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collector.config.rulebook import default_rules
from collector.listening import reporting
from collector.outputs import Command, StateChange
from collector.rules.compile import Programs
from collector.rules.model import RuleSet
from collector.site import SiteFold, SiteState
from devices.assets import Gateway, Site
from devices.signal import Observation, Timing, Value

NOW_MS = 1_764_000_000_000
LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
PSA = {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}
MANIFOLD = {"id": "man", "kind": "manifold", "banks": {"a": {"cylinders": 4, "type": "in-d"}}}
GATEWAY = {"id": "gw", "kind": "gateway"}
PROGRAMS = Programs(RuleSet(rules=default_rules()))


def site(*assets: dict[str, Any]) -> Site:
    return Site.model_validate({"id": "dh", "assets": list(assets)})


class Told:
    """A site and what it announced."""

    def __init__(self, *assets: dict[str, Any], state: SiteState | None = None) -> None:
        self.wakes: list[tuple[int, str, str]] = []
        self.fold = SiteFold(site(*assets), PROGRAMS, lambda due_ms, what, key: self.wakes.append((due_ms, what, key)), state)
        self.change = StateChange()

    def say(self, asset: str, kind: str, at_s: float, values: dict[str, Value], timing: int = 0) -> None:
        at_ms = NOW_MS + int(at_s * 1000)
        self.fold.observe(Observation("dh", asset, kind, at_ms, at_ms, values, timing), self.change)

    @property
    def events(self) -> list[str]:
        return [f"{t.alarm} {t.event}" for t in self.change.transitions]


@pytest.mark.parametrize(
    ("gateways", "members"),
    [
        ([GATEWAY], ("line", "psa")),
        ([GATEWAY | {"assets": ["line"]}], ("line",)),
        ([GATEWAY, GATEWAY | {"id": "gw2", "assets": ["psa"]}], ()),
    ],
    ids=["the only one names none", "it names one", "one of two names none"],
)
def test_who_reports_through_a_gateway(gateways: list[dict[str, Any]], members: tuple[str, ...]) -> None:
    where = site(LINE, PSA, *gateways)
    gateway = next(asset for asset in where.assets if isinstance(asset, Gateway))
    assert reporting(where, gateway) == members


def test_after_a_start_everything_that_is_due_is_announced() -> None:
    told, later = Told(LINE, MANIFOLD, GATEWAY), Told(LINE, MANIFOLD, GATEWAY)
    told.fold.arm(NOW_MS)
    due = {(what, key): due_ms for due_ms, what, key in told.wakes}
    assert set(due) == {("silence", "line"), ("silence", "man"), ("listen", ""), ("minute", "")}
    assert due["silence", "line"] == due["silence", "man"] == NOW_MS + 120_000
    assert NOW_MS < due["listen", ""] <= NOW_MS + 30_000
    assert NOW_MS < due["minute", ""] <= NOW_MS + 60_000
    later.fold.heard_from(NOW_MS, connected=True)
    later.fold.arm(min(due.values()) - 1)
    assert sorted(later.wakes) == sorted(told.wakes), "a restart a little later changes no turn"


def test_a_quiet_value_says_and_announces_nothing() -> None:
    told = Told(LINE)
    told.say("line", "pipeline", 0, {"line_pressure_bar": 4.0})
    told.say("nobody", "pipeline", 0, {"line_pressure_bar": 1.0})
    assert (told.events, told.wakes) == ([], [])


def test_a_loud_value_announces_when_its_delay_ends_by_the_clock() -> None:
    told = Told(LINE)
    told.say("line", "pipeline", 0, {"line_pressure_bar": 3.0})
    assert (NOW_MS + 15_000, "alarm", "line/LP-LL") in told.wakes
    told.fold.due("alarm", "line/LP-LL", NOW_MS + 15_000, told.change)
    assert told.events == ["dh/line/LP-LL raised"]


def test_only_what_is_there_can_be_acknowledged() -> None:
    told = Told(LINE)
    ack, nothing = (Command("ack", f"dh/line/{rule}", "Asha") for rule in ("LP-LL", "no-rule"))
    assert told.fold.command(ack, NOW_MS, told.change) == ("dh/line/LP-LL: it is normal, there is nothing to acknowledge", "normal")
    assert told.fold.command(nothing, NOW_MS, told.change) == ("there is no alarm 'dh/line/no-rule'", "normal")
    told.say("line", "pipeline", 0, {"line_pressure_bar": 3.0})
    told.say("line", "pipeline", 10, {"line_pressure_bar": 3.0})
    assert told.fold.command(ack, NOW_MS + 11_000, told.change) == ("", "acknowledged")
    assert told.fold.command(ack, NOW_MS + 12_000, told.change)[0] == "dh/line/LP-LL: it is acknowledged already"


def test_what_the_broker_remembers_is_shown_until_something_is_heard() -> None:
    told = Told(LINE)
    told.say("line", "pipeline", 0, {"line_pressure_bar": 1.0}, int(Timing.RETAINED))
    asset = told.fold.assets["line"]
    assert (asset.values, asset.times, told.events) == ({"line_pressure_bar": 1.0}, {}, [])
    told.say("line", "pipeline", 1, {"line_pressure_bar": 4.0})
    assert asset.values == {"line_pressure_bar": 4.0}


@pytest.mark.parametrize(
    ("online", "retained", "known"), [(True, False, True), (True, True, None), (False, False, False), (False, True, False)]
)
def test_a_remembered_online_proves_nothing(online: bool, retained: bool, known: bool | None) -> None:
    told = Told(LINE, GATEWAY)
    told.fold.status("gw", online, NOW_MS, retained=retained)
    assert told.fold.assets["gw"].state.online is known


def test_a_snapshot_read_back_is_the_same_site() -> None:
    told = Told(LINE, PSA, MANIFOLD, GATEWAY)
    told.fold.arm(NOW_MS)
    told.say("line", "pipeline", 0, {"line_pressure_bar": 3.0, "o2_flow_lpm": 100.0})
    told.say("man", "manifold", 1, {"bank_a_bar": 120.0, "bank_in_use": "a"})
    told.fold.status("gw", False, NOW_MS, retained=False)
    state = told.fold.dump(NOW_MS + 2000)
    again = Told(LINE, PSA, MANIFOLD, GATEWAY, state=msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=SiteState))
    assert msgspec.msgpack.encode(again.fold.dump(NOW_MS + 2000)) == msgspec.msgpack.encode(state)
    again.fold.arm(NOW_MS + 2000)
    again.say("line", "pipeline", 10, {"line_pressure_bar": 3.0})
    assert again.events == ["dh/line/LP-LL raised"]


def test_a_snapshot_forgets_assets_and_rules_that_are_no_more() -> None:
    told = Told(LINE, PSA)
    told.say("line", "pipeline", 0, {"line_pressure_bar": 3.0})
    again = Told(PSA, state=told.fold.dump(NOW_MS))
    assert again.fold.book.alarms == {}
    assert set(again.fold.assets) == {"psa"}
