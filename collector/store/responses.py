"""What a database's answer to a write means. Pure; the adapters of `collector.store.influx` do what is said here.

| answer | meaning |
|---|---|
| 2xx | accepted |
| 400, 422 | some lines are refused: the server's words or bisection find them, the rest goes on |
| 413 | too large: again in halves; a line that is too large alone is refused |
| 429, 503 | again after the time that `Retry-After` tells (seconds or a date), else after a backoff |
| other 3xx and 4xx (401, 403, 404 …) | a person has to mend it: keep the data, raise an alarm, retry slowly |
| other 5xx, no answer, time-out | keep the data, again after a backoff with full jitter |

InfluxDB 1.x stores the good lines of a refused batch and names one cause at most, 2.x stores none of a batch that it can't parse, 3 lists
the lines. Writing a line twice is harmless, so one method serves all: take out what is named for certain and write the rest again, until
it is accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import NamedTuple

from collector.ports import Outcome, Rejected

MAX_LINES = 5_000
MAX_BYTES = 1_048_576
"""The most that one request holds (bytes as long as the text is ASCII). InfluxDB 1.x takes 25 MB by default, 3 Core 10 MB, many a
proxy 1 MiB."""

NO_ANSWER = 0
"""The status of a `Reply` that never came; its body says why."""

SHORTEST_WAIT_S = 0.05
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_TOLD_S = 300.0
SLOW_S = 30.0
_WORDS_LENGTH = 500


class Reply(NamedTuple):
    status: int
    body: str = ""
    retry_after: str = ""


class Verdict(Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TOO_LARGE = "too large"
    WAIT = "wait as told"
    BARRED = "a person has to mend it"
    FAILED = "failed"


_VERDICTS = {400: Verdict.REFUSED, 413: Verdict.TOO_LARGE, 422: Verdict.REFUSED, 429: Verdict.WAIT, 503: Verdict.WAIT}


def verdict(status: int) -> Verdict:
    """The table of the module's docstring."""
    if status in _VERDICTS:
        return _VERDICTS[status]
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    return Verdict.BARRED if 300 <= status < 500 else Verdict.FAILED


def words(reply: Reply) -> str:
    """The server's words on one line, at most 500 characters, with the status before them."""
    said = _parsed(reply.body)
    text = next((str(said[key]) for key in ("error", "message") if said.get(key)), reply.body)
    text = " ".join(text.split())[:_WORDS_LENGTH] or "no words"
    return text if reply.status == NO_ANSWER else f"{reply.status} {text}"


def _parsed(body: str) -> dict[str, object]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


# Which lines


_ABOUT_LINES = re.compile(r"unable to parse|partial write|field type conflict|beyond retention|line_number|line protocol|limit exceeded")
_UNPARSED = re.compile(r"unable to parse '(.*?)': (.*?)(?=\nunable to parse '| dropped=\d+\Z|\Z)", re.DOTALL)
_DROPPED = re.compile(r"dropped=(\d+)\s*\Z")
_CONFLICT = re.compile(r'input field "(.*?)" on measurement "(.*?)" is type')


def refused(reply: Reply, lines: Sequence[str]) -> dict[int, str]:
    """Places of the lines that the server names for certain as refused, with its words for each."""
    said = _parsed(reply.body)
    text = str(said.get("error") or said.get("message") or reply.body)
    return _numbered(said.get("data"), len(lines)) or _quoted(text, lines) or _all_dropped(text, reply, lines)


def _numbered(data: object, count: int) -> dict[int, str]:
    """InfluxDB 3: {"data": [{"line_number": 2, "error_message": …}]}, one object instead of the list where it took none."""
    found: dict[int, str] = {}
    for entry in data if isinstance(data, list) else [data]:
        if isinstance(entry, dict) and isinstance(entry.get("line_number"), int) and 1 <= entry["line_number"] <= count:
            found[entry["line_number"] - 1] = str(entry.get("error_message", "refused"))[:_WORDS_LENGTH]
    return found


def _quoted(text: str, lines: Sequence[str]) -> dict[int, str]:
    """InfluxDB 1.x and 2.x: unable to parse '<line>': <why>, one after the other."""
    why = {line: f"unable to parse: {reason}"[:_WORDS_LENGTH] for line, reason in _UNPARSED.findall(text)}
    return {place: why[line] for place, line in enumerate(lines) if line in why} if why else {}


def _all_dropped(text: str, reply: Reply, lines: Sequence[str]) -> dict[int, str]:
    dropped = _DROPPED.search(text)
    if dropped is None or int(dropped[1]) != len(lines):
        return {}
    return dict.fromkeys(range(len(lines)), words(reply))


