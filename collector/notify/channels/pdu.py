"""An SMS as a modem wants it and gives it: SMS-SUBMIT and SMS-DELIVER of 3GPP TS 23.040, in hexadecimal. Pure.

One part: 160 characters of the plain alphabet packed into seven bits each, or 70 units of UCS-2.
"""

from __future__ import annotations

from typing import NamedTuple

from collector.notify.texts.gsm7 import is_one_part, septets, text_of

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


class Received(NamedTuple):
    """`number` is written with its plus where it is international; of a sender that is a word, the word."""

    number: str
    text: str


def received(pdu: str) -> Received | None:
    """A message that came in; None for what is none (a status report, data, not whole)."""
    try:
        data = bytes.fromhex(pdu)
        body = data[1 + data[0] :]
        first, digits, kind = body[0], body[1], body[2]
        end = 3 + (digits + 1) // 2
        coding, length = body[end + 1], body[end + 9]
        if first & 0x03:
            return None
        text = _text(coding, length, body[end + 10 :], header=bool(first & 0x40))
        return Received(_sender(kind, digits, body[3:end]), text) if text is not None else None
    except (ValueError, IndexError):
        return None


def _sender(kind: int, digits: int, data: bytes) -> str:
    if kind & 0x70 == 0x50:  # letters
        return text_of(unpacked(data, digits * 4 // 7))
    swapped = "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in data)[:digits]
    return f"+{swapped}" if kind & 0x70 == 0x10 else swapped


def _text(coding: int, length: int, data: bytes, *, header: bool) -> str | None:
    skipped = 1 + data[0] if header else 0
    if coding & 0xCC == 0x08:
        return data[skipped:length].decode("utf-16-be", "replace")
    if coding & 0xCC in {0x00, 0xC0} or coding & 0xFC == 0xF0:
        return text_of(unpacked(data, length)[-(-8 * skipped // 7) :])
    return None


def unpacked(data: bytes, count: int) -> bytes:
    """Octets to septets."""
    bits = int.from_bytes(data, "little")
    return bytes(bits >> 7 * n & 0x7F for n in range(min(count, len(data) * 8 // 7)))
