"""Every route × role × scope: nobody sees or touches what is not theirs. And what attackers try at a door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlencode

import pytest
from markupsafe import escape

from collector.calls import Call, Told
from collector.console.accounts import LINK_MS, SESSION_IDLE_MS
from collector.console.scope import NEEDED, RIGHTS, Role
from collector.outputs import Notice, StateChange
from collector.store.state import StateStore
from tests.unit.collector.console.cases import AT_MS, PASSWORD, World, raised, stock, user, written

ROLES: tuple[Role, ...] = ("viewer", "operator", "engineer", "admin")
SCOPES = {"all": {"a", "b", "c"}, "region:up": {"a", "b"}, "district:west": {"c"}, "site:b": {"b"}}
COMMANDS = tuple(NEEDED)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    written(tmp_path, *(raised(site) for site in "abc"), estimates=tuple(stock(site, n * 10.0) for n, site in enumerate("abc")))
    found = World(tmp_path)
    yield found
    found.accounts.close()


ROUTES = ("/", "/alarms", "/alarms?quiet=1", "/duty", "/gateways", "/settings", "/hospital/{}", "/alarm/{}/line/LP-LL")


@pytest.mark.parametrize("path", [*(route.format("a") for route in ROUTES), "/events", "/audit"])
async def test_who_has_not_signed_in_sees_nothing(world: World, path: str) -> None:
    async with world.browser() as client:
        answer = await client.get(path)
        asked = "" if path == "/" else f"?{urlencode({'next': path})}"
        assert (answer.status_code, answer.headers["location"], answer.text) == (303, f"/sign-in{asked}", "")
        for each in ("/command", "/comment", "/count", "/password", "/sign-out", "/settings/save"):
            assert (await client.post(each, data={"csrf": ""})).headers["location"] == "/sign-in"


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
async def test_everybody_sees_their_hospitals_and_no_other(world: World, role: Role, scope: str) -> None:
    async with world.signed_in(user("asha", role, scope)) as client:
        for site in "abc":
            mine = site in SCOPES[scope]
            for route in ROUTES:
                answer = await client.get(route.format(site))
                assert answer.status_code == (200 if mine or "{}" not in route else 404), route
            for page in ("/", "/alarms"):
                assert (f"/hospital/{site}" in (await client.get(page)).text) is mine
        for missing in ("/hospital/nowhere", "/alarm/a/line/XX-1", "/nothing", "/alarm/../../etc/passwd"):
            assert (await client.get(missing)).status_code == 404


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
async def test_a_command_needs_the_right_and_the_hospital(world: World, role: Role, scope: str) -> None:
    """No collector runs: what is allowed gets as far as asking it."""
    async with world.signed_in(user("asha", role, scope)) as client:
        for command in COMMANDS:
            for site in "abc":
                form = {"csrf": world.csrf(client), "alarm": f"{site}/line/LP-LL", "command": command, "why": "a test", "minutes": "5"}
                answer = await client.post("/command", data=form)
                allowed = NEEDED[command] in RIGHTS[role] and site in SCOPES[scope]
                assert answer.status_code == (400 if allowed else 403), (command, site)
                assert ("no collector runs" in answer.text) is allowed


async def test_every_route_is_walked(tmp_path: Path) -> None:
    """A new one belongs into one of these: it is for who has signed in, it is a form, or it is a door."""
    forms = {"/command", "/comment", "/count", "/password", "/sign-out", "/settings/save"}
    doors = {"/sign-in", "/sign-in/provider", "/sign-in/provider/back", "/link/{token}", "/healthz", "/static", "/api/v1"}
    pages = {route.partition("?")[0].format("{site}") for route in ROUTES} - {"/alarm/{site}/line/LP-LL"}
    with closing((world := World(tmp_path, oidc=PROVIDER)).accounts):
        assert {getattr(route, "path", "") for route in world.app.routes} == forms | doors | pages | {
            "/alarm/{alarm:path}",
            "/events",
            "/audit",
        }


PROVIDER = {"issuer": "https://id.example.org", "client_id": "oxygrid"}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", ROLES)
async def test_the_way_back_from_the_provider_gives_nothing_by_itself(tmp_path: Path, role: Role, scope: str) -> None:
    written(tmp_path, raised("a"))
    with closing((world := World(tmp_path, oidc=PROVIDER)).accounts):
        async with world.signed_in(user("asha", role, scope)) as client:
            before = client.cookies["oxygrid"]
            answer = await client.get("/sign-in/provider/back?code=x&state=y")
            assert (answer.status_code, answer.headers.get("set-cookie")) == (400, None)
            assert client.cookies["oxygrid"] == before
            for path in ("/sign-in/provider", "/sign-in/provider/back"):
                assert (await client.post(path, data={"csrf": world.csrf(client)})).status_code == 405


@pytest.mark.parametrize("path", ["/sign-in/provider", "/sign-in/provider/back"])
async def test_without_a_provider_there_is_no_such_way(world: World, path: str) -> None:
    async with world.browser() as client:
        assert (await client.get(path)).status_code == 404
        assert "/sign-in/provider" not in (await client.get("/sign-in")).text


async def test_what_is_no_command_is_refused(world: World) -> None:
    async with world.signed_in(user("asha", "admin", "all")) as client:
        csrf = world.csrf(client)
        for form in (
            {"command": "drop", "alarm": "a/line/LP-LL"},
            {"command": "ack", "alarm": ""},
            {"command": "ack"},
            {"alarm": "a/line/LP-LL"},
            {"command": "ack", "alarm": "_collector/x/y"[::-1]},
        ):
            assert (await client.post("/command", data={"csrf": csrf, **form})).status_code == 403
        shelf = {"csrf": csrf, "command": "shelve", "alarm": "a/line/LP-LL", "why": "", "minutes": "5"}
        assert (await client.post("/command", data=shelf)).status_code == 400
        assert (await client.post("/command", data={**shelf, "why": "x" * 20_000})).status_code == 400


# ---- forgery ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://127.0.0.1:8443"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
    ],
)
async def test_a_form_of_another_site_is_refused(world: World, headers: dict[str, str], taken: bool) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        form = {"csrf": world.csrf(client), "language": "hi", "theme": "dark"}
        assert (await client.post("/settings/save", data=form, headers=headers)).status_code == (303 if taken else 400)


@pytest.mark.parametrize("csrf", ["", "guess", "ä"])
async def test_a_form_without_its_token_is_refused(world: World, csrf: str) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        assert (await client.post("/settings/save", data={"csrf": csrf, "language": "hi"})).status_code == 400
        assert (await client.post("/settings/save", json={"csrf": world.csrf(client)})).status_code == 400


async def test_the_token_of_another_session_is_refused(world: World) -> None:
    async with world.signed_in(user("asha", "operator", "all")) as mine, world.signed_in(user("bina", "operator", "all")) as theirs:
        form = {"csrf": world.csrf(theirs), "command": "ack", "alarm": "a/line/LP-LL"}
        assert (await mine.post("/command", data=form)).status_code == 400


async def test_a_session_that_somebody_else_chose_is_not_taken(world: World) -> None:
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, AT_MS, "test")
    async with world.browser() as client:
        client.cookies.set("oxygrid", "chosen-by-an-attacker")
        answer = await client.post("/sign-in", data={"name": "asha", "password": PASSWORD})
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert "chosen-by-an-attacker" not in cookie
        assert all(each in cookie for each in ("HttpOnly", "SameSite=lax", "Path=/"))


async def test_over_tls_the_cookie_never_leaves_it(tmp_path: Path) -> None:
    written(tmp_path, raised("a"))
    world = World(tmp_path, public_url="https://oxygen.example.org")
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, AT_MS, "test")
    async with world.browser() as client:
        answer = await client.post("/sign-in", data={"name": "asha", "password": PASSWORD})
        assert answer.headers["set-cookie"].startswith("__Host-oxygrid=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]
    world.accounts.close()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/ok\r\nX: y"])
def test_nobody_is_sent_elsewhere(back: str) -> None:
    from collector.console.guard import back_to

    assert back_to(back) == "/alarms"
    assert back_to("/hospital/a") == "/hospital/a"


async def test_names_are_text_and_pages_can_not_be_framed(world: World) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        page = await client.get("/")
        assert "Alpha &lt;b&gt;Hospital&lt;/b&gt;" in page.text
        assert "<b>Hospital" not in page.text
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        hostile = await client.get("/hospital/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        assert (hostile.status_code, "<script>alert" in hostile.text) == (404, False)


# ---- links, sessions, brute force ------------------------------------------------------------------------------------------------


async def test_a_link_is_used_once_and_not_by_opening_it(world: World) -> None:
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, AT_MS, "test")
    token = world.accounts.link("asha", AT_MS, "test")
    async with world.browser() as client:
        assert (await client.get(f"/link/{token}")).status_code == 200
        assert not client.cookies
        assert (await client.post(f"/link/{token}")).status_code == 303
        assert (await client.post(f"/link/{token}")).status_code == 403
        assert (await client.post("/link/guess")).status_code == 403
        late = world.accounts.link("asha", AT_MS, "test")
        world.clock.ms += LINK_MS + 1
        assert (await client.post(f"/link/{late}")).status_code == 403


async def test_a_session_ends_when_it_is_idle_and_when_it_is_left(world: World) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        token = client.cookies["oxygrid"]
        await client.post("/sign-out", data={"csrf": world.csrf(client)})
        client.cookies.set("oxygrid", token)
        assert (await client.get("/")).status_code == 303
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        world.clock.ms += SESSION_IDLE_MS + 1
        assert (await client.get("/")).status_code == 303
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        world.accounts.remove("asha", AT_MS, "test")
        assert (await client.get("/")).status_code == 303


async def test_who_guesses_waits(world: World) -> None:
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, AT_MS, "test")
    async with world.browser() as client:
        answers = [(await client.post("/sign-in", data={"name": "asha", "password": f"guess {n}"})).status_code for n in range(7)]
        assert answers == [403] * 5 + [429] * 2
        assert (await client.post("/sign-in", data={"name": "asha", "password": PASSWORD})).status_code == 429
        world.clock.ms += 3_000
        assert (await client.post("/sign-in", data={"name": "asha", "password": PASSWORD})).status_code == 303


async def test_a_name_that_is_not_there_is_answered_as_a_wrong_password(world: World) -> None:
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, AT_MS, "test")
    async with world.browser() as client:
        wrong = await client.post("/sign-in", data={"name": "asha", "password": "no"})
        nobody = await client.post("/sign-in", data={"name": "bina", "password": "no"})
        assert (wrong.status_code, wrong.text.replace("asha", "")) == (nobody.status_code, nobody.text.replace("bina", ""))


@pytest.mark.parametrize(("language", "said"), [("hi", "अस्पताल"), ("fr", "Hôpitaux"), ("ar", 'dir="rtl"')])
async def test_pages_speak_the_language_of_the_account(world: World, language: str, said: str) -> None:
    async with world.signed_in(user("asha", "operator", "all", language=language)) as client:
        for path in (*(route.format("a") for route in ROUTES),):
            page = await client.get(path)
            assert page.status_code == 200
            assert f'lang="{language}"' in page.text
        assert said in (await client.get("/")).text


async def test_the_first_page_is_small_however_many_hospitals_there_are(world: World) -> None:
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        page = await client.get("/")
        static = [await client.get(f"/static/{name}") for name in ("console.css", "console.js", "icon.svg")]
        assert sum(len(each.content) for each in (page, *static)) < 100_000
        fragment = await client.get("/", headers={"x-fragment": "1"})
        assert "<html" not in fragment.text
        assert 'id="urgent"' in fragment.text


# ---- duty ------------------------------------------------------------------------------------------------------------------------

PEOPLE = {
    "people": [
        {"id": "ravi", "name": "Ravi Kumar", "role": "engineer", "phone": "+91 98 7654 3210", "ways": [{"channel": "log"}]},
        {"id": "meera", "name": "Meera Singh", "role": "control_room", "ways": [{"channel": "log"}]},
    ],
    "chains": [
        {
            "id": "up",
            "districts": ["east"],
            "steps": [{"tell": "ravi"}, {"tell": "meera", "after_min": 15, "hours_left_below": 6}],
            "last_resort": "meera",
        }
    ],
}


async def test_who_is_on_duty_is_for_their_own_hospitals(tmp_path: Path) -> None:
    written(tmp_path, raised("a"))
    world = World(tmp_path, sections=PEOPLE)
    async with world.signed_in(user("asha", "operator", "site:a")) as client:
        page = (await client.get("/duty?site=a")).text
        assert all(each in page for each in ("Ravi Kumar (+91 98 7654 3210)", "Meera Singh", "after 15 min, below 6 h left", "Last resort"))
    async with world.signed_in(user("bina", "operator", "site:c")) as client:
        page = (await client.get("/duty?site=a")).text
        assert "Ravi" not in page
        assert "Nobody is called for this hospital" in page
    world.accounts.close()


async def test_the_week_of_a_roster(tmp_path: Path) -> None:
    """AT_MS is a Monday, 16:00 UTC."""
    shifts = [
        {"id": "day", "from": "08:00", "to": "20:00", "people": ["ravi"]},
        {"id": "night", "from": "20:00", "to": "08:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat"], "people": ["meera"]},
    ]
    rosters = [{"id": "plant", "timezone": "UTC", "around_the_clock": False, "shifts": shifts}]
    swaps = [{"date": "2025-11-27", "shift": "day", "out": "ravi", "in": "meera"}]
    chain = {"id": "up", "steps": [{"tell": "plant"}], "last_resort": "meera"}
    world = World(tmp_path, sections={**PEOPLE, "chains": [chain], "rosters": [{**rosters[0], "swaps": swaps}]})
    async with world.signed_in(user("asha", "operator", "site:a")) as client:
        page = (await client.get("/duty?site=a")).text
    rows = re.findall(r'<th scope="row">(\w+) <bdi>(\S+) (\S+) – (\S+)</bdi></th><td>(.*?)</td>', page)
    shown = [(day, date, begin, end, re.sub("<.*?>", "", who)) for day, date, begin, end, who in rows]
    assert shown[0] == ("Mon", "2025-11-24", "08:00", "20:00", "Ravi Kumar (+91 98 7654 3210)")
    assert ("Thu", "2025-11-27", "08:00", "20:00", "Meera Singh") in shown
    assert ("Sun", "2025-11-30", "20:00", "08:00", "Nobody is on duty") in shown
    assert len(shown) == 15
    world.accounts.close()


async def test_a_call_in_progress_shows_how_far_it_has_come(tmp_path: Path) -> None:
    t = raised("a")
    call = Call(transition=t, since_ms=AT_MS, next_ms=AT_MS + 900_000, at_ms=AT_MS, steps=(0,), level=0, told=(Told("ravi", 0, AT_MS, 2),))
    with closing(StateStore(tmp_path / "state.db")) as store:
        store.commit(StateChange(transitions=[t], calls=[call]))
    world = World(tmp_path, sections=PEOPLE)
    async with world.signed_in(user("asha", "operator", "district:east")) as client:
        page = (await client.get("/duty")).text
        assert all(each in page for each in ("Pipeline pressure failing", "Ravi Kumar", "×2", "goes on at", "2025-11-24 16:15"))
    async with world.signed_in(user("bina", "operator", "site:b")) as client:
        assert "Nobody is being called." in (await client.get("/duty")).text
    world.accounts.close()


async def test_what_may_not_be_shelved_is_not_asked_for(tmp_path: Path) -> None:
    """LP-LL may not, PU-L may, where the operator did not forbid it."""
    rules = {"sites": {"b": {"LP-L": {"shelvable": False}}}}
    written(tmp_path, raised("a"), raised("a", "LP-L", "medium"), raised("b", "LP-L", "medium"))
    world = World(tmp_path, sections={"rules": rules})
    async with world.signed_in(user("asha", "engineer", "all")) as client:
        pages = {alarm: (await client.get(f"/alarm/{alarm}")).text for alarm in ("a/line/LP-LL", "a/line/LP-L", "b/line/LP-L")}
    assert ['value="shelve"' in page for page in pages.values()] == [False, True, False]
    assert ["may not be set aside" in page for page in pages.values()] == [True, False, True]
    assert "(at most 480 minutes)" in pages["a/line/LP-L"]
    world.accounts.close()


async def test_every_outcome_of_a_notice_is_shown(tmp_path: Path) -> None:
    t = raised("a")
    ids = ("sent", "moved", "given_up", "waiting")
    sent = [Notice(id=f"{t.id}/{each}", channel="sms", due_ms=AT_MS, transition=t, person="ravi", to="+911") for each in ids]
    other = Notice(id=f"{t.id}/other", channel="mail", due_ms=AT_MS, transition=t, person="ravi")
    with closing(StateStore(tmp_path / "state.db")) as store:
        store.commit(StateChange(transitions=[t], notices=sent))
        store.notices_sent([sent[0].id], AT_MS)
        store.notice_moved(sent[1].id, other, AT_MS, "no network")
        store.notice_given_up(sent[2].id, AT_MS, "no such number")
    world = World(tmp_path, sections=PEOPLE)
    for language, words in (("en", ("sent", "went by another way", "given up", "waits")), ("hi", ("भेजा गया", "दूसरे रास्ते से गया"))):
        async with world.signed_in(user(f"asha-{language}", "operator", "site:a", language=language)) as client:
            answer = await client.get("/alarm/a/line/LP-LL")
        assert answer.status_code == 200
        assert all(f"· {each}" in answer.text for each in words)
    world.accounts.close()


@pytest.mark.parametrize(("password", "asked"), [(PASSWORD, True), (None, False)])
async def test_who_has_no_password_is_not_asked_for_one(tmp_path: Path, password: str | None, *, asked: bool) -> None:
    written(tmp_path)
    world = World(tmp_path)
    world.accounts.add(user("asha", "viewer", "all"), password, AT_MS, "test")
    async with world.signed_in(user("asha", "viewer", "all")) as client:
        answer = await client.get("/settings")
    assert answer.status_code == 200
    assert ('action="/password"' in answer.text) == asked
    world.accounts.close()


@pytest.mark.parametrize(
    ("asked", "opened"),
    [
        ("/alarm/a/line/LP-LL", "/alarm/a/line/LP-LL"),
        ("/alarms?quiet=1", "/alarms?quiet=1"),
        ("//evil.example/x", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ('/"><script>', '/"><script>'),
        ("/a\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
async def test_who_signs_in_comes_to_the_page_that_was_asked_for_and_never_elsewhere(world: World, asked: str, opened: str) -> None:
    world.accounts.add(user("asha", "viewer", "all"), PASSWORD, world.clock(), "test")
    async with world.browser() as client:
        page = (await client.get("/sign-in", params={"next": asked})).text
        assert f'name="next" value="{escape(opened)}"' in page
        wrong = await client.post("/sign-in", data={"name": "asha", "password": "no", "next": asked})
        assert (wrong.status_code, f'name="next" value="{escape(opened)}"' in wrong.text) == (403, True)
        right = await client.post("/sign-in", data={"name": "asha", "password": PASSWORD, "next": asked})
        location = right.headers["location"]
        assert (right.status_code, unquote(location)) == (303, opened)
