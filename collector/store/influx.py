"""InfluxDB 1.x, 2.x, 3 Core and VictoriaMetrics as a `collector.ports.Store`.

Which of them answers is found out before the first write, and again after an answer that a person has to mend (401, 403, 404 …): so the
database may be down at the start, be exchanged or lose its database, and all goes on by itself. What an answer means is said in
`collector.store.responses`; nothing here raises because of the server.

VictoriaMetrics stores a string as 0, so strings are left out there and counted; it has no InfluxQL, so it gets no roll-ups.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from collector.errors import StoreError, UserError
from collector.ports import Outcome
from collector.records import Decoded, Point
from collector.store.influx_api import Api, ApiV1, ApiV2, Http, Server, Settings, detect, set_up_v1
from collector.store.line import Series, number_lines, number_point_line, observation_lines, point_line
from collector.store.responses import NO_ANSWER, Reply, Sending, Verdict, kept, verdict, words
from collector.store.rollup import Span, numeric_signals, read_answer, roll_up_query
from devices.assets import Site
from devices.signal import Observation

log = logging.getLogger(__name__)

LONG_KEPT = ("alarm", "alarm_kpi", "nuisance", "stock", "stock_event")
"""Points that are kept as long as the roll-ups."""

NO_ROLL_UPS = "VictoriaMetrics has no InfluxQL: no roll-ups are written there, query the raw data instead"


class InfluxStore:
    """A `Store`. `server` says what answered, None before; `said` is what was found there, and what could not be set up;
    `strings_left_out` counts what VictoriaMetrics can't hold. `settings` are asked for at every new beginning: a token that was changed
    needs no restart, and one that is not there yet holds up nothing but the writing."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        sites: Iterable[Site],
        *,
        now_s: Callable[[], float] = time.time,
        share: Callable[[], float] = random.random,
    ) -> None:
        self.server: Server | None = None
        self.strings_left_out = 0
        self.requests = 0
        self.said: list[str] = []
        self._ask, self._now_s, self._share = settings, now_s, share
        self._series = Series(sites)
        self._http: Http | None = None
        self._api: Api | None = None
        self._opening = asyncio.Lock()
        self._failures = 0
        self._told_no_roll_ups = False

    def use_sites(self, sites: Iterable[Site]) -> None:
        """From now on write with the tags of these sites."""
        self._series = Series(sites)

    async def write(self, batches: Sequence[Decoded]) -> Outcome:
        api = await self._open()
        if isinstance(api, Outcome):
            return api
        seen = [event for batch in batches for event in batch.events if type(event) is Observation]
        if self.server == "VictoriaMetrics":
            self.strings_left_out += sum(type(value) is str for one in seen for value in one.values.values())
            return await self._send(api, number_lines(self._series, seen), long=False)
        return await self._send(api, observation_lines(self._series, seen), long=False)

    async def write_points(self, points: Sequence[Point]) -> Outcome:
        api = await self._open()
        if isinstance(api, Outcome):
            return api
        to_line = number_point_line if self.server == "VictoriaMetrics" else point_line
        rejected = []
        for long in (False, True):
            lines = [to_line(self._series, point) for point in points if (point.measurement in LONG_KEPT) is long]
            outcome = await self._send(api, lines, long=long)
            if outcome.keep:
                return outcome
            rejected += outcome.rejected
        return Outcome(rejected=rejected)

    async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
        """A signal whose field the server can't average (it holds strings of another program) is left out; `problem` says so."""
        api = await self._open()
        if isinstance(api, Outcome):
            return api
        if self.server == "VictoriaMetrics":
            problem, self._told_no_roll_ups = "" if self._told_no_roll_ups else NO_ROLL_UPS, True
            return Outcome(problem=problem)
        span, signals = Span(kind, site, start_ms, end_ms), numeric_signals(kind)
        if not signals:
            return Outcome()
        lines, outcome = await self._aggregates(span, signals)
        if outcome.problem and not outcome.keep and len(signals) > 1:
            lines, outcome = await self._one_by_one(span, signals)
        if outcome.keep:
            return outcome
        return msgspec.structs.replace(await self._send(api, lines, long=True), problem=outcome.problem) if lines else outcome

    async def _one_by_one(self, span: Span, signals: Sequence[str]) -> tuple[list[str], Outcome]:
        lines: list[str] = []
        problems: list[str] = []
        for signal in signals:
            more, outcome = await self._aggregates(span, [signal])
            if outcome.keep:
                return [], outcome
            lines += more
            problems += [f"no roll-up of {span.kind} {signal}: {outcome.problem}"] if outcome.problem else []
        return lines, Outcome(problem="; ".join(problems)[:500])

    async def _aggregates(self, span: Span, signals: Sequence[str]) -> tuple[list[str], Outcome]:
        http = self._session()
        database = http.settings.database if self.server == "InfluxDB 1" else http.settings.bucket
        reply = await http.query(roll_up_query(span, signals), database)
        judged = verdict(reply.status)
        if judged is Verdict.REFUSED:
            return [], Outcome(problem=words(reply))
        if judged is not Verdict.ACCEPTED:
            return [], await self._keep(reply)
        answer = read_answer(reply.body, span, self._series)
        return answer.lines, Outcome(problem=answer.error)

    async def _send(self, api: Api, lines: Sequence[str], *, long: bool) -> Outcome:
        sending = Sending(lines, f"collector write_probe=true {int(self._now_s() * 1e9)}")
        while chunk := sending.chunk:
            self.requests += 1
            sending.answer(await api.post("\n".join(chunk).encode("utf-8", "replace"), long=long))
        if sending.stopped is not None:
            return await self._keep(sending.stopped)
        self._failures = 0
        return Outcome(rejected=sending.rejected)

    async def _keep(self, reply: Reply) -> Outcome:
        outcome = kept(reply, self._failures, self._share(), self._now_s())
        self._failures += 1
        if not outcome.alarm:
            return outcome
        await self._disconnect()
        return msgspec.structs.replace(outcome, problem=f"{outcome.problem} ({self.said[1]})"[:1000]) if self.said[1:] else outcome

    async def _open(self) -> Api | Outcome:
        """The api to write to; where there is none yet, find out which."""
        async with self._opening:
            if self._api is not None:
                return self._api
            try:
                await self._begin()
            except UserError as exc:
                return await self._keep(Reply(401, str(exc)))
            self.server, reply = await detect(self._session())
            if self.server is None and not self._takes_anything(reply):
                return await self._keep(self._explained(reply))
            try:
                self._api, problems = await self._api_of_server()
            except StoreError as exc:
                return await self._keep(Reply(NO_ANSWER, str(exc)))
            self._say([f"the store at {self._session().url} is {self.server or self._session().settings.api}", *problems])
            return self._api

    def _say(self, said: list[str]) -> None:
        """What was found, in the log when it is news."""
        if said != self.said:
            log.log(logging.WARNING if len(said) > 1 else logging.INFO, "%s", "; ".join(said))
        self.said = said

    async def _api_of_server(self) -> tuple[Api, list[str]]:
        http = self._session()
        if not self._is_v1():
            return await ApiV2.open(http.settings), []
        has_long, problems = await set_up_v1(http, http.settings)
        return ApiV1(http, http.settings.database, has_long=has_long), problems

    def _is_v1(self) -> bool:
        return self.server == "InfluxDB 1" or (self.server is None and self._session().settings.api == "v1")

    def _takes_anything(self, reply: Reply) -> bool:
        """Something answers that does not say what it is (a proxy), and the configuration does."""
        return self._session().settings.api != "auto" and verdict(reply.status) in {Verdict.ACCEPTED, Verdict.BARRED}

    def _explained(self, reply: Reply) -> Reply:
        if verdict(reply.status) in {Verdict.FAILED, Verdict.WAIT} or reply.status in {401, 403}:
            return reply
        said = (
            f"{words(reply)}: neither InfluxDB nor VictoriaMetrics answers at {self._session().url}/ping; correct url, or say which in api"
        )
        return Reply(404, said)

    async def _begin(self) -> None:
        """A session with the settings of now, secrets included. Raises UserError."""
        settings = self._ask()
        if self._http is None or self._http.settings != settings:
            old, self._http = self._http, Http(settings)
            if old is not None:
                await old.close()

    def _session(self) -> Http:
        assert self._http is not None, "asked before anything was opened"
        return self._http

    async def _disconnect(self) -> None:
        api, self._api = self._api, None
        if api is not None:
            await api.close()

    async def close(self) -> None:
        await self._disconnect()
        if self._http is not None:
            await self._http.close()
            self._http = None
