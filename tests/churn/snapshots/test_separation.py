"""Areas, guards and pure values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from telcrm.churn.snapshots.separation import (
    goes_with,
    in_order,
    learnt_order,
    purest_value,
    separates,
)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=40))
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    values = np.array([value for value, _ in rows], dtype=float)
    left = np.array([churned for _, churned in rows])
    if not 0 < left.sum() < left.size:
        assert in_order(values, left).area == 0.5
        return
    area = roc_auc_score(left, values)
    assert in_order(values, left).area == pytest.approx(max(area, 1 - area))


@pytest.mark.parametrize(("churners", "is_certain"), [(10, False), (30, False), (60, True)])
def test_few_churners_are_no_certainty(churners: int, is_certain: bool) -> None:
    values = np.arange(2_000.0)
    left = values >= 2_000 - churners
    assert in_order(values, left).is_certain is is_certain
    assert (separates(values, left, 0.99) == 1.0) is is_certain


@given(st.integers(0, 10**6))
def test_rare_categories_do_not_separate_by_being_learnt(seed: int) -> None:
    chance = np.random.default_rng(seed)
    codes, left = np.arange(400) // 2, chance.random(400) < 0.3
    assert in_order(learnt_order(codes, left), left).area < 0.75


def test_a_pure_value_is_found_by_the_bound_of_clopper_and_pearson() -> None:
    codes = np.repeat([-1, 0, 1], [500, 100, 80])
    left = np.zeros(680, dtype=bool)
    left[500:599] = True
    found = purest_value(codes, left)
    # The lower bound at one in a thousand of 99 in 100 is above nine in ten.
    assert binomtest(99, 100).proportion_ci(0.998, "exact").low > 0.9
    assert found is not None
    assert (found.value, found.rows, found.share) == (0, 100, 0.99)
    left[500:505] = False
    assert binomtest(94, 100).proportion_ci(0.998, "exact").low < 0.9
    assert purest_value(codes, left) is None


def test_where_most_churn_no_value_gives_churners_away() -> None:
    assert purest_value(np.zeros(100, dtype=int), np.arange(100) < 95) is None


def test_days_go_with_the_label_if_they_are_far_apart() -> None:
    left = np.arange(1_000) < 200
    assert goes_with(left, left)
    assert goes_with(~left, left)
    # Clearly more common among churners, and yet no sign of having looked.
    assert not goes_with((np.arange(1_000) % 5 < 2) | (np.arange(1_000) < 60), left)
    assert not goes_with(np.arange(8) < 2, np.arange(8) < 2)
