"""The section console.oidc: what is taken, and what is told of a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.config.console import Console
from collector.config.model import Config
from collector.config.secret import sources

GIVEN: dict[str, Any] = {"issuer": "https://id.example.org/realms/health", "client_id": "oxygrid"}


def test_what_stands_where_nothing_is_said() -> None:
    oidc = Console.model_validate({"oidc": GIVEN}).oidc
    assert oidc is not None
    assert (oidc.scopes, oidc.name_claim, oidc.client_secret_file, oidc.called) == (("openid", "profile"), "preferred_username", None, None)
    assert Console().oidc is None


def test_files_are_beside_the_configuration_and_the_secret_is_listed(tmp_path: Path) -> None:
    given = {"console": {"oidc": {**GIVEN, "client_secret_file": "secrets/oidc", "ca_file": "ca.pem"}}}
    config = Config.model_validate(given, context={"base": tmp_path})
    assert config.console.oidc is not None
    assert config.console.oidc.ca_file == str(tmp_path / "ca.pem")
    assert [*sources(config)] == [("console.oidc.client_secret_file", str(tmp_path / "secrets/oidc"))]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "http://id.example.org"}, "an issuer is an https:// address"),
        ({"issuer": "https://id.example.org/?x=1"}, "an issuer is an https:// address"),
        ({"issuer": "https://id.example.org/#x"}, "an issuer is an https:// address"),
        ({"issuer": "https://me:secret@id.example.org"}, "a password must not stand in the URL"),
        ({"issuer": "id.example.org"}, "should match pattern"),
        ({"client_id": ""}, "at least 1 character"),
        ({"client_secret": "hunter2"}, "Extra inputs are not permitted"),
        ({"client_secret_file": "env:"}, "the name of an environment variable is expected"),
        ({"scopes": ["profile"]}, "scopes has no openid"),
        ({"scopes": ["openid", "a b"]}, "should match pattern"),
        ({"name_claim": "email"}, "name_claim is email, but scopes asks for none"),
        ({"name_claim": "a b"}, "should match pattern"),
        ({"called": ""}, "at least 1 character"),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Console.model_validate({"oidc": {**GIVEN, **change}})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("console", "taken"),
    [
        ({}, True),
        ({"host": "0.0.0.0", "cert_file": "c", "key_file": "k"}, True),
        ({"public_url": "https://oxygen.example.org"}, True),
        ({"public_url": "http://localhost:8443"}, True),
        ({"public_url": "http://oxygen.example.org"}, False),
    ],
)
def test_nobody_is_sent_back_in_clear(console: dict[str, Any], taken: bool) -> None:
    if taken:
        Console.model_validate({**console, "oidc": GIVEN})
        return
    with pytest.raises(ValidationError, match="in clear"):
        Console.model_validate({**console, "oidc": GIVEN})
