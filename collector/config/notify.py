"""Who is told: channels and their filters. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from collector.config.base import FilePath, Host, HttpUrl, Port, Priority, SecretSource, Section
from devices.assets import Id

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]


class _Channel(Section):
    id: Id = Field(description="Name of the channel, unique; notices are counted and retried under it.")
    min_priority: Priority = Field(default="low", description="Lowest priority that this channel tells.")
    sites: tuple[Id, ...] = Field(default=(), description="Only these sites; empty: every site.")


class LogChannel(_Channel):
    """Notices as lines in the collector's log."""

    kind: Literal["log"]


class SmtpChannel(_Channel):
    """Notices as e-mail."""

    kind: Literal["smtp"]
    host: Host = Field(description="Mail server.")
    port: Port = Field(default=587, description="Its port: 587 with starttls, 465 with tls, 25 without.")
    tls: Literal["starttls", "tls", "none"] = Field(default="starttls", description="Encryption of the connection.")
    sender: Address = Field(alias="from", description="Address that the mail comes from.")
    to: tuple[Address, ...] = Field(min_length=1, description="Addresses that it goes to.")
    username: str | None = Field(default=None, description="User name at the mail server.")
    password_file: SecretSource | None = Field(default=None, description="Password: a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(default=None, description="Certificate authority to trust (PEM); the system's when not given.")
    timeout_s: float = Field(default=20.0, gt=0, le=300, description="Longest wait for the server, s.")

    @model_validator(mode="after")
    def _belong_together(self) -> SmtpChannel:
        if (self.password_file is None) != (self.username is None):
            raise ValueError("username and password_file belong together: give both or neither")
        if self.tls == "none" and self.password_file is not None:
            raise ValueError("tls: none would send the password in clear; use starttls or tls, or leave the password out")
        return self


class WebhookChannel(_Channel):
    """Notices as JSON by HTTP POST."""

    kind: Literal["webhook"]
    url: HttpUrl | None = Field(default=None, description="Address to post to. Exactly one of url and url_file.")
    url_file: SecretSource | None = Field(
        default=None, description="The address where it is itself a secret (chat hooks): a file that holds it, or env:NAME."
    )
    headers: dict[str, str] = Field(default={}, description="Headers to send, without secrets.")
    secret_headers: dict[str, SecretSource] = Field(
        default={}, description="Headers whose value is a secret: name to a file that holds the value, or env:NAME."
    )
    ca_file: FilePath | None = Field(
        default=None, description="Certificate authority to trust (PEM); the system's when not given. For https."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Longest wait for an answer, s.")

    @model_validator(mode="after")
    def _one_url(self) -> WebhookChannel:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("a webhook needs exactly one of url and url_file")
        return self


Channel = Annotated[LogChannel | SmtpChannel | WebhookChannel, Field(discriminator="kind")]


class Notify(Section):
    """Notices of alarms. Every channel retries on its own; none delays another."""

    channels: tuple[Channel, ...] = Field(
        default=(LogChannel(id="log", kind="log"),), description="The channels; the log alone when not given."
    )
