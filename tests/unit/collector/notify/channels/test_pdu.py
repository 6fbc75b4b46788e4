"""SMS-SUBMIT against published vectors, and against a decoder of the test's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.notify.channels.pdu import Received, address, packed, received, submit, unpacked
from collector.notify.texts.gsm7 import BASIC, EXTENDED, first_part, folded, is_one_part, septets, text_of, units

HELLO = "E8329BFD4697D9EC37"
"""`hellohello` packed: the example of dreamfabric.com/sms (3GPP TS 23.040, 9.1.2.3)."""


def by_bits(data: bytes, count: int) -> bytes:
    """Bit by bit, another way than the code does it."""
    bits = "".join(f"{byte:08b}"[::-1] for byte in data)
    return bytes(int(bits[7 * n : 7 * n + 7][::-1], 2) for n in range(count))


def test_the_published_example() -> None:
    """0011000B916407281553F80000AA0AE8329BFD4697D9EC37 for +46708251358, validity AA (dreamfabric.com/sms)."""
    made = submit("+46708251358", "hellohello", validity=0xAA)
    assert made.text == f"0011000B916407281553F80000AA0A{HELLO}"
    assert made.length == 23


@pytest.mark.parametrize(
    ("text", "coded"),
    [
        ("hellohello", HELLO),
        ("How are you?", "C8F71D14969741F977FD07"),  # the example of developershome.com/sms
        ("Hello world", "C8329BFD06DDDF723619"),  # the example of Wikipedia, GSM 03.40
        ("1234567", "31D98C56B3DD00"),  # seven septets end in a bit of padding: 3GPP TS 23.038, 6.1.2.1
        ("€", "9B32"),
    ],
)
def test_septets_are_packed(text: str, coded: str) -> None:
    septet = septets(text)
    assert septet is not None
    assert packed(septet).hex().upper() == coded


def test_ucs2() -> None:
    made = submit("+919876543210", "दबाव", validity=0xAA)
    assert made.text == "0011000C9119896745230100" + "08AA08" + "0926092C093E0935"
    assert made.length == (len(made.text) - 2) // 2


@pytest.mark.parametrize(
    ("number", "coded"),
    [("+46708251358", "0B916407281553F8"), ("12345", "05812143F5"), ("+91 98765-43210", "0C91198967452301"), ("112", "038111F2")],
)
def test_numbers(number: str, coded: str) -> None:
    assert address(number).hex().upper() == coded


@pytest.mark.parametrize("number", ["", "+", "asha", "+91abc", "1", "9" * 21, "١٢٣٤"])
def test_what_is_no_number(number: str) -> None:
    with pytest.raises(ValueError, match="is no phone number"):
        address(number)


def test_more_than_one_part_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than one part"):
        submit("+919876543210", "x" * 161)
    with pytest.raises(ValueError, match="longer than one part"):
        submit("+919876543210", "द" * 71)
    assert submit("+919876543210", "x" * 160).length == 14 + 140
    assert submit("+919876543210", "द" * 70).length == 14 + 140


@given(st.text(alphabet=[char for char in BASIC if char != "\x1b"] + list(EXTENDED), min_size=1, max_size=160))
def test_what_is_packed_comes_back(text: str) -> None:
    coded = septets(text)
    assert coded is not None
    assert text_of(by_bits(packed(coded), len(coded))) == text
    assert unpacked(packed(coded), len(coded)) == coded
    assert is_one_part(text) == (len(coded) <= 160)


@given(st.text(max_size=300))
def test_the_first_part_is_one_part(text: str) -> None:
    part = first_part(text)
    assert is_one_part(part)
    assert part == folded(text) or part.endswith(("…", "..."))


def test_units_and_folding() -> None:
    assert units("😀") == 2
    assert folded("Contrôlez la centrale ; ça presse, œil") == "Controlez la centrale ; ca presse, oeil"
    assert folded("45 °C") == "45 C"
    assert folded("दबाव") == "दबाव"


DELIVERED = [
    # `hellohello` from +27831000015: the example of dreamfabric.com/sms
    ("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37", Received("27838890001", "hellohello")),
    ("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07", Received("+31641600986", "How are you?")),
    ("nonsense", None),
    ("", None),
    ("07", None),
]


@pytest.mark.parametrize(("pdu", "expected"), DELIVERED)
def test_what_comes_in(pdu: str, expected: Received | None) -> None:
    assert received(pdu) == expected


def deliver(number: str, coding: str, length: int, data: bytes, first: int = 0x04) -> str:
    return (bytes([0, first]) + address(number) + bytes.fromhex(f"00{coding}52011180615422") + bytes([length]) + data).hex()


def test_a_reply_in_hindi_one_of_several_parts_and_one_of_a_word() -> None:
    hindi = "हाँ K7R".encode("utf-16-be")
    assert received(deliver("+919837000001", "08", len(hindi), hindi)) == Received("+919837000001", "हाँ K7R")
    coded = septets("K7R")
    assert coded is not None
    header = bytes.fromhex("050003CC0201")  # the first of two parts: six octets are seven septets, with a bit to fill
    bits = int.from_bytes(header, "little") | sum(code << 7 * (n + 7) for n, code in enumerate(coded))
    assert received(deliver("112", "00", 10, bits.to_bytes(9, "little"), 0x44)) == Received("112", "K7R")
    word = septets("JIO")
    assert word is not None
    alpha = bytes([0, 4, 6, 0xD0]) + packed(word) + bytes.fromhex("000052011180615422") + bytes([3]) + packed(coded)
    assert received(alpha.hex()) == Received("JIO", "K7R")


@given(st.binary(max_size=60))
def test_nothing_that_comes_in_breaks_it(data: bytes) -> None:
    received(data.hex())
