"""Random histories of two small sites for property tests: readings with honest and lying clocks, wills, commands, lost sessions, gaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import SiteSnapshot, StateChange, StockEstimate, StockEvent, Transition
from collector.records import Batch, Decoded, Message
from collector.rules.model import RuleSet
from devices.assets import Site

START_MS = 1_764_000_000_000
BANK = {"cylinders": 4, "type": "in-d"}


def _site(name: str) -> Site:
    return Site.model_validate(
        {
            "id": name,
            "assets": [
                {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
                {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
                {"id": "man", "kind": "manifold", "interval_s": 60, "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
                {"id": "gw", "kind": "gateway", "assets": ["line", "psa"]},
            ],
        }
    )


SITES = (_site("north"), _site("south"))
RULES = RuleSet(rules=default_rules())
_DECODER = Decoder(SITES)


Values = st.SearchStrategy[dict[str, object]]
Raw = tuple[str, dict[str, object], int | None]
"""Topic, body, and how far its stamp is behind its receipt in ms (None: no stamp)."""


@dataclass(frozen=True)
class Said:
    """Messages that come `after_ms` the ones before, as one batch. The stamps of readings are relative to their receipt."""

    after_ms: int
    messages: tuple[Raw, ...]


def _some(always: dict[str, list[object]], sometimes: dict[str, list[object]]) -> Values:
    required = {name: st.sampled_from(values) for name, values in always.items()}
    return st.fixed_dictionaries(required, optional={name: st.sampled_from(values) for name, values in sometimes.items()}).filter(bool)


_BARS: list[object] = [140.0, 70.0, 20.0, 11.0]
_VALUES: dict[str, Values] = {
    "line": _some({}, {"line_pressure_bar": [4.0, 3.9, 3.5, 3.1, 5.0], "o2_flow_lpm": [0.0, 100.0, 300.0]}),
    "psa": _some(
        {"state": ["running_on_spec", "standby", "fault", "off", "starting", "running_off_spec"]},
        {"o2_purity_pct": [94.0, 91.0, 89.0, 80.0], "o2_flow_lpm": [0.0, 300.0, 510.0]},
    ),
    "man": _some(
        {"bank_in_use": ["a", "b", "reserve"]},
        {"bank_a_bar": _BARS, "bank_b_bar": _BARS, "reserve_bar": _BARS, "o2_flow_lpm": [0.0, 200.0]},
    ),
    "gw": st.just({"online": True}),
}


_LAGS_MS: list[int | None] = [0, 0, 0, 0, 0, 200, 20_000, 360_000, 7_200_000, -3_600_000, 10**12, None]
"""How far a stamp is behind its receipt; None: no stamp."""


def _reading(site: str) -> st.SearchStrategy[Raw]:
    return st.sampled_from(["line", "line", "psa", "man", "gw"]).flatmap(
        lambda asset: st.tuples(st.just(f"oxygrid/v1/{site}/{asset}"), _VALUES[asset], st.sampled_from(_LAGS_MS))
    )


def _other(site: str) -> st.SearchStrategy[Raw]:
    ack = st.sampled_from(["line/LP-LL", "line/SN-SI", "psa/PL-DN", "gw/ST-OF", "AU-24"])
    return st.one_of(
        st.sampled_from(["online", "offline"]).map(lambda word: (f"oxygrid/v1/{site}/gw/status", {"word": word}, None)),
        ack.map(lambda alarm: ("$oxygrid/command", {"command": "ack", "alarm": f"{site}/{alarm}", "by": "Asha"}, None)),
    )


def _message(site: str) -> st.SearchStrategy[Raw]:
    return st.one_of(_reading(site), _reading(site), _reading(site), _other(site))


def _said(messages: st.SearchStrategy[Raw]) -> st.SearchStrategy[Said]:
    pauses = st.sampled_from([1, 1_000, 10_000, 10_000, 10_000, 30_000, 60_000, 130_000, 130_000, 400_000, 1_500_000])
    return st.builds(Said, pauses, st.lists(messages, min_size=1, max_size=4).map(tuple))


def histories(*, sessions: bool = True) -> st.SearchStrategy[list[Said]]:
    """`sessions`: with the session to the broker lost and found, which concerns all sites."""
    message = st.sampled_from([site.id for site in SITES]).flatmap(_message)
    session = st.booleans().map(lambda up: ("$oxygrid/source", {"connected": up}, None))
    return st.lists(_said(st.one_of(*[message] * 12, session) if sessions else message), min_size=1, max_size=30)


def batches(history: Sequence[Said], *, only: str = "") -> list[Decoded]:
    """The history as the journal would give it, behind a `start`. `only`: leave the messages of other sites out."""
    found = [_DECODER.decode(Batch(1, START_MS, [Message("$oxygrid/start", b"{}")]))]
    at_ms = START_MS
    for seq, said in enumerate(history, start=2):
        at_ms += said.after_ms
        messages = [_message_at(raw, at_ms) for raw in said.messages if only in raw[0] or only in str(raw[1].get("alarm"))]
        found.append(_DECODER.decode(Batch(seq, at_ms, messages)))
    return found


def _message_at(message: Raw, at_ms: int) -> Message:
    topic, body, lag_ms = message
    if topic.endswith("/status"):
        return Message(topic, str(body["word"]).encode())
    if topic.startswith("$"):
        return Message(topic, json.dumps(body).encode())
    stamp = {} if lag_ms is None else {"ts": max(1, at_ms - lag_ms)}
    return Message(topic, json.dumps({**stamp, "values": body}).encode())


class Folding:
    """An evaluator and all that it said."""

    def __init__(self, snapshots: Iterable[SiteSnapshot] = ()) -> None:
        self.evaluator = Evaluator(SITES, RULES, snapshots)
        self.change = StateChange()

    def step(self, batch: Decoded) -> None:
        self.evaluator.step(batch, self.change)

    def advance(self, now_ms: int) -> None:
        self.evaluator.advance(now_ms, self.change)

    def restart(self) -> None:
        """Another evaluator from the snapshots of this moment."""
        self.evaluator = Evaluator(SITES, RULES, self.evaluator.snapshots(list(self.evaluator.sites)))

    def all(self) -> tuple[list[Transition], list[StockEvent], list[StockEstimate]]:
        return self.change.transitions, self.change.stock_events, self.change.stock

    def of(self, site: str) -> tuple[list[Transition], list[StockEvent]]:
        return [t for t in self.change.transitions if t.site == site], [e for e in self.change.stock_events if e.site == site]


def folded(found: Iterable[Decoded]) -> Folding:
    folding = Folding()
    for batch in found:
        folding.step(batch)
    return folding
