"""An SMS as a modem wants it: the SMS-SUBMIT of 3GPP TS 23.040, in hexadecimal. Pure.

One part: 160 characters of the plain alphabet packed into seven bits each, or 70 units of UCS-2.
"""

from __future__ import annotations

from typing import NamedTuple

from collector.notify.texts.gsm7 import is_one_part, septets

_SUBMIT_RELATIVE_VALIDITY = 0x11
_INTERNATIONAL, _UNKNOWN = 0x91, 0x81
_PLAIN, _UCS2 = 0x00, 0x08
FOUR_HOURS = 47
"""Validity (47 + 1) × 5 min: an alarm that comes later than that misleads."""


class Pdu(NamedTuple):
    """`text` for after the prompt, `length` for AT+CMGS: its bytes without the service centre's."""

    text: str
    length: int


def submit(number: str, text: str, validity: int = FOUR_HOURS) -> Pdu:
    """Raises ValueError for a number that is none, or a text of more than one part."""
    if not is_one_part(text):
        raise ValueError("the text is longer than one part of an SMS")
    coded = septets(text)
    if coded is not None:
        coding, length, data = _PLAIN, len(coded), packed(coded)
    else:
        data = text.encode("utf-16-be")
        coding, length = _UCS2, len(data)
    head = bytes((_SUBMIT_RELATIVE_VALIDITY, 0)) + address(number) + bytes((0, coding, validity, length))
    body = head + data
    return Pdu((b"\x00" + body).hex().upper(), len(body))


def address(number: str) -> bytes:
    """Length in digits, type, and the digits in swapped half-bytes."""
    digits = "".join(char for char in number if char not in " -()./")
    international = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= 20):
        raise ValueError(f"{number!r} is no phone number; right is e.g. +919876543210")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))
    return bytes((len(digits), _INTERNATIONAL if international else _UNKNOWN)) + bytes.fromhex(swapped)


def packed(coded: bytes) -> bytes:
    """Septets to octets, the first in the lowest bits."""
    bits = sum(septet << 7 * n for n, septet in enumerate(coded))
    return bits.to_bytes((7 * len(coded) + 7) // 8, "little")
