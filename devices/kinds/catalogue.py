"""Every kind of asset that Oxygrid knows. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from devices.kinds.concentrator import CONCENTRATOR
from devices.kinds.cylinder_store import CYLINDER_STORE
from devices.kinds.gateway import GATEWAY
from devices.kinds.kind import Kind
from devices.kinds.lox_tank import LOX_TANK
from devices.kinds.manifold import MANIFOLD
from devices.kinds.pipeline import PIPELINE
from devices.kinds.psa_plant import PSA_PLANT
from devices.signal import Signal
from devices.units import OUR_UNITS, dimensions, known_units

KINDS: dict[str, Kind] = {kind.name: kind for kind in (PSA_PLANT, PIPELINE, MANIFOLD, LOX_TANK, CYLINDER_STORE, CONCENTRATOR, GATEWAY)}


def signal(kind: str, name: str) -> Signal:
    """KeyError with what would be right, where the kind or its signal is unknown."""
    if kind not in KINDS:
        raise KeyError(f"no kind {kind!r}; known: {', '.join(KINDS)}")
    signals = KINDS[kind].signals
    if name not in signals:
        raise KeyError(f"{kind} has no signal {name!r}; known: {', '.join(signals)}")
    return signals[name]


def catalogue_markdown() -> str:
    """The reference page of all kinds and signals, as committed in docs/reference/signals.md."""
    return "\n".join(line for block in (_INTRODUCTION, *map(_section, KINDS.values()), _units()) for line in block) + "\n"


_INTRODUCTION = (
    "# Signals",
    "",
    "What each kind of asset may send, by the names of the payload.",
    "This page is written by `devices.kinds.catalogue.catalogue_markdown()`; change the kinds, not the page.",
    "",
    "- The last part of a name is its unit. Pressures are gauge; flows are at 15 °C and 1.01325 bar absolute.",
    "- *Sane*: a number outside is a fault of the sensor; it goes into quarantine. Limits belong to the range.",
    "- *Normal*: where the value should be, for displays; alarms have their own limits, in the rules.",
    "- A *counter* is a number that only grows; a smaller value means that it was reset or replaced.",
)


def _units() -> Iterator[str]:
    yield from (
        "",
        "## Units",
        "",
        "What a sender may name under `units` of the payload; everything is converted, exactly, into the unit of the signal's name.",
        "Upper and lower case, spaces, `°`, `²` and `³` are as you like (but write `MPa` and `MJ` so: a small `m` would be milli-).",
        "",
    )
    yield from ("| for | units |", "|---|---|")
    yield from (f"| {dimension} | {known_units(dimension)} |" for dimension in dimensions())
    yield from (
        "",
        "- An absolute pressure (`bara`, `psia`) is refused: subtract your atmosphere and send gauge.",
        "- `slpm` and `Sm3/h` are taken at 15 °C, `scfm` and `scfh` at 70 °F. Makers differ by up to 5.5 %: where yours says another",
        "  temperature, write it, e.g. `slpm@0C`.",
    )


def _section(kind: Kind) -> Iterator[str]:
    yield from ("", f"## `{kind.name}`", "", f"{kind.text}.", "")
    yield from ("| signal | type | unit | sane | normal | meaning |", "|---|---|---|---|---|---|")
    yield from map(_row, kind.signals.values())


def _row(signal: Signal) -> str:
    sane = "" if signal.type not in {"number", "counter"} else _range(signal.sane)
    normal = _range(signal.normal) if signal.normal else ""
    states = f" One of {', '.join(f'`{state}`' for state in sorted(signal.states))}." if signal.states else ""
    unit = OUR_UNITS.get(signal.unit, "")
    return f"| `{signal.name}` | {signal.type} | {unit} | {sane} | {normal} | {signal.text}{states} |"


def _range(limits: tuple[float, float]) -> str:
    low, high = (f"{limit:.10g}".replace("-", "−") for limit in limits)
    return low if low == high else f"{low} … {high}"
