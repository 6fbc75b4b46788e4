"""Loose cylinders of one type, counted by hand or by a scanner. Pure."""

from __future__ import annotations

from devices.kinds.kind import kind, number

CYLINDER_STORE = kind(
    "cylinder_store",
    "Store of loose cylinders of one type",
    number("full_count", "Full cylinders that are not connected.", (0, 100_000)),
    number("empty_count", "Empty cylinders that wait for the refiller.", (0, 100_000)),
)
