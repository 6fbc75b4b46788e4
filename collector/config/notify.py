"""Who is told: channels and their filters. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from collector.config.base import FilePath, Host, HttpUrl, Port, Priority, SecretSource, Section
from devices.assets import Id

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]


Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{1,30}$")]
TextForm = Literal["full", "short", "sms"]
DltId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{4,64}$")]
Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
SECRET_KEYS = ("password_file", "url_file", "token_file", "topic_file", "pin_file")


class _Channel(Section):
    id: Id = Field(description="Name of the channel, unique; notices are counted and retried under it.")
    min_priority: Priority = Field(default="low", description="Lowest priority that this channel tells.")
    sites: tuple[Id, ...] = Field(default=(), description="Only these sites; empty: every site.")
    per_minute: int | None = Field(
        default=None, ge=1, le=6000, description="Most messages a minute; the others wait, the highest priority first."
    )

    @property
    def public(self) -> bool:
        """It has receivers of its own; else it is there for the people who name it."""
        return True

    @property
    def secrets(self) -> dict[str, str]:
        """Key → where the secret is."""
        found = {name: getattr(self, name, None) for name in SECRET_KEYS}
        return {name: source for name, source in found.items() if source}


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
    to: tuple[Address, ...] = Field(default=(), description="Addresses that it goes to; none where it is for people who name it alone.")
    username: str | None = Field(default=None, description="User name at the mail server.")
    password_file: SecretSource | None = Field(default=None, description="Password: a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(default=None, description="Certificate authority to trust (PEM); the system's when not given.")
    timeout_s: float = Field(default=20.0, gt=0, le=300, description="Longest wait for the server, s.")

    @property
    def public(self) -> bool:
        return bool(self.to)

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
    people_only: bool = Field(default=False, description="Only for people who name it: nobody else's notices go there.")
    form: TextForm = Field(default="full", description="Texts for people: full, short, or sms (one part; for an SMS gateway).")
    dlt: dict[str, DltId] = Field(
        default={}, description="India: rule, or `default`, to the id of its registered template; sent with the variables. With form: sms."
    )

    @property
    def public(self) -> bool:
        return not self.people_only

    @property
    def secrets(self) -> dict[str, str]:
        return {**super().secrets, **{f"secret_headers.{name}": source for name, source in self.secret_headers.items()}}

    @model_validator(mode="after")
    def _one_url(self) -> WebhookChannel:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("a webhook needs exactly one of url and url_file")
        if self.dlt and self.form != "sms":
            raise ValueError("dlt is for SMS: set form: sms, or leave dlt out")
        return self


class NtfyChannel(_Channel):
    """Notices as pushes through ntfy; the hospital's own server, or ntfy.sh."""

    kind: Literal["ntfy"]
    url: HttpUrl = Field(default="https://ntfy.sh", description="The server.")
    topic: Topic | None = Field(default=None, description="Topic that it goes to; who knows it reads it. Neither: for people who name it.")
    topic_file: SecretSource | None = Field(default=None, description="The topic where it is a secret: a file that holds it, or env:NAME.")
    token_file: SecretSource | None = Field(default=None, description="Access token: a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(default=None, description="Certificate authority to trust (PEM); the system's when not given.")
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Longest wait for an answer, s.")

    @property
    def public(self) -> bool:
        return self.topic is not None or self.topic_file is not None

    @model_validator(mode="after")
    def _one_topic(self) -> NtfyChannel:
        if self.topic is not None and self.topic_file is not None:
            raise ValueError("ntfy takes one of topic and topic_file")
        return self


class TelegramChannel(_Channel):
    """Notices as Telegram messages with buttons that answer."""

    kind: Literal["telegram"]
    token_file: SecretSource = Field(description="Token of the bot: a file that holds it, or env:NAME.")
    chat: Annotated[str, StringConstraints(pattern=r"^(-?[0-9]+|@[A-Za-z0-9_]{3,})?$")] = Field(
        default="", description="Id of the chat that it goes to; empty: for people who name it."
    )
    url: HttpUrl = Field(default="https://api.telegram.org", description="Address of the Bot API.")
    ca_file: FilePath | None = Field(default=None, description="Certificate authority to trust (PEM); the system's when not given.")
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Longest wait for an answer, s.")

    @property
    def public(self) -> bool:
        return bool(self.chat)


class AppriseChannel(_Channel):
    """Notices through apprise: MSG91, WhatsApp, Twilio, Signal, Matrix and others. Needs the package apprise."""

    kind: Literal["apprise"]
    url_file: SecretSource = Field(
        description="The address as apprise writes it, with {to} where a person's goes: a file that holds it, or env:NAME."
    )
    people_only: bool = Field(default=False, description="Only for people who name it; so it must be where the address has {to}.")
    form: TextForm = Field(default="short", description="Texts for people: full, short, or sms (one part).")
    timeout_s: float = Field(default=20.0, gt=0, le=300, description="Longest wait for an answer, s.")

    @property
    def public(self) -> bool:
        return not self.people_only


class GsmChannel(_Channel):
    """Notices as SMS through a GSM modem on a serial port."""

    kind: Literal["gsm"]
    device: Annotated[str, StringConstraints(pattern=r"^/")] = Field(
        description="Its port; a name that stays, like /dev/serial/by-id/usb-…, and not /dev/ttyUSB0."
    )
    speed: Literal[9600, 19200, 38400, 57600, 115200] = Field(default=115200, description="Baud.")
    to: tuple[Number, ...] = Field(default=(), max_length=10, description="Numbers that it goes to; none: for people who name it.")
    replies: bool = Field(default=False, description="Read what people send back: codes that acknowledge.")
    pin_file: SecretSource | None = Field(default=None, description="PIN of the SIM card: a file that holds it, or env:NAME.")
    timeout_s: float = Field(default=40.0, gt=0, le=300, description="Longest wait for the modem and the network, s.")
    per_minute: int | None = Field(
        default=15, ge=1, le=6000, description="Most messages a minute; the others wait, the highest priority first."
    )

    @property
    def public(self) -> bool:
        return bool(self.to)


Channel = Annotated[
    LogChannel | SmtpChannel | WebhookChannel | NtfyChannel | TelegramChannel | AppriseChannel | GsmChannel, Field(discriminator="kind")
]


class Notify(Section):
    """Notices of alarms. Every channel retries on its own; none delays another."""

    channels: tuple[Channel, ...] = Field(
        default=(LogChannel(id="log", kind="log"),), description="The channels; the log alone when not given."
    )
