"""DeLong's variance, against its definition over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.churn.evaluation.cases import Floats

from telcrm.churn.evaluation.delong import delong_covariance, delong_variance
from telcrm.churn.evaluation.levels import ScoreLevels, order_scores
from telcrm.errors import ScoreError


def _levels(y: list[int], s: list[float]) -> ScoreLevels:
    return order_scores(np.array(y, dtype=bool), np.array(s)).levels()


def _over_all_pairs(y: list[int], scores: list[list[float]]) -> Floats:
    """DeLong, DeLong & Clarke-Pearson (1988), equations 4 to 6, with every pair looked at."""
    left, stayed = [], []
    for each in scores:
        of_leavers = np.array([s for s, out in zip(each, y, strict=True) if out])[:, None]
        of_stayers = np.array([s for s, out in zip(each, y, strict=True) if not out])[None, :]
        wins = (of_leavers > of_stayers) + 0.5 * (of_leavers == of_stayers)
        left.append(wins.mean(axis=1))
        stayed.append(wins.mean(axis=0))
    found: Floats = np.cov(np.vstack(left)) / len(left[0]) + np.cov(np.vstack(stayed)) / len(
        stayed[0]
    )
    return found


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=30
    ).filter(lambda rows: 2 <= sum(y for y, _, _ in rows) <= len(rows) - 2)
)
def test_levels_give_what_all_pairs_give(rows: list[tuple[int, int, int]]) -> None:
    y = [left for left, _, _ in rows]
    scores = [[float(row[at]) for row in rows] for at in (1, 2)]
    models = [_levels(y, each) for each in scores]
    found = delong_covariance(models)
    assert found == pytest.approx(_over_all_pairs(y, scores), abs=1e-12)
    for at, levels in enumerate(models):
        assert delong_variance(levels) == pytest.approx(found[at, at], abs=1e-12)


def test_scores_that_part_all_leave_no_variance() -> None:
    assert delong_variance(_levels([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])) == 0.0


@pytest.mark.parametrize("y", [[0, 0, 1], [1, 1, 0]])
def test_two_of_each_are_needed(y: list[int]) -> None:
    levels = _levels(y, [0.1, 0.2, 0.3])
    with pytest.raises(ScoreError, match="two at least on either side"):
        delong_variance(levels)
    with pytest.raises(ScoreError, match="two at least on either side"):
        delong_covariance([levels, levels])
