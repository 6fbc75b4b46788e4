"""Colours of the dashboards: those of the alarm priorities, and those of curves. Pure.

Priorities are shown as IEC 60601-1-8 shows them: high red, medium yellow, low cyan, information neither. What is normal is grey, so that a
colour says that something is wrong. Curves take the palette of Okabe and Ito (2008), made to be told apart by the colour-blind; beside its
colour each curve has its own dashes, and each state its own sign.
"""

from __future__ import annotations

from collector.outputs import Priority

NORMAL = "#6C7A89"
PRIORITY: dict[Priority, str] = {"high": "#C4162A", "medium": "#F2CC0C", "low": "#29B6F6", "info": NORMAL}

BLUE, ORANGE, GREEN, PURPLE, BLACK, SKY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999", "#56B4E9"
CURVES = (BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK)
