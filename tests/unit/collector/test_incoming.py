"""A door's certificate: what can't be used is refused with what would be right, and what browsers will refuse is said before they do."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from collector.access import certificates
from collector.errors import UserError
from collector.incoming import doubt, server_context

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    authority = certificates.authority("x", NOW)
    for name in ("one", "other"):
        pair = certificates.server(authority, ["localhost"], NOW)
        (tmp_path / f"{name}.pem").write_bytes(pair.certificate)
        (tmp_path / f"{name}.key").write_bytes(pair.key)
    key = serialization.load_pem_private_key((tmp_path / "one.key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"hunter2")
    (tmp_path / "locked.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    (tmp_path / "junk").write_text("junk\n")
    return tmp_path


def test_a_pair_that_fits(folder: Path) -> None:
    context = server_context(str(folder / "one.pem"), str(folder / "one.key"), "console")
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("none.pem", "one.key", r"console\.cert_file: .*none\.pem can't be read: No such file"),
        ("one.pem", "none.key", r"console\.key_file: .*none\.key can't be read: No such file"),
        ("one.pem", ".", r"console\.key_file: .* can't be read: Is a directory"),
        ("junk", "one.key", "can't be used .* both PEM"),
        ("one.pem", "junk", "can't be used .* both PEM"),
        ("one.pem", "other.key", "can't be used .*MISMATCH.* both PEM"),
        ("one.pem", "locked.key", "can't be used .* the key without a password"),
    ],
)
def test_what_can_not_be_used(folder: Path, certificate: str, key: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        server_context(str(folder / certificate), str(folder / key), "console")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, ""),
        (380, ""),
        (385, r"ends on 2027-04-02; renew it"),
        (400, "ended on 2027-04-02: browsers refuse it"),
        (-2, "begins on .* is the clock right"),
    ],
)
def test_what_browsers_will_say(folder: Path, days: int, said: str) -> None:
    text = doubt(str(folder / "one.pem"), "console", NOW + timedelta(days=days))
    assert re.search(said, text) if said else text == ""
