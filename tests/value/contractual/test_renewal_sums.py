"""Sums of renewals without end: against closed forms, and against adding up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import hyp2f1

from telcrm.value.contractual.beta_weibull import log_survival, log_survival_between
from telcrm.value.contractual.renewal_sums import (
    renewals_forever,
    renewals_within,
    retention_rates,
)

AGES = np.array([0, 1, 7, 30])


@given(st.floats(0.2, 5), st.floats(0.2, 20), st.floats(0.05, 0.5))
@settings(max_examples=10)
def test_sbg_is_the_published_2f1(alpha: float, beta: float, discount: float) -> None:
    # Fader & Hardie (2010), Marketing Science 29(1), with n = age + 1.
    n = AGES + 1
    factor = (beta + n - 1) / (alpha + beta + n - 1)
    published = factor * hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + discount))
    found = renewals_forever(alpha, beta, 1.0, AGES, discount=discount)
    assert_allclose(found, published, rtol=1e-9)


@given(st.floats(1.01, 50), st.floats(0.1, 5000))
@settings(max_examples=10)
def test_sbg_without_discount_is_the_mean_of_a_beta(alpha: float, beta: float) -> None:
    # E[(1 - theta) / theta] with theta ~ Beta(alpha, beta + age) is (beta + age) / (alpha - 1).
    found = renewals_forever(alpha, beta, 1.0, AGES, discount=0.0)
    assert_allclose(found, (beta + AGES) / (alpha - 1.0), rtol=1e-11)


@pytest.mark.parametrize(
    ("alpha", "beta", "c", "discount"),
    [(0.214, 1.427, 1.724, 0.1), (0.6, 3.0, 0.8, 0.004), (30.0, 400.0, 0.3, 0.002)],
)
def test_bdw_is_the_sum_term_by_term(alpha: float, beta: float, c: float, discount: float) -> None:
    ages = np.arange(1, 20_000, dtype=float)
    terms = np.exp(log_survival(alpha, beta, c, ages) - (ages - 1) * np.log1p(discount))
    [found] = renewals_forever(alpha, beta, c, np.array([0]), discount=discount)
    assert_allclose(found, terms.sum(), rtol=1e-12)


@pytest.mark.parametrize(
    ("alpha", "beta", "c", "discount"),
    [
        (0.7, 1.2, 1.8, 0.0),
        (3.0, 40.0, 0.5, 0.0),
        (1.02, 3.0, 1.0, 0.0),
        (30.0, 4000.0, 1.3, 0.0),
        (0.5, 3.0, 0.8, 1e-6),
        (900.0, 1e6, 0.9, 1e-5),
    ],
)
def test_where_the_formula_takes_over_does_not_matter(
    alpha: float, beta: float, c: float, discount: float
) -> None:
    early = renewals_forever(alpha, beta, c, np.array([0, 10]), discount=discount)
    late = renewals_forever(alpha, beta, c, np.array([0, 10, 6000]), discount=discount)
    assert_allclose(early, late[:2], rtol=1e-12)


@given(st.floats(0.2, 5), st.floats(0.2, 20), st.floats(0.3, 2), st.floats(0.01, 0.3))
@settings(max_examples=10)
def test_a_horizon_parts_the_sum_in_two(
    alpha: float, beta: float, c: float, discount: float
) -> None:
    horizon = 9
    within = renewals_within(alpha, beta, c, AGES, discount=discount, horizon=horizon)
    forever = renewals_forever(alpha, beta, c, AGES, discount=discount)
    beyond = renewals_forever(alpha, beta, c, AGES + horizon, discount=discount)
    there = np.exp(log_survival_between(alpha, beta, c, AGES, AGES + horizon))
    assert_allclose(within + there * beyond / (1 + discount) ** horizon, forever, rtol=1e-10)


def test_nobody_is_asked_for() -> None:
    none = np.array([], dtype=np.intp)
    assert renewals_forever(1.0, 2.0, 1.0, none, discount=0.1).size == 0
    assert renewals_within(1.0, 2.0, 1.0, none, discount=0.1, horizon=3).size == 0


def test_retention_rates_of_sbg() -> None:
    ages = np.arange(4, 9)
    assert_allclose(retention_rates(0.7, 3.0, 1.0, 4, 5), (3.0 + ages - 1) / (3.7 + ages - 1))
