"""SMS through a GSM modem on a serial port: no internet, no provider, and it works while the network of the hospital is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from collector.notify.channels.base import Secret, SendError, told
from collector.notify.channels.modem import OF_THE_NUMBER, Modem, ModemError, opened
from collector.notify.channels.pdu import received, submit
from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.notify.texts.gsm7 import first_part


@dataclass(frozen=True, slots=True)
class GsmOptions:
    """`to`: numbers for notices to nobody in person."""

    device: str
    speed: int = 115200
    to: tuple[str, ...] = ()
    pin: Secret | None = field(default=None, repr=False)
    timeout_s: float = 40.0


class GsmSender:
    """One message after the other; a modem does one thing at a time."""

    digests = False
    form: Form = "sms"

    def __init__(self, channel_id: str, options: GsmOptions) -> None:
        self.id = channel_id
        self.options = options
        self._one = asyncio.Lock()

    async def send(self, envelope: Envelope) -> None:
        opt = self.options
        numbers = (envelope.to,) if envelope.to else opt.to
        where = f"modem {opt.device}"
        if not numbers:
            raise SendError(f"channel {self.id} has no number for this notice; give it one, or the person an address", only_this=True)
        text = first_part(envelope.body if envelope.notices[0].role else envelope.subject)
        try:
            async with self._one, asyncio.timeout(opt.timeout_s), opened(opt.device, opt.speed) as modem:
                await modem.begin(told(opt.pin))
                refused = [said for number in numbers if (said := await _refused(modem, number, text))]
        except TimeoutError as exc:
            raise SendError(f"{where}: no answer within {opt.timeout_s:g} s") from exc
        except ModemError as exc:
            raise SendError(f"{where}: {exc}") from exc
        if len(refused) == len(numbers):
            raise SendError(f"{where}: {'; '.join(refused)}", only_this=True)

    async def replies(self, answer: Callable[[str, str], Awaitable[str]]) -> int:
        """Read what came in, and send back what `answer(number, text)` says, where it says something. A message is removed from the card
        when it is answered: one that a crash interrupts is answered again. How many there were. Raises SendError."""
        opt = self.options
        try:
            async with self._one, asyncio.timeout(opt.timeout_s), opened(opt.device, opt.speed) as modem:
                await modem.begin(told(opt.pin))
                found = await modem.inbox()
                for place, pdu in found:
                    message = received(pdu)
                    said = await answer(message.number, message.text) if message is not None else ""
                    if said and message is not None:
                        await _refused(modem, message.number, first_part(said))
                    await modem.remove(place)
                return len(found)
        except TimeoutError as exc:
            raise SendError(f"modem {opt.device}: no answer within {opt.timeout_s:g} s") from exc
        except ModemError as exc:
            raise SendError(f"modem {opt.device}: {exc}") from exc


async def _refused(modem: Modem, number: str, text: str) -> str:
    """Empty where it was taken. A failure that is not of the number is raised."""
    try:
        pdu = submit(number, text)
        await modem.send(pdu.length, pdu.text)
    except ValueError as exc:
        return str(exc)
    except ModemError as exc:
        if exc.code not in OF_THE_NUMBER:
            raise
        return f"{number}: {exc}"
    return ""
