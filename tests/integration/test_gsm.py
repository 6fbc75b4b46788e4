"""SMS through a modem: one that works, that asks for its PIN, that has no network, refuses, hangs, says things unasked, or is not there."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from collector.app import loop_factory
from collector.notify.channels import GsmOptions, GsmSender, SendError
from collector.notify.channels.pdu import address, submit
from collector.notify.messages import Envelope, single
from collector.notify.render import with_text
from tests.integration.modem import ModemSim, modem
from tests.unit.collector.notify.cases import AT_MS, notice
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal


def sms(sim: ModemSim, **more: Any) -> GsmSender:
    return GsmSender("sms", GsmOptions(sim.path, **{"timeout_s": 5.0, **more}))


def envelope(language: str = "en", to: str = "+919876543210") -> Envelope:
    return single(with_text(personal(RULES[0], language, "nurse", to=to), SITE, "sms"), AT_MS)


@pytest.mark.parametrize("language", ["en", "hi", "fr", "ar"])
@pytest.mark.parametrize("chatty", [False, True])
async def test_a_message_goes_out(language: str, chatty: bool) -> None:
    made = envelope(language)
    with modem(chatty=chatty) as sim:
        await sms(sim).send(made)
    assert sim.sent == [submit("+919876543210", made.body).text]
    assert f"AT+CMGS={submit('+919876543210', made.body).length}" in sim.said


async def test_a_notice_to_nobody_in_person_goes_to_the_numbers_of_the_channel() -> None:
    with modem() as sim:
        await sms(sim, to=("+911", "+91 22")).send(single(notice(), AT_MS))
    first = notice().subject
    assert sim.sent == [submit(number, first).text for number in ("+911", "+9122")]


async def test_the_pin_is_given_and_never_said() -> None:
    with modem(pin="4711") as sim:
        await sms(sim, pin=lambda: "4711").send(envelope())
    assert len(sim.sent) == 1
    with modem(pin="4711") as sim, pytest.raises(SendError) as raised:
        await sms(sim, pin=lambda: "0815").send(envelope())
    assert "0815" not in str(raised.value)
    with modem(pin="4711") as sim, pytest.raises(SendError, match="the SIM card is locked"):
        await sms(sim).send(envelope())


TROUBLE: list[tuple[dict[str, str | None], str, bool]] = [
    ({"AT+CREG?": "+CREG: 0,2\r\n\r\nOK"}, "in no network", False),
    ({"AT+CMGF": "ERROR"}, r"AT\+CMGF=0: ERROR", False),
    ({"AT+CPIN?": "+CME ERROR: 10"}, r"\+CME ERROR: 10", False),
    ({"AT+CMGS": "+CMS ERROR: 330"}, "no service centre", False),
    ({"PDU": "+CMS ERROR: 38"}, "the network is out of order", False),
    ({"PDU": "+CMS ERROR: 500"}, "gave no reason", False),
    ({"PDU": "ERROR"}, r"AT\+CMGS: ERROR", False),
    ({"PDU": "OK"}, "no reference", False),
    ({"PDU": "+CMS ERROR: 28"}, "the number is not known", True),
    ({"PDU": "+CMS ERROR: 1"}, "the number does not exist", True),
    ({"PDU": None}, "no answer within 1 s", False),
    ({"AT+CMGS": None}, "no answer within 1 s", False),
    ({"AT+CMEE": None}, "no answer within 1 s", False),
]


@pytest.mark.parametrize(("answers", "text", "only_this"), TROUBLE, ids=[str(case[0]) for case in TROUBLE])
async def test_a_modem_in_trouble(answers: dict[str, str | None], text: str, only_this: bool) -> None:
    started = time.monotonic()
    with modem(answers=answers) as sim, pytest.raises(SendError, match=text) as raised:
        await sms(sim, timeout_s=1.0).send(envelope())
    assert raised.value.only_this is only_this
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "answers",
    [
        {"AT+CMEE": "ERROR"},
        {"AT+CREG?": "+CREG: 0,6\r\n\r\nOK"},
        {"AT+CREG?": "+CREG: 0,2\r\n\r\nOK", "AT+CEREG?": '+CEREG: 2,1,"1A2B","01"\r\n\r\nOK'},
        {"AT+CREG?": "ERROR"},
    ],
    ids=["that knows no codes", "for SMS alone", "of a network that is LTE alone", "that says nothing of its network"],
)
async def test_a_modem_of_another_make(answers: dict[str, str | None]) -> None:
    with modem(answers=answers) as sim:
        await sms(sim).send(envelope())
    assert len(sim.sent) == 1


async def test_a_modem_whose_radio_is_off_is_switched_on() -> None:
    with modem(radio=False) as sim:
        await sms(sim).send(envelope())
    assert (sim.radio, len(sim.sent)) == (True, 1)


async def test_after_a_message_that_hung_the_next_one_goes_out() -> None:
    """A prompt that was left open would take the next command for a message."""
    with modem(answers={"PDU": None}) as sim:
        with pytest.raises(SendError):
            await sms(sim, timeout_s=0.7).send(envelope())
        del sim.answers["PDU"]
        await sms(sim).send(envelope("hi"))
        assert sim.sent[-1] == submit("+919876543210", envelope("hi").body).text


async def test_a_refused_number_does_not_keep_the_others_waiting() -> None:
    with modem() as sim:
        await sms(sim, to=("nonsense", "+911234")).send(single(notice(), AT_MS))
    assert len(sim.sent) == 1


@pytest.mark.parametrize(("device", "text"), [("/dev/there-is-none", "No such file"), ("/dev/null", "no serial port")])
async def test_no_modem(device: str, text: str) -> None:
    with pytest.raises(SendError, match=text):
        await GsmSender("sms", GsmOptions(device)).send(envelope())


async def test_no_number() -> None:
    with modem() as sim, pytest.raises(SendError, match="has no number") as raised:
        await sms(sim).send(msgspec.structs.replace(envelope(), to=""))
    assert raised.value.only_this


def delivered(number: str, text: str) -> str:
    data = text.encode("utf-16-be")
    return (bytes([0, 4]) + address(number) + bytes.fromhex("000852011180615422") + bytes([len(data)]) + data).hex().upper()


async def test_replies_are_read_answered_and_removed() -> None:
    said: list[tuple[str, str]] = []

    async def answer(number: str, text: str) -> str:
        said.append((number, text))
        return "धन्यवाद" if number == "+911" else ""

    with modem() as sim:
        sim.card = {1: delivered("+911", "K7R 30"), 4: delivered("+912", "win a prize"), 7: "nonsense"}
        assert await sms(sim).replies(answer) == 3
        assert await sms(sim).replies(answer) == 0
    assert said == [("+911", "K7R 30"), ("+912", "win a prize")]
    assert sim.sent == [submit("+911", "धन्यवाद").text]
    assert sim.card == {}
    with modem(answers={"AT+CMGL": "+CMS ERROR: 321"}) as sim:
        assert await sms(sim).replies(answer) == 0


async def test_a_modem_that_is_gone_can_not_be_read() -> None:
    async def answer(_number: str, _text: str) -> str:
        return ""

    with modem(answers={"AT+CMGL": "ERROR"}) as sim, pytest.raises(SendError, match="ERROR"):
        await sms(sim).replies(answer)
    with modem(answers={"AT+CMGL": None}) as sim, pytest.raises(SendError, match="no answer"):
        await sms(sim, timeout_s=0.5).replies(answer)


def test_it_works_on_the_loop_of_the_collector() -> None:
    """uvloop watches the port too."""
    import asyncio

    with modem() as sim, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(sms(sim).send(envelope()))
        assert len(sim.sent) == 1
