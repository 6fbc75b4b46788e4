"""What must let nobody in: a way back that is another's, a token that is not for this, an account that is not there."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey

from collector.console.oidc.attempts import ATTEMPT_MS
from tests.integration.oidc.identity import CLIENT, Provider
from tests.integration.oidc.visitor import COOKIE, GO, Visitor, changed, visiting
from tests.unit.collector.console.cases import AT_MS, World, user

# ---- what does not: the way back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["-", "", "guess", "ä"])
async def test_a_wrong_state_is_refused_and_ends_nothing(visitor: Visitor, state: str) -> None:
    right = await visitor.goes()
    assert (await visitor.browser.get(changed(right, state=state))).status_code == 400
    assert not await visitor.is_in()
    assert visitor.there.asked["/token"] == 0
    assert (await visitor.browser.get(right)).status_code == 303, "who was sent here by somebody else still comes in by themselves"


async def test_it_can_not_be_used_again(visitor: Visitor) -> None:
    right = await visitor.goes()
    cookie = visitor.browser.cookies[COOKIE]
    assert (await visitor.browser.get(right)).status_code == 303
    visitor.browser.cookies.clear()
    assert (await visitor.browser.get(right)).status_code == 400, "the cookie is gone"
    visitor.browser.cookies.set(COOKIE, cookie)
    answer = await visitor.browser.get(right)
    assert (answer.status_code, "begun elsewhere" in answer.text) == (400, True), "and used up, who kept it"
    assert visitor.there.asked["/token"] == 1
    assert not await visitor.is_in()


async def test_another_browser_does_not_come_in_its_place(visitor: Visitor) -> None:
    """Neither without the cookie, nor with one of its own: nobody is signed in to somebody else's account without knowing."""
    right = await visitor.goes()
    async with visiting(visitor.world, visitor.there) as other:
        assert (await other.browser.get(right)).status_code == 400
        await other.goes()
        assert (await other.browser.get(right)).status_code == 400
        assert not await other.is_in()
    assert visitor.there.asked["/token"] == 0


async def test_who_comes_back_too_late_begins_again(visitor: Visitor) -> None:
    right = await visitor.goes()
    visitor.world.clock.ms += ATTEMPT_MS + 1
    assert (await visitor.browser.get(right)).status_code == 400
    assert visitor.there.asked["/token"] == 0


async def test_a_code_of_somebody_else_is_no_use(visitor: Visitor) -> None:
    """A code that was stolen is shown with another verifier, and one that was used is not taken again."""
    async with visiting(visitor.world, visitor.there) as other:
        stolen = parse_qs(urlsplit(await other.goes()).query)["code"][0]
    assert (await visitor.browser.get(changed(await visitor.goes(), code=stolen))).status_code == 403
    used = await visitor.goes()
    assert (await visitor.browser.get(used)).status_code == 303
    visitor.browser.cookies.clear()
    code = parse_qs(urlsplit(used).query)["code"][0]
    answer = await visitor.browser.get(changed(await visitor.goes(), code=code))
    assert (answer.status_code, await visitor.is_in()) == (403, False)


@pytest.mark.parametrize(
    "brought",
    [
        {"error": "access_denied"},
        {"error": "<script>alert(1)</script>"},
        {"code": "-"},
        {"code": "x" * 5_000},
        {"iss": "https://evil.example"},
    ],
)
async def test_a_provider_that_says_no_is_asked_no_further(visitor: Visitor, brought: dict[str, str]) -> None:
    answer = await visitor.browser.get(changed(await visitor.goes(), **brought))
    assert (answer.status_code, "refused" in answer.text, "<script>alert" in answer.text) == (403, True, False)
    assert visitor.there.asked["/token"] == 0
    assert visitor.log()[0] == ("", "with OpenID Connect at 127.0.0.1: refused, from 10.0.0.1")
    assert not await visitor.is_in()


@pytest.mark.parametrize("path", [GO, "/sign-in/provider/back"])
async def test_no_picture_and_no_frame_of_another_site_begins_or_ends_one(visitor: Visitor, path: str) -> None:
    for kind in ("image", "iframe", "empty"):
        assert (await visitor.browser.get(path, headers={"sec-fetch-dest": kind})).status_code == 400
    assert not visitor.browser.cookies


