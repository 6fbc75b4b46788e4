"""Comments, counts, passwords and the audit trail: every role × scope, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from collector.console.accounts import FREE_TRIES
from collector.console.scope import RIGHTS, Role
from collector.console.trail import SHOWN
from collector.outputs import AuditEntry, Command, StateChange, TrailEntry
from collector.store.state import StateStore
from tests.unit.collector.console.cases import AT_MS, PASSWORD, World, raised, user, written

ROLES: tuple[Role, ...] = ("viewer", "operator", "engineer", "admin")
SCOPES = {"all": {"a", "b", "c"}, "region:up": {"a", "b"}, "district:west": {"c"}, "site:b": {"b"}}
NEW = "another horse battery"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    written(tmp_path, *(raised(site) for site in "abc"))
    found = World(tmp_path)
    yield found
    found.accounts.close()


async def sent(world: World, client: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    return await client.post(path, data={"csrf": world.csrf(client), **form})


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
async def test_a_comment_and_a_count_need_the_right_and_the_hospital(world: World, role: Role, scope: str) -> None:
    """No collector runs: a count that is allowed gets as far as asking it."""
    async with world.signed_in(user("asha", role, scope)) as client:
        for site in "abc":
            allowed = "answer" in RIGHTS[role] and site in SCOPES[scope]
            said = await sent(world, client, "/comment", alarm=f"{site}/line/LP-LL", text="called the <b>plant</b> room", back="/alarms")
            assert said.status_code == (303 if allowed else 403), site
            counted = await sent(world, client, "/count", site=site, asset="store", full="40", empty="9")
            assert (counted.status_code, "no collector runs" in counted.text) == ((400, True) if allowed else (403, False))
            page = await client.get(f"/alarm/{site}/line/LP-LL")
            assert ("called the &lt;b&gt;plant&lt;/b&gt; room" in page.text) is allowed
            hospital = (await client.get(f"/hospital/{site}")).text
            assert ('name="full"' in hospital and 'value="51"' in hospital) is allowed


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"alarm": "a/line/LP-LL", "text": "  "}, 400),
        ({"alarm": "a/line/LP-LL", "text": "x" * 201}, 400),
        ({"alarm": "a/line/LP-LL", "text": "two\nlines"}, 400),
        ({"alarm": "a/line/XX-1", "text": "no such alarm"}, 404),
        ({"alarm": "", "text": "no alarm"}, 403),
        ({"text": "no alarm"}, 403),
        ({"alarm": "a/line/LP-LL", "text": "y" * 200}, 303),
    ],
)
async def test_what_is_no_comment_is_refused(world: World, form: dict[str, str], status: int) -> None:
    async with world.signed_in(user("asha", "operator", "all")) as client:
        assert (await sent(world, client, "/comment", **form)).status_code == status
    assert len(world.accounts.comments.of("a/line/LP-LL")) == (status == 303)


@pytest.mark.parametrize(("full", "empty"), [("", ""), ("-1", "0"), ("1.5", ""), ("100001", ""), ("five", ""), ("5", "x"), ("٥", "")])
async def test_what_is_no_count_is_refused(world: World, full: str, empty: str) -> None:
    async with world.signed_in(user("asha", "operator", "all")) as client:
        answer = await sent(world, client, "/count", site="a", asset="store", full=full, empty=empty)
        assert (answer.status_code, "a count is a whole number" in answer.text) == (400, True)


async def test_who_did_it_is_on_record(world: World) -> None:
    async with world.signed_in(user("asha", "operator", "all")) as client:
        await sent(world, client, "/comment", alarm="a/line/LP-LL", text="looked at it")
    assert world.accounts.events()[0] == (AT_MS, "asha", "comment on a/line/LP-LL")
    (comment,) = world.accounts.comments.of("a/line/LP-LL")
    assert (comment.by, comment.text) == ("Asha", "looked at it")


# ---- passwords -------------------------------------------------------------------------------------------------------------------


async def test_a_password_is_changed_by_who_knows_it(world: World) -> None:
    asha = user("asha", "viewer", "site:b")
    async with world.signed_in(asha) as client, world.signed_in(asha) as other:
        for form, status in (
            ({"now": "wrong", "new": NEW, "again": NEW}, 403),
            ({"now": PASSWORD, "new": NEW, "again": NEW + "x"}, 400),
            ({"now": PASSWORD, "new": "short", "again": "short"}, 400),
            ({}, 400),
            ({"now": PASSWORD, "new": NEW, "again": NEW}, 303),
        ):
            assert (await sent(world, client, "/password", **form)).status_code == status, form
        assert (await client.get("/settings?changed=1")).status_code == 200, "this session goes on"
        assert (await other.get("/")).status_code == 303, "the others end"
    assert world.accounts.check("asha", PASSWORD, "", AT_MS) is None
    assert world.accounts.check("asha", NEW, "", AT_MS) == asha


async def test_who_found_an_open_session_can_not_guess_the_password(world: World) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        told = [(await sent(world, client, "/password", now=f"{n}", new=NEW, again=NEW)).status_code for n in range(FREE_TRIES + 2)]
        assert told == [403] * FREE_TRIES + [429] * 2


# ---- the audit trail -------------------------------------------------------------------------------------------------------------


def commanded(folder: Path, count: int) -> None:
    entries = [
        AuditEntry(at_ms=AT_MS + n, seq=n, nth=0, command=Command("ack", f"{'abc'[n % 3]}/line/LP-LL", f"Asha {n}"), state="acknowledged")
        for n in range(1, count + 1)
    ]
    noted = [
        TrailEntry(kind="start", at_ms=AT_MS, seq=0, nth=-1, what="oxygrid begins"),
        TrailEntry(kind="count", at_ms=AT_MS, seq=0, nth=-2, about="b/store", by="Bina", what="40 full, 9 empty"),
    ]
    with closing(StateStore(folder / "state.db")) as store:
        store.commit(StateChange(audit=entries, noted=noted))


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
async def test_the_trail_of_ones_own_hospitals(world: World, tmp_path: Path, role: Role, scope: str) -> None:
    commanded(tmp_path, 30)
    async with world.signed_in(user("asha", role, scope)) as client:
        page = await client.get("/audit")
        if role not in ("engineer", "admin"):
            assert (page.status_code, "Asha 1" in page.text) == (403, False)
            return
        for site in "abc":
            assert (f"/alarm/{site}/line/LP-LL" in page.text) is (site in SCOPES[scope])
        assert ("oxygrid begins" in page.text) is (scope == "all")
        assert ("40 full, 9 empty" in page.text) is ("b" in SCOPES[scope])


async def test_the_newest_first_and_in_pages(world: World, tmp_path: Path) -> None:
    commanded(tmp_path, 3 * SHOWN)
    async with world.signed_in(user("asha", "engineer", "site:a")) as client:
        first = (await client.get("/audit")).text
        assert "before=" not in first, "its fifty are the last that there are"
        assert first.index(f"Asha {3 * SHOWN}<") < first.index("Asha 3<")
    async with world.signed_in(user("bina", "admin", "all")) as client:
        seen, path = 0, "/audit"
        while path:
            page = (await client.get(path)).text
            seen += page.count("<tr>") - 1
            path = page.partition("/audit?before=")[2].partition('"')[0]
            path = path and f"/audit?before={path}"
        assert seen == 3 * SHOWN + 2
