"""Messages that came and were not yet taken, each with what its acknowledgement needs. Pure."""

from __future__ import annotations

from itertools import accumulate, islice, takewhile
from typing import NamedTuple

from collector.records import Message
from collector.sources.mqtt.wire import acknowledgements

_HEADER_BYTES = 8


class Taken(NamedTuple):
    """`acknowledgements` is what to write when the messages are durable; `to_acknowledge` of them want that."""

    messages: list[Message]
    to_acknowledge: int
    acknowledgements: bytes


class Inbox:
    """First in, first out. `messages` and `ids` go in step; packet id 0 needs no acknowledgement. The reader adds to both."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.ids: list[int] = []
        self.waiting_bytes = 0

    def add(self, message: Message, packet_id: int = 0) -> None:
        self.messages.append(message)
        self.ids.append(packet_id)
        self.waiting_bytes += _size(message)

    def forget_ids(self) -> None:
        """The connection is gone, and with it the meaning of its packet ids."""
        self.ids = [0] * len(self.messages)

    def take(self, max_messages: int, max_bytes: int) -> Taken:
        """The oldest: at most so many messages, and about so many bytes, but one message at least where any waits."""
        count = self._how_many(max_messages, max_bytes)
        if count == len(self.messages):
            messages, ids = self.messages, self.ids
            self.messages, self.ids, self.waiting_bytes = [], [], 0
        else:
            messages, ids = self.messages[:count], self.ids[:count]
            del self.messages[:count], self.ids[:count]
            self.waiting_bytes = max(0, self.waiting_bytes - sum(map(_size, messages)))
        return Taken(messages, len(ids) - ids.count(0), acknowledgements(ids))

    def _how_many(self, max_messages: int, max_bytes: int) -> int:
        if len(self.messages) <= max_messages and self.waiting_bytes <= max_bytes:
            return len(self.messages)
        sizes = accumulate(map(_size, islice(self.messages, max_messages)))
        return max(1, sum(1 for _ in takewhile(lambda total: total <= max_bytes, sizes)))


def _size(message: Message) -> int:
    """About what a message takes on the wire."""
    return len(message.topic) + len(message.payload) + _HEADER_BYTES
