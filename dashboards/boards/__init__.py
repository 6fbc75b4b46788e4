"""Every dashboard, in the order in which they are linked."""

from __future__ import annotations

from dashboards.boards.alarms import ALARMS
from dashboards.boards.collector import COLLECTOR
from dashboards.boards.concentrators import CONCENTRATORS
from dashboards.boards.home import HOME
from dashboards.boards.hospital import HOSPITAL
from dashboards.boards.lox_tank import LOX_TANK
from dashboards.boards.manifold import MANIFOLD
from dashboards.boards.psa_plant import PSA_PLANT
from dashboards.boards.region import REGION

BOARDS = (HOME, REGION, HOSPITAL, PSA_PLANT, MANIFOLD, LOX_TANK, CONCENTRATORS, ALARMS, COLLECTOR)
