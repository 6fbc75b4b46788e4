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
tokens_app = typer.Typer(no_args_is_help=True, help="Tokens of programs that use the API.")
app.add_typer(tokens_app, name="tokens")

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
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Signs in by OpenID Connect, or with a link; never with a password.")
    ] = False,
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
    given, made = (None, "") if no_password else _password()
    user = user_of(name, called, role, scopes, language)  # type: ignore[arg-type]
    with opened(config.console_path) as accounts:
        accounts.add(user, made or given, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} may sign in at {config.console.url}" + (f" with the password {made}" if made else ""))


@accounts_app.command("list")
def show(config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Who may sign in, in which role, and for what."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        for user in accounts.all():
            typer.echo(
                f"{user.name}\t{user.role}\t{', '.join(map(str, user.scopes))}\t{user.called}{' (disabled)' if user.disabled else ''}"
            )


@accounts_app.command("remove")
def remove(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Remove an account; its sessions end at once."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        accounts.remove(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} may not sign in any more")


@accounts_app.command("disable")
def disable(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Let nobody sign in to the account of NAME, and end its sessions at once; it stays, with its role and scopes."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        accounts.disable(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} may not sign in until `oxygrid console accounts enable {name}`")


@accounts_app.command("enable")
def enable(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Let NAME sign in again."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        accounts.enable(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} may sign in again")


@accounts_app.command("password")
def password(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Give NAME another password; it is asked for, or read from standard input, or made where that is empty. Its sessions end."""
    from collector.console.accounts import opened

    config = loaded(found(config_file), data_dir)
    given, made = _password()
    with opened(config.console_path) as accounts:
        accounts.change_password(name, given or made, _now_ms(), by=getpass.getuser())
    typer.echo(f"{name} has another password" + (f": {made}" if made else ""))


@tokens_app.command("add")
def add_token(
    name: str,
    scope: Annotated[list[str], typer.Option(help="all, region:NAME, district:NAME or site:ID; may be given again.")],
    right: Annotated[str, typer.Option(help="see, answer (and acknowledge, reset, shelve) or judge (and take out of service).")] = "see",
    days: Annotated[int, typer.Option(help="How long it is valid, at most 366.")] = 90,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Make a token for a program and print it, once: only its hash is kept."""
    from collector.console.accounts import opened
    from collector.console.scope import scope_of
    from collector.console.tokens import DAY_MS, Token

    config, now_ms = loaded(found(config_file), data_dir), _now_ms()
    scopes = [scope_of(each) for each in scope]
    _known(config, [str(each) for each in scopes])
    token = Token(
        name=name,
        right=right,  # type: ignore[arg-type]  # checked when it is added
        scopes=tuple(scopes),
        made_ms=now_ms,
        until_ms=now_ms + days * DAY_MS,
        by=getpass.getuser(),
    )
    with opened(config.console_path) as accounts:
        typer.echo(accounts.tokens.add(token))


@tokens_app.command("list")
def show_tokens(config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Which tokens there are: what they may, for which hospitals, until when."""
    from collector.commands.tables import time_text
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        for token in accounts.tokens.all():
            over = " (over)" if token.until_ms <= _now_ms() else ""
            typer.echo(f"{token.name}\t{token.right}\t{', '.join(map(str, token.scopes))}\tuntil {time_text(token.until_ms)}{over}")


@tokens_app.command("revoke")
def revoke_token(name: str, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """End a token at once."""
    from collector.console.accounts import opened

    with opened(loaded(found(config_file), data_dir).console_path) as accounts:
        accounts.tokens.revoke(name, _now_ms(), by=getpass.getuser())
    typer.echo(f"the token {name} is not valid any more")


def _password() -> tuple[str, str]:
    """What was given, or else one that was made."""
    given = getpass.getpass("Password (empty: make one): ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    return given, "" if given else secrets.token_urlsafe(WORDS_BYTES)


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
