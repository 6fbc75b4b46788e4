"""Secrets are read where they are used, at the moment they are used, and are kept nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from collector.config.base import ENV
from collector.config.model import Config
from collector.errors import UserError

MAX_BYTES = 64 * 1024
LEAST = 16
OPEN_TO_ALL = frozenset({"answers.reply_token_file", "answers.telegram_token_file"})
"""Secrets that are shown at a door of ours, where anybody may try; the others are for doors of others, who say how long they are."""


def read_secret(source: str) -> str:
    """The first line of the file, or the environment variable (`env:NAME`), that `source` names.

    Raises UserError, which never holds a secret.
    """
    if source.startswith(ENV):
        value = os.environ.get(source.removeprefix(ENV), "")
        if not value:
            raise UserError(f"the environment variable {source.removeprefix(ENV)} is not set; a secret is expected in it")
        return value
    try:
        with Path(source).open("rb") as file:
            content = file.read(MAX_BYTES)
    except OSError as exc:
        raise UserError(
            f"{source}: the secret can't be read: {exc.strerror}; put it there, readable for the user that runs oxygrid"
        ) from exc
    try:
        secret = content.decode().partition("\n")[0].rstrip("\r")
    except UnicodeDecodeError as exc:
        raise UserError(f"{source}: the secret is no UTF-8 text; the file should hold it on its first line") from exc
    if not secret:
        raise UserError(f"{source}: the first line is empty; the file should hold the secret on its first line")
    return secret


def sources(config: Config) -> Iterator[tuple[str, str]]:
    """(key, source) of every secret that the configuration names."""
    for section, keys in (("mqtt", ["password_file"]), ("jetstream", ["password_file"]), ("influxdb", ["token_file", "password_file"])):
        for key in keys:
            source = getattr(getattr(config, section), key, None)
            if source is not None:
                yield f"{section}.{key}", source
    if config.heartbeat is not None and config.heartbeat.url_file:
        yield "heartbeat.url_file", config.heartbeat.url_file
    if config.answers is not None:
        for key in ("reply_token_file", "telegram_token_file"):
            source = getattr(config.answers, key)
            if source is not None:
                yield f"answers.{key}", source
    if config.console.oidc is not None and config.console.oidc.client_secret_file is not None:
        yield "console.oidc.client_secret_file", config.console.oidc.client_secret_file
    for channel in config.notify.channels:
        yield from ((f"notify.channels.{channel.id}.{key}", source) for key, source in channel.secrets.items())


def unreadable(config: Config) -> list[str]:
    """One sentence for each named secret that can't be read here and now, or that anybody would guess who may try."""
    found = []
    for key, source in sources(config):
        try:
            secret = read_secret(source)
        except UserError as exc:
            found.append(f"{key}: {exc}")
        else:
            if key in OPEN_TO_ALL and len(secret) < LEAST:
                found.append(f"{key}: {source}: the secret has {len(secret)} characters; {LEAST} random ones or more are right")
    return found
