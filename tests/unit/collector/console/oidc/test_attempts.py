"""Who went to the provider: once, in time, and nobody else; and an account is one person's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.console.accounts import Accounts
from collector.console.oidc import attempts as module
from collector.console.oidc.attempts import ATTEMPT_MS, Attempts, attempt_of
from tests.unit.collector.console.cases import AT_MS, user


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(Accounts(tmp_path / "console.db")) as found:
        yield found


def test_what_goes_along_tells_nothing_of_the_secret_and_is_always_the_same() -> None:
    attempt = attempt_of("secret")
    assert attempt == attempt_of("secret")
    assert len({*attempt, *attempt_of("another"), "secret"}) == 7
    assert all(len(each) == 43 for each in attempt), "256 bits; a verifier has 43 characters or more"
    assert attempt.challenge == base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")


def test_it_is_used_once_and_in_time(accounts: Accounts, tmp_path: Path) -> None:
    attempts = Attempts(accounts.file)
    first, second, late = (attempts.begin(back, AT_MS) for back in ("/alarms", "/", "/"))
    assert attempts.use(first, AT_MS + ATTEMPT_MS) == "/alarms"
    assert attempts.use(first, AT_MS) is None
    assert attempts.use("guess", AT_MS) is None
    assert attempts.use(late, AT_MS + ATTEMPT_MS + 1) is None
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all(each.encode() not in content for each in (second, *attempt_of(second)))


def test_there_are_never_too_many(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS_KEPT", 3)
    attempts = Attempts(accounts.file)
    begun = [attempts.begin("/", AT_MS + n) for n in range(5)]
    assert [attempts.use(each, AT_MS + 5) for each in begun] == [None, None, "/", "/", "/"]
    attempts.begin("/", AT_MS)
    attempts.begin("/", AT_MS + ATTEMPT_MS + 1)
    assert len(accounts.file.rows("SELECT 1 FROM attempt")) == 1, "those that are over are forgotten"


def test_an_account_is_of_whoever_came_first_until_it_is_made_anew(accounts: Accounts) -> None:
    attempts, asha = Attempts(accounts.file), user("asha", "viewer", "all")
    accounts.add(asha, None, AT_MS, "root")
    assert attempts.is_the_same("asha", "https://id.example", "1")
    assert attempts.is_the_same("asha", "https://id.example", "1")
    assert not attempts.is_the_same("asha", "https://id.example", "2")
    assert attempts.is_the_same("asha", "https://other.example", "2")
    accounts.remove("asha", AT_MS, "root")
    accounts.add(asha, None, AT_MS, "root")
    assert attempts.is_the_same("asha", "https://id.example", "2")
