from __future__ import annotations

import pytest

from bench.truth_feed import Feed
from collector.decoding import Decoder
from collector.records import Batch, Message
from devices.simulator.fleet import Fleet
from devices.simulator.scenarios import SCENARIOS
from tests.unit.devices.simulator.sites import CLINIC, EVERYTHING, MINUTE_MS, START_MS, slower

SITE = slower(EVERYTHING.model_copy(update={"assets": (*EVERYTHING.assets, *(a for a in CLINIC.assets if a.kind == "concentrator"))}), 30.0)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_says_what_the_messages_say(scenario: str) -> None:
    """Two minutes before the fault begins, as it ends, and after: batch by batch the same, statuses and rejects too."""
    written = Fleet([SITE], 5, START_MS, scenario)
    direct = Fleet([SITE], 5, START_MS, scenario)
    feed, decoder = Feed(SITE), Decoder([SITE])
    heard = 0
    for seq, minute in enumerate(range(1, 190), start=1):
        until_ms = START_MS + minute * MINUTE_MS
        emissions, messages = list(written.run(until_ms)), list(direct.sent(until_ms))
        if not 57 <= minute <= 63 and not minute >= 178:
            continue
        decoded = decoder.decode(Batch(seq, until_ms, [Message(e.topic, e.payload, e.retained) for e in emissions]))
        assert feed.decoded(seq, until_ms, messages) == decoded
        heard += len(decoded.events)
    assert heard > 100
