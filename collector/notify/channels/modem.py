"""A GSM modem on a serial port: the dialogue of AT commands (3GPP TS 27.005, 27.007), without blocking the loop.

The line is opened for a message and closed after it, so a modem that was unplugged or hung is found afresh the next time.
"""

from __future__ import annotations

import asyncio
import os
import re
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

ESCAPE, SUBMIT = b"\x1b", b"\x1a"
_FINAL = re.compile(r"^(OK|ERROR|\+CM[ES] ERROR: ?(.+))$")
_PLACE = re.compile(r"^\+CMGL: ?(\d+),")
_REGISTERED = frozenset({"1", "5", "6", "7"})
"""At home or as a guest; 6 and 7 the same for SMS alone, as modems for LTE say (3GPP TS 27.007, 7.2)."""
_SPEEDS = {9600: termios.B9600, 19200: termios.B19200, 38400: termios.B38400, 57600: termios.B57600, 115200: termios.B115200}
SPEEDS = tuple(_SPEEDS)
_BUFFER_MOST = 4096
REGISTER_TRIES, REGISTER_EVERY_S = 8, 2.0
"""What a modem whose radio was just switched on has to find its network."""

WORDS = {
    "1": "the number does not exist", "8": "the operator bars this SIM card from sending", "21": "the short message was rejected",
    "27": "the receiver's network does not know the number", "28": "the number is not known", "38": "the network is out of order",
    "41": "the network failed for a moment", "42": "the network is congested", "47": "no resources in the network",
    "50": "the SIM card may not send SMS", "302": "not allowed", "304": "the modem did not understand the message",
    "310": "no SIM card", "311": "the SIM card asks for its PIN", "313": "the SIM card failed", "330": "the SIM card has no service centre",
    "331": "no network", "332": "the network did not answer", "500": "the modem gave no reason",
}  # fmt: skip
"""What a +CMS ERROR means, of the codes that are seen (3GPP TS 27.005, 3.2.5)."""
NO_PLACE = "321"
"""There is no such place on the card; some say that of one that is empty."""
OF_THE_NUMBER = frozenset({"1", "21", "27", "28", "304"})
"""Codes that speak of this message; all others speak of the modem, the SIM card or the network."""


