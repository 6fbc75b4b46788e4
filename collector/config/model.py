"""The whole configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from collector.config.access import Access
from collector.config.answers import Answers
from collector.config.base import FilePath, Section
from collector.config.console import Console
from collector.config.notify import Notify
from collector.config.ops import Ops
from collector.config.people import Chain, Duty, Heartbeat, Person, Roster, Team
from collector.config.reports import Report
from collector.config.rules import Rules
from collector.config.sources import Embedded, JetStream, Mqtt
from collector.config.stores import History, InfluxDb, Journal
from devices.assets import Site

TopicPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=128)]

SITES_TWICE = "a site id stands twice; site ids are unique"


class Config(Section):
    """One collector: what it watches, where readings come from and go to, and who is told."""

    sites: tuple[Site, ...] = Field(default=(), description="The sites and their assets.")
    sites_from: tuple[str, ...] = Field(
        default=(), description="More sites: file patterns like sites/*.yaml, relative to this file; each such file holds sites: […]."
    )
    topic_prefix: TopicPrefix = Field(default="oxygrid/v1", description="What every topic begins with: prefix/site/asset.")
    data_dir: FilePath = Field(
        default="data", validate_default=True, description="Folder of the journal, the alarm state and the embedded history."
    )
    mqtt: Mqtt | None = Field(default=None, description="The MQTT broker. One of mqtt and jetstream; neither with --embedded.")
    jetstream: JetStream | None = Field(default=None, description="The NATS stream, in place of mqtt.")
    embedded: Embedded = Field(default=Embedded(), description="The server that --embedded starts.")
    access: Access = Field(default=Access(), description="Accounts of gateways at the broker.")
    journal: Journal = Field(default=Journal(), description="The durable log of messages.")
    influxdb: InfluxDb | None = Field(default=None, description="The time-series database; without it the embedded history is used.")
    history: History = Field(default=History(), description="The embedded history.")
    rules: Rules = Field(default=Rules(), description="Changes to the default rules.")
    notify: Notify = Field(default=Notify(), description="Who is told.")
    people: tuple[Person, ...] = Field(default=(), description="Everybody who may be told.")
    teams: tuple[Team, ...] = Field(default=(), description="People who are told together.")
    rosters: tuple[Roster, ...] = Field(default=(), description="Who is on duty when.")
    chains: tuple[Chain, ...] = Field(
        default=(), description="Whom an alarm goes to until somebody answers. Without one only channels are told."
    )
    duty: Duty = Field(default=Duty(), description="How people are told.")
    heartbeat: Heartbeat | None = Field(default=None, description="A sign of life to a service outside.")
    answers: Answers | None = Field(default=None, description="Where answers of people come in.")
    reports: tuple[Report, ...] = Field(default=(), description="Reports that are sent by mail.")
    console: Console = Field(default=Console(), description="The pages that people sign in to.")
    ops: Ops = Field(default=Ops(), description="Metrics, health and logs.")

    _notes: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _fits(self) -> Config:
        if self.mqtt is not None and self.jetstream is not None:
            raise ValueError("mqtt and jetstream exclude each other: readings come from one of them")
        if len({site.id for site in self.sites}) < len(self.sites):
            raise ValueError(SITES_TWICE)
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the files and does not refuse them, as `file:line: key: what was found; what would be right`."""
        return self._notes

    def with_notes(self, notes: Iterable[str]) -> Config:
        """The same, with these notes."""
        noted = self.model_copy()
        noted._notes = tuple(notes)
        return noted

    @property
    def journal_path(self) -> Path:
        return Path(self.data_dir) / "journal.db"

    @property
    def state_path(self) -> Path:
        return Path(self.data_dir) / "state.db"

    @property
    def console_path(self) -> Path:
        return Path(self.data_dir) / "console.db"

    @property
    def history_path(self) -> Path:
        return Path(self.data_dir) / "history.db"
