"""A link that is forged, changed, old or another's is no link."""

from __future__ import annotations

import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.answers.key import KEY_BYTES, NAME, key_in
from collector.answers.links import Links
from collector.answers.token import LONGEST, Ticket, opened, sealed
from collector.errors import UserError
from tests.unit.collector.answers.cases import KEY, NOW_S
from tests.unit.collector.notify.texts.cases import RULES, personal

TICKET = Ticket("K7Q", "kasganj-dh/line/LP-LL", "asha", "+911", "hi", NOW_S + 3600)
TOKEN = sealed(TICKET, KEY)


def test_what_was_sealed_is_opened_until_it_is_old() -> None:
    assert opened(TOKEN, KEY, NOW_S) == TICKET
    assert opened(TOKEN, KEY, NOW_S + 3599) == TICKET
    assert opened(TOKEN, KEY, NOW_S + 3600) == "expired"
    assert opened(sealed(msgspec.structs.replace(TICKET, version=2), KEY), KEY, NOW_S) == "expired"
    assert len(TOKEN) < 130


def test_by_another_key_it_is_forged() -> None:
    assert opened(TOKEN, bytes(32), NOW_S) == "forged"


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_no_letter_can_be_changed(place: int) -> None:
    for letter in string.ascii_letters[place % 5 :: 5] + "-_.=":
        changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
        assert changed == TOKEN or opened(changed, KEY, NOW_S) == "forged"


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", TOKEN + "=", TOKEN + "A", TOKEN[:-1], TOKEN.split(".")[0], "é.é", "A" * (LONGEST + 1), "%00.%00"]
)
def test_what_is_no_token(token: str) -> None:
    assert opened(token, KEY, NOW_S) == "forged"


@given(st.text(max_size=200))
def test_nothing_that_is_made_up_opens(token: str) -> None:
    assert opened(token, KEY, NOW_S) == "forged"


def test_another_persons_name_needs_another_seal() -> None:
    other = sealed(msgspec.structs.replace(TICKET, person="ravi"), bytes(32))
    mixed = f"{other.partition('.')[0]}.{TOKEN.partition('.')[2]}"
    assert opened(mixed, KEY, NOW_S) == "forged"


def test_the_link_of_a_notice() -> None:
    links = Links("https://oxygen.example.org/", KEY, 12, lambda: NOW_S * 1000)
    link = links(personal(RULES[0], "hi", "nurse"))
    assert link.startswith("https://oxygen.example.org/a/")
    ticket = opened(link.rpartition("/")[2], KEY, NOW_S)
    assert ticket == Ticket("K7QX", "kasganj-dh/line/LP-LL", "asha", "+911", "hi", NOW_S + 12 * 3600)
    assert links(personal(RULES[0], "hi", "nurse", "cleared")) == ""
    assert links(personal(RULES[0], "hi", "nurse", code="")) == ""


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    assert len(key) == KEY_BYTES
    assert key_in(tmp_path) == key
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_none(tmp_path: Path) -> None:
    key_in(tmp_path)
    (tmp_path / NAME).chmod(0o644)
    with pytest.raises(UserError, match="others can read the key"):
        key_in(tmp_path)
    (tmp_path / NAME).chmod(0o600)
    (tmp_path / NAME).write_bytes(b"short")
    with pytest.raises(UserError, match="5 bytes are no key"):
        key_in(tmp_path)
    with pytest.raises(UserError, match="can't be made"):
        key_in(tmp_path / "nowhere")