class ModemError(Exception):
    """`code` of a +CMS ERROR, else empty."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Modem:
    """An open line. Every method raises ModemError, or TimeoutError from without."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = bytearray()
        self._came = asyncio.Event()
        self._gone = False
        asyncio.get_running_loop().add_reader(fd, self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    async def begin(self, pin: str | None) -> None:
        """Wake it, end what an earlier talk left open, and see that it can send."""
        await self._write(ESCAPE + b"\r")
        for tries in range(3):
            try:
                async with asyncio.timeout(1.0):
                    await self.ask("ATE0")
                break
            except TimeoutError:
                if tries == 2:
                    raise ModemError("the modem says nothing; is it on, and is this its port?") from None
        with suppress(ModemError):  # one that knows no codes says ERROR, and no more of any failure
            await self.ask("AT+CMEE=1")
        await self._unlock(pin)
        await self._register()
        await self.ask("AT+CMGF=0")

    async def send(self, length: int, pdu: str) -> str:
        """The network's reference of the message it took."""
        await self._write(f"AT+CMGS={length}\r".encode())
        await self._prompt()
        await self._write(pdu.encode() + SUBMIT)
        lines = await self._answer("AT+CMGS")
        found = [line.partition(":")[2].strip() for line in lines if line.startswith("+CMGS:")]
        if not found:
            raise ModemError("the modem said OK but gave no reference for the message")
        return found[0]

    async def inbox(self) -> list[tuple[int, str]]:
        """Place and PDU of every message on the card."""
        try:
            lines = await self.ask("AT+CMGL=4")
        except ModemError as exc:
            if exc.code != NO_PLACE:
                raise
            return []
        found = []
        for head, pdu in pairwise(lines):
            place = _PLACE.match(head)
            if place is not None:
                found.append((int(place[1]), pdu.strip()))
        return found

    async def remove(self, place: int) -> None:
        await self.ask(f"AT+CMGD={place}")

    async def ask(self, command: str) -> list[str]:
        """The lines before OK."""
        await self._write(f"{command}\r".encode())
        return await self._answer(command)

    async def _register(self) -> None:
        """See that it is in a network. One whose radio is off, as ModemManager leaves it, is switched on."""
        for tries in range(REGISTER_TRIES):
            if await self._is_registered():
                return
            if not tries and not await self._switched_on():
                break
            await asyncio.sleep(REGISTER_EVERY_S)
        raise ModemError("the modem is in no network; look at its aerial and its SIM card", "331")

    async def _is_registered(self) -> bool:
        """In the network for calls or, where an operator has LTE alone, in that one. What does not say is believed to be."""
        said: list[str] = []
        for name in ("CREG", "CEREG"):
            with suppress(ModemError):
                answers = await self._values(f"AT+{name}?", f"+{name}:")
                said += [answer.split(",")[1].strip() for answer in answers if "," in answer]
            if not _REGISTERED.isdisjoint(said):
                return True
        return not said

    async def _switched_on(self) -> bool:
        """Whether its radio was off, and is on now."""
        with suppress(ModemError):
            if (await self._values("AT+CFUN?", "+CFUN:") or [""])[0] in {"0", "4"}:
                await self.ask("AT+CFUN=1")
                return True
        return False

    async def _unlock(self, pin: str | None) -> None:
        state = (await self._values("AT+CPIN?", "+CPIN:") or ["READY"])[0]
        if state == "SIM PIN" and pin:
            await self.ask(f'AT+CPIN="{pin}"')
        elif state != "READY":
            raise ModemError(f"the SIM card is locked ({state}); give pin_file, or unlock it", "311")

    async def _values(self, command: str, name: str) -> list[str]:
        return [line.removeprefix(name).strip() for line in await self.ask(command) if line.startswith(name)]

    async def _answer(self, command: str) -> list[str]:
        """Lines up to the final one. An echo of the command is none of them."""
        lines: list[str] = []
        while True:
            line = await self._line()
            final = _FINAL.match(line)
            if final is None:
                if line and line != command:
                    lines.append(line)
            elif final[1] == "OK":
                return lines
            else:
                code = (final[2] or "").strip()
                shown = "AT+CPIN" if command.startswith("AT+CPIN=") else command
                raise ModemError(f"{shown}: {WORDS.get(code, final[1])}" + (f" ({code})" if code in WORDS else ""), code)

    async def _prompt(self) -> None:
        """`> ` stands on no line of its own."""
        while b">" not in self._buffer:
            for line in bytes(self._buffer).split(b"\r\n"):
                final = _FINAL.match(line.decode("ascii", "replace").strip())
                if final is not None and final[1] != "OK":
                    raise ModemError(f"AT+CMGS: {WORDS.get((final[2] or '').strip(), final[1])}", (final[2] or "").strip())
            await self._more()
        del self._buffer[: self._buffer.index(b">") + 1]

    async def _line(self) -> str:
        while b"\n" not in self._buffer:
            await self._more()
        end = self._buffer.index(b"\n")
        line = bytes(self._buffer[:end]).replace(b"\r", b"").decode("ascii", "replace").strip()
        del self._buffer[: end + 1]
        return line

    async def _more(self) -> None:
        if self._gone:
            raise ModemError("the modem is gone; was it unplugged?")
        self._came.clear()
        await self._came.wait()

    async def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError as exc:
                raise ModemError(f"the modem is gone ({exc.strerror})") from exc

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 512)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone = True
            asyncio.get_running_loop().remove_reader(self._fd)
        self._buffer += data
        del self._buffer[:-_BUFFER_MOST]
        self._came.set()


@asynccontextmanager
async def opened(device: str, speed: int) -> AsyncIterator[Modem]:
    """Raises ModemError where the port can't be opened."""
    try:
        fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as exc:
        raise ModemError(f"the port can't be opened: {exc.strerror}") from exc
    try:
        _raw(fd, speed)
    except termios.error as exc:
        os.close(fd)
        raise ModemError(f"this is no serial port: {exc}") from exc
    modem = Modem(fd)
    try:
        yield modem
    finally:
        modem.close()


def _raw(fd: int, speed: int) -> None:
    """Eight bits, no parity, no flow control by characters, nothing interpreted."""
    mode = termios.tcgetattr(fd)
    mode[0] = mode[1] = mode[3] = 0
    mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    mode[4] = mode[5] = _SPEEDS[speed]
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
    termios.tcsetattr(fd, termios.TCSANOW, mode)
    termios.tcflush(fd, termios.TCIOFLUSH)
