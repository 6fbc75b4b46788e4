"""Colours stay apart for people who see two hues less.

The simulation is that of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
TVCG 15(6), 2009, table 1 (severity 1.0); distances are those of CIE 1976 (L*a*b*, D65), where about 2.3 is just noticeable.
"""

from __future__ import annotations

from itertools import combinations
from math import dist

import pytest

from dashboards.colours import CURVES, NORMAL, PRIORITY
from dashboards.states import STATES

Matrix = tuple[tuple[float, float, float], ...]
Vector = tuple[float, ...]
EYES: dict[str, Matrix] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
XYZ: Matrix = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
WHITE = (0.95047, 1.0, 1.08883)


def times(matrix: Matrix, vector: Vector) -> Vector:
    return tuple(sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)


def linear(colour: str) -> Vector:
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values)


def lab(colour: str, eye: str) -> Vector:
    seen = tuple(min(1.0, max(0.0, value)) for value in times(EYES[eye], linear(colour)))
    f = [
        ratio ** (1 / 3) if (ratio := value / white) > 0.008856 else 7.787 * ratio + 16 / 116
        for value, white in zip(times(XYZ, seen), WHITE, strict=True)
    ]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(one: str, other: str, eye: str) -> float:
    return dist(lab(one, eye), lab(other, eye))


@pytest.mark.parametrize("eye", EYES)
def test_priorities_and_what_is_normal_are_told_apart(eye: str) -> None:
    colours = {PRIORITY["high"], PRIORITY["medium"], PRIORITY["low"], NORMAL}
    assert min(distance(one, other, eye) for one, other in combinations(colours, 2)) > 15


@pytest.mark.parametrize("eye", EYES)
def test_curves_are_told_apart(eye: str) -> None:
    assert min(distance(one, other, eye) for one, other in combinations(CURVES[:4], 2)) > 10


def test_information_is_neither_red_nor_yellow() -> None:
    """ISO 7396-1, information signals."""
    assert PRIORITY["info"] == NORMAL


@pytest.mark.parametrize("name", STATES)
def test_no_state_is_told_by_its_colour_alone(name: str) -> None:
    signs = [look.sign for look in STATES[name]]
    assert all(signs)
    assert len(set(signs)) == len(signs)
