"""`oxygrid broker accounts add | list | revoke`, `oxygrid broker certificates`: who may speak to the broker."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, loaded
from collector.commands.telling import json_lines, tell, wall_ms
from collector.errors import UserError

if TYPE_CHECKING:
    from collector.access.book import AccountBook
    from collector.config import Config

app = typer.Typer(name="broker", help="Who may speak to the broker: accounts of gateways, certificates.", no_args_is_help=True)
accounts = typer.Typer(name="accounts", help="Accounts of gateways, in the files that mosquitto and NATS read.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")

Whose = Annotated[
    str,
    typer.Argument(metavar="SITE[/GATEWAY]", help="A gateway, a whole site, or `collector` for that.", show_default=False),
]
Folder = Annotated[Path | None, typer.Option(help="Folder of the accounts, in place of the configuration's access.folder.")]


@accounts.command()
def add(
    whose: Whose,
    config_file: ConfigFile = None,
    folder: Folder = None,
    qr_file: Annotated[Path | None, typer.Option("--qr-file", help="Write the QR code there: .png or .svg.")] = None,
    *,
    qr: Annotated[bool, typer.Option("--qr/--no-qr", help="Show a QR code for the technician's phone.")] = True,
    as_json: AsJson = False,
) -> None:
    """Make an account with a password of its own, and print the gateway's settings. The password is told this once and kept nowhere."""
    from collector.access import settings

    config = loaded(config_file)
    site, gateway = _known(config, whose)
    if qr_file is not None:
        settings.check_picture(qr_file)
    book = _book(config, folder)
    told = settings.of(config, book.add(site, gateway, wall_ms()))
    if as_json:
        tell(json_lines(told))
        return
    tell(settings.lines(told))
    if qr_file is not None:
        settings.save_picture(told, qr_file)
        typer.echo(f"The QR code is in {qr_file}: it holds the password, remove it when it was read.")
    elif qr and site and sys.stdout.isatty():
        settings.qr(told).terminal(compact=True)
    typer.echo(settings.TAKES_NOTE)


@accounts.command("list")
def list_accounts(config_file: ConfigFile = None, folder: Folder = None, *, as_json: AsJson = False) -> None:
    """Print the accounts, and since when they are there; and the gateways that have none."""
    from collector.access import settings

    config = loaded(config_file)
    found = settings.overview(config, _book(config, folder).accounts())
    tell(json_lines(found) if as_json else settings.overview_lines(found))


@accounts.command()
def revoke(whose: Whose, config_file: ConfigFile = None, folder: Folder = None) -> None:
    """Take an account away; of a site, those of all its gateways too. A gateway whose password got about: revoke, and add anew."""
    from collector.access import settings

    config = loaded(config_file)
    site, _, gateway = whose.partition("/")
    gone = _book(config, folder).revoke("" if whose == "collector" else site, gateway)
    typer.echo(f"revoked: {', '.join(each.user for each in gone)}")
    typer.echo(settings.TAKES_NOTE)


@app.command()
def certificates(
    folder: Annotated[Path, typer.Option(help="Folder for them; made with mode 0700 where it is not there.")],
    host: Annotated[list[str], typer.Option(help="Name or address by which gateways know the broker; may be given again.")],
) -> None:
    """Make a private authority, a certificate for the broker and one for the collector; what is there and still good stays."""
    from collector.access.issue import issue

    for line in issue(folder, host, datetime.now(UTC)):
        typer.echo(line)


def _book(config: Config, folder: Path | None) -> AccountBook:
    from collector.access.book import AccountBook

    return AccountBook(folder or Path(config.access.folder), config.topic_prefix)


def _known(config: Config, whose: str) -> tuple[str, str]:
    """Site and gateway, both as configured. UserError with what is near where they are not."""
    if whose == "collector":
        return "", ""
    from difflib import get_close_matches

    site_id, _, gateway = whose.partition("/")
    sites = {site.id: site for site in config.sites}
    names = [name for site in config.sites for name in (site.id, *(f"{site.id}/{a.id}" for a in site.assets if a.kind == "gateway"))]
    if whose in names and site_id in sites:
        return site_id, gateway
    near = get_close_matches(whose, names, 3) or names[:3]
    raise UserError(f"{whose!r} is no site and no gateway of the configuration; {' or '.join(near) or 'a site of it'} is right")
