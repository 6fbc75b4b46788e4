"""Sign-in by OpenID Connect, against a provider with real keys behind real TLS: who is let in, to what, and where to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from collector.console.oidc.attempts import ATTEMPT_MS
from collector.console.oidc.provider import KEPT_MS
from tests.integration.oidc.identity import CLIENT, Provider
from tests.integration.oidc.visitor import COOKIE, GO, Visitor, visiting
from tests.unit.collector.console.cases import AT_MS, World, raised, written


async def test_who_has_an_account_is_let_in_to_what_is_theirs(visitor: Visitor) -> None:
    """Role and scope are the account's, whatever the provider says."""
    visitor.there.claims = {"role": "admin", "scope": "all", "groups": ["admin"]}
    visitor.browser.cookies.set("oxygrid", "chosen-by-an-attacker")
    answer = await visitor.signs_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session, gone = (
        next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{name}=")) for name in ("oxygrid", COOKIE)
    )
    assert "chosen-by-an-attacker" not in session
    assert all(each in session for each in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert "Max-Age=0" in gone
    assert [(await visitor.browser.get(f"/hospital/{site}")).status_code for site in "ab"] == [200, 404]
    assert (await visitor.browser.get("/audit")).status_code == 403
    assert visitor.log()[0] == ("asha", "signed in, with OpenID Connect at 127.0.0.1")


async def test_the_session_before_it_ends(visitor: Visitor) -> None:
    await visitor.signs_in()
    first = visitor.browser.cookies["oxygrid"]
    await visitor.signs_in()
    assert visitor.browser.cookies["oxygrid"] != first
    assert visitor.world.accounts.session(first, AT_MS) is None


async def test_the_cookie_of_the_way_is_short_lived_and_no_script_reads_it(visitor: Visitor) -> None:
    cookie = (await visitor.browser.get(GO)).headers["set-cookie"]
    assert all(each in cookie for each in (f"{COOKIE}=", "HttpOnly", "SameSite=lax", f"Max-Age={ATTEMPT_MS // 1000}", "Path=/"))


async def test_over_tls_both_cookies_never_leave_it(tmp_path: Path, there: Provider) -> None:
    written(tmp_path, raised("a"))
    given = {"issuer": there.issuer, "client_id": CLIENT, "ca_file": str(there.ca_file)}
    world = World(tmp_path, public_url="https://oxygen.example.org/", oidc=given)
    with closing(world.accounts):
        async with world.browser() as browser:
            answer = await browser.get(GO)
    assert answer.headers["set-cookie"].startswith(f"__Host-{COOKIE}=")
    assert "Secure" in answer.headers["set-cookie"]
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://oxygen.example.org/sign-in/provider/back"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
async def test_kinds_of_keys_and_ways_of_the_secret(visitor: Visitor, alg: str, way: str) -> None:
    visitor.there.rotate(alg)
    visitor.there.described = {"token_endpoint_auth_methods_supported": [way]}
    assert (await visitor.signs_in()).status_code == 303
    assert await visitor.is_in()


async def test_keys_that_changed_are_fetched_once(visitor: Visitor) -> None:
    assert (await visitor.signs_in()).status_code == 303
    visitor.there.rotate("ES256")
    assert (await visitor.signs_in()).status_code == 303
    assert visitor.there.asked["/keys"] == 2
    visitor.there.answers["/keys"] = lambda asked: asked.say(200, {"keys": []})
    visitor.there.rotate("RS256")
    for _ in range(3):
        assert (await visitor.signs_in()).status_code == 403
    assert visitor.there.asked["/keys"] == 2, "not again within a minute"
    visitor.world.clock.ms += 61_000
    assert (await visitor.signs_in()).status_code == 403
    assert visitor.there.asked["/keys"] == 3


async def test_the_description_and_the_keys_are_kept_for_an_hour(visitor: Visitor) -> None:
    for _ in range(3):
        await visitor.signs_in()
    fetched = [visitor.there.asked[path] for path in ("/.well-known/openid-configuration", "/keys")]
    visitor.world.clock.ms += KEPT_MS
    await visitor.signs_in()
    again = [visitor.there.asked[path] for path in ("/.well-known/openid-configuration", "/keys")]
    assert (fetched, again) == ([1, 1], [2, 2])


async def test_a_name_that_only_the_page_of_the_person_says(visitor: Visitor) -> None:
    visitor.there.person = {"sub": "0002"}
    assert (await visitor.signs_in()).status_code == 403, "of another person than the token"
    visitor.there.person = {"sub": "0001"}
    assert (await visitor.signs_in()).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("/alarm/a/line/LP-LL?quiet=1", "/alarm/a/line/LP-LL?quiet=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
        ("", "/"),
    ],
)
async def test_nobody_is_sent_elsewhere(visitor: Visitor, wanted: str, opened: str) -> None:
    answer = await visitor.signs_in(f"{GO}?{urlencode({'next': wanted})}")
    assert (answer.status_code, answer.headers["location"]) == (303, opened)


@pytest.mark.parametrize(
    ("called", "language", "text"),
    [(None, "en", "Sign in with your organisation"), (None, "ar", "تسجيل الدخول عبر مؤسستك"), ("<Health>", "hi", "&lt;Health&gt;")],
)
async def test_the_button(made: Callable[..., World], there: Provider, called: str | None, language: str, text: str) -> None:
    async with visiting(made(called=called), there) as visitor:
        page = (await visitor.browser.get("/sign-in", headers={"accept-language": language})).text
    assert f'href="{GO}"' in page
    assert text in page
    assert not there.asked, "nothing is asked of it before somebody wants to sign in"
