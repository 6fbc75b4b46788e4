"""Every operation × right × scope, and what a token can't do: be guessed, sent in another way, outlive its time, open a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.console.api.door import ACTS, WRONG
from collector.console.scope import NEEDED, RIGHTS
from collector.console.tokens import DAY_MS, ROLES, TokenRight
from tests.unit.collector.console.cases import AT_MS, World, raised, stock, user, written

GRANTED: tuple[TokenRight, ...] = ("see", "answer", "judge")
SCOPES = {"all": {"a", "b", "c"}, "region:up": {"a", "b"}, "district:west": {"c"}, "site:b": {"b"}}
API = "/api/v1"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    written(tmp_path, *(raised(site) for site in "abc"), estimates=tuple(stock(site, n * 10.0) for n, site in enumerate("abc")))
    found = World(tmp_path)
    yield found
    found.accounts.close()


def ids(answer: Any, key: str) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item[key] for item in answer.json()["items"]]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("right", GRANTED)
async def test_everybody_is_told_of_their_hospitals_and_no_other(world: World, right: TokenRight, scope: str) -> None:
    mine = SCOPES[scope]
    async with world.program(right, scope) as client:
        assert ids(await client.get(f"{API}/sites"), "id") == sorted(mine)
        assert set(ids(await client.get(f"{API}/alarms"), "site")) == mine
        assert (await client.get(f"{API}/reports/facility-day")).status_code == 503, "there is no history yet"
        for site in "abc":
            assert (await client.get(f"{API}/sites/{site}")).status_code == (503 if site in mine else 404), "no collector runs"
            assert (await client.get(f"{API}/alarms/{site}/line/LP-LL")).status_code == (200 if site in mine else 404)
            assert ids(await client.get(f"{API}/alarms", params={"site": site}), "site") == ([site] if site in mine else [])
        for missing in ("/sites/nowhere", "/alarms/a/line/XX-1", "/alarms/", "/sites/", "/nothing", "/sites/_collector"):
            answer = await client.get(API + missing)
            everywhere = missing.endswith("_collector") and scope == "all"
            assert answer.status_code == (503 if everywhere else 404), missing
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("right", GRANTED)
async def test_a_command_needs_the_right_and_the_hospital(world: World, right: TokenRight, scope: str) -> None:
    """No collector runs: what is allowed gets as far as asking it."""
    async with world.program(right, scope) as client:
        for site in "abc":
            for command, needed in NEEDED.items():
                order = {"command": command, "alarm": f"{site}/line/LP-LL", "why": "a test"}
                if command in ("shelve", "out_of_service"):
                    order |= {"minutes": 5.0}  # type: ignore[dict-item]
                answer = await client.post(f"{API}/commands", json=order)
                allowed = 503 if needed in RIGHTS[ROLES[right]] else 403
                assert answer.status_code == (allowed if site in SCOPES[scope] else 404), (command, site)
                assert ("no collector runs" in answer.text) is (answer.status_code == 503)
            remark = {"alarm": f"{site}/line/LP-LL", "text": "the plant is looked at"}
            answer = await client.post(f"{API}/comments", json=remark)
            assert answer.status_code == ((403 if right == "see" else 200) if site in SCOPES[scope] else 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"district": "east"}, {"a", "b"}),
        ({"region": "mp"}, {"c"}),
        ({"region": "mp", "district": "east"}, set()),
        ({"state": "unacknowledged"}, {"a", "b", "c"}),
        ({"state": "quiet"}, set()),
        ({"priority": "high"}, {"a", "b", "c"}),
        ({"priority": "low"}, set()),
        ({"per_page": "2", "page": "2"}, {"c"}),
        ({"page": "9"}, set()),
    ],
)
async def test_filters_and_pages_of_alarms(world: World, query: dict[str, str], found: set[str]) -> None:
    async with world.program("see", "all") as client:
        assert set(ids(await client.get(f"{API}/alarms", params=query), "site")) == found


async def test_a_site_has_its_stock_and_an_alarm_its_history(world: World) -> None:
    async with world.program("answer", "all") as client:
        page = (await client.get(f"{API}/sites")).json()
        first = page["items"][0]
        assert (first["id"], first["stock"]["slack_h"], first["open_alarms"], page["count"]) == ("a", [-1.0, 0.0, 1.0], {"high": 1}, 3)
        assert (await client.post(f"{API}/comments", json={"alarm": "a/line/LP-LL", "text": "the plant is looked at"})).status_code == 200
        told = (await client.get(f"{API}/alarms/a%2Fline%2FLP-LL")).json()
        assert (told["now"]["state"], told["changes"][0]["event"]) == ("unacknowledged", "raised")
        assert told["comments"] == [
            {"at_ms": AT_MS, "alarm": "a/line/LP-LL", "by": "ministry (API)", "text": "the plant is looked at"}
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/sites", {"distrikt": "east"}),
        ("/sites", {"page": "0"}),
        ("/sites", {"per_page": "501"}),
        ("/sites", {"page": "x"}),
        ("/sites", [("page", "1"), ("page", "2")]),
        ("/alarms", {"state": "normal"}),
        ("/sites/a", {"x": "1"}),
        ("/reports/facility-day", {"date": "2025-02-30"}),
        ("/reports/facility-day", {"date": "yesterday"}),
        ("/reports/facility-day", {"date": "9999-12-31"}),
        ("/reports/facility-day", {"date": "0001-01-01"}),
    ],
)
async def test_what_is_not_known_is_refused(world: World, path: str, query: Any) -> None:
    async with world.program("see", "all") as client:
        answer = await client.get(API + path, params=query)
        assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"command=ack", 415),
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b"\xff", 400),
        ({"content-type": "application/json"}, b"[" * 10_000, 400),
        ({"content-type": "application/json"}, b'{"command":"drop","alarm":"a/line/LP-LL"}', 400),
        ({"content-type": "application/json"}, b'{"command":"ack","alarm":"a/line/LP-LL","by":"the minister"}', 400),
        ({"content-type": "application/json"}, b'{"command":"shelve","alarm":"a/line/LP-LL"}', 400),
        ({"content-type": "application/json"}, b" " * 20_000, 413),
    ],
)
async def test_a_body_that_is_none_is_refused(world: World, headers: dict[str, str], body: bytes, status: int) -> None:
    async with world.program("judge", "all") as client:
        assert (await client.post(f"{API}/commands", content=body, headers=headers)).status_code == status


# ---- tokens ----------------------------------------------------------------------------------------------------------------------


async def test_a_token_comes_in_its_header_and_in_no_other_way(world: World) -> None:
    token = world.token("see", "all")
    async with world.browser() as client:
        for query in ({"token": token}, {"access_token": token}):
            assert (await client.get(f"{API}/sites", params=query)).status_code == 401
            held = {"authorization": f"Bearer {token}"}
            assert (await client.get(f"{API}/sites", params=query, headers=held)).status_code == 400
        assert (await client.get(f"{API}/sites", headers={"cookie": f"oxygrid={token}"})).status_code == 401
        for wrong in ("", token, f"Basic {token}", "Bearer", "Bearer ", f"Bearer {token}x", f"Bearer {token[:-1]}"):
            answer = await client.get(f"{API}/sites", headers={"authorization": wrong})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="oxygrid"'), wrong
        assert (await client.get(f"{API}/sites", headers={"authorization": f"bearer {token}"})).status_code == 200


async def test_a_token_opens_no_page_and_a_session_no_api(world: World) -> None:
    async with world.program("judge", "all") as client:
        for page in ("/", "/alarms", "/hospital/a", "/settings", "/events"):
            assert (await client.get(page)).headers["location"].partition("?")[0] == "/sign-in"
    async with world.signed_in(user("asha", "admin", "all")) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get(f"{API}/sites")).status_code == 401
        order = {"command": "ack", "alarm": "a/line/LP-LL"}
        assert (await client.post(f"{API}/commands", json=order)).status_code == 401


async def test_a_token_ends_with_its_time_and_when_it_is_revoked(world: World) -> None:
    async with world.program("see", "all") as client:
        world.clock.ms += 90 * DAY_MS - 1
        assert (await client.get(f"{API}/sites")).status_code == 200
        world.clock.ms += 1
        assert (await client.get(f"{API}/sites")).status_code == 401
        world.clock.ms -= DAY_MS
        world.accounts.tokens.revoke("ministry", world.clock(), "root")
        assert (await client.get(f"{API}/sites")).status_code == 401


async def test_nobody_takes_more_than_their_share(world: World) -> None:
    async with world.program("answer", "all") as client:
        remark = {"alarm": "a/line/LP-LL", "text": "again"}
        told = [await client.post(f"{API}/comments", json=remark) for _ in range(ACTS + 1)]
        assert [answer.status_code for answer in told] == [200] * ACTS + [429]
        assert told[-1].headers["retry-after"] == "60"
        assert (await client.get(f"{API}/sites")).status_code == 200, "to look is another matter"
    async with world.browser() as client:
        held = {"authorization": "Bearer guess"}
        told = [await client.get(f"{API}/sites", headers=held) for _ in range(WRONG + 1)]
        assert [answer.status_code for answer in told] == [401] * WRONG + [429]
    guesses = [what for _, _, what in world.accounts.events() if "wrong API token" in what]
    assert guesses == ["wrong API token, from 10.0.0.1"], "once in a minute: guesses push nothing out of the log"


async def test_what_a_token_did_is_on_record(world: World) -> None:
    async with world.program("answer", "site:a") as client:
        await client.post(f"{API}/comments", json={"alarm": "a/line/LP-LL", "text": "the plant is looked at"})
    assert [(who, what) for _, who, what in world.accounts.events()] == [
        ("ministry (API)", "comment on a/line/LP-LL"),
        ("root", "token ministry added: answer, site:a"),
    ]


async def test_without_the_collectors_state_it_says_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with world.program("see", "all") as client:
        for path in ("/sites", "/alarms", "/alarms/a/line/LP-LL"):
            answer = await client.get(API + path)
            assert (answer.status_code, "state" in answer.json()["detail"]) == (503, True)
        assert (await client.delete(f"{API}/sites")).status_code == 405
    world.accounts.close()
