"""Which time of receipt a batch gets, when the wall clock can't be trusted. Pure.

Everything behind the journal measures delays on the times of receipt, so they must grow. The computer of a small hospital has no battery
clock: after a power cut it wakes in 1970, or an hour ago, until the network tells it better; and one that was once set to 2038 must not
pin time there.

The wall clock says → the batch gets
  later than the last batch → the wall clock.
  a time before 2020: the clock was never set → the last time plus what has passed since the last append: time flows on at its true rate.
  up to an hour behind the last batch → the last time plus half of what has passed: time flows slowly until the clock has caught up.
  more than an hour behind → the wall clock: a step back. The last time was wrong, and staying ahead would make every stamped reading
  late. The
      batch begins with the control record `$oxygrid/clock`, payload {"from_ms", "to_ms"}: who keeps times moves them by the difference.

So times of receipt grow strictly from batch to batch, but at a batch whose first message is `$oxygrid/clock`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from collector.records import CONTROL, Message

CLOCK_UNSET_MS = 1_577_836_800_000  # 2020-01-01: before that, a clock was never set
STEP_MS = 3_600_000
CLOCK_TOPIC = CONTROL + "clock"


class Receipt(NamedTuple):
    received_ms: int
    stepped_from_ms: int | None = None


def receipt(now_ms: int, last_ms: int, previous_now_ms: int | None) -> Receipt:
    """The time of a batch that comes at `now_ms` by the wall clock; `last_ms` is the last batch's (0: none), `previous_now_ms` what the
    wall clock said at the last append of this process."""
    if now_ms > last_ms:
        return Receipt(now_ms)
    passed_ms = 0 if previous_now_ms is None else now_ms - previous_now_ms
    if not 0 < passed_ms <= STEP_MS:
        passed_ms = 0
    if now_ms < CLOCK_UNSET_MS:
        return Receipt(last_ms + max(1, passed_ms))
    if last_ms - now_ms <= STEP_MS:
        return Receipt(last_ms + max(1, passed_ms // 2))
    return Receipt(now_ms, last_ms)


def clock_record(stamp: Receipt) -> list[Message]:
    """The control record of a step back, or nothing."""
    if stamp.stepped_from_ms is None:
        return []
    return [Message(CLOCK_TOPIC, msgspec.json.encode({"from_ms": stamp.stepped_from_ms, "to_ms": stamp.received_ms}))]
