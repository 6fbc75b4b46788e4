"""How gateways get in: the folder of the broker's accounts, and what a gateway is told. Pure."""

from __future__ import annotations

from pydantic import Field

from collector.config.base import FilePath, MqttUrl, Section


class Access(Section):
    """Accounts at the broker, for `oxygrid broker accounts`."""

    folder: FilePath = Field(
        default="/etc/oxygrid/accounts",
        description="Folder of the files `passwords` and `acl` for mosquitto and `nats.conf` for NATS; it belongs to the broker's user.",
    )
    url: MqttUrl = Field(default="mqtts://localhost:8883", description="Address of the broker, as a gateway is told.")
    ca_file: FilePath | None = Field(
        default=None, description="The authority that signed the broker's certificate (PEM); its fingerprint is told with the settings."
    )
