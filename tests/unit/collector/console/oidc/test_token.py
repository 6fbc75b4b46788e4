"""The ID token: each thing that makes it valid, taken away or changed one by one. Signatures are real ones, by real keys."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from collector.console.oidc.token import ALGORITHMS, Expected, Refused, UnknownKey, name_in, verified

NOW_S = 1_764_000_000
EXPECTED = Expected("https://id.example.org", "oxygrid", "n-1")
CLAIMS: Mapping[str, Any] = {
    "iss": "https://id.example.org",
    "sub": "0001",
    "aud": "oxygrid",
    "exp": NOW_S + 300,
    "iat": NOW_S,
    "nonce": "n-1",
    "preferred_username": "asha",
}
RSA = RSAKey.generate_key(2048, {"kid": "r"}, private=True)
CURVES = {
    bits: ECKey.generate_key(curve, {"kid": f"e{bits}"}, private=True) for bits, curve in ((256, "P-256"), (384, "P-384"), (512, "P-521"))
}
KEYS: list[RSAKey | ECKey] = [RSA, *CURVES.values()]
PUBLISHED = [dict(key.as_dict(private=False)) for key in KEYS]


def encoded(value: bytes | Mapping[str, Any]) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: bytes | Mapping[str, Any], key: RSAKey | ECKey = RSA, alg: str = "RS256", **header: object) -> str:
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    given = {name: value for name, value in {"alg": alg, "kid": key.kid, **header}.items() if value is not None}
    return jws.serialize_compact(given, body, key, registry=registry)


def shared(alg: str, secret: bytes) -> str:
    """Signed with a shared secret, as whoever has only read the public key can."""
    told = f"{encoded({'alg': alg, 'kid': 'r'})}.{encoded(CLAIMS)}"
    return f"{told}.{encoded(hmac.digest(secret, told.encode(), f'sha{alg[2:]}'))}"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_token_that_is_right(alg: str) -> None:
    key = CURVES[int(alg[2:])] if alg.startswith("ES") else RSA
    assert verified(signed(CLAIMS, key, alg), PUBLISHED, EXPECTED, NOW_S) == CLAIMS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"iss": "https://id.example.org/"}, "iss is"),
        ({"iss": None}, "does not say"),
        ({"aud": "another"}, "aud is"),
        ({"aud": []}, "aud is"),
        ({"aud": ["another"], "azp": "oxygrid"}, "aud is"),
        ({"aud": ["oxygrid", "another"]}, "azp is None"),
        ({"aud": ["oxygrid", "another"], "azp": "another"}, "azp is 'another'"),
        ({"aud": "oxygrid", "azp": "another"}, "azp is 'another'"),
        ({"aud": ["oxygrid", "another"], "azp": "oxygrid"}, ""),
        ({"aud": ["oxygrid"]}, ""),
        ({"exp": NOW_S - 60}, "it is over"),
        ({"exp": NOW_S - 59}, ""),
        ({"exp": None}, "does not say"),
        ({"exp": "2030-01-01"}, "does not say"),
        ({"exp": True}, "does not say"),
        ({"iat": NOW_S + 60}, "made in the future"),
        ({"iat": NOW_S + 59}, ""),
        ({"iat": NOW_S - 660}, "made too long ago"),
        ({"iat": NOW_S - 659}, ""),
        ({"iat": None}, "does not say"),
        ({"nbf": NOW_S + 60}, "not valid yet"),
        ({"nbf": NOW_S - 5}, ""),
        ({"nonce": "n-2"}, "nonce is not"),
        ({"nonce": ""}, "nonce is not"),
        ({"nonce": None}, "does not say"),
        ({"nonce": "ñ"}, "nonce is not"),
        ({"sub": ""}, "sub is empty"),
        ({"sub": "x" * 256}, "sub is empty or too long"),
        ({"sub": 1}, "does not say"),
    ],
)
def test_each_claim(change: dict[str, object], said: str) -> None:
    token = signed({name: value for name, value in {**CLAIMS, **change}.items() if value is not None})
    if not said:
        assert verified(token, PUBLISHED, EXPECTED, NOW_S)["sub"] == "0001"
        return
    with pytest.raises(Refused, match=said):
        verified(token, PUBLISHED, EXPECTED, NOW_S)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (f"{encoded({'alg': 'none'})}.{encoded(CLAIMS)}.", "signed with 'none'"),
        (f"{encoded({'alg': 'None', 'kid': 'r'})}.{encoded(CLAIMS)}.", "signed with 'None'"),
        (shared("HS256", RSA.as_pem(private=False)), "signed with 'HS256'"),
        (shared("HS512", RSA.as_pem(private=False)), "signed with 'HS512'"),
        (f"{encoded({'kid': 'r'})}.{encoded(CLAIMS)}.{encoded(b'x')}", "no header"),
        (f"{encoded({'alg': 'RS256', 'kid': 1})}.{encoded(CLAIMS)}.{encoded(b'x')}", "no header"),
        (f"{encoded({'alg': 'RS256', 'kid': 'r'})}.{encoded(CLAIMS)}.", "signature"),
        (f"{encoded({'alg': 'ES256', 'kid': 'r'})}.{encoded(CLAIMS)}.{encoded(b'x' * 64)}", "is not among"),
        (f"{encoded({'alg': 'ES256', 'kid': 'e256'})}.{encoded(CLAIMS)}.{encoded(bytes(64))}", "signature"),
        (signed(CLAIMS, RSAKey.generate_key(2048, {"kid": "r"})), "signature"),
        (signed(CLAIMS, b64=True, crit=["b64"]), "wants .* understood"),
        (signed(CLAIMS)[:-8] + "AAAAAAAA", "signature"),
        (signed(CLAIMS) + ".more", "signature"),
        (signed(b"[]"), "does not say"),
        (signed(b'{"iss": "\xff"}'), "does not say"),
        (signed(b'{"exp": NaN}'), "does not say"),
        (signed(b"[" * 5_000), "does not say"),
        (signed({**CLAIMS, "more": "x" * 70_000}), "characters, more than"),
        ("", "no header"),
        ("....", "no header"),
        ("ä.b.c", "no header"),
    ],
)
def test_what_is_no_token_of_the_provider(token: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        verified(token, PUBLISHED, EXPECTED, NOW_S)


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "RSA"},
        {"kty": "RSA", "kid": "r", "n": "***", "e": "AQAB"},
        {"kty": "oct", "kid": "r", "k": encoded(RSA.as_pem(private=False))},
        {**PUBLISHED[0], "use": "enc"},
        {**PUBLISHED[0], "alg": "PS256"},
        {**PUBLISHED[0], "kid": "another"},
        {**PUBLISHED[0], "kid": None},
        {**PUBLISHED[0], "kid": 1},
        {"kid": "r"},
        {},
    ],
)
def test_a_key_that_is_not_for_it(key: dict[str, Any]) -> None:
    with pytest.raises(UnknownKey, match="is not among"):
        verified(signed(CLAIMS), [key], EXPECTED, NOW_S)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_key_that_is_too_short_is_none() -> None:
    short = RSAKey.generate_key(1024, {"kid": "s"}, private=True)
    with pytest.raises(UnknownKey):
        verified(signed(CLAIMS, short), [dict(short.as_dict(private=False))], EXPECTED, NOW_S)


def test_a_curve_is_of_its_algorithm() -> None:
    """An ES256 signature by a key on another curve is none."""
    with pytest.raises(Refused):
        verified(signed(CLAIMS, CURVES[256], "ES256", kid="e384"), PUBLISHED, EXPECTED, NOW_S)


def test_without_a_name_there_is_only_one_key_to_take() -> None:
    token = signed(CLAIMS, kid=None)
    assert verified(token, PUBLISHED, EXPECTED, NOW_S) == CLAIMS
    with pytest.raises(Refused, match="which of several"):
        verified(token, [*PUBLISHED, {**PUBLISHED[0], "kid": "again"}], EXPECTED, NOW_S)


@pytest.mark.parametrize(
    ("claims", "claim", "name"),
    [
        ({"preferred_username": "asha"}, "preferred_username", "asha"),
        ({"preferred_username": "Asha.Verma"}, "preferred_username", "asha.verma"),
        ({"preferred_username": "\u212aasha"}, "preferred_username", "\u212aasha"),
        ({"preferred_username": ""}, "preferred_username", None),
        ({"preferred_username": ["asha"]}, "preferred_username", None),
        ({"preferred_username": "asha\n"}, "preferred_username", None),
        ({}, "preferred_username", None),
        ({"email": "asha@h.example", "email_verified": True}, "email", "asha@h.example"),
        ({"email": "asha@h.example", "email_verified": False}, "email", None),
        ({"email": "asha@h.example", "email_verified": "true"}, "email", None),
        ({"email": "asha@h.example", "email_verified": 1}, "email", None),
        ({"email": "asha@h.example"}, "email", None),
    ],
)
def test_the_name_of_the_account(claims: dict[str, object], claim: str, name: str | None) -> None:
    """The Kelvin sign is no K: what is beyond ASCII stays as it is, and is the name of no account."""
    if name is not None:
        assert name_in(claims, claim) == name
        return
    with pytest.raises(Refused):
        name_in(claims, claim)
