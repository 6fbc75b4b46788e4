"""Copies of the collector's files while it runs, and the way back.

What is copied: the alarm state and, where they are there, the embedded history and the console's accounts. The journal is not: what it
holds is in the database, or comes again. A copy is made by SQLite itself, page by page beside the writer, and is whole at one moment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from collector.database import FileLock
from collector.errors import OxygridError, UserError
from collector.version import VERSION

FILES = ("state.db", "history.db", "console.db")
CONTENTS = "backup.json"
PAGES = 1024
"""Copied in one go; between two goes the writer has its turn."""


class Contents(msgspec.Struct, frozen=True):
    """`files`: name → SHA-256."""

    version: str
    at: str
    files: dict[str, str]


def back_up(data_dir: Path, folder: Path, at: str) -> Iterator[str]:
    """Copy into a new folder; tells in lines what was copied. UserError where the folder is there already or nothing is to be copied."""
    there = [name for name in FILES if (data_dir / name).exists()]
    if not there:
        raise UserError(f"{data_dir}: there is neither {' nor '.join(FILES)}; give the data folder of a collector that has run")
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as exc:
        raise UserError(f"{folder} is there already; a backup goes into a new folder, so that it never spoils an older one") from exc
    except OSError as exc:
        raise UserError(f"{folder} can't be made: {exc.strerror}") from exc
    sums = {}
    for name in there:
        _copy(data_dir / name, folder / name)
        sums[name] = _sha256(folder / name)
        yield f"{folder / name}: {(folder / name).stat().st_size:,} bytes"
    (folder / CONTENTS).write_bytes(msgspec.json.format(msgspec.json.encode(Contents(VERSION, at, sums)), indent=1))


def restore(folder: Path, data_dir: Path, at: str) -> Iterator[str]:
    """Put the copies in the place of the files, which are set aside. UserError while a collector or a console runs, or where a copy is not
    whole."""
    contents = _checked(folder)
    locks: list[FileLock] = []
    try:
        locks += [FileLock(data_dir / name) for name in contents.files]
        for name in contents.files:
            target = data_dir / name
            for ending in ("", "-wal", "-shm"):
                old = target.with_name(target.name + ending)
                if old.exists():
                    old.rename(old.with_name(f"{old.name}.before-{at}"))
            _place(folder / name, target)
            yield f"{target}: as of {contents.at}; what was there is {target.name}.before-{at}"
    except OSError as exc:
        raise OxygridError(f"{exc.filename}: {exc.strerror}; what was set aside ends in .before-{at}") from exc
    finally:
        for lock in locks:
            lock.release()


def _checked(folder: Path) -> Contents:
    try:
        contents = msgspec.json.decode((folder / CONTENTS).read_bytes(), type=Contents)
    except (OSError, msgspec.MsgspecError) as exc:
        raise UserError(f"{folder} is no backup: {CONTENTS} can't be read ({exc})") from exc
    for name, said in contents.files.items():
        if name not in FILES:
            raise UserError(f"{folder / CONTENTS} names {name!r}, which no backup of a collector has")
        if not (folder / name).is_file() or _sha256(folder / name) != said:
            raise UserError(f"{folder / name} is not as it was written: the backup is damaged, take another")
    return contents


def _copy(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.close(descriptor)
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=10.0)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=PAGES)
            new.execute("PRAGMA journal_mode = DELETE")
            found = new.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as exc:
        raise OxygridError(f"{source} can't be copied: {exc}") from exc
    if found != "ok":
        raise OxygridError(f"{source} is damaged ({found}); the collector mends it at its next start")


def _place(source: Path, target: Path) -> None:
    new = target.with_name(f"{target.name}.new")
    shutil.copyfile(source, new)
    new.chmod(0o600)
    if os.geteuid() == 0:
        owner = target.parent.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
    new.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
