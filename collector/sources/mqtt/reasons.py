"""What a broker's reason code means for us: whether to try again, how soon, and what a person should do. Pure.

Codes and names are those of MQTT 5.0, OASIS Standard, 7 March 2019, §2.4 and the tables of
§3.2.2.2 (CONNACK), §3.9.3 (SUBACK), §3.14.2.1 (DISCONNECT).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from collector.errors import SourceError

Where: TypeAlias = Literal["connect", "subscribe", "disconnect", "publish"]


class Reason(NamedTuple):
    """`words`: what is the matter. `advice`: what a person should do, empty where waiting is enough."""

    words: str
    advice: str = ""
    retry: bool = True
    slow: bool = False


_SLOW_UNKNOWN = Reason("the broker gives no reason that is known here", "look into the broker's log", slow=True)

ANYWHERE: dict[int, Reason] = {
    0: Reason("the broker said goodbye"),
    4: Reason("the broker said goodbye"),
    128: Reason("the broker gives no reason", "look into the broker's log"),
    129: Reason("the broker could not read our packet", "look into the broker's log; please report this as a bug", slow=True),
    130: Reason("the broker says that we broke the protocol", "look into the broker's log; please report this as a bug", slow=True),
    131: Reason("the broker can't do what we asked", "look into the broker's log", slow=True),
    132: Reason(
        "the broker does not speak MQTT 5", "use a broker with MQTT 5 (mosquitto 1.6 or later, EMQX, HiveMQ, VerneMQ)", retry=False
    ),
    133: Reason(
        "the broker does not accept this client id", "choose another client_id (letters and digits, at most 23, always work)", retry=False
    ),
    134: Reason("bad user name or password", "check username and password, and the broker's password file", slow=True),
    135: Reason("not authorised", "check username and password, and the broker's access rules for this user and client id", slow=True),
    136: Reason("the broker is not available now"),
    137: Reason("the broker is busy", slow=True),
    138: Reason("this client is banned", "have the ban lifted at the broker", slow=True),
    139: Reason("the broker is shutting down"),
    140: Reason(
        "the broker asks for another way of authentication",
        "only user name with password, and TLS certificates, are known here",
        retry=False,
    ),
    141: Reason("the broker heard nothing from us within the keep-alive time", "check the network, and whether this machine was asleep"),
    142: Reason(
        "another client connected with the same client id",
        "two collectors run with one client_id: stop one of them, or give each its own id",
        slow=True,
    ),
    143: Reason("the broker does not accept the topic filter", "check the prefix of the topics", retry=False),
    144: Reason("the broker does not accept the topic", "check the prefix of the topics", slow=True),
    145: Reason("a packet id was in use", "please report this as a bug"),
    147: Reason("the broker says that we sent too much at once", "please report this as a bug", slow=True),
    148: Reason("the broker does not accept a topic alias", "please report this as a bug", slow=True),
    149: Reason("a packet was too large for the broker", "raise the broker's limit on the size of packets", slow=True),
    150: Reason("the broker finds our message rate too high", "raise the broker's limit on the rate of this client", slow=True),
    151: Reason("a quota of the broker is used up", "raise the broker's quota for this client", slow=True),
    152: Reason("an administrator closed the connection", slow=True),
    153: Reason("the broker does not accept the format of a payload", "please report this as a bug", slow=True),
    154: Reason("the broker has no retained messages", "turn on retained messages at the broker", slow=True),
    155: Reason("the broker does not support QoS 1", "allow QoS 1 at the broker: without it readings would be lost", slow=True),
    156: Reason("the broker asks us to use another server", "set the URL of that server", slow=True),
    157: Reason("the broker has moved", "set the URL of the new server", slow=True),
    158: Reason("the broker has no shared subscriptions", "use a plain topic prefix", retry=False),
    159: Reason("too many connections in a short time", slow=True),
    160: Reason("the broker's longest connection time is over"),
    161: Reason("the broker has no subscription identifiers", "please report this as a bug", slow=True),
    162: Reason("the broker has no wildcard subscriptions", "use a broker, or a setting of it, that allows wildcards", retry=False),
}

_HERE: dict[tuple[Where, int], Reason] = {
    ("subscribe", 135): Reason(
        "not authorised to read the topics", "allow this user to subscribe to them in the broker's access rules", slow=True
    ),
    ("disconnect", 135): Reason("the broker took our authorisation away", "check the broker's access rules for this user", slow=True),
}

_DID: dict[Where, str] = {
    "connect": "the broker refused the connection",
    "subscribe": "the broker refused the subscription",
    "publish": "the broker refused a publish",
    "disconnect": "the broker closed the connection",
}


def reason(where: Where, code: int) -> Reason:
    return _HERE.get((where, code)) or ANYWHERE.get(code) or _SLOW_UNKNOWN


def refusal(where: Where, code: int, said: str | None = None) -> SourceError:
    """The error for a reason code. `said`: what the broker adds in its own words (a reason string, a server to use)."""
    why = reason(where, code)
    own_words = f", and says {said!r}" if said else ""
    advice = f"; {why.advice}" if why.advice else ""
    return SourceError(f"{_DID[where]}: {why.words} (reason {code}{own_words}){advice}", retry=why.retry, slow=why.slow)
