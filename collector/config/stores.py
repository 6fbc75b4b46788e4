"""Where readings go: the journal first, then InfluxDB or the embedded history. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from collector.config.base import FilePath, HttpUrl, SecretSource, Section


class Journal(Section):
    """The durable log of messages between the broker and everything else."""

    max_bytes: int = Field(
        default=2_000_000_000,
        ge=10_000_000,
        description="Most it keeps on disk, bytes; beyond it the oldest are dropped, counted and alarmed.",
    )
    max_age_h: float = Field(default=168.0, gt=0, le=8760, description="Oldest message it keeps for a reader that is behind, h.")
    keep_h: float = Field(default=24.0, ge=0, le=8760, description="How long messages stay for replay after every reader has them, h.")

    @model_validator(mode="after")
    def _keep_fits(self) -> Journal:
        if self.keep_h > self.max_age_h:
            raise ValueError(f"keep_h ({self.keep_h:g}) is more than max_age_h ({self.max_age_h:g}); it can be at most that")
        return self


class InfluxDb(Section):
    """An InfluxDB 1.x, 2.x or 3 Core, or VictoriaMetrics. Without this section the embedded history keeps the readings."""

    url: HttpUrl = Field(description="Address of the server, e.g. http://127.0.0.1:8086.")
    api: Literal["auto", "v1", "v2"] = Field(default="auto", description="v1: /write, v2: /api/v2/write; auto asks the server at start.")
    database: str = Field(default="oxygrid", min_length=1, description="Database (v1).")
    org: str = Field(default="oxygrid", description="Organisation (v2).")
    bucket: str = Field(default="oxygrid", min_length=1, description="Bucket (v2).")
    token_file: SecretSource | None = Field(default=None, description="Token (v2): a file that holds it, or env:NAME.")
    username: str | None = Field(default=None, description="User name (v1).")
    password_file: SecretSource | None = Field(default=None, description="Password (v1): a file that holds it, or env:NAME.")
    ca_file: FilePath | None = Field(
        default=None, description="Certificate authority to trust (PEM); the system's when not given. For https."
    )
    timeout_s: float = Field(default=10.0, gt=0, le=300, description="Longest wait for an answer to a write, s.")
    set_up_retention: bool = Field(
        default=True, description="Create the database and its retention where the server and the rights allow it."
    )
    raw_days: int = Field(default=30, ge=1, le=36_500, description="Retention of raw readings, where it is set up, days.")
    rollup_days: int = Field(default=1826, ge=1, le=36_500, description="Retention of 15-minute roll-ups, where it is set up, days.")

    @model_validator(mode="after")
    def _belong_together(self) -> InfluxDb:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file without username: give both")
        if self.token_file is not None and self.username is not None:
            raise ValueError("token_file and username exclude each other: the token is for v2, the user for v1")
        return self


class History(Section):
    """The embedded history: SQLite in the data folder, used where there is no influxdb section."""

    raw_days: int = Field(default=7, ge=1, le=3650, description="How long raw readings are kept, days.")
    rollup_days: int = Field(default=730, ge=1, le=36_500, description="How long 15-minute roll-ups are kept, days.")
