"""A GSM modem of the test's own on a pseudo-terminal: it knows its SIM card and network, and misbehaves as it is told to."""

from __future__ import annotations

import os
import pty
import re
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class ModemSim:
    """`answers` replaces what is said to a command that begins so: None hangs. `chatty`: says things nobody asked for. `radio` False: it
    is in no network until it is switched on."""

    answers: dict[str, str | None] = field(default_factory=dict)
    echo: bool = True
    chatty: bool = False
    radio: bool = True
    pin: str = ""
    path: str = ""
    said: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    card: dict[int, str] = field(default_factory=dict)
    _locked: bool = False

    def answer(self, command: str) -> str | None:
        for begin, said in self.answers.items():
            if command.startswith(begin):
                return said
        if command == "ATE0":
            self.echo = False
        if command.startswith("AT+CPIN="):
            self._locked = command != f'AT+CPIN="{self.pin}"'
            return "+CME ERROR: 16" if self._locked else "OK"
        if command == "AT+CFUN=1":
            self.radio = True
        known = {
            "AT+CPIN?": "SIM PIN" if self.pin and self._locked else "READY",
            "AT+CREG?": f"0,{int(self.radio)}",
            "AT+CFUN?": "1" if self.radio else "4",
        }
        if command in known:
            return f"{command[2:-1]}: {known[command]}\r\n\r\nOK"
        if command == "AT+CMGL=4":
            lines = [f"+CMGL: {place},0,,{len(pdu) // 2 - 8}\r\n{pdu}" for place, pdu in self.card.items()]
            return "\r\n".join([*lines, "", "OK"])
        if command.startswith("AT+CMGD="):
            return "OK" if self.card.pop(int(command[8:]), None) is not None else "+CMS ERROR: 321"
        return "OK" if re.fullmatch(r"AT(E0|\+CMEE=1|\+CMGF=0|\+CFUN=1)?", command) else "ERROR"


@contextmanager
def modem(**given: object) -> Iterator[ModemSim]:
    sim = ModemSim(**given)  # type: ignore[arg-type]
    sim._locked = bool(sim.pin)
    master, slave = pty.openpty()
    tty.setraw(slave)
    sim.path = os.ttyname(slave)
    stop_r, stop_w = os.pipe()
    thread = threading.Thread(target=_serve, args=(sim, master, stop_r), daemon=True)
    thread.start()
    try:
        yield sim
    finally:
        os.write(stop_w, b"x")
        thread.join(5)
        for fd in (stop_r, stop_w, slave, master):
            os.close(fd)


def _serve(sim: ModemSim, master: int, stop: int) -> None:
    line = _Line(sim, master)
    while True:
        ready, _, _ = select.select([master, stop], [], [])
        if stop in ready:
            return
        line.take(os.read(master, 1024))


class _Line:
    """What came, cut into commands and messages."""

    def __init__(self, sim: ModemSim, master: int) -> None:
        self._sim, self._master = sim, master
        self._data, self._in_pdu = b"", False

    def take(self, data: bytes) -> None:
        self._data += data
        while end := re.search(rb"[\x1a\x1b]" if self._in_pdu else rb"\r", self._data):
            text = self._data[: end.start()].decode("ascii", "replace")
            self._data = self._data[end.end() :]
            if self._in_pdu:
                self._message(text, sent=end[0] == b"\x1a")
            elif command := text.replace("\x1b", "").strip():
                self._command(command)

    def _message(self, text: str, *, sent: bool) -> None:
        self._in_pdu = False
        if sent:
            self._sim.sent.append(text)
            self._say(self._sim.answers.get("PDU", f"+CMGS: {len(self._sim.sent)}\r\n\r\nOK"))

    def _command(self, command: str) -> None:
        sim = self._sim
        sim.said.append(command)
        if sim.echo:
            os.write(self._master, command.encode() + b"\r")
        if sim.chatty:
            self._say('+CMTI: "SM",3\r\n\r\nRING')
        if command.startswith("AT+CMGS=") and "AT+CMGS" not in sim.answers:
            self._in_pdu = True
            os.write(self._master, b"\r\n> ")
        else:
            self._say(sim.answer(command))

    def _say(self, text: str | None) -> None:
        if text is not None:
            os.write(self._master, f"\r\n{text}\r\n".encode())
