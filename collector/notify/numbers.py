"""Phone numbers as people write them, and as gateways report them: the same number is recognised in any of its forms. Pure.

+91 98370-00001   0091 (98370) 00001   919837000001   09837000001   9837000001
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

NATIONAL_LEAST = 9
"""Digits of a national number without its leading zero, e.g. of Algeria; what is shorter must be the same digit by digit."""
_NUMBER = re.compile(r"\+?[0-9(][0-9 ()./-]{1,38}")

T = TypeVar("T", bound=Hashable)


def plain(address: str) -> str:
    """An address without what does not matter: spaces and capitals; of a number all that is no digit but a leading plus, `00` being one."""
    address = address.strip()
    if _NUMBER.fullmatch(address) is None:
        return "".join(address.split()).lower()
    plus, digits = address.startswith("+"), "".join(each for each in address if each.isdigit())
    return f"+{digits}" if plus else f"+{digits[2:]}" if digits.startswith("00") else digits


class Directory(Generic[T]):
    """Who is at an address."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._at: dict[str, set[T]] = {}
        for address, who in entries:
            self._at.setdefault(plain(address), set()).add(who)
        self._numbers: dict[str, list[str]] = {}
        for address in self._at:
            if _is_number(address):
                self._numbers.setdefault(_tail(address), []).append(address)

    def at(self, address: str) -> set[T]:
        """Those whose address it is. Of a number without its country, those whose number ends so, where only one does."""
        address = plain(address)
        if address in self._at or not _is_number(address):
            return self._at.get(address, set())
        found = [known for known in self._numbers.get(_tail(address), ()) if _same(known, address)]
        return self._at[found[0]] if len(found) == 1 else set()


def _is_number(address: str) -> bool:
    return address.removeprefix("+").isdigit()


def _national(address: str) -> str:
    return address.removeprefix("+").lstrip("0")


def _tail(address: str) -> str:
    return _national(address)[-NATIONAL_LEAST:]


def _same(one: str, other: str) -> bool:
    """Two forms of one number: the same, or one the end of the other. What begins with a plus is whole, and the end of nothing."""
    short, long = sorted((one, other), key=lambda each: len(_national(each)))
    if one.startswith("+") and other.startswith("+"):
        return one == other
    ends = len(_national(short)) >= NATIONAL_LEAST and not short.startswith("+") and _national(long).endswith(_national(short))
    return _national(short) == _national(long) or ends
