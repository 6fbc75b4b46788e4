"""Who may see and do what: roles give rights, scopes give sites. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, get_args

import msgspec

from collector.errors import UserError
from collector.outputs import CommandName
from devices.assets import Site

Role: TypeAlias = Literal["viewer", "operator", "engineer", "admin"]
Right: TypeAlias = Literal["see", "answer", "judge", "manage"]
"""`answer`: acknowledge, reset, shelve; `judge`: take out of service, look into the quarantine; `manage`: the accounts."""
Reach: TypeAlias = Literal["all", "region", "district", "site"]

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset({"see"}),
    "operator": frozenset({"see", "answer"}),
    "engineer": frozenset({"see", "answer", "judge"}),
    "admin": frozenset({"see", "answer", "judge", "manage"}),
}
NEEDED: Mapping[CommandName, Right] = {
    "ack": "answer",
    "reset": "answer",
    "shelve": "answer",
    "unshelve": "answer",
    "out_of_service": "judge",
    "return": "judge",
}


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """`name` is that of the region, district or site; empty for all."""

    reach: Reach
    name: str = ""

    def covers(self, site: Site) -> bool:
        match self.reach:
            case "all":
                return True
            case "region":
                return site.region == self.name
            case "district":
                return site.district == self.name
            case "site":
                return site.id == self.name

    def __str__(self) -> str:
        return f"{self.reach}:{self.name}" if self.name else self.reach


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has signed in. `name` is what they sign in with, `called` what people know them by."""

    name: str
    called: str
    role: Role
    scopes: tuple[Scope, ...]
    language: str = "en"
    disabled: bool = False
    """The account stays, with its name in what it has done; nobody signs in to it."""

    def sees(self, site: Site) -> bool:
        return any(scope.covers(site) for scope in self.scopes)

    def may(self, right: Right, site: Site | None = None) -> bool:
        """`site` None: on what belongs to no site, where everything must be in reach."""
        reached = any(scope.reach == "all" for scope in self.scopes) if site is None else self.sees(site)
        return right in RIGHTS[self.role] and reached

    def sites(self, sites: Iterable[Site]) -> list[Site]:
        return [site for site in sites if self.sees(site)]


def scope_of(text: str) -> Scope:
    """`all`, `region:up`, `district:kasganj`, `site:kasganj-dh`. Raises UserError."""
    reach, _, name = text.partition(":")
    if reach in get_args(Reach) and (reach == "all") is (not name):
        return Scope(reach, name)  # type: ignore[arg-type]
    raise UserError(f"{text!r} is no scope; give all, region:NAME, district:NAME or site:ID")
