"""All calls, and the trays of all people: news and time go in, what is to be written comes out. Pure; one for live, restart and tests.

    transitions ─▶ hear ─▶ calls, written with the step of the evaluator that brought them
    time ────────▶ serve ─▶ calls, tells, notices, people: one transaction, so that a crash tells at least once and nothing is forgotten

`serve` takes so many calls at a time, that nobody waits for a storm.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from collector.calls import ENDED_KEPT, Call, Found, NotFound, Person, Served, Tell, code_of
from collector.notify.duty import Watch
from collector.notify.escalation import Around, advance, heard, next_step, shifted
from collector.notify.house import House
from collector.notify.storm import NAMED_MOST, Message, Tray, wakes
from collector.notify.ways import way_for
from collector.outputs import Notice, Transition

AT_ONCE = 200
"""So many calls, and trays, are looked at in one turn."""
ALSO = 20
"""So many other alarms a message names; of high priority all (collector.notify.storm.NAMED_MOST)."""
NOBODY_BROKEN: Callable[[], Collection[str]] = frozenset


class Exchange:
    """`broken` are the channels that do not work now."""

    def __init__(self, house: House, broken: Callable[[], Collection[str]] = NOBODY_BROKEN) -> None:
        self.house = house
        self.reasons: Counter[str] = Counter()
        self.calls: dict[str, Call] = {}
        self.people: dict[str, Person] = {}
        self.broken = broken
        self._codes: dict[str, str] = {}
        self._ended: dict[str, Call] = {}
        self._by_site: dict[str, dict[str, None]] = {}
        self._hours: dict[str, float | None] = {}
        self._due: list[tuple[int, str]] = []
        self._trays: dict[str, Tray] = {}
        self._tray_due: list[tuple[int, str]] = []
        self._orphans: list[tuple[str, str]] = []
        self._now_ms = 0

    # ---- begin, and begin again ----------------------------------------------------------------------------------------------

    def load(self, calls: Iterable[Call], ended: Iterable[Call], tells: Iterable[Tell], people: Iterable[Person]) -> None:
        """Go on from the disk."""
        self.people = {person.person: person for person in people}
        for call in ended:
            self._remember(call)
        for call in calls:
            self._put(call)
        for tell in tells:
            if tell.person not in self.house.duty.people:
                self._orphans.append(tell.key)
                continue
            self._tray(tell.person).offer(tell)
            heapq.heappush(self._tray_due, (0, tell.person))

    def missing(self, alarms: Iterable[Transition], now_ms: int) -> list[Call]:
        """Calls for alarms that wait for somebody and have none: people came into the configuration while they were open."""
        anew = [msgspec.structs.replace(alarm, annunciate=True) for alarm in alarms if alarm.occurrence not in self.calls]
        return self.hear(anew, now_ms)

    def use(self, house: House) -> None:
        """Other people, rosters and chains from now on. Every call is looked at."""
        self.house = house
        for tray in self._trays.values():
            tray.use(house.settings)
        for name in [name for name in self._trays if name not in house.duty.people]:
            self._orphans += self._trays.pop(name).keys()
        self._look_at_all()

    # ---- in ------------------------------------------------------------------------------------------------------------------

    def hear(self, transitions: Iterable[Transition], now_ms: int) -> list[Call]:
        """The calls that these changes begin or move, as they are to be written with them."""
        touched: dict[str, Call] = {}
        for transition in transitions:
            old = self.calls.get(transition.occurrence)
            if old is None and self.house.chain(transition.site, transition.priority) is None:
                continue
            call = heard(old, transition, now_ms)
            if call is None:
                continue
            if not call.code:
                call = msgspec.structs.replace(call, code=code_of(call.occurrence, self._codes))
            if call is not old:
                self._put(call)
            touched[call.occurrence] = call
        return list(touched.values())

    def add(self, call: Call) -> Call:
        """A call that no evaluator makes: a drill."""
        call = msgspec.structs.replace(call, code=code_of(call.occurrence, self._codes))
        self._put(call)
        return call

    def note_hours(self, site: str, hours_h: float | None, now_ms: int) -> None:
        """The hours left at a site have been estimated anew, by the lower bound."""
        before, self._hours[site] = self._hours.get(site), hours_h
        if hours_h is None or hours_h == before or not self.house.asks_for_hours:
            return
        for occurrence in self._by_site.get(site, ()):
            call = self.calls[occurrence]
            if call.state == "open" and self._has_step_for(call, hours_h):
                self._put(msgspec.structs.replace(call, next_ms=min(call.next_ms, now_ms)))

    def _has_step_for(self, call: Call, hours_h: float) -> bool:
        chain = self.house.chain(call.site, call.transition.priority)
        steps = chain.steps if chain is not None else ()
        return any(s.hours_left_below is not None and hours_h < s.hours_left_below for n, s in enumerate(steps) if n not in call.steps)

    # ---- out -----------------------------------------------------------------------------------------------------------------

    def next_ms(self) -> int | None:
        """When `serve` has something to do."""
        due = self._due
        while due and self._is_stale(due[0]):
            heapq.heappop(due)
        heads = [queue[0][0] for queue in (due, self._tray_due) if queue]
        return min(heads, default=None)

    def serve(self, now_ms: int, limit: int = AT_ONCE) -> Served | None:
        """One turn. None where nothing is due."""
        if now_ms < self._now_ms:
            self._put_back(self._now_ms - now_ms)
        self._now_ms = now_ms
        served = Served(at_ms=now_ms, gone=self._orphans)
        self._orphans = []
        stirred: dict[str, None] = {}
        tells: dict[tuple[str, str], Tell] = {}
        taken = 0
        while self._due and self._due[0][0] <= now_ms and taken < limit:
            entry = heapq.heappop(self._due)
            if not self._is_stale(entry):
                taken += 1
                self._look_at(self.calls[entry[1]], now_ms, served, tells)
        for key, tell in tells.items():
            stirred[tell.person] = None
            if not self._tray(tell.person).offer(tell):
                served.gone.append(key)
        while self._tray_due and self._tray_due[0][0] <= now_ms and len(stirred) < 2 * limit:
            stirred[heapq.heappop(self._tray_due)[1]] = None
        for name in stirred:
            if name in self.house.duty.people:
                self._empty(name, now_ms, served)
        gone = set(served.gone)
        served.tells.extend(tell for key, tell in tells.items() if key not in gone)
        return served if taken or stirred or served.gone else None

    def _look_at(self, call: Call, now_ms: int, served: Served, tells: dict[tuple[str, str], Tell]) -> None:
        site, chain = self.house.site(call.site), self.house.chain(call.site, call.transition.priority)
        zone = site.zone if site is not None else self.house.no_zone
        quiet_ms = self.house.quiet_until_ms(zone, now_ms) if call.transition.priority == "low" else None

        def who(name: str) -> Watch:
            return self.house.who(name, zone, now_ms)

        outcome = advance(call, chain, Around(now_ms, self._hours.get(call.site), who, quiet_ms))
        self.reasons[outcome.reason] += 1
        after: Sequence[str] = ()
        if outcome.call is None:
            self._end(call)
            served.ended.append(call)
        else:
            self._put(outcome.call)
            served.calls.append(outcome.call)
            step = next_step(chain, outcome.call) if chain is not None and outcome.tells else None
            name = step.tell if step is not None else chain.last_resort if chain is not None else ""
            after = who(name).people if outcome.tells else ()
        for tell in outcome.tells:
            if not self._is_own(tell, call.by):
                others = self.house.cards([person for person in after if person != tell.person])
                tells[tell.key] = msgspec.structs.replace(tell, call=others)

    def _is_own(self, tell: Tell, by: str) -> bool:
        """Who has it need not be told so."""
        person = self.house.duty.people.get(tell.person)
        return person is None or (tell.kind == "acknowledged" and by in (person.id, person.name))

    def _empty(self, name: str, now_ms: int, served: Served) -> None:
        tray = self._tray(name)
        messages = tray.messages(now_ms)
        for message in messages:
            served.notices.append(self._notice(tray.person, message, now_ms))
            served.gone.extend(tell.key for tell in message.tells)
        if messages:
            served.people.append(msgspec.structs.replace(tray.person, sent_ms=list(tray.person.sent_ms)))
        next_ms = tray.next_ms()
        if next_ms is not None:
            heapq.heappush(self._tray_due, (max(next_ms, now_ms + 100), name))

    def _notice(self, person: Person, message: Message, now_ms: int) -> Notice:
        tells = message.tells
        lead, given = tells[0], self.house.duty.people[person.person]
        site = self.house.site(lead.transition.site)
        zone = site.zone if site is not None else self.house.no_zone
        if lead.kind not in ("over", "acknowledged"):
            wakes(person, now_ms, night=self.house.is_night(zone, now_ms))
        high = sum(tell.transition.priority == "high" for tell in tells[1:])
        named = max(ALSO, min(high, NAMED_MOST))
        also = tuple(tell.transition for tell in tells[1 : named + 1])
        sites = list(dict.fromkeys(tell.transition.site for tell in tells))
        facts = {"kind": lead.kind, "alarms": str(len(tells)), "sites": ", ".join(sites[:5]) + (" …" if len(sites) > 5 else "")}
        if len(tells) > named + 1:
            facts["more"] = str(len(tells) - named - 1)
        way = way_for(given, lead.times, self.broken())
        return Notice(
            id=f"{lead.transition.id}/{person.person}#{person.messages}",
            channel=way.channel,
            to=way.to,
            due_ms=now_ms,
            transition=lead.transition,
            person=person.person,
            role=given.role,
            language=given.language,
            step=lead.step,
            hours_h=lead.hours_h,
            call=lead.call,
            code=lead.code,
            topic="summary" if message.summary else "drill" if lead.drill else "alarm",
            also=also,
            facts=facts,
        )

    # ---- answers -------------------------------------------------------------------------------------------------------------

    def find(self, code: str, address: str, person: str = "") -> Found | NotFound:
        """The alarms that an answer code speaks of (collector.calls.Calls)."""
        code = code.strip().upper()
        occurrence = self._codes.get(code)
        call = self.calls.get(occurrence) if occurrence is not None else self._ended.get(code)
        if call is None:
            return NotFound("unknown")
        alarm, theirs = call.transition.alarm, self.house.at_address(address)
        who = next((told.person for told in call.told if told.person in theirs and person in ("", told.person)), None)
        if who is None:
            return NotFound("not_yours", alarm)
        if occurrence is None or call.state in ("over", "hidden"):  # who shelved it knows
            return NotFound("over", alarm, call.by)
        if call.state == "acknowledged":
            return NotFound("answered", alarm, call.by)
        return Found((alarm, *self._beside(call, who)), who)

    def _beside(self, call: Call, person: str) -> list[str]:
        """The other open alarms of the same site and cause that this person was told of: one message told of all of them."""
        found = []
        for occurrence in self._by_site.get(call.site, ()):
            other = self.calls[occurrence]
            same = (other.transition.nature, other.drill, other.state) == (call.transition.nature, call.drill, "open")
            if same and other is not call and any(told.person == person for told in other.told):
                found.append(other.transition.alarm)
        return found

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _put(self, call: Call) -> None:
        self.calls[call.occurrence] = call
        self._codes[call.code] = call.occurrence
        self._by_site.setdefault(call.site, {})[call.occurrence] = None
        heapq.heappush(self._due, (call.next_ms, call.occurrence))

    def _end(self, call: Call) -> None:
        del self.calls[call.occurrence]
        self._codes.pop(call.code, None)
        at_site = self._by_site[call.site]
        del at_site[call.occurrence]
        if not at_site:
            del self._by_site[call.site]
        self._remember(call)

    def _remember(self, call: Call) -> None:
        self._ended[call.code] = call
        if len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]

    def _is_stale(self, entry: tuple[int, str]) -> bool:
        call = self.calls.get(entry[1])
        return call is None or call.next_ms != entry[0]

    def _put_back(self, back_ms: int) -> None:
        """The clock was put back."""
        self._due, calls = [], list(self.calls.values())
        for call in calls:
            self._put(shifted(call, back_ms))
        self._tray_due = [(0, name) for name in self._trays]

    def _look_at_all(self) -> None:
        self._due = []
        for call in list(self.calls.values()):
            self._put(msgspec.structs.replace(call, next_ms=0))
        self._tray_due = [(0, name) for name in self._trays]

    def _tray(self, name: str) -> Tray:
        tray = self._trays.get(name)
        if tray is None:
            person = self.people.setdefault(name, Person(person=name))
            tray = self._trays[name] = Tray(person, self.house.settings)
        return tray

    @property
    def waiting(self) -> int:
        """Words that wait for their message."""
        return sum(tray.waiting for tray in self._trays.values())
