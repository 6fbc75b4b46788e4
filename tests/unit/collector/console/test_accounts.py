"""Accounts in their file: what is refused, what is kept of secrets, and how long who guesses has to wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.console.accounts import LOCK_MOST_MS, SESSION_MOST_MS, Accounts, Locked
from collector.errors import UserError
from tests.unit.collector.console.cases import AT_MS, PASSWORD, user

ASHA = user("asha", "operator", "site:a")


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    found = Accounts(tmp_path / "console.db")
    found.add(ASHA, PASSWORD, AT_MS, "root")
    yield found
    found.close()


def test_nothing_in_the_file_signs_anybody_in(accounts: Accounts, tmp_path: Path) -> None:
    session, link = accounts.begin(ASHA, AT_MS, "test"), accounts.link("asha", AT_MS, "root")
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all(secret.encode() not in content for secret in (PASSWORD, session, link))
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_what_is_refused(accounts: Accounts) -> None:
    with pytest.raises(UserError, match="already"):
        accounts.add(ASHA, PASSWORD, AT_MS, "root")
    with pytest.raises(UserError, match="at least 12 characters"):
        accounts.add(user("bina", "viewer", "all"), "short", AT_MS, "root")
    for call in (accounts.remove, accounts.link):
        with pytest.raises(UserError, match="there is no account 'bina'"):
            call("bina", AT_MS, "root")


def test_the_wait_grows_and_ends(accounts: Accounts) -> None:
    now_ms = AT_MS
    waits = []
    for _ in range(18):
        try:
            assert accounts.check("asha", "wrong", "10.0.0.1", now_ms) is None
        except Locked as exc:
            waits.append(exc.wait_s)
            now_ms += exc.wait_s * 1000
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) * 1000 <= LOCK_MOST_MS
    assert accounts.check("asha", PASSWORD, "10.0.0.2", now_ms) == ASHA, "who sits elsewhere is not locked out by it"


def test_an_address_that_tries_many_names_waits_too(accounts: Accounts) -> None:
    for n in range(50):
        assert accounts.check(f"name{n}", "wrong", "10.0.0.9", AT_MS) is None
    with pytest.raises(Locked):
        accounts.check("name50", "wrong", "10.0.0.9", AT_MS)


def test_a_session_is_over_after_a_week_whatever_happens(accounts: Accounts) -> None:
    token, now_ms = accounts.begin(ASHA, AT_MS, "test"), AT_MS
    while now_ms < AT_MS + SESSION_MOST_MS:
        found = accounts.session(token, now_ms)
        assert found is not None
        assert found.user == ASHA
        now_ms += 3_600_000
    assert accounts.session(token, now_ms + 1) is None


def test_who_did_what_is_on_record(accounts: Accounts) -> None:
    accounts.begin(ASHA, AT_MS + 1, "with a password")
    accounts.remove("asha", AT_MS + 2, "root")
    assert [(who, what.partition(":")[0]) for _, who, what in accounts.events()] == [
        ("root", "account asha removed"), ("asha", "signed in, with a password"), ("root", "account asha added"),
    ]  # fmt: skip


def test_many_at_once_wait_for_each_other(accounts: Accounts) -> None:
    """Requests are answered by several threads, and there is one file."""
    with ThreadPoolExecutor(8) as threads:
        tokens = list(threads.map(lambda n: accounts.begin(ASHA, AT_MS + n, "test"), range(40)))
    assert all(accounts.session(token, AT_MS + 40) is not None for token in tokens)


def test_another_password_ends_the_other_sessions(accounts: Accounts) -> None:
    mine, other, link = accounts.begin(ASHA, AT_MS, "test"), accounts.begin(ASHA, AT_MS, "test"), accounts.link("asha", AT_MS, "root")
    accounts.change_password("asha", "another horse battery", AT_MS, "asha", keep=mine)
    assert accounts.session(mine, AT_MS) is not None
    assert accounts.session(other, AT_MS) is None
    assert accounts.use(link, AT_MS) is None
    assert accounts.check("asha", PASSWORD, "", AT_MS) is None
    assert accounts.check("asha", "another horse battery", "", AT_MS) == ASHA
    with pytest.raises(UserError, match="at least 12"):
        accounts.change_password("asha", "short", AT_MS, "asha")


def test_an_account_without_a_password_has_none_that_could_be_guessed(accounts: Accounts) -> None:
    bina = user("bina", "viewer", "all")
    accounts.add(bina, None, AT_MS, "root")
    assert accounts.check("bina", "", "10.0.0.1", AT_MS) is None
    assert accounts.use(accounts.link("bina", AT_MS, "root"), AT_MS) == bina
    accounts.change_password("bina", PASSWORD, AT_MS, "root")
    assert accounts.check("bina", PASSWORD, "10.0.0.2", AT_MS) == bina


def test_nobody_signs_in_to_an_account_that_is_disabled(accounts: Accounts) -> None:
    session, link = accounts.begin(ASHA, AT_MS, "test"), accounts.link("asha", AT_MS, "root")
    accounts.disable("asha", AT_MS, "root")
    assert accounts.check("asha", PASSWORD, "10.0.0.1", AT_MS) is None
    assert accounts.use(link, AT_MS) is None
    assert accounts.session(session, AT_MS) is None
    assert accounts.session(accounts.begin(ASHA, AT_MS, "at the same moment"), AT_MS) is None
    with pytest.raises(UserError, match="that is enabled"):
        accounts.link("asha", AT_MS, "root")
    accounts.choose_language("asha", "hi")
    assert [(each.name, each.disabled) for each in accounts.all()] == [("asha", True)]
    accounts.enable("asha", AT_MS, "root")
    assert accounts.session(session, AT_MS) is None, "what has ended stays ended"
    assert accounts.check("asha", PASSWORD, "10.0.0.1", AT_MS) is not None
    assert [what for _, who, what in accounts.events() if who == "root"][:2] == ["account asha enabled", "account asha disabled"]
    for call in (accounts.disable, accounts.enable):
        with pytest.raises(UserError, match="there is no account 'bina'"):
            call("bina", AT_MS, "root")
