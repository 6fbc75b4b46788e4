"""The console as a process: its server, its files, its clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from collector import salvage
from collector.config import Config
from collector.config.console import Console as ConsoleSection
from collector.console.accounts import Accounts, opened
from collector.console.file import FORMAT
from collector.console.live import Live
from collector.console.patience import PatientProtocol
from collector.console.web import Console
from collector.database import FileLock
from collector.errors import UserError
from collector.incoming import doubt, server_context
from collector.ops.logs import set_up_logs

log = logging.getLogger(__name__)

HEADER_BYTES = 16_384
CONNECTIONS_MOST = 2_500


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def app_of(config: Config, accounts: Accounts, shown_ms: Callable[[], int] = now_ms) -> Starlette:
    """The pages. `shown_ms` is the clock of what is shown: the demo's is quicker than the wall's."""
    return Console(config, accounts, Live(config.state_path), now_ms, shown_ms).app()


def uvicorn_config(app: Starlette, given: ConsoleSection) -> uvicorn.Config:
    """Bounded in every way that a request can grow. Raises UserError for a certificate that can't be used."""
    tls = server_context(given.cert_file, given.key_file, "console") if given.cert_file else None
    return uvicorn.Config(
        app,
        host=given.host,
        port=given.port,
        ssl_context_factory=(lambda *_: tls) if tls is not None else None,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=given.public_url is not None,
        forwarded_allow_ips="127.0.0.1",
        h11_max_incomplete_event_size=HEADER_BYTES,
        limit_concurrency=CONNECTIONS_MOST,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        http=PatientProtocol,
        ws="none",
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The console's file is this process's, but for the commands about accounts."""
    lock = FileLock(path)
    try:
        yield
    finally:
        lock.release()


def _mended(path: Path) -> Path:
    """A damaged file is put aside, and what is readable of it copied into a new one."""
    found = salvage.open_or_mend(path, FORMAT, "FULL")
    found.conn.close()
    for problem in found.problems:
        log.warning("%s", problem)
    return path


def serve(config: Config) -> None:
    """Until SIGTERM or SIGINT. Raises UserError where it can't listen, or where another console is there: nobody restores beneath it."""
    set_up_logs(config.ops.log_format, config.ops.log_level)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    given = config.console
    Path(config.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(config.console_path), opened(_mended(config.console_path)) as accounts:
        if not accounts.all():
            log.warning("nobody may sign in yet; add somebody with `oxygrid console accounts add NAME --role … --scope …`")
        server = uvicorn.Server(uvicorn_config(app_of(config, accounts), given))
        if given.cert_file and (said := doubt(given.cert_file, "console")):
            log.warning("%s", said)
        log.info("the console is at %s", given.url)
        try:
            server.run()
        except SystemExit as exc:
            raise UserError(f"port {given.port} on {given.host} can't be listened on; set console.port to a free one") from exc
