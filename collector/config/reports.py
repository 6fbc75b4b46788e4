"""Reports that are sent to people by mail. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from collector.config.base import Section
from collector.config.people import Clock
from devices.assets import Id


class DailyReport(Section):
    """The facility-day of yesterday; letter and page in the language of each person."""

    kind: Literal["daily"]
    level: Literal["site", "district", "region"] = Field(default="site", description="One row for each of these.")
    of: str = Field(default="", max_length=200, description="Only this site, district or region; everything when not given.")
    at: Clock = Field(default="07:00", description="When, by the clock of its first site.")
    to: tuple[Id, ...] = Field(min_length=1, description="Ids of people; each needs a way that is mail.")
    format: Literal["csv", "json", "html", "pdf"] = Field(default="csv", description="What is attached; pdf needs the extra `pdf`.")


class HandoverReport(Section):
    """The handover of a shift, in the language of each person."""

    kind: Literal["handover"]
    of: Id = Field(description="Id of the site.")
    at: Annotated[tuple[Clock, ...], Field(min_length=1)] = Field(description="When shifts change, by the clock of the site.")
    to: tuple[Id, ...] = Field(min_length=1, description="Ids of people; each needs a way that is mail.")
    hours: float = Field(default=12.0, gt=0, le=168, description="How long a shift is, h: what was done in it is told.")

    format: Literal["html", "pdf"] = Field(default="html", description="What is attached; pdf needs the extra `pdf`.")

    @model_validator(mode="after")
    def _each_once(self) -> HandoverReport:
        if len(set(self.at)) < len(self.at):
            raise ValueError("a time stands twice in `at`")
        return self


Report = Annotated[DailyReport | HandoverReport, Field(discriminator="kind")]
