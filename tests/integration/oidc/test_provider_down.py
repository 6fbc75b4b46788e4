"""A provider that is down, or not what it was: it is said, nothing is waited for long, and passwords go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from collector.console.oidc import provider as speaking
from collector.console.oidc.provider import QUIET_MS
from tests.integration.oidc.identity import CLIENT, SECRET, Answer, Asked, Provider, breaks, drips, elsewhere, giant, hangs, no_json
from tests.integration.oidc.visitor import GO, Visitor, visiting
from tests.unit.collector.console.cases import PASSWORD, World

DOWN = [giant, drips, hangs, breaks, no_json, elsewhere]


@pytest.mark.parametrize("answer", DOWN)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
async def test_without_the_provider_passwords_go_on(visitor: Visitor, monkeypatch: pytest.MonkeyPatch, path: str, answer: Answer) -> None:
    where = GO if path.startswith("/.") else await visitor.goes()
    visitor.there.answers[path] = answer
    with monkeypatch.context() as patience:
        patience.setattr(speaking, "TIMEOUT_S", 0.7)
        said = await visitor.browser.get(where)
    assert (said.status_code, "can’t be reached now" in said.text, 'action="/sign-in"' in said.text) == (503, True, True)
    assert (await visitor.browser.post("/sign-in", data={"name": "bina", "password": PASSWORD})).status_code == 303
    visitor.there.answers.clear()
    visitor.world.clock.ms += QUIET_MS
    assert (await visitor.signs_in()).status_code == 303, "it is back"


async def test_an_answer_without_end_is_left_at_once(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    visitor.there.answers["/.well-known/openid-configuration"] = giant
    assert (await visitor.browser.get(GO)).status_code == 503
    assert "answers with more than 262144 bytes" in caplog.text


async def test_a_provider_that_is_down_is_not_asked_by_each_who_waits(visitor: Visitor) -> None:
    visitor.there.answers["/.well-known/openid-configuration"] = breaks
    assert [(await visitor.browser.get(GO)).status_code for _ in range(5)] == [503] * 5
    assert visitor.there.asked["/.well-known/openid-configuration"] == 1


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://127.0.0.1/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "https://a\r\nb"},
    ],
    ids=str,
)
async def test_a_description_that_is_not_of_this_provider_is_not_taken(visitor: Visitor, described: dict[str, Any]) -> None:
    visitor.there.described = described
    assert (await visitor.browser.get(GO)).status_code == 503


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(made: Callable[..., World], there: Provider) -> None:
    async with visiting(made(ca_file=None), there) as visitor:
        assert (await visitor.browser.get(GO)).status_code == 503
    assert not there.asked


@pytest.mark.parametrize("ca", ["/nowhere/ca.pem", __file__])
async def test_a_file_that_is_missing_ends_nothing(made: Callable[..., World], there: Provider, ca: str) -> None:
    async with visiting(made(ca_file=ca), there) as visitor:
        assert (await visitor.browser.get(GO)).status_code == 503
        assert (await visitor.browser.get("/sign-in")).status_code == 200


async def test_a_secret_that_is_wrong_or_missing(
    made: Callable[..., World], there: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log, without the secret and without what the provider repeats."""
    async with visiting(made(), there) as visitor:
        (tmp_path / "secret").write_text("canary-7f3a\n")
        assert (await visitor.signs_in()).status_code == 403
        (tmp_path / "secret").unlink()
        assert (await visitor.signs_in()).status_code == 503
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        there.codes.clear()
        right = await visitor.goes()
        there.codes.clear()
        assert (await visitor.browser.get(right)).status_code == 403
    assert "401 invalid_client" in caplog.text
    assert "the secret can't be read" in caplog.text
    assert "400 invalid_grant" in caplog.text
    assert all(each not in caplog.text for each in ("canary-7f3a", SECRET, parse_qs(urlsplit(right).query)["code"][0], "repeats"))


async def test_a_public_client_shows_no_secret(made: Callable[..., World], there: Provider) -> None:
    seen: list[tuple[str | None, dict[str, str]]] = []

    def looked_at(asked: Asked) -> None:
        seen.append((asked.headers.get("authorization"), asked.form()))
        asked.say(400, {"error": "invalid_grant"})

    there.answers["/token"] = looked_at
    async with visiting(made(client_secret_file=None), there) as visitor:
        assert (await visitor.signs_in()).status_code == 403
    ((authorization, form),) = seen
    assert (authorization, form["client_id"], "client_secret" in form) == (None, CLIENT, False)
