"""Beta-discrete-Weibull formulas: against plain ones where those hold, and where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import betaln

from telcrm.value.contractual.beta_weibull import (
    lifetime_rows,
    log_survival,
    log_survival_between,
)

logs = st.floats(-4, 4).map(lambda log: float(np.exp(log)))
ages = st.integers(0, 60)
LIFETIMES = np.array([[3.0, 5, 0, 1, 8, 2], [1.0, 0, 0, 1, 1, 0], [0.0, 2, 0, 0, 4, 2]])


@given(logs, logs, st.floats(0.2, 3), ages)
def test_survival_is_the_published_ratio_of_beta_functions(
    alpha: float, beta: float, c: float, age: int
) -> None:
    plain = betaln(alpha, beta + age**c) - betaln(alpha, beta)
    assert_allclose(log_survival(alpha, beta, c, age), plain, rtol=1e-9, atol=1e-11)


@given(st.floats(-14, 14), st.floats(-14, 14), st.integers(0, 50), st.integers(1, 50))
def test_with_c_1_survival_is_a_product_of_retention_rates(
    log_alpha: float, log_beta: float, start: int, more: int
) -> None:
    alpha, beta = np.exp(log_alpha), np.exp(log_beta)
    passed = beta + np.arange(start, start + more)
    product = -np.log1p(alpha / passed).sum()
    found = log_survival_between(alpha, beta, 1.0, start, start + more)
    assert_allclose(found, product, rtol=1e-10)


def test_tiny_chances_to_leave_keep_their_digits() -> None:
    # By mpmath with 40 digits. Differences of gammaln, or of betaln, give 0 here, or noise.
    found = log_survival_between(
        4.1832043247536146e-06, 809004.9080684746, 0.08658951449860344, 52, 57
    )
    assert_allclose(found, -5.810538689678762e-14, rtol=1e-8)


@given(logs, logs, st.floats(0.2, 3), ages, st.integers(1, 30))
def test_survival_falls_and_stays_a_probability(
    alpha: float, beta: float, c: float, age: int, more: int
) -> None:
    earlier, later = log_survival(alpha, beta, c, np.array([age, age + more]))
    assert later < earlier <= 0
    between = log_survival_between(alpha, beta, c, age, age + more)
    assert_allclose(between, later - earlier, rtol=1e-8, atol=1e-12)


@given(st.floats(-2, 3), st.floats(-2, 3), st.floats(-1, 1))
def test_slopes_and_bends_are_those_of_the_values(alpha: float, beta: float, c: float) -> None:
    point, step = np.array([[alpha], [beta], [c]]), 1e-4
    _, slope, bend = lifetime_rows(np.exp(point), LIFETIMES)
    for at in range(3):
        moved = np.zeros((3, 1))
        moved[at] = step
        above = lifetime_rows(np.exp(point + moved), LIFETIMES)
        below = lifetime_rows(np.exp(point - moved), LIFETIMES)
        assert_allclose((above[0] - below[0]) / (2 * step), slope[at], rtol=1e-4, atol=1e-6)
        assert_allclose((above[1] - below[1]) / (2 * step), bend[at], rtol=1e-4, atol=1e-5)
    assert_allclose(bend, bend.transpose(1, 0, 2))


@pytest.mark.parametrize("entered", [0.0, 3.0])
def test_the_ways_a_life_can_go_on_have_probability_one(entered: float) -> None:
    parameters = np.array([[0.7], [3.0], [1.4]])
    lost = np.arange(entered + 1, entered + 13)
    columns = np.array([[*lost, lost[-1]], [*np.ones(12), 0.0], np.full(13, entered)])
    value, _, _ = lifetime_rows(parameters, columns)
    assert_allclose(np.exp(value).sum(), 1.0, rtol=1e-13)
