"""What the decoder makes of simulated messages, without writing and reading their bytes.

Most messages of a simulated year are plain: live, with a time, every number in its sane range. These become observations as they are. A
batch with any other message (a status, a back-fill, a wrong clock, an open loop) is written as JSON and goes through the real decoder, so
nothing of what is judged there is judged here again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collector.decoding import AHEAD_MS, LATE_MS, Decoder
from collector.records import Batch, Decoded, Message
from devices.assets import Site
from devices.gateway.emission import PREFIX
from devices.kinds.catalogue import KINDS
from devices.payloads.native import Reading
from devices.signal import Observation
from devices.simulator.delivery import Sent


class Feed:
    def __init__(self, site: Site) -> None:
        self._decoder = Decoder([site], PREFIX)
        self._kinds = {asset.id: asset.kind for asset in site.assets}
        self._sane: Mapping[str, Mapping[str, tuple[float, float]]] = {
            kind: {name: signal.sane for name, signal in KINDS[kind].signals.items() if signal.type in {"number", "counter"}}
            for kind in set(self._kinds.values())
        }

    def decoded(self, seq: int, received_ms: int, messages: Sequence[Sent]) -> Decoded:
        """What `Decoder.decode` gives for these messages."""
        events: list[Observation] = []
        values = 0
        for sent in messages:
            observation = self._observation(sent, received_ms)
            if observation is None:
                return self._decoder.decode(Batch(seq, received_ms, [_message(sent) for sent in messages]))
            events.append(observation)
            values += len(observation.values)
        return Decoded(seq, received_ms, list(events), [], len(messages), values)

    def _observation(self, sent: Sent, received_ms: int) -> Observation | None:
        """None where the message is not plain."""
        reading = sent.readings
        if not isinstance(reading, Reading) or reading.ts is None or reading.backfill:
            return None
        if not received_ms - LATE_MS <= reading.ts <= received_ms + AHEAD_MS:
            return None
        kind = self._kinds[sent.asset]
        sane = self._sane[kind]
        for name, value in reading.values.items():
            if value.__class__ is float:
                low, high = sane[name]
                if not low <= value <= high:
                    return None
        return Observation(sent.link.site, sent.asset, kind, reading.ts, received_ms, reading.values, 0, reading.seq)


def _message(sent: Sent) -> Message:
    emission = sent.emission(PREFIX)
    return Message(emission.topic, emission.payload, emission.retained)
