"""The fields of the facility-day report: name, block, unit, meaning, and what becomes of it in a district. Pure.

Names are the contract of CSV and JSON. The meanings and the titles of the blocks are what a page says, in its reader's language.

The blocks and names follow what India (ODAS, MoHFW) and Algeria asked to be reported in 2020–2022. A field that nobody measures is there
and empty: zero would be a claim.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from collector.notify.texts.catalogue import marked

Gather: TypeAlias = Literal["sum", "lowest", "highest", "mean", "no"]
"""How the values of several facilities become one; `no`: the field is of a facility alone."""


class Field(NamedTuple):
    """`meaning` in English, from where `scripts/texts.py` takes it for the other languages."""

    name: str
    block: str
    unit: str
    meaning: str
    gather: Gather = "sum"


FIELDS = (
    Field("completeness_pct", "header", "%", "how much of the time the equipment was heard: the mean of its assets", "mean"),
    Field("contact", "header", "", "name and phone; by hand", "no"),
    Field("beds_total", "beds", "", "beds in all"),
    Field("beds_ward", "beds", "", "in general wards"),
    Field("beds_hdu", "beds", "", "in high-dependency units"),
    Field("beds_icu", "beds", "", "in intensive care"),
    Field("ventilators", "beds", "", "ventilators; by hand"),
    Field("patients_on_o2", "beds", "", "patients on oxygen; by hand"),
    Field("demand_expected_m3", "demand", "m³", "what the beds lead one to expect of the day"),
    Field("demand_measured_m3", "demand", "m³", "what was taken while it was measured"),
    Field("demand_measured_pct", "demand", "%", "for how much of the day it was measured", "mean"),
    Field("demand_mean_lpm", "demand", "L/min", "mean demand"),
    Field("demand_peak_lpm", "demand", "L/min", "demand of the highest hour", "no"),
    Field("lox_tanks", "lox", "", "liquid tanks"),
    Field("lox_capacity_kg", "lox", "kg", "capacity of the tanks"),
    Field("lox_opening_kg", "lox", "kg", "in the tanks at the first reading of the day"),
    Field("lox_received_kg", "lox", "kg", "filled, as seen in the level"),
    Field("lox_closing_kg", "lox", "kg", "in the tanks at the last reading"),
    Field("lox_consumed_kg", "lox", "kg", "used: opening + received − closing, boil-off included"),
    Field("psa_plants", "psa", "", "oxygen plants"),
    Field("psa_rated_lpm", "psa", "L/min", "what the plants are built for"),
    Field("psa_functional", "psa", "", "plants whose last state was running, starting or stand-by"),
    Field("psa_run_h", "psa", "h", "time running"),
    Field("psa_downtime_min", "psa", "min", "time in fault or off"),
    Field("psa_starts", "psa", "", "starts"),
    Field("psa_produced_m3", "psa", "m³", "oxygen produced"),
    Field("psa_purity_min_pct", "psa", "%", "lowest purity while running", "lowest"),
    Field("psa_purity_mean_pct", "psa", "%", "mean purity while running", "mean"),
    Field("psa_purity_max_pct", "psa", "%", "highest purity while running", "highest"),
    Field("psa_below_90_min", "psa", "min", "time running with less than 90 %"),
    Field("psa_outlet_min_bar", "psa", "bar", "lowest outlet pressure while running", "lowest"),
    Field("psa_outlet_mean_bar", "psa", "bar", "mean outlet pressure while running", "mean"),
    Field("psa_cylinders_filled", "psa", "", "cylinders filled"),
    Field("cylinders_full_opening", "cylinders", "", "full and loose at the first count"),
    Field("cylinders_received", "cylinders", "", "received, as seen in counts"),
    Field("cylinders_used", "cylinders", "", "used: opening + received − closing"),
    Field("cylinders_full_closing", "cylinders", "", "full and loose at the last count"),
    Field("cylinders_empty", "cylinders", "", "empty at the last count"),
    Field("concentrators_total", "concentrators", "", "concentrators declared"),
    Field("concentrators_heard", "concentrators", "", "concentrators heard on that day"),
    Field("concentrators_functional", "concentrators", "", "concentrators whose last purity was 82 % or more"),
    Field("hours_left_now_lowest", "autonomy", "h", "hours left of what is connected: the lowest of the day", "lowest"),
    Field("hours_left_on_site_lowest", "autonomy", "h", "hours left of all on site, plant lost: the lowest of the day", "lowest"),
    Field("hours_left_now_last", "autonomy", "h", "hours left of what is connected, at the end", "lowest"),
    Field("alarms_high", "alarms", "", "alarms of priority high"),
    Field("alarms_medium", "alarms", "", "alarms of priority medium"),
    Field("alarms_low", "alarms", "", "alarms of priority low"),
    Field("alarms_late", "alarms", "", "alarms discovered late"),
    Field("alarms_unacked_15_min", "alarms", "", "high or medium, not acknowledged within 15 minutes"),
)
BLOCKS = {
    "header": marked("Data"),
    "beds": marked("Beds"),
    "demand": marked("Demand"),
    "lox": marked("Liquid oxygen"),
    "psa": marked("Oxygen plants"),
    "cylinders": marked("Cylinders"),
    "concentrators": marked("Concentrators"),
    "autonomy": marked("Hours left"),
    "alarms": marked("Alarms"),
}
NAMES = tuple(field.name for field in FIELDS)
