"""Speaks with the provider: its description, its keys, and the exchange of a code for what it says of a person.

Every answer is bounded in size and time, over verified TLS, and no redirect is followed. The description and the keys are kept for an hour;
after a failure nothing is asked for a few seconds, so that many who wait do not wait one after the other.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote_plus, urlencode

import aiohttp
import msgspec

from collector.config.oidc import Oidc
from collector.config.secret import read_secret
from collector.console.oidc.attempts import Attempt
from collector.console.oidc.token import Expected, Refused, UnknownKey, verified
from collector.errors import UserError
from collector.outgoing import tls_context

TIMEOUT_S = 8.0
BODY_BYTES = 262_144
KEPT_MS = 3_600_000
QUIET_MS = 5_000
ROTATED_MS = 60_000
"""So often, at most, keys are fetched because one was not known."""

T = TypeVar("T")


class Unreachable(UserError):
    """The provider gives no answer that is one; later it may."""


class Description(msgspec.Struct, frozen=True):
    """What of its description is used (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str | None = None


class _Error(msgspec.Struct, frozen=True):
    error: str = ""


class Kept(Generic[T]):
    """A thing that is fetched when it is needed and kept for a while; by one at a time, and not at once again after a failure."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], now_ms: Callable[[], int]) -> None:
        self._fetch, self._now_ms = fetch, now_ms
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._at_ms = 0
        self._failed: Unreachable | None = None

    async def get(self) -> T:
        """Raises Unreachable."""
        async with self._lock:
            age_ms = self._now_ms() - self._at_ms
            if self._failed is not None and 0 <= age_ms < QUIET_MS:
                raise Unreachable(str(self._failed))
            if self._value is None or not 0 <= age_ms < KEPT_MS:
                await self._renew()
            assert self._value is not None
            return self._value

    def forget(self) -> None:
        self._value = None

    async def _renew(self) -> None:
        try:
            self._value, self._failed = await self._fetch(), None
        except UserError as exc:
            self._value, self._failed = None, Unreachable(str(exc))
            raise self._failed from exc
        finally:
            self._at_ms = self._now_ms()


class Provider:
    """Nothing is asked of it before somebody wants to sign in."""

    def __init__(self, given: Oidc, back_url: str, now_ms: Callable[[], int]) -> None:
        self._given, self._back_url, self._now_ms = given, back_url, now_ms
        self._description = Kept(self._describe, now_ms)
        self._keys = Kept(self._fetch_keys, now_ms)
        self._rotated_ms = -ROTATED_MS

    async def address(self, attempt: Attempt) -> str:
        """Where the browser is sent. Raises Unreachable."""
        endpoint = (await self._description.get()).authorization_endpoint
        query = {
            "response_type": "code",
            "client_id": self._given.client_id,
            "redirect_uri": self._back_url,
            "scope": " ".join(self._given.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def claims(self, code: str, attempt: Attempt) -> Mapping[str, Any]:
        """What it says of who came back with that code. Raises Unreachable, Refused; UserError for a secret that can't be read."""
        tokens = await self._exchange(code, attempt)
        claims = await self._verified(tokens.id_token, attempt.nonce)
        if self._given.name_claim in claims or not tokens.access_token:
            return claims
        # of one source alone: an address and that it is verified must be said in one breath
        return await self._user_info(tokens.access_token, claims["sub"]) or claims

    async def _verified(self, token: str, nonce: str) -> dict[str, Any]:
        """With new keys, once, where one is not known: providers change them without a word."""
        expected = Expected(self._given.issuer, self._given.client_id, nonce)
        try:
            return verified(token, await self._keys.get(), expected, self._now_ms() / 1000)
        except UnknownKey:
            if self._now_ms() - self._rotated_ms < ROTATED_MS:
                raise
        self._rotated_ms = self._now_ms()
        self._keys.forget()
        return verified(token, await self._keys.get(), expected, self._now_ms() / 1000)

    # ---- what is asked -------------------------------------------------------------------------------------------------------

    async def _describe(self) -> Description:
        url = f"{self._given.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _read(url, await self._ask("GET", url), Description)
        if found.issuer != self._given.issuer:
            raise Unreachable(f"{url} is the description of {found.issuer!r}, not of {self._given.issuer!r}; write issuer as it does")
        for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
            if each is not None and not (each.startswith("https://") and each.isascii() and each.isprintable()):
                raise Unreachable(f"{url} names {each!r}, which is no https:// address")
        return found

    async def _fetch_keys(self) -> list[dict[str, Any]]:
        url = (await self._description.get()).jwks_uri
        return _read(url, await self._ask("GET", url), _Keys).keys

    async def _exchange(self, code: str, attempt: Attempt) -> _Tokens:
        described = await self._description.get()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back_url,
            "code_verifier": attempt.verifier,
            "client_id": self._given.client_id,
        }
        headers = {}
        if self._given.client_secret_file is not None:
            secret = await asyncio.to_thread(read_secret, self._given.client_secret_file)
            if "client_secret_basic" in described.token_endpoint_auth_methods_supported:
                # each is encoded as in a form first (RFC 6749 §2.3.1)
                pair = f"{quote_plus(self._given.client_id)}:{quote_plus(secret)}"
                headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            else:
                form["client_secret"] = secret
        return _read(described.token_endpoint, await self._ask("POST", described.token_endpoint, headers, form), _Tokens)

    async def _user_info(self, access_token: str, subject: str) -> dict[str, Any]:
        """Some providers say a person's name only there. It counts where it is of the same person (Core §5.3.2)."""
        url = (await self._description.get()).userinfo_endpoint
        if url is None:
            return {}
        try:
            headers = {"authorization": f"Bearer {access_token}"}
            found = _read(url, await self._ask("GET", url, headers), dict[str, Any])
        except ValueError as exc:
            raise Refused("the access token can't be shown: it has characters that no header may have") from exc
        if found.get("sub") != subject:
            raise Refused(f"{url} speaks of another person than the ID token")
        return found

    async def _ask(self, method: str, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None) -> bytes:
        """The body of its answer. Raises Refused where it says no, Unreachable for whatever is no answer."""
        sent = {"accept": "application/json", "accept-encoding": "identity", **(headers or {})}
        tls = await asyncio.to_thread(tls_context, self._given.ca_file)
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
                ) as session,
                session.request(method, url, headers=sent, data=form, allow_redirects=False, ssl=tls) as answer,
            ):
                body = await _bounded(answer.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise Unreachable(" ".join(f"{url} can't be reached: {type(exc).__name__} {exc}".split())[:300]) from exc
        if len(body) > BODY_BYTES:
            raise Unreachable(f"{url} answers with more than {BODY_BYTES} bytes")
        if answer.status in {400, 401, 403}:
            raise Refused(f"{url} answers {answer.status} {_error_in(body)}".rstrip())
        if answer.status != 200:
            raise Unreachable(f"{url} answers {answer.status}, not 200")
        return body


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """As much as is wanted, and one byte more of what is longer."""
    body = b""
    while len(body) <= BODY_BYTES and (part := await content.read(BODY_BYTES + 1 - len(body))):
        body += part
    return body


def _read(url: str, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreachable(f"{url} answers with what can't be read: {exc}") from exc


def _error_in(body: bytes) -> str:
    """The word that the standards foresee (RFC 6749 §5.2), and nothing else of what came: it might repeat a secret."""
    try:
        word = msgspec.json.decode(body, type=_Error).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return word if word.isascii() and word.replace("_", "").isalnum() and len(word) <= 64 else ""
