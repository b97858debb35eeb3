"""Formulas of BG/BB: derivatives, every history once, extreme customers."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.special import betaln
from tests.value.likelihood.derivatives import assert_derivatives

from telcrm.value.non_contractual.beta_binomial import (
    expected_while_alive,
    log_odds_of_death,
    period_rows,
    survival,
)

Floats = NDArray[np.float64]

logs = st.floats(-2.0, 3.0)
four = st.tuples(logs, logs, logs, logs).map(lambda each: np.exp(np.array(each))[:, None])


def histories(periods: int) -> tuple[Floats, Floats]:
    """Each frequency and recency that is possible, and in how many ways it comes about."""
    kinds = [(0, 0)] + [(x, t) for t in range(1, periods + 1) for x in range(1, t + 1)]
    ways = [1] + [comb(t - 1, x - 1) for x, t in kinds[1:]]
    columns = np.array([(x, t, periods) for x, t in kinds], dtype=np.float64).T
    return columns, np.array(ways, dtype=np.float64)


@given(parameters=four, periods=st.integers(0, 12))
def test_derivatives(parameters: Floats, periods: int) -> None:
    columns, _ = histories(periods)
    assert_derivatives(period_rows, parameters, columns)


@given(parameters=four, periods=st.integers(0, 12))
def test_the_chances_of_all_histories_sum_to_one(parameters: Floats, periods: int) -> None:
    columns, ways = histories(periods)
    value, _, _ = period_rows(parameters, columns)
    assert ways @ np.exp(value) == pytest.approx(1.0, rel=1e-10)


@given(parameters=four, periods=st.integers(1, 12))
def test_who_is_there_on_average_is_who_survives(parameters: Floats, periods: int) -> None:
    columns, ways = histories(periods)
    chances = ways * np.exp(period_rows(parameters, columns)[0])
    here = 1.0 / (1.0 + np.exp(log_odds_of_death(parameters, *columns)))
    gamma, delta = (float(each) for each in parameters[2:, 0])
    assert chances @ here == pytest.approx(survival(gamma, delta, periods)[-1], rel=1e-9)


def test_who_bought_in_the_last_period_is_there() -> None:
    parameters = np.array([[1.2], [0.75], [0.66], [2.8]])
    odds = log_odds_of_death(parameters, np.array([3.0]), np.array([6.0]), np.array([6.0]))
    assert odds.tolist() == [-np.inf]


@given(gamma=st.floats(0.05, 20.0), delta=st.floats(0.05, 50.0), periods=st.integers(0, 40))
def test_survival_is_a_ratio_of_beta_functions(gamma: float, delta: float, periods: int) -> None:
    found = survival(gamma, delta, periods)
    ahead = np.arange(1.0, periods + 1.0)
    assert found.shape == (periods,)
    assert_allclose(found, np.exp(betaln(gamma, delta + ahead) - betaln(gamma, delta)), rtol=1e-9)


def test_expected_purchases_add_up_the_periods() -> None:
    found = expected_while_alive(np.array([0.4, 0.5]), 0.66, np.array([8.8, 3.8]), 7)
    by_hand = [
        chance * sum(np.exp(betaln(0.66, stayed + k) - betaln(0.66, stayed)) for k in range(1, 8))
        for chance, stayed in ((0.4, 8.8), (0.5, 3.8))
    ]
    assert_allclose(found, by_hand, rtol=1e-12)


@pytest.mark.parametrize(
    "parameters",
    [(1.2, 0.75, 0.66, 2.8), (1e-6,) * 4, (1e6,) * 4, (1e6, 1e-6, 1e-6, 1e6)],
)
@pytest.mark.parametrize("history", [(0, 0, 0), (0, 0, 600), (600, 600, 600), (1, 1, 600)])
def test_extreme_customers_get_a_number(
    parameters: tuple[float, ...], history: tuple[int, ...]
) -> None:
    own, columns = np.array(parameters)[:, None], np.array([history], dtype=np.float64).T
    value, gradient, hessian = period_rows(own, columns)
    for found in (value, gradient, hessian if isinstance(hessian, np.ndarray) else hessian.dense()):
        assert np.isfinite(found).all()
    assert not np.isnan(log_odds_of_death(own, *columns)).any()
