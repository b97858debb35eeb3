"""Customers counted down a ranking, with and without weights."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.churn.evaluation.cases import Case, scored

from telcrm.churn.evaluation.levels import curve_points, order_scores


@given(scored(), st.integers(0, 5))
def test_levels_count_who_scores_so_much_or_more(case: Case, seed: int) -> None:
    y, s = np.array(case.y, dtype=bool), np.array(case.s)
    ranked = order_scores(y, s)
    for weights in (None, np.random.default_rng(seed).integers(0, 3, y.size)):
        levels = ranked.levels(weights)
        held = np.ones(y.size, dtype=int) if weights is None else weights
        values = np.arange(y.size, dtype=float)
        sums = levels.cumulate(values)
        assert levels.contacted[0] == levels.churners[0] == sums[0] == 0
        for at, score in enumerate(levels.scores, start=1):
            above = s >= score
            assert levels.contacted[at] == held[above].sum()
            assert levels.churners[at] == held[above & y].sum()
            assert sums[at] == (held * values)[above].sum()
    assert ranked.spread(ranked.scores).tolist() == case.s
    assert (np.diff(ranked.scores) < 0).all()


def test_long_curves_are_thinned_and_keep_what_they_have_to() -> None:
    shares = np.linspace(0.0, 1.0, 50_001)
    points = curve_points(shares, shares**2, kept=(0.12345,))
    assert len(points) == 1002
    assert points[0] == (0.0, 0.0)
    assert points[-1] == (1.0, 1.0)
    found = dict(points)
    assert abs(found[0.12345] - 0.12345**2) < 1e-8


def test_short_curves_are_given_whole() -> None:
    assert curve_points(np.array([0.0, 0.4, 1.0]), np.array([0.0, 1.0, 1.0])) == (
        (0.0, 0.0),
        (0.4, 1.0),
        (1.0, 1.0),
    )
