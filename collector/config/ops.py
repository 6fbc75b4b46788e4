"""How the collector is watched. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from collector.config.base import Host, Port, Section


class Ops(Section):
    """Metrics, health and logs."""

    host: Host = Field(
        default="127.0.0.1", description="Address of /metrics, /healthz, /readyz and /status. They have no login: keep it on loopback."
    )
    port: Port = Field(default=9464, description="Port of these.")
    log_format: Literal["text", "json"] = Field(default="text", description="Log lines for people, or one JSON object per line.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least serious line that is logged.")
