"""Scores with known figures, and scores that Hypothesis draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Case(NamedTuple):
    """Outcomes and scores of the same customers."""

    y: list[int]
    s: list[float]


A8 = Case([0, 1, 0, 1, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
B20 = Case(
    [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    [
        *[0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.65, 0.6, 0.55],
        *[0.5, 0.45, 0.4, 0.35, 0.3, 0.3, 0.2, 0.15, 0.1, 0.05],
    ],
)


def _c2000() -> Case:
    chance = np.random.default_rng(0)
    y = (chance.random(2000) < 0.15).astype(int)
    s = 1 / (1 + np.exp(-(chance.normal(size=2000) + 1.2 * y - 1.5)))
    return Case(y.tolist(), s.tolist())


C2000 = _c2000()
PERFECT = Case([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9])
CONSTANT = Case([0, 0, 0, 1, 1], [0.5] * 5)
REVERSED = Case([0, 0, 0, 1, 1], [0.9, 0.8, 0.7, 0.2, 0.1])
TIES = Case([0, 1, 0, 1, 0, 1], [0.2, 0.2, 0.6, 0.6, 0.9, 0.9])

_STEPS = 16


def scored(*, least: int = 2, most: int = 40) -> st.SearchStrategy[Case]:
    """Draw some who left and some who stayed; scores are sixteenths, so that many are tied."""
    row = st.tuples(st.integers(0, 1), st.integers(0, _STEPS))
    rows = st.lists(row, min_size=least, max_size=most)
    both = rows.filter(lambda drawn: len({left for left, _ in drawn}) == 2)
    return both.map(lambda drawn: Case([y for y, _ in drawn], [s / _STEPS for _, s in drawn]))


def shuffled(case: Case, seed: int) -> Case:
    """Return the same customers in another order."""
    order = np.random.default_rng(seed).permutation(len(case.y))
    return Case([case.y[at] for at in order], [case.s[at] for at in order])
