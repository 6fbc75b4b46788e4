"""A number in any of its forms is the same, and no other number is."""

from __future__ import annotations

import pytest

from collector.notify.numbers import Directory, plain

FORMS = ["+919837000001", "+91 98370-00001", "0091 (98370) 00001", "919837000001", "09837000001", "9837000001"]


@pytest.mark.parametrize("configured", FORMS)
@pytest.mark.parametrize("reported", FORMS)
def test_forms_of_one_number(configured: str, reported: str) -> None:
    assert Directory([(configured, "asha"), ("+213550123456", "ravi")]).at(reported) == {"asha"}


@pytest.mark.parametrize(
    ("configured", "reported"),
    [
        ("+919837000001", "+929837000001"),  # another country
        ("+919837000001", "9837000002"),
        ("+919837000001", "37000001"),  # too short to be sure
        ("+919837000001", "1919837000001"),
        ("56161", "156161"),
        ("56161", "6161"),
        ("-1009837000001", "9837000001"),  # a group in Telegram
        ("asha@example.org", "sha@example.org"),
        ("", "9837000001"),
        ("9837000001", ""),
        ("9837000001", "٩٨٣٧٠٠٠٠٠١"),
    ],
)
def test_another_is_another(configured: str, reported: str) -> None:
    assert Directory([(configured, "asha")]).at(reported) == set()


def test_what_could_be_two_numbers_is_none() -> None:
    both = Directory([("+919837000001", "asha"), ("+979837000001", "ravi")])
    assert both.at("9837000001") == set()
    assert both.at("979837000001") == {"ravi"}


def test_several_people_share_a_phone() -> None:
    assert Directory([("+91 9837000001", "asha"), ("919837000001", "ravi")]).at("+919837000001") == {"asha"}
    assert Directory([("+91 9837000001", "asha"), ("+919837000001", "ravi")]).at("09837000001") == {"asha", "ravi"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [(" Asha@Example.org ", "asha@example.org"), ("+91 98370-00001", "+919837000001"), ("0091 98370", "+9198370"), ("-10047", "-10047")],
)
def test_plain(address: str, expected: str) -> None:
    assert plain(address) == expected
