"""Where readings come from: an MQTT broker, a JetStream stream, or the embedded server. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from collector.config.base import FilePath, Host, MqttUrl, NatsUrl, Port, SecretSource, Section

LOOPBACK = "127.0.0.1"

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
"""A name of NATS: no dot, no blank, no wildcard."""


class Mqtt(Section):
    """The session with an MQTT 5 broker."""

    url: MqttUrl = Field(description="Broker: mqtt://host:1883, or mqtts://host:8883 for TLS.")
    client_id: str = Field(
        default="oxygrid",
        min_length=1,
        max_length=64,
        description="Fixed client id; the broker keeps what was missed under it. One per collector.",
    )
    username: str | None = Field(default=None, description="User name at the broker.")
    password_file: SecretSource | None = Field(default=None, description="Password: a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificate authority to trust (PEM); the system's when not given. For mqtts."
    )
    cert_file: FilePath | None = Field(default=None, description="Client certificate (PEM), together with key_file. For mqtts.")
    key_file: FilePath | None = Field(default=None, description="Private key of the client certificate (PEM).")
    keepalive_s: int = Field(default=30, ge=5, le=3600, description="Longest silence on the connection before a ping, s.")
    session_expiry_days: float = Field(
        default=7.0, gt=0, le=365, description="How long the broker is asked to keep messages for an absent collector, days."
    )
    probe_interval_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        description="Every so often the session must hear its own message, else it is closed and opened anew, s; 0: never.",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Mqtt:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file without username: brokers take a password only with a user name")
        if self.url.startswith("mqtt://") and (self.ca_file or self.cert_file):
            raise ValueError("certificates are for TLS: the url should begin with mqtts://")
        return self


class JetStream(Section):
    """A stream of a NATS server or cluster, in place of a broker and the journal's role as buffer."""

    url: NatsUrl = Field(description="Server: nats://host:4222, or tls://host:4222.")
    stream: Token = Field(default="OXYGRID", description="Name of the stream that holds the messages.")
    durable: Token = Field(default="oxygrid", description="Name of the durable consumer; the server keeps its place. One per collector.")
    username: str | None = Field(default=None, description="User name at the server.")
    password_file: SecretSource | None = Field(default=None, description="Password: a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificate authority to trust (PEM); the system's when not given. For tls."
    )

    @model_validator(mode="after")
    def _belong_together(self) -> JetStream:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file without username: give both")
        return self


class Embedded(Section):
    """The NATS server that `--embedded` and the demo start as a child process. It is open to this machine alone, unless accounts and a
    certificate guard it."""

    host: Host = Field(default=LOOPBACK, description="Address of its MQTT listener. Any but loopback needs accounts and a certificate.")
    mqtt_port: Port = Field(default=1883, description="Port of its MQTT listener, for gateways.")
    accounts: bool = Field(default=False, description="Let in only the accounts of `oxygrid broker accounts` (section access).")
    cert_file: FilePath | None = Field(default=None, description="Certificate of the MQTT listener (PEM), together with key_file: TLS.")
    key_file: FilePath | None = Field(default=None, description="Private key of that certificate (PEM).")
    max_bytes: int = Field(
        default=1_000_000_000, ge=10_000_000, description="Most that its stream keeps on disk, bytes; the oldest go first."
    )

    @model_validator(mode="after")
    def _is_guarded(self) -> Embedded:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        if self.cert_file is not None and not self.accounts:
            raise ValueError("a certificate without accounts keeps nobody out: set accounts: true")
        if self.host != LOOPBACK and not (self.accounts and self.cert_file):
            raise ValueError(f"host {self.host} opens the broker to the network: accounts: true, cert_file and key_file are needed with it")
        return self
