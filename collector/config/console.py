"""Where the console listens. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, model_validator

from collector.config.base import FilePath, Host, HttpUrl, Port, Section
from collector.config.oidc import Oidc

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Console(Section):
    """The pages that people sign in to: `oxygrid console run`."""

    host: Host = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8443, description="Port of the pages.")
    cert_file: FilePath | None = Field(default=None, description="Certificate chain (PEM). With it the pages are served over TLS.")
    key_file: FilePath | None = Field(default=None, description="Its private key (PEM).")
    public_url: HttpUrl | None = Field(
        default=None, description="Address that people open, where a proxy with a certificate of its own stands before it."
    )

    oidc: Oidc | None = Field(default=None, description="Sign-in by OpenID Connect, beside passwords.")

    @model_validator(mode="after")
    def _belong_together(self) -> Console:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        if self.cert_file is None and self.host not in LOOPBACK:
            raise ValueError(
                f"on {self.host} without cert_file passwords would go in clear; give cert_file and key_file, or listen on 127.0.0.1"
                " behind a proxy that has a certificate"
            )
        if self.oidc is not None and not self.secure and urlsplit(self.url).hostname not in LOOPBACK:
            raise ValueError(f"oidc sends people back to {self.url}, in clear; give public_url with https://, or cert_file and key_file")
        return self

    @property
    def url(self) -> str:
        """What people open."""
        return self.public_url or f"{'https' if self.cert_file else 'http'}://{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Over TLS, as far as browsers see."""
        return self.url.startswith("https://")
