"""Files that hold secrets: written whole or not at all, mode 0600, for the owner of their folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from collector.errors import UserError


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one move. Root gives the file to whom the folder belongs to. UserError where that can't be done."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if os.geteuid() == 0:
                    owner = path.parent.stat()
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as exc:
        raise UserError(f"{path} can't be written: {exc.strerror or exc}") from exc
