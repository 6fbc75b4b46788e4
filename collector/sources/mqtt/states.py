"""The states of a session with an MQTT broker, as a table: state → event → next state. Pure.

An event that has no entry in its state is a protocol error. The diagram in docs/explanation/mqtt-session.md is made from this table.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType


class State(Enum):
    CLOSED = "closed"
    """No connection, or one that is to be closed."""
    CONNECTING = "connecting"
    """CONNECT is sent."""
    SUBSCRIBING = "subscribing"
    """The broker took us in; SUBSCRIBE is sent. What the session kept for us may already arrive."""
    PROVING = "proving"
    """Subscribed, the probe is sent, nothing heard yet: the session may be deaf."""
    ONLINE = "online"
    """Something was heard: the way from a publisher through the broker to us works."""


class Event(Enum):
    CONNECT = "connect"
    CONNACK = "connack"
    REFUSED = "refused"
    SUBACK = "suback"
    HEARD = "publish or probe"
    PUBACK = "puback of the probe"
    PUBREL = "pubrel"
    PINGRESP = "pingresp"
    DISCONNECT = "disconnect"
    ANSWER_LATE = "no answer"
    PING_DUE = "ping due"
    PING_LATE = "no pingresp"
    PROBE_DUE = "probe due"
    PROBE_LATE = "deaf"
    FAILED = "lost or malformed"
    LEAVE = "leave"


_ENDS = {Event.FAILED: State.CLOSED, Event.LEAVE: State.CLOSED, Event.DISCONNECT: State.CLOSED}

TABLE: MappingProxyType[State, MappingProxyType[Event, State]] = MappingProxyType(
    {
        State.CLOSED: MappingProxyType({Event.CONNECT: State.CONNECTING}),
        State.CONNECTING: MappingProxyType(
            {Event.CONNACK: State.SUBSCRIBING, Event.REFUSED: State.CLOSED, Event.ANSWER_LATE: State.CLOSED, **_ENDS}
        ),
        State.SUBSCRIBING: MappingProxyType(
            {
                Event.SUBACK: State.PROVING,
                Event.REFUSED: State.CLOSED,
                Event.ANSWER_LATE: State.CLOSED,
                Event.HEARD: State.SUBSCRIBING,
                Event.PUBREL: State.SUBSCRIBING,
                Event.PING_DUE: State.SUBSCRIBING,
                Event.PINGRESP: State.SUBSCRIBING,
                Event.PING_LATE: State.CLOSED,
                **_ENDS,
            }
        ),
        State.PROVING: MappingProxyType(
            {
                Event.HEARD: State.ONLINE,
                Event.PUBACK: State.PROVING,
                Event.PUBREL: State.PROVING,
                Event.PROBE_DUE: State.PROVING,
                Event.PROBE_LATE: State.CLOSED,
                Event.PING_DUE: State.PROVING,
                Event.PINGRESP: State.PROVING,
                Event.PING_LATE: State.CLOSED,
                **_ENDS,
            }
        ),
        State.ONLINE: MappingProxyType(
            {
                Event.HEARD: State.ONLINE,
                Event.PUBACK: State.ONLINE,
                Event.PUBREL: State.ONLINE,
                Event.PROBE_DUE: State.ONLINE,
                Event.PROBE_LATE: State.CLOSED,
                Event.PING_DUE: State.ONLINE,
                Event.PINGRESP: State.ONLINE,
                Event.PING_LATE: State.CLOSED,
                **_ENDS,
            }
        ),
    }
)

FROM_BROKER = frozenset(
    {Event.CONNACK, Event.REFUSED, Event.SUBACK, Event.HEARD, Event.PUBACK, Event.PUBREL, Event.PINGRESP, Event.DISCONNECT}
)
"""Events that the broker brings about; all others are our own."""


def diagram() -> str:
    """The table as a Mermaid state diagram; events that stay in a state are drawn together, as one loop."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.CLOSED.value}"]
    for state, row in TABLE.items():
        by_target: dict[State, list[str]] = {}
        for event, target in row.items():
            by_target.setdefault(target, []).append(event.value)
        for target, events in by_target.items():
            lines.append(f"    {state.value} --> {target.value}: {', '.join(events)}")
    return "\n".join(lines)