def parted(reply: Reply, lines: list[str]) -> tuple[list[str], list[str]]:
    """Two parts of at least two lines: those that the words throw suspicion on and the others, else two halves."""
    conflict = _CONFLICT.search(str(_parsed(reply.body).get("error") or _parsed(reply.body).get("message") or reply.body))
    if conflict:
        name, measurement = conflict[1], conflict[2]
        marks = (f" {name}=", f",{name}=")
        suspects = [line for line in lines if line.startswith(measurement) and any(mark in line for mark in marks)]
        if 0 < len(suspects) < len(lines):
            chosen = set(suspects)
            return suspects, [line for line in lines if line not in chosen]
    middle = len(lines) // 2
    return lines[:middle], lines[middle:]


class Sending:
    """One write, in as many requests as the server's answers ask for.

    Post `chunk` and hand its reply to `answer`, until `chunk` is empty. Then either `stopped` is the reply after which nothing is known to
    be stored, or every line is stored but those of `rejected`. At most 2 n requests for n lines, where each is refused
    alone.

    A server may refuse everything for a reason that is not in the lines (a wrong parameter, a rule of a proxy). So where its words are not
    known to be about lines and it has accepted none, it gets `probe`, a line of our own: if it refuses that too, no line is to blame.
    """

    def __init__(self, lines: Sequence[str], probe: str) -> None:
        self.rejected: list[Rejected] = []
        self.stopped: Reply | None = None
        self._probe = probe
        self._todo = portions(lines)[::-1]
        self._doubtful: list[Rejected] = []
        self._accepted = False

    @property
    def chunk(self) -> list[str]:
        if self.stopped is not None:
            return []
        if self._todo:
            return self._todo[-1]
        return [self._probe] if self._doubtful else []

    def answer(self, reply: Reply) -> None:
        if not self._todo:
            self._answer_to_probe(reply)
            return
        lines = self._todo.pop()
        match verdict(reply.status):
            case Verdict.ACCEPTED:
                self._accepted = True
            case Verdict.REFUSED:
                self._refuse(reply, lines)
            case Verdict.TOO_LARGE if len(lines) > 1:
                self._again(lines[: len(lines) // 2], lines[len(lines) // 2 :])
            case Verdict.TOO_LARGE:
                self.rejected.append(Rejected(lines[0], words(reply)))
            case _:
                self.stopped = reply
        if self._accepted:
            self._settle_doubts()

    def _refuse(self, reply: Reply, lines: list[str]) -> None:
        named = refused(reply, lines)
        if named:
            self.rejected += [Rejected(lines[place], why) for place, why in sorted(named.items())]
            self._again([line for place, line in enumerate(lines) if place not in named])
        elif len(lines) > 1:
            self._again(*parted(reply, lines))
        elif _ABOUT_LINES.search(reply.body):
            self.rejected.append(Rejected(lines[0], words(reply)))
        else:
            self._doubtful.append(Rejected(lines[0], words(reply)))

    def _again(self, *parts: list[str]) -> None:
        self._todo += [part for part in reversed(parts) if part]

    def _answer_to_probe(self, reply: Reply) -> None:
        if verdict(reply.status) is Verdict.ACCEPTED:
            self._settle_doubts()
        else:
            self.stopped = reply

    def _settle_doubts(self) -> None:
        self.rejected += self._doubtful
        self._doubtful = []


def portions(lines: Sequence[str]) -> list[list[str]]:
    """The lines in order, cut so that no portion is over MAX_LINES or MAX_BYTES (a longer line stands alone); empty ones left out."""
    if len(lines) <= MAX_LINES and sum(map(len, lines)) + len(lines) <= MAX_BYTES:
        whole = [line for line in lines if line]
        return [whole] if whole else []
    found: list[list[str]] = [[]]
    length = 0
    for line in lines:
        if not line:
            continue
        size = len(line) + 1
        if found[-1] and (len(found[-1]) >= MAX_LINES or length + size > MAX_BYTES):
            found.append([])
            length = 0
        found[-1].append(line)
        length += size
    return [portion for portion in found if portion]


# When to try again


def kept(reply: Reply, attempt: int, share: float, now_s: float) -> Outcome:
    """The outcome of a write that has to be done again. `attempt` counts from 0; `share` is a random number in [0, 1)."""
    judged = verdict(reply.status)
    if judged in {Verdict.BARRED, Verdict.REFUSED}:
        return Outcome(keep=True, keep_s=SLOW_S * (0.5 + share / 2), problem=words(reply), alarm=True)
    told = told_s(reply.retry_after, now_s) if judged is Verdict.WAIT else None
    return Outcome(keep=True, keep_s=backoff_s(attempt, share) if told is None else told, problem=words(reply))


def backoff_s(attempt: int, share: float) -> float:
    """Full jitter: anything from 0.05 s up to 0.5 s, 1 s, 2 s … 30 s, so that many collectors don't come back at the same instant."""
    return max(SHORTEST_WAIT_S, share * min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt, 16)))


def told_s(retry_after: str, now_s: float) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date), at most 300; None where it says nothing."""
    text = retry_after.strip()
    if text.isdecimal():
        return min(float(text), LONGEST_TOLD_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until.timestamp() - now_s, 0.0), LONGEST_TOLD_S)