# ---- what does not: the token ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"exp": AT_MS // 1000 - 61},
        {"iat": AT_MS // 1000 + 61},
        {"iat": AT_MS // 1000 - 661},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_is_refused(visitor: Visitor, claims: dict[str, object]) -> None:
    visitor.there.claims = claims
    assert (await visitor.signs_in()).status_code == 403
    assert not await visitor.is_in()


def encoded(value: bytes | Mapping[str, Any]) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(there: Provider, claims: Mapping[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'kid': there.key.kid})}.{encoded(claims)}."


def by_the_public_key(there: Provider, claims: Mapping[str, Any]) -> str:
    told = f"{encoded({'alg': 'HS256', 'kid': there.key.kid})}.{encoded(claims)}"
    return f"{told}.{encoded(hmac.digest(there.key.as_pem(private=False), told.encode(), 'sha256'))}"


def by_another(there: Provider, claims: Mapping[str, Any]) -> str:
    """A key of the same name, and the claims of the right token."""
    mine, there.key = there.key, RSAKey.generate_key(2048, {"kid": there.key.kid or ""}, private=True)
    try:
        return there.signed(claims)
    finally:
        there.key = mine


@pytest.mark.parametrize("sign", [unsigned, by_the_public_key, by_another])
async def test_a_signature_that_is_none_is_refused(visitor: Visitor, sign: Callable[[Provider, Mapping[str, Any]], str]) -> None:
    visitor.there.sign = lambda claims: sign(visitor.there, claims)
    assert (await visitor.signs_in()).status_code == 403
    assert not await visitor.is_in()


# ---- what does not: the account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "unknown", "disabled", "another"),
    [
        ("en", "nobody here has that name", "is disabled", "belongs to another person"),
        ("hi", "खाता नहीं है", "बंद किया गया है", "किसी और व्यक्ति का है"),
        ("fr", "aucun compte ne porte ce nom", "est désactivé", "une autre personne"),
        ("ar", "ولا يوجد هنا حساب", "معطَّل", "يخص شخصًا آخر"),
    ],
)
async def test_who_has_no_account_is_told_so(visitor: Visitor, language: str, unknown: str, disabled: str, another: str) -> None:
    visitor.browser.headers["accept-language"] = language
    visitor.there.person = {"sub": "0009", "preferred_username": "carol<b>"}
    answer = await visitor.signs_in()
    assert (answer.status_code, unknown in answer.text, "carol&lt;b&gt;" in answer.text) == (403, True, True)
    assert visitor.log()[0] == ("carol<b>", "with OpenID Connect at 127.0.0.1: no account, from 10.0.0.1")
    visitor.there.person = {"sub": "0002", "preferred_username": "bina"}
    visitor.world.accounts.disable("bina", AT_MS, "root")
    answer = await visitor.signs_in()
    assert (answer.status_code, disabled in answer.text) == (403, True)
    visitor.world.accounts.enable("bina", AT_MS, "root")
    assert (await visitor.signs_in()).status_code == 303
    visitor.browser.cookies.clear()
    visitor.there.person = {"sub": "0003", "preferred_username": "Bina"}
    answer = await visitor.signs_in()
    assert (answer.status_code, another in answer.text) == (403, True)
    assert not await visitor.is_in()


@pytest.mark.parametrize(("verified", "status"), [(True, 303), (False, 403), ("true", 403), (None, 403)])
async def test_an_address_counts_where_it_is_verified(made: Callable[..., World], there: Provider, verified: object, status: int) -> None:
    world = made(name_claim="email", scopes=["openid", "email"])
    world.accounts.add(user("asha@h.example", "viewer", "all"), None, AT_MS, "test")
    there.claims = {"email": "Asha@h.example", "email_verified": verified}
    async with visiting(world, there) as visitor:
        assert (await visitor.signs_in()).status_code == status
        assert await visitor.is_in() is (status == 303)


async def test_an_address_is_verified_by_who_says_it(made: Callable[..., World], there: Provider) -> None:
    """That the ID token vouches for an address says nothing of another one, on the page of the person."""
    world = made(name_claim="email", scopes=["openid", "email"])
    world.accounts.add(user("asha@h.example", "viewer", "all"), None, AT_MS, "test")
    there.claims = {"email_verified": True}
    said = {"sub": "0001", "email": "asha@h.example"}
    there.answers["/person"] = lambda asked: asked.say(200, said)
    async with visiting(world, there) as visitor:
        assert (await visitor.signs_in()).status_code == 403
        there.answers["/person"] = lambda asked: asked.say(200, {**said, "email_verified": True})
        assert (await visitor.signs_in()).status_code == 303


async def test_who_tries_too_often_waits_as_with_passwords(visitor: Visitor) -> None:
    right = await visitor.goes()
    answers = [(await visitor.browser.get(GO)).status_code for _ in range(61)]
    assert answers[58:] == [303, 429, 429]
    answers = [(await visitor.browser.get(changed(right, state="guess"))).status_code for _ in range(62)]
    assert answers[59:] == [400, 429, 429]
    visitor.there.person = {"sub": "0009", "preferred_username": "carol"}
    for n in range(50):
        visitor.world.clock.ms += 60_000
        assert (await visitor.signs_in()).status_code == 403, n
    assert (await visitor.signs_in()).status_code == 429
    assert visitor.there.asked["/token"] == 50
