"""What a technician and an administrator are told of accounts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from collector.access import settings
from collector.access.accounts import Account
from collector.access.book import Added
from collector.access.settings import Settings
from collector.config import Config
from collector.errors import UserError

SITE = {
    "id": "a",
    "assets": [
        {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
        {"id": "gw1", "kind": "gateway", "assets": ["line"]},
        {"id": "gw2", "kind": "gateway"},
    ],
}


def config(**access: str) -> Config:
    return Config.model_validate({"sites": [SITE], "access": {"url": "mqtts://b.example:8883", **access}})


def account(site: str, gateway: str = "") -> Account:
    return Account(site=site, gateway=gateway, since_ms=1_764_000_000_000, mosquitto="m", nats="n")


def test_a_gateway_is_told_all_it_needs() -> None:
    told = settings.of(config(), Added(account("a", "gw1"), "s3cret"))
    assert told == Settings("mqtts://b.example:8883", "a.gw1", "s3cret", "a.gw1", "oxygrid/v1/a/<asset>", "oxygrid/v1/a/gw1/command")
    assert "  password      s3cret" in list(settings.lines(told))


def test_the_qr_code_holds_the_settings() -> None:
    told = settings.of(config(), Added(account("a", "gw1"), "s3cret"))
    assert settings.qr(told).designator.endswith("-M") or settings.qr(told).error in {"M", "Q", "H"}
    assert msgspec.json.decode(msgspec.json.encode(told), type=Settings) == told


def test_an_authority_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    for file, said in ((tmp_path / "none.pem", "No such file"), (tmp_path / "ca.pem", "no certificate")):
        with pytest.raises(UserError, match=said):
            settings.of(config(ca_file=str(file)), Added(account("a"), "x"))


@pytest.mark.parametrize(
    ("accounts", "lines"),
    [
        ([], ["a/gw1 has no account", "a/gw2 has no account"]),
        ([account("a", "gw1")], ["a.gw1 since 2025-11-24T16:00:00+00:00", "a/gw2 has no account"]),
        ([account("a")], ["a since 2025-11-24T16:00:00+00:00"]),
        ([account("a"), account("x", "gw")], ["a since", "x.gw since 2025-11-24T16:00:00+00:00 not in the configuration: revoke it?"]),
    ],
)
def test_the_list_says_who_is_missing_and_who_is_too_many(accounts: list[Account], lines: list[str]) -> None:
    found = [" ".join(line.split()) for line in settings.overview_lines(settings.overview(config(), accounts))]
    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))
