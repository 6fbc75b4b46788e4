"""TLS of what the collector opens: always verified."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.access.issue import issue
from collector.errors import UserError
from collector.outgoing import tls_context


def test_certificate_and_name_are_verified_and_old_tls_is_not_spoken(tmp_path: Path) -> None:
    list(issue(tmp_path, ["a.example"], datetime(2026, 3, 1, tzinfo=UTC)))
    for context in (tls_context(), tls_context(str(tmp_path / "ca.pem"))):
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_an_authority_of_ones_own_is_the_only_one(tmp_path: Path) -> None:
    list(issue(tmp_path, ["a.example"], datetime(2026, 3, 1, tzinfo=UTC)))
    assert len(tls_context(str(tmp_path / "ca.pem")).get_ca_certs()) == 1


@pytest.mark.parametrize(("content", "said"), [(None, "is missing"), (b"nonsense", "must be PEM")])
def test_files_that_can_not_be_used_are_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(UserError, match=said) as raised:
        tls_context(str(tmp_path / "ca.pem"))
    assert "ca.pem" in str(raised.value)
