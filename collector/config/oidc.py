"""Who else may say who somebody is: a provider of OpenID Connect. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from collector.config.base import FilePath, HttpUrl, SecretSource, Section


def _over_tls(url: str) -> str:
    if not url.startswith("https://") or "?" in url or "#" in url:
        raise ValueError("an issuer is an https:// address without ? and #, exactly as the provider writes it")
    return url


Issuer = Annotated[HttpUrl, AfterValidator(_over_tls)]
OneScope = Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,64}$")]


class Oidc(Section):
    """Sign-in by a provider of OpenID Connect, for whoever has an account of the same name here. Role and scope are the account's."""

    issuer: Issuer = Field(description="The provider, exactly as it calls itself; /.well-known/openid-configuration is found below it.")
    client_id: str = Field(min_length=1, max_length=255, description="What the provider calls the console.")
    client_secret_file: SecretSource | None = Field(
        default=None,
        description="File that holds the client's secret, or env:NAME. Without it the client is a public one.",
    )
    scopes: tuple[OneScope, ...] = Field(default=("openid", "profile"), max_length=20, description="What is asked of the provider.")
    name_claim: str = Field(
        default="preferred_username",
        pattern=r"^[A-Za-z0-9_.:/-]{1,128}$",
        description="The claim that is the account's name. email counts only where the provider has verified it.",
    )
    ca_file: FilePath | None = Field(
        default=None, description="Authorities (PEM) that are trusted for the provider, in place of the system's."
    )
    called: str | None = Field(
        default=None, min_length=1, max_length=60, description="Text of the button. Without it: that of the pages, in their four languages."
    )

    @model_validator(mode="after")
    def _fits(self) -> Oidc:
        if "openid" not in self.scopes:
            raise ValueError("scopes has no openid, without which a provider says nothing of who it is; add it")
        if self.name_claim == "email" and "email" not in self.scopes:
            raise ValueError("name_claim is email, but scopes asks for none; write scopes: [openid, email]")
        return self
