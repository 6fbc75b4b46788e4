"""`oxygrid console`: the pages that people sign in to, and who may."""

from __future__ import annotations

import getpass
import re
import secrets
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, found, loaded
from collector.errors import UserError

if TYPE_CHECKING:
    from collector.config import Config

app = typer.Typer(no_args_is_help=True, help="The pages where alarms are seen and answered; a process of its own beside the collector.")
accounts_app = typer.Typer(no_args_is_help=True, help="Who may sign in.")
app.add_typer(accounts_app, name="accounts")

NAME = re.compile(r"[a-z0-9][a-z0-9.@_-]{0,62}")
WORDS_BYTES = 12


@app.command()
def run(config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Serve the pages until SIGTERM or SIGINT."""
    from collector.console.serve import serve

    serve(loaded(found(config_file), data_dir))


@app.command()
def link(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Print a link that signs NAME in, once, within ten minutes."""
    from collector.console.accounts import opened

    config = loaded(found(config_file), data_dir)
    with opened(config.console_path) as accounts:
        token = accounts.link(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"{config.console.url}/link/{token}")


@accounts_app.command("add")
def add(  # noqa: PLR0917
    name: str,
    role: Annotated[str, typer.Option(help="viewer, operator, engineer or admin.")],
    scope: Annotated[list[str], typer.Option(help="all, region:NAME, district:NAME or site:ID; may be given again.")],
    called: Annotated[str, typer.Option(help="What people know them by; it stands beside what they do.")] = "",
    language: Annotated[str, typer.Option(help="en, hi, fr or ar.")] = "en",
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Add an account. The password is asked for, or read from standard input, or made where that is empty."""
    from collector.console.accounts import opened, user_of
    from collector.console.scope import RIGHTS, scope_of
    from collector.notify.texts.catalogue import LANGUAGES

    config = loaded(found(config_file), data_dir)
    if not NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name to sign in with: small letters, digits, . @ _ -, at most 63")
    if role not in RIGHTS:
        raise UserError(f"{role!r} is no role; give one of {', '.join(RIGHTS)}")
    if language not in LANGUAGES:
        raise UserError(f"{language!r} is no language of the pages; give one of {', '.join(LANGUAGES)}")
    scopes = [scope_of(each) for each in scope]
    _known(config, [str(each) for each in scopes])
    password = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    made = "" if password else secrets.token_urlsafe(WORDS_BYTES)
    with opened(config.console_path) as accounts:
        accounts.add(user_of(name, called, role, scopes, language), password or made, _now_ms(), by=getpass.getuser())  # type: ignore[arg-type]
    typer.echo(f"{name} may sign in at {config.console.url}" + (f" with the password {made}" if made else ""))


@accounts_app.command("list")
def show(config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Who may sign in, in which role, and for what."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        for user in accounts.all():
            typer.echo(f"{user.name}\t{user.role}\t{', '.join(map(str, user.scopes))}\t{user.called}")


@accounts_app.command("remove")
def remove(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Remove an account; its sessions end at once."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        accounts.remove(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} may not sign in any more")


def _known(config: Config, scopes: list[str]) -> None:
    """A scope that reaches nothing is a mistake."""
    there = {"all"} | {f"{reach}:{getattr(site, of)}" for site in config.sites for reach, of in _REACHES}
    for scope in scopes:
        if scope not in there:
            near = ", ".join(
                sorted(each for each in there if each.partition(":")[0] == scope.partition(":")[0] and not each.endswith(":"))[:5]
            )
            raise UserError(f"{scope}: the configuration has no such; it has {near or 'none of that kind'}")


_REACHES = (("region", "region"), ("district", "district"), ("site", "id"))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
