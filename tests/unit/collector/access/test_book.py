"""The accounts on disk."""

from __future__ import annotations

import os
import stat
from base64 import b64decode
from pathlib import Path

import bcrypt
import pytest

from collector.access.accounts import mosquitto_hash
from collector.access.book import AccountBook
from collector.errors import UserError

PREFIX = "oxygrid/v1"


def book(folder: Path) -> AccountBook:
    return AccountBook(folder, PREFIX)


def test_an_account_is_there_until_it_is_revoked(tmp_path: Path) -> None:
    subject = book(tmp_path)
    subject.add("b", "gw1", 1)
    subject.add("a", "", 2)
    subject.add("", "", 3)
    assert [(each.user, each.since_ms) for each in book(tmp_path).accounts()] == [("collector@oxygrid", 3), ("a", 2), ("b.gw1", 1)]
    assert [each.user for each in subject.revoke("b", "gw1")] == ["b.gw1"]
    assert "b.gw1" not in "".join((tmp_path / name).read_text() for name in ("accounts.json", "passwords", "acl", "nats.conf"))


def test_with_a_site_all_of_its_gateways_are_revoked(tmp_path: Path) -> None:
    for site, gateway in (("a", ""), ("a", "gw1"), ("ab", "gw1")):
        book(tmp_path).add(site, gateway, 0)
    assert [each.user for each in book(tmp_path).revoke("a", "")] == ["a", "a.gw1"]
    assert [each.user for each in book(tmp_path).accounts()] == ["ab.gw1"]


def test_the_password_fits_both_hashes_and_is_kept_nowhere(tmp_path: Path) -> None:
    account, password = book(tmp_path).add("a", "gw1", 0)
    salt = b64decode(account.mosquitto.split("$")[3])
    assert mosquitto_hash(password, salt) == account.mosquitto
    assert bcrypt.checkpw(password.encode(), account.nats.encode())
    assert len(password) >= 27
    assert all(password not in file.read_text() for file in tmp_path.iterdir())


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    book(tmp_path).add("a", "gw1", 0)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: folder.rmdir(), "is no folder"),
        (lambda folder: (folder / "passwords").write_text("someone:$7$x\n"), "was not written by oxygrid"),
        (lambda folder: (folder / "accounts.json").write_text("{"), "move it away"),
        (lambda folder: book(folder).add("a", "gw1", 0), "is there already"),
    ],
    ids=["no folder", "another's file", "damaged", "twice"],
)
def test_what_can_not_be_added_says_why_and_changes_nothing(tmp_path: Path, prepare: object, said: str) -> None:
    folder = tmp_path / "accounts"
    folder.mkdir()
    prepare(folder)  # type: ignore[operator]
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"} if folder.is_dir() else {}
    with pytest.raises(UserError, match=said):
        book(folder).add("a", "gw1", 0)
    assert before == ({file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".lock"} if folder.is_dir() else {})


def test_what_is_not_there_can_not_be_revoked(tmp_path: Path) -> None:
    book(tmp_path).add("a", "gw1", 0)
    with pytest.raises(UserError, match=r"no account a\.gw2; there is: a\.gw1"):
        book(tmp_path).revoke("a", "gw2")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 1883, 1883)
    book(tmp_path).add("a", "gw1", 0)
    assert {(file.stat().st_uid, file.stat().st_gid) for file in tmp_path.iterdir()} == {(1883, 1883)}
