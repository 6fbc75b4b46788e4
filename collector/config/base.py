"""What every section of the configuration shares: refused unknown keys, paths, and secrets that are named but never held.

Pure. A secret is never a value of a model: the model holds where the secret is (a file, or `env:NAME`), so nothing that prints a
configuration can print one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo

ENV = "env:"
_ENV_SOURCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*:[^/@]*@")

Priority: TypeAlias = Literal["info", "low", "medium", "high"]
"""Priorities of alarms, ascending; the same names as `collector.outputs.Priority`."""


class Section(BaseModel):
    """Frozen, unknown keys refused, no NaN, and no input value in the text of a validation error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def _resolve(path: str, info: ValidationInfo) -> str:
    """Relative paths are relative to the folder of the configuration file, which the loader passes as context {"base": Path}."""
    if info.context is None:
        return path
    base: Path = info.context["base"]
    return str(base / Path(path).expanduser())


def _secret_source(source: str, info: ValidationInfo) -> str:
    if not source.startswith(ENV):
        return _resolve(source, info)
    if not _ENV_SOURCE.fullmatch(source):
        raise ValueError("after env: the name of an environment variable is expected, e.g. env:OXYGRID_MQTT_PASSWORD")
    return source


def _no_url_password(url: str) -> str:
    if _URL_PASSWORD.match(url):
        raise ValueError("a password must not stand in the URL; use username and password_file")
    return url


FilePath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_resolve)]
"""A path; a relative one is taken from the folder of the configuration file."""

SecretSource = Annotated[str, StringConstraints(min_length=1), AfterValidator(_secret_source)]
"""Where a secret is: the path of a file that holds it on its first line, or `env:NAME`."""

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+"), AfterValidator(_no_url_password)]
MqttUrl = Annotated[str, StringConstraints(pattern=r"^mqtts?://[^\s/]+/?$"), AfterValidator(_no_url_password)]
NatsUrl = Annotated[str, StringConstraints(pattern=r"^(nats|tls)://[^\s/]+/?$"), AfterValidator(_no_url_password)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Host = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\s/@]+$")]
