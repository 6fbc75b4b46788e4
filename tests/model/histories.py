"""Random histories of one site: readings in all bands, commands right and wrong, silence, wills, restarts and crashes at any point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.records import Message
from collector.rules.model import Rule, RuleSet
from devices.assets import Site
from tests.model.judging import SUPPORTED
from tests.model.world import World

BANK = {"cylinders": 4, "type": "in-d"}
SPOKEN = frozenset({"pipeline", "psa_plant", "gateway", "any"})
Values = dict[str, Any]


def site(*, gateways: int = 1, analyser: str = "zirconia") -> Site:
    gateway = [
        {"id": "gw", "kind": "gateway", "interval_s": 30, "assets": ["line", "psa"]},
        {"id": "gx", "kind": "gateway", "interval_s": 30, "assets": ["man"]},
    ]
    return Site.model_validate(
        {
            "id": "dh",
            "assets": [
                {"id": "line", "kind": "pipeline", "nominal_bar": 4.0, "analyser": analyser},
                {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500, "nominal_bar": 4.0, "analyser": analyser},
                {"id": "man", "kind": "manifold", "interval_s": 60, "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
                *gateway[:gateways],
            ],
        }
    )


def known_rules() -> RuleSet:
    """The default rules that the reference knows: on one signal, about who is heard, and on the hours left."""

    def known(rule: Rule) -> bool:
        if rule.kind == "site":
            return rule.type in {"hours_left", "dark"}
        return rule.type == "silent" or (rule.kind in SPOKEN and rule.type in SUPPORTED)

    return RuleSet(rules=tuple(rule for rule in default_rules() if known(rule)))


# ---- what can happen ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Say:
    """Messages of one batch: (asset, how far the stamp is behind in ms or None, values)."""

    messages: tuple[tuple[str, int | None, Values], ...]

    def happen(self, world: World) -> None:
        world.messages(*(world.reading(*message) for message in self.messages))


@dataclass(frozen=True)
class Keep:
    """The same reading again and again."""

    asset: str
    values: Values
    times: int
    every_ms: int

    def happen(self, world: World) -> None:
        for _ in range(self.times):
            world.messages(world.reading(self.asset, 0, self.values))
            world.pass_time(self.every_ms - 1)


@dataclass(frozen=True)
class Wait:
    by_ms: int

    def happen(self, world: World) -> None:
        world.pass_time(self.by_ms)


@dataclass(frozen=True)
class Do:
    """A command to the nth of the alarms that show anything, or to one that is named."""

    command: str
    nth: int
    named: str
    more: Values

    def happen(self, world: World) -> None:
        shown = sorted(world.reference.shown())
        alarm = shown[self.nth % len(shown)] if shown and self.nth >= 0 else f"dh/{self.named}"
        world.control("command", {"command": self.command, "alarm": alarm, **self.more})


@dataclass(frozen=True)
class Many:
    """Commands in one batch."""

    commands: tuple[Do, ...]

    def happen(self, world: World) -> None:
        shown = sorted(world.reference.shown())
        names = [shown[do.nth % len(shown)] if shown and do.nth >= 0 else f"dh/{do.named}" for do in self.commands]
        bodies = [{"command": do.command, "alarm": name, **do.more} for do, name in zip(self.commands, names, strict=True)]
        world.messages(*(Message("$oxygrid/command", _json(body)) for body in bodies))


@dataclass(frozen=True)
class Will:
    gateway: str
    word: str

    def happen(self, world: World) -> None:
        world.messages(Message(f"oxygrid/v1/dh/{self.gateway}/status", self.word.encode()))


@dataclass(frozen=True)
class Session:
    connected: bool

    def happen(self, world: World) -> None:
        world.control("source", {"connected": self.connected})


@dataclass(frozen=True)
class Save:
    def happen(self, world: World) -> None:
        world.save()


@dataclass(frozen=True)
class Crash:
    def happen(self, world: World) -> None:
        world.crash()


@dataclass(frozen=True)
class Restart:
    gap_ms: int

    def happen(self, world: World) -> None:
        world.restart(self.gap_ms)


Step = Say | Keep | Wait | Do | Many | Will | Session | Save | Crash | Restart


def _json(body: Values) -> bytes:
    import json

    return json.dumps(body).encode()


def _some(always: Values, sometimes: Values) -> st.SearchStrategy[Values]:
    required = {name: st.sampled_from(values) for name, values in always.items()}
    return st.fixed_dictionaries(required, optional={name: st.sampled_from(values) for name, values in sometimes.items()}).filter(bool)


STATES = [*["running_on_spec"] * 4, "running_off_spec", "standby", "fault", "off", "starting", "maintenance"]
BARS = [140.0, 70.0, 20.0, 11.0]
VALUES: dict[str, st.SearchStrategy[Values]] = {
    "line": _some({}, {"line_pressure_bar": [4.0, 3.65, 3.5, 3.3, 3.1, 4.7, 5.0, 99.0], "o2_purity_pct": [94.0, 83.0, 80.0]}),
    "psa": _some(
        {"state": STATES},
        {
            "o2_purity_pct": [94.0, 92.2, 91.5, 90.5, 89.0, 87.0, 83.0, 80.0, 97.0, 120.0],
            "o2_flow_lpm": [0.0, 300.0, 480.0, 510.0, 600.0],
            "mains_ok": [True, False],
            "genset_on": [True, False],
            "co_ppm": [0.0, 4.5, 6.0, 11.0],
            "compressor_discharge_temp_c": [80.0, 100.0, 106.0],
            "product_tank_bar": [5.0, 4.4, 4.2, 3.9],
            "room_o2_pct": [20.9, 19.7, 19.0, 24.0],
        },
    ),
    "man": _some({"bank_in_use": ["a", "b"]}, {"bank_a_bar": BARS, "bank_b_bar": BARS, "reserve_bar": BARS, "o2_flow_lpm": [0.0, 200.0]}),
    "gw": st.just({"online": True}),
}
FULL: dict[str, Values] = {
    "line": {"line_pressure_bar": 4.0, "o2_purity_pct": 94.0},
    "psa": {"state": "running_on_spec", "o2_purity_pct": 94.0, "o2_flow_lpm": 300.0},
    "man": {"bank_in_use": "a", "bank_a_bar": 140.0, "bank_b_bar": 140.0, "reserve_bar": 140.0, "o2_flow_lpm": 200.0},
    "gw": {"online": True},
}
LAGS_MS: list[int | None] = [*[0] * 12, 200, 20_000, 360_000, 7_200_000, -3_600_000, 10**12, None]
PAUSES_MS = [1, 1_000, 5_000, 10_000, 10_000, 30_000, 60_000, 130_000, 301_000, 400_000, 960_000, 1_860_000]
NAMED = ["line/LP-LL", "line/LP-L", "psa/PU-L", "psa/PU-LL", "psa/PU-XL", "psa/PL-DN", "gw/ST-OF", "AU-24", "AU-02", "psa/none", "none"]


def _message() -> st.SearchStrategy[tuple[str, int | None, Values]]:
    return st.sampled_from(["line", "line", "psa", "psa", "psa", "man", "gw"]).flatmap(
        lambda asset: st.tuples(st.just(asset), st.sampled_from(LAGS_MS), VALUES[asset])
    )


def _keep() -> st.SearchStrategy[Step]:
    return st.sampled_from(["line", "psa", "psa"]).flatmap(
        lambda asset: st.builds(Keep, st.just(asset), VALUES[asset], st.integers(2, 9), st.sampled_from([5_000, 10_000, 31_000, 65_000]))
    )


def _do(named: list[str]) -> st.SearchStrategy[Do]:
    commands = ["ack", "ack", "ack", "reset", "shelve", "shelve", "unshelve", "out_of_service", "return"]
    more = st.fixed_dictionaries(
        {"by": st.sampled_from(["Asha", "Asha", "Asha", "Ravi", " "]), "why": st.sampled_from(["valve"] * 5 + [""])},
        optional={"minutes": st.sampled_from([0.5, 2, 5, 15, 15.01, 30, 900, 5000, -1, 20_000]), "one_shot": st.booleans()},
    )
    return st.builds(Do, st.sampled_from(commands), st.integers(-3, 9), st.sampled_from(named), more)


def steps(named: list[str] = NAMED) -> st.SearchStrategy[Step]:
    return st.one_of(
        *[st.builds(Say, st.lists(_message(), min_size=1, max_size=3).map(tuple))] * 4,
        *[_keep()] * 4,
        *[st.sampled_from(PAUSES_MS).map(Wait)] * 3,
        *[_do(named)] * 4,
        st.builds(Many, st.lists(_do(named), min_size=2, max_size=3).map(tuple)),
        st.builds(Will, st.sampled_from(["gw"]), st.sampled_from(["online", "offline"])),
        st.booleans().map(Session),
        st.just(Save()),
        st.just(Crash()),
        st.sampled_from([0, 5_000, 100_000, 4_000_000]).map(Restart),
    )


def histories(named: list[str] = NAMED) -> st.SearchStrategy[list[Step]]:
    return st.lists(steps(named), min_size=1, max_size=25)


def begin(world: World) -> World:
    """Everybody has spoken once."""
    assets = [asset.id for asset in world.site.assets if asset.id in FULL]
    world.messages(*(world.reading(asset, 0, FULL[asset]) for asset in assets))
    return world
