"""The secrets of the stack."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.access import certificates
from collector.access.stack import OWNERS, PASSWORDS, main, make

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock"}


def made(folder: Path, *hosts: str, now: datetime = NOW) -> list[str]:
    return list(make(folder, hosts or ("oxygen.example.org",), now, own=False))


def test_every_secret_is_in_the_folder_of_its_service_and_for_it_alone(tmp_path: Path) -> None:
    made(tmp_path)
    assert {path.split("/")[0] for path in files(tmp_path)} == set(OWNERS)
    assert set(PASSWORDS) <= set(files(tmp_path))
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_key_of_the_authority_is_in_no_service_s_folder(tmp_path: Path) -> None:
    made(tmp_path)
    key = files(tmp_path)["authority/ca.key"]
    assert [path for path, content in files(tmp_path).items() if content == key] == ["authority/ca.key"]


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    before = files(tmp_path)
    made(tmp_path)
    assert files(tmp_path) == before


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    made(tmp_path / "a")
    made(tmp_path / "b")
    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert all(one[name] != other[name] for name in one if name != "accounts/acl")


def test_certificates_are_renewed_before_they_end_and_passwords_stay(tmp_path: Path) -> None:
    made(tmp_path)
    before = files(tmp_path)
    made(tmp_path, now=NOW + timedelta(days=380))
    changed = {name for name, content in files(tmp_path).items() if before[name] != content}
    assert changed == {
        *(f"{service}/server.{kind}" for service in ("authority", "mosquitto", "grafana", "console") for kind in ("pem", "key")),
        *(f"{service}/client.{kind}" for service in ("authority", "collector") for kind in ("pem", "key")),
    }


def test_another_name_of_the_server_is_another_certificate(tmp_path: Path) -> None:
    made(tmp_path)
    made(tmp_path, "oxygen.example.org", "192.0.2.10")
    assert "192.0.2.10" in certificates.hosts_of(files(tmp_path)["grafana/server.pem"])


def test_without_a_name_of_the_server_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--folder", str(tmp_path / "secrets")]) == 2
    assert "HOST=" in capsys.readouterr().err
    assert not (tmp_path / "secrets").exists()
