"""The key that signs links: made at the first start, in the data folder, for its owner only. Without the file all links are void."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from collector.errors import UserError

KEY_BYTES = 32
NAME = "answers.key"


def key_in(folder: Path) -> bytes:
    """Raises UserError where it can't be made or is none."""
    path = folder / NAME
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as exc:
        raise UserError(f"{path}: the key for answer links can't be made: {exc.strerror}; choose another data_dir") from exc
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise UserError(f"{path}: others can read the key for answer links; remove it (all links end) and start again, or chmod 600 it")
        key = path.read_bytes()
    except OSError as exc:
        raise UserError(f"{path}: the key for answer links can't be read: {exc.strerror}; remove it, and a new one is made") from exc
    if len(key) != KEY_BYTES:
        raise UserError(f"{path}: {len(key)} bytes are no key for answer links; remove it, and a new one of {KEY_BYTES} is made")
    return key
