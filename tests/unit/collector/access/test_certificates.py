"""The private authority and what it signs. Whether TLS believes it is tried with a real broker (tests/integration/test_broker_door.py)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from collector.access import certificates
from collector.errors import UserError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AUTHORITY = certificates.authority("test", NOW)


def test_the_authority_signs_what_it_issues() -> None:
    issuer = x509.load_pem_x509_certificate(AUTHORITY.certificate)
    for pair in (certificates.server(AUTHORITY, ["oxygen.example.org"], NOW), certificates.client(AUTHORITY, "gw", NOW)):
        x509.load_pem_x509_certificate(pair.certificate).verify_directly_issued_by(issuer)
        assert b"PRIVATE KEY" in pair.key


def test_a_server_has_names_and_addresses() -> None:
    pair = certificates.server(AUTHORITY, ["oxygen.example.org", "192.0.2.10", "2001:db8::1"], NOW)
    assert certificates.hosts_of(pair.certificate) == {"oxygen.example.org", "192.0.2.10", "2001:db8::1"}


@pytest.mark.parametrize(("after_days", "ends"), [(0, False), (366, False), (368, True), (400, True)])
def test_it_is_renewed_a_month_before_its_end(after_days: int, ends: bool) -> None:
    pair = certificates.server(AUTHORITY, ["a"], NOW)
    assert certificates.ends_soon(pair.certificate, NOW + timedelta(days=after_days)) is ends


def test_what_is_no_host_is_refused() -> None:
    with pytest.raises(UserError, match="neither a host name nor an address"):
        certificates.server(AUTHORITY, ["अस्पताल.example"], NOW)


def test_the_fingerprint_is_that_of_the_certificate() -> None:
    assert len(certificates.fingerprint(AUTHORITY.certificate)) == 64
    assert certificates.fingerprint(AUTHORITY.certificate) != certificates.fingerprint(certificates.authority("test", NOW).certificate)
