"""The ID token: whether it is the provider's, for us, of now, and the answer to what this browser asked. Pure.

OpenID Connect Core 1.0 §3.1.3.7; algorithms by an allow-list (RFC 8725 §3.1): neither `none` nor one with a shared secret, so that a public
key can't be used as one.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.util import urlsafe_b64decode

from collector.errors import UserError

ALGORITHMS: Mapping[str, type[RSAKey | ECKey]] = {
    **{f"{kind}{bits}": RSAKey for kind in ("RS", "PS") for bits in (256, 384, 512)},
    **{f"ES{bits}": ECKey for bits in (256, 384, 512)},
}
LEEWAY_S = 60
"""How far the provider's clock may be from ours."""
AGE_MOST_S = 600
"""A token is fetched the moment it is made; one that is older was made for something else."""
TOKEN_BYTES = 65_536
KEYS_MOST = 50
RSA_BITS_LEAST = 2048


class Refused(UserError):
    """What the provider gave signs nobody in; the text says why, for the log."""


class UnknownKey(Refused):
    """No key that is known signed it; the provider may have new ones."""


class Claims(msgspec.Struct, frozen=True):
    """What an ID token must say, and of which type."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nonce: str
    azp: str | None = None
    nbf: int | float | None = None


class Expected(NamedTuple):
    issuer: str
    client_id: str
    nonce: str


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None
    crit: list[str] | None = None


class _Key(msgspec.Struct, frozen=True):
    kty: str
    kid: str | None = None
    use: str = "sig"
    alg: str | None = None


class _Registry(JWSRegistry):
    """Some providers add headers of their own, and chains of certificates."""

    max_header_length = 16_384

    def __init__(self) -> None:
        super().__init__(algorithms=list(ALGORITHMS), strict_check_header=False)


def verified(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected, now_s: float) -> dict[str, Any]:
    """All claims of a token that is valid. Raises UnknownKey, Refused."""
    if len(token) > TOKEN_BYTES:
        raise Refused(f"the ID token has {len(token)} characters, more than {TOKEN_BYTES}")
    body = _signed(token, keys)
    try:
        claims, everything = msgspec.json.decode(body, type=Claims), msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refused(f"the ID token does not say what it must: {exc}") from exc
    if wrong := _wrong(claims, expected, now_s):
        raise Refused(f"the ID token is refused: {wrong}")
    return everything


def _signed(token: str, keys: Sequence[Mapping[str, Any]]) -> bytes:
    """What was signed, by a key of the provider's that is for that."""
    try:
        header = msgspec.json.decode(urlsafe_b64decode(token.partition(".")[0].encode()), type=_Header)
    except (msgspec.DecodeError, ValueError) as exc:
        raise Refused(f"the ID token has no header that can be read: {exc}") from exc
    kind = ALGORITHMS.get(header.alg)
    if kind is None:
        raise Refused(f"the ID token is signed with {header.alg!r}; {', '.join(ALGORITHMS)} are taken")
    if header.crit is not None:
        raise Refused(f"the ID token wants {header.crit!r} understood, and nothing of that kind is")
    fitting = [key for each in keys[:KEYS_MOST] if (key := _key(each, kind, header)) is not None]
    if not fitting:
        raise UnknownKey(f"the ID token is signed with the key {header.kid!r}, which is not among the provider's for {header.alg}")
    if len(fitting) > 1:
        raise Refused("the ID token does not say which of several keys signed it")
    try:
        return deserialize_compact(token, fitting[0], registry=_Registry()).payload or b""
    except (JoseError, ValueError) as exc:
        raise Refused(f"the signature of the ID token is not right: {type(exc).__name__}") from exc


def _key(given: Mapping[str, Any], kind: type[RSAKey | ECKey], header: _Header) -> RSAKey | ECKey | None:
    """The key, where it is of that kind, for that algorithm, and the one that is named; what can't be read is none."""
    try:
        said = msgspec.convert(given, _Key)
        if said.kty != kind.key_type or said.use != "sig" or said.alg not in {None, header.alg}:
            return None
        if header.kid is not None and said.kid != header.kid:
            return None
        key = kind.import_key({name: value for name, value in given.items() if name in {"kty", "n", "e", "crv", "x", "y"}})
    except (msgspec.ValidationError, JoseError, ValueError, TypeError):
        return None
    return None if isinstance(key, RSAKey) and key.raw_value.key_size < RSA_BITS_LEAST else key


def _wrong(claims: Claims, expected: Expected, now_s: float) -> str:
    """What is; empty where nothing is."""
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    checks = (
        (claims.iss == expected.issuer, f"iss is {claims.iss!r}, not {expected.issuer!r}"),
        (expected.client_id in audience, f"aud is {claims.aud!r}, not {expected.client_id!r}"),
        (claims.azp in ({expected.client_id} if len(audience) > 1 else {None, expected.client_id}), f"azp is {claims.azp!r}"),
        (0 < len(claims.sub) <= 255, "sub is empty or too long"),
        (claims.exp > now_s - LEEWAY_S, "it is over (exp)"),
        (claims.iat < now_s + LEEWAY_S, "it was made in the future (iat)"),
        (claims.iat > now_s - AGE_MOST_S - LEEWAY_S, "it was made too long ago (iat)"),
        (claims.nbf is None or claims.nbf < now_s + LEEWAY_S, "it is not valid yet (nbf)"),
        (hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode()), "nonce is not the one that was sent"),
    )
    return next((wrong for right, wrong in checks if not right), "")


def name_in(claims: Mapping[str, Any], claim: str) -> str:
    """The account's name: accounts are of small letters, and providers write names and addresses as people typed them. Raises Refused where
    there is none, or an address that nobody has verified."""
    name = claims.get(claim)
    if not isinstance(name, str) or not name or not name.isprintable():
        raise Refused(f"the provider does not say {claim}; another name_claim or more scopes may be right")
    if claim == "email" and claims.get("email_verified") is not True:
        raise Refused("the provider has not verified that e-mail address")
    return name.lower() if name.isascii() else name
