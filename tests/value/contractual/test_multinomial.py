"""The multinomial logit of competing causes: derivatives, closed forms, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from telcrm.errors import UnidentifiedModelError
from telcrm.value.contractual.multinomial import CauseCounts, cause_objective, fit_causes
from telcrm.value.likelihood.maximize import Maximum

Floats = NDArray[np.float64]
GROUP = np.array([[0.0], [1.0]])


def fit(terms: Floats, counts: Floats, *, names: tuple[str, ...], ridge: float = 0.0) -> Maximum:
    causes = [f"cause {at}" for at in range(counts.shape[1] - 1)]
    return fit_causes(CauseCounts(terms, counts, names), causes=causes, ridge=ridge, model="Model")


@given(st.integers(0, 10**6), st.sampled_from([0.0, 2.5]))
@settings(max_examples=10)
def test_slopes_and_bends_are_those_of_the_value(seed: int, ridge: float) -> None:
    chance = np.random.default_rng(seed)
    design = np.column_stack([np.ones(6), chance.normal(size=(6, 2))])
    counts = chance.integers(0, 9, (6, 3)).astype(float)
    objective = cause_objective(design, counts, np.array([0.0, ridge, ridge]))
    point, step = chance.normal(size=6), 1e-5
    here = objective(point)
    for at in range(6):
        moved = np.eye(6)[at] * step
        above, below = objective(point + moved), objective(point - moved)
        rise = (above.value - below.value) / (2 * step)
        assert_allclose(rise, here.gradient[at], rtol=1e-5, atol=1e-5)
        bend = (above.gradient - below.gradient) / (2 * step)
        assert_allclose(bend, here.hessian[at], rtol=1e-5, atol=1e-5)


@given(st.lists(st.integers(1, 500), min_size=3, max_size=3))
def test_without_terms_the_odds_are_those_counted(counted: list[int]) -> None:
    found = fit(np.empty((1, 0)), np.array([counted], dtype=float), names=())
    stayed, *left = counted
    assert_allclose(found.point, np.log(np.array(left) / stayed), atol=1e-7)
    # The variance of a log odds ratio: Agresti, Categorical Data Analysis, section 3.1.1.
    assert_allclose(np.diag(found.covariance()), 1 / np.array(left) + 1 / stayed, rtol=1e-5)


def test_two_groups_give_the_log_odds_ratio_and_its_variance() -> None:
    counts = np.array([[900.0, 60.0, 40.0], [700.0, 210.0, 90.0]])
    # Far from 0, and on a scale of its own: neither may matter.
    found = fit(2000.0 + 1e-3 * GROUP, counts, names=("year",))
    ratios = np.log([210 / 700 / (60 / 900), 90 / 700 / (40 / 900)])
    assert_allclose(found.point[[1, 3]] * 1e-3, ratios, rtol=1e-6)
    variances = [1 / 210 + 1 / 700 + 1 / 60 + 1 / 900, 1 / 90 + 1 / 700 + 1 / 40 + 1 / 900]
    assert_allclose(np.diag(found.covariance())[[1, 3]] * 1e-6, variances, rtol=1e-6)


def test_the_likelihood_is_that_of_single_months() -> None:
    counts = np.array([[90.0, 10.0], [60.0, 40.0]])
    found = fit(GROUP, counts, names=("group",))
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert_allclose(found.curvature.value, (counts * np.log(shares)).sum(), rtol=1e-12)


def test_a_group_that_nobody_left_has_no_error_and_leaves_the_others_theirs() -> None:
    counts = np.array([[90.0, 10.0], [60.0, 40.0], [50.0, 0.0]])
    terms = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = fit(terms, counts, names=("group", "loyal"))
    errors = np.diag(found.covariance())
    assert np.isnan(errors[2])
    assert_allclose(errors[:2], [1 / 90 + 1 / 10, 1 / 90 + 1 / 10 + 1 / 60 + 1 / 40], rtol=1e-4)
    assert_allclose(found.point[:2], [np.log(10 / 90), np.log(40 / 60 * 9)], rtol=1e-4)


def test_ridge_draws_coefficients_to_0_and_shares_to_the_mean() -> None:
    counts = np.array([[90.0, 10.0], [60.0, 40.0]])
    sizes = [abs(fit(GROUP, counts, names=("group",), ridge=r).point[1]) for r in (0.0, 5.0, 1e6)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 1e-3
    mean = fit(GROUP, counts, names=("group",), ridge=1e9).point[0]
    assert_allclose(mean, np.log(50 / 150), atol=1e-4)
    parted = np.array([[100.0, 0.0], [60.0, 40.0]])
    assert np.isfinite(fit(GROUP, parted, names=("group",), ridge=1.0).covariance()).all()


def test_what_the_data_cannot_tell_is_refused() -> None:
    counts = np.array([[90.0, 10.0], [60.0, 40.0]])
    with pytest.raises(UnidentifiedModelError, match="learns from lines that left"):
        fit(GROUP, counts * [1, 0], names=("group",))
    with pytest.raises(UnidentifiedModelError, match="no line left for 'cause 1'"):
        fit(GROUP, np.column_stack([counts, [0.0, 0.0]]), names=("group",))
    with pytest.raises(UnidentifiedModelError, match="'group' is the same in all months"):
        fit(GROUP * 0 + 7.1, counts, names=("group",))
    three = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    with pytest.raises(UnidentifiedModelError, match="'fee', 'tax' follow from one another"):
        fit(three, np.vstack([counts, counts[:1]]), names=("fee", "tax"))
