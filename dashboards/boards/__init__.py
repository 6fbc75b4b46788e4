"""Every dashboard, in the order in which they are linked."""

from __future__ import annotations

from dashboards.boards.hospital import HOSPITAL

BOARDS = (HOSPITAL,)
