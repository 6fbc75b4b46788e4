"""A Watch on figures that a test sets."""

from __future__ import annotations

import msgspec

from collector.config.rulebook import default_rules
from collector.evaluator import Evaluator
from collector.notify.calling import CallFigures
from collector.notify.outbox import ChannelStatus
from collector.ops.watch import Views, Watch
from collector.outputs import StateChange
from collector.ports import JournalStats, SourceStatus
from collector.records import Decoded
from collector.rules.model import RuleSet
from collector.views import AlarmView
from collector.writer import Failing, WriterStats
from devices.assets import Site
from devices.signal import Observation, Value

START_MS = 1_764_000_000_000
SITE = Site.model_validate(
    {
        "id": "dh",
        "name": "District Hospital",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1, "name": "Ward line"},
            {"id": "gw", "kind": "gateway", "assets": ["line"]},
        ],
    }
)
ALARM = AlarmView(
    alarm="dh/line/LP-LL",
    site="dh",
    asset="line",
    rule="LP-LL",
    state="unacknowledged",
    priority="high",
    raised_ms=START_MS,
    text="pressure failing",
)

SHELVED = msgspec.structs.replace(ALARM, alarm="dh/line/LP-L", rule="LP-L", state="shelved", by="Asha", why="new gauge", until_ms=START_MS)


class World:
    """Everything is well at the beginning: connected, two batches done by all, nothing open."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.source = SourceStatus("mqtt", connected=True, since_ms=START_MS)
        self.journal = JournalStats(1, 2, 4096, 0, 0, {})
        self.positions = {"evaluator": 2, "quarantine": 2, "writer": 2}
        self.writer = WriterStats(cursor=2, values=7)
        self.evaluator = Evaluator([SITE], RuleSet(rules=default_rules()))
        self.alarms: list[AlarmView] = []
        self.dropped = {"journal": 0}
        self.disk_problem = ""
        self.quarantined: dict[str, int] = {}
        self.channels = [ChannelStatus("log", 3, 1, 0, "", None)]
        self.watch = Watch(
            Views(
                source=lambda: self.source,
                journal=lambda: self.journal,
                positions=lambda: self.positions,
                writer=lambda: self.writer,
                evaluator=lambda: self.evaluator,
                alarms=lambda: self.alarms,
                dropped=lambda: self.dropped,
                quarantined=lambda: self.quarantined,
                notices_waiting=lambda: 5,
                channels=lambda: self.channels,
                calls=lambda: CallFigures(2, 1, 3, {"asha": 9}, {"asha": 4}),
                disk_problem=lambda: self.disk_problem,
                disk_free_bytes=lambda: 10**9,
            ),
            lambda: self.now_ms,
        )

    def fails(self, problem: str) -> None:
        self.writer.failing["readings"] = Failing(self.now_ms, problem, alarm=False)

    def say(self, seq: int, at_ms: int, **values: Value) -> None:
        """A reading of the line, received two seconds after it was measured."""
        reading = Observation("dh", "line", "pipeline", at_ms - 2000, at_ms, values)
        self.evaluator.step(Decoded(seq, at_ms, [reading], [], 1, len(values)), StateChange())


def batch(seq: int, received_ms: int, messages: int, values: int) -> Decoded:
    return Decoded(seq, received_ms, [], [], messages, values)
