"""Where answers of people come in. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from collector.config.base import FilePath, Host, HttpUrl, Port, SecretSource, Section


class Answers(Section):
    """The page behind the links of notices, and replies by SMS, WhatsApp or Telegram. Off when this section is not given."""

    host: Host = Field(default="127.0.0.1", description="Address to listen on; behind a proxy that speaks TLS, loopback is right.")
    port: Port = Field(default=9480, description="Port.")
    public_url: HttpUrl = Field(description="How people reach it, https://…; links begin with it.")
    link_hours: float = Field(default=12.0, gt=0, le=168, description="How long a link can be used, h.")
    reply_token_file: SecretSource | None = Field(
        default=None,
        description="Token that an SMS or WhatsApp gateway shows at /reply: a file that holds it, or env:NAME. Without: refused.",
    )
    telegram_token_file: SecretSource | None = Field(
        default=None, description="secret_token of the Telegram webhook at /telegram: a file that holds it, or env:NAME. Without: refused."
    )
    cert_file: FilePath | None = Field(default=None, description="Certificate (PEM), together with key_file: it speaks TLS itself.")
    key_file: FilePath | None = Field(default=None, description="Private key of that certificate (PEM).")

    @model_validator(mode="after")
    def _safe(self) -> Answers:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        parts = urlsplit(self.public_url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ValueError("public_url must begin with https://; who reads the way of a link could answer in another's name")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
