"""The lock files name every package with hashes and no address, and docs/reference/dependencies.md says why each is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = ("requirements-apprise.lock", "requirements-pdf.lock")
LOCKS = ("requirements.lock", "requirements-dev.lock", *EXTRAS)
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
ROW = re.compile(r"^\| `([a-z0-9._-]+)` \| (.+) \|$", re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


def named(requirements: list[str]) -> set[str]:
    """Normalised names of requirements: `influxdb-client[async]>=1.50` → influxdb-client."""
    return {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in requirements}


def test_every_locked_package_is_explained_and_nothing_else() -> None:
    explained = dict(ROW.findall((ROOT / "docs/reference/dependencies.md").read_text()))
    assert set(explained) == set(locked(LOCKS[0])) | set(locked(LOCKS[1]))
    assert all(len(why) > 5 for why in explained.values())


def test_every_chosen_package_is_locked() -> None:
    """An extra that brings much along is in the lock of the tests alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    assert named(project["project"]["dependencies"]) | {"setuptools"} <= set(locked(LOCKS[0]))
    assert named(extras) <= set(locked(LOCKS[0])) | set(locked(LOCKS[1]))
    assert named(project["dependency-groups"]["dev"]) <= set(locked(LOCKS[1]))


def test_the_two_locks_agree() -> None:
    runtime, dev = locked(LOCKS[0]), locked(LOCKS[1])
    assert {name: (runtime[name], dev[name]) for name in runtime.keys() & dev.keys() if runtime[name] != dev[name]} == {}


@pytest.mark.parametrize("lock", EXTRAS)
def test_the_lock_of_an_extra_is_part_of_that_of_the_tests(lock: str) -> None:
    extra = lock.removeprefix("requirements-").removesuffix(".lock")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    assert named(wanted) <= set(locked(lock))
    assert locked(lock).items() <= (locked(LOCKS[0]) | locked(LOCKS[1])).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_a_hash_for_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|index|find-links|@ |file:|/home|/root", text)
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(blocks) == len(PINNED.findall(text))
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_version_has_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "collector.version.VERSION"}
