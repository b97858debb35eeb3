"""Formulas of BG/NBD and MBG/NBD: derivatives, and expectations by another way."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.special import log_expit, logsumexp
from tests.value.likelihood.derivatives import assert_derivatives

from telcrm.value.non_contractual.beta_geometric import (
    discounted_while_alive,
    dropout_rows,
    expected_while_alive,
    log_odds_of_dropout,
    order_rows,
    time_rows,
)

Floats = NDArray[np.float64]

logs = st.floats(-2.0, 3.0)
four = st.tuples(logs, logs, logs, logs).map(lambda each: np.exp(np.array(each))[:, None])
often = st.lists(st.integers(0, 400), min_size=1, max_size=4)
from_start = st.booleans()


@given(parameters=four, counts=often, begins=from_start)
def test_derivatives_of_the_order_of_purchases(
    parameters: Floats, counts: list[int], begins: bool
) -> None:
    rows = partial(order_rows, from_start=begins)
    assert_derivatives(rows, parameters, np.array([counts], dtype=np.float64))


@given(parameters=four, counts=often, age=st.floats(0.01, 500.0))
def test_derivatives_of_time(parameters: Floats, counts: list[int], age: float) -> None:
    assert_derivatives(time_rows, parameters, np.array([[n, age] for n in counts]).T)


@given(
    parameters=four,
    counts=often,
    age=st.floats(0.01, 500.0),
    share=st.floats(0.0, 1.0),
    begins=from_start,
)
def test_derivatives_of_dropout(
    parameters: Floats, counts: list[int], age: float, share: float, begins: bool
) -> None:
    # BG/NBD asks it of repeat buyers only.
    columns = np.array([[n + (not begins), share * age, age] for n in counts]).T
    assert_derivatives(partial(dropout_rows, from_start=begins), parameters, columns)


def test_parameters_may_differ_by_row() -> None:
    chance = np.random.default_rng(1)
    parameters = np.exp(chance.normal(size=(4, 5)))
    columns = np.stack([chance.integers(1, 9, 5).astype(float), np.full(5, 3.0), np.full(5, 9.0)])
    for rows, looked_at in (
        (partial(order_rows, from_start=True), columns[:1]),
        (time_rows, columns[[0, 2]]),
        (partial(dropout_rows, from_start=False), columns),
    ):
        together = rows(parameters, looked_at)
        for at in range(5):
            alone = rows(parameters[:, [at]], looked_at[:, [at]])
            assert_allclose(together[0][at], alone[0][0])
            assert_allclose(together[1][:, at], alone[1][:, 0])


def test_odds_of_dropout() -> None:
    one = np.array([[0.5], [4.0], [0.8], [2.5]])
    counts, last, age = np.array([0.0, 1.0, 4.0]), np.array([0.0, 5.0, 9.0]), np.full(3, 10.0)
    silence = (4.0 + age) / (4.0 + last)
    modified = log_odds_of_dropout(one, counts, last, age, from_start=True)
    assert_allclose(np.exp(modified), 0.8 / (2.5 + counts) * silence ** (0.5 + counts))
    plain = log_odds_of_dropout(one, counts, last, age, from_start=False)
    assert plain[0] == -np.inf
    assert_allclose(np.exp(plain[1:]), 0.8 / (1.5 + counts[1:]) * silence[1:] ** (0.5 + counts[1:]))


def while_alive(shape: float, rate: float, a: float, b: float, horizon: float) -> float:
    own = np.array([[shape], [rate], [a], [b]])
    return float(expected_while_alive(own[0], own[1], own[2], own[3], horizon)[0])


def by_grid(shape: float, rate: float, a: float, b: float, horizon: float) -> float:
    """The mean of ``(1 - (1 + p t/rate)^-shape) / p`` over p, in logarithms, on a fine grid."""
    width = np.sqrt((a + b) / (a * b))
    step = min(0.1, 0.1 * width)
    middle = np.log(a / b)
    u = np.arange(middle - 45.0 / a - 12.0 * width, middle + 45.0 / b + 12.0 * width, step)
    log_p = log_expit(u)
    common = a * log_p + b * log_expit(-u)
    grown = np.exp(np.minimum(log_p + np.log(horizon / rate), 700.0))
    gone = -np.expm1(-shape * np.log1p(grown))
    tiny = grown < 1e-250  # the quotient is its limit there
    log_each = np.where(tiny, np.log(shape * horizon / rate), np.log(gone + tiny) - log_p)
    return float(np.exp(logsumexp(common + log_each) - logsumexp(common)))


wide = st.floats(-4.0, 8.0).map(np.exp)


@given(shape=wide, rate=wide, a=st.floats(-2.0, 7.0).map(np.exp), b=wide, horizon=wide)
def test_expected_purchases_by_another_way(
    shape: float, rate: float, a: float, b: float, horizon: float
) -> None:
    found = while_alive(shape, rate, a, b, horizon)
    assert_allclose(found, by_grid(shape, rate, a, b, horizon), rtol=1e-10)


@pytest.mark.parametrize(
    ("shape", "rate", "a", "b", "horizon", "expected"),
    [
        # mpmath 1.4, 50 digits: (a+b-1)/(a-1) (1 - (1-z)^s 2F1(s, b; a+b-1; z)), z = t/(rate+t).
        (2.24259291, 43.27353156, 0.79288615, 4.42575344, 39.0, 1.687166271690799),
        (10.243, 43.414, 0.793, 12.426, 2.0, 0.4647136545048271),
        (0.5, 10.0, 2.5, 0.3, 1000.0, 1.061138555851757),
        (30.0, 5.0, 0.1, 40.0, 60.0, 307.97565498396),
        (200.0, 900.0, 12.0, 300.0, 365.0, 26.05238084271446),
        (0.01, 0.2, 0.05, 0.06, 52.0, 1.165446996658118),
        (1.2, 10000.0, 3.0, 2.0, 1.0, 0.0001199920805631578),
    ],
)
def test_expected_purchases_in_the_published_form(
    shape: float, rate: float, a: float, b: float, horizon: float, expected: float
) -> None:
    found = while_alive(shape, rate, a, b, horizon)
    assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-12, 1.0 - 1e-12, 1.0 + 1e-6])
@pytest.mark.parametrize("b", [1e-9, 0.5, 3.0])
def test_nothing_happens_where_the_published_form_has_a_hole(a: float, b: float) -> None:
    # a = 1, and a + b = 1 beside it.
    values = [while_alive(2.4, 43.0, at, b, 39.0) for at in (a - 1e-5, a, a + 1e-5)]
    assert values[0] > values[1] > values[2]
    assert values[1] == pytest.approx((values[0] + values[2]) / 2, rel=1e-8)


@pytest.mark.parametrize("horizon", [1e-3, 1.0, 39.0, 1e4])
@pytest.mark.parametrize("age", [0.0, 1e-6, 1.0, 1e4])
@pytest.mark.parametrize("counts", [0.0, 1.0, 50.0, 1e4])
def test_extreme_customers_get_a_number(counts: float, age: float, horizon: float) -> None:
    for r, alpha, a, b in [
        (0.24, 4.4, 0.79, 2.4),
        (1e-6, 1e-6, 0.05, 0.05),
        (1e6, 1e6, 1e6, 1e6),
        (1e-6, 1e6, 1e6, 0.05),
        (1e6, 1e-6, 0.05, 1e6),
    ]:
        own = (r + counts, alpha + age, a, b + counts + 1.0)
        found = while_alive(*own, horizon)
        # No more than without any dropout, up to rounding.
        most = (r + counts) / (alpha + age) * horizon
        assert 0.0 < found <= most * (1 + 1e-9)
        shape, rate, first, second = np.array(own)[:, None]
        [kept] = discounted_while_alive(shape, rate, first, second, 0.003)
        assert 0.0 < kept <= (r + counts) / (alpha + age) / 0.003 * (1 + 1e-9)


@given(shape=wide, rate=wide, a=wide, b=wide, horizon=wide, by=st.floats(1.1, 10.0))
def test_dropout_lowers_and_time_raises_what_is_expected(
    shape: float, rate: float, a: float, b: float, horizon: float, by: float
) -> None:
    here = while_alive(shape, rate, a, b, horizon)
    assert while_alive(shape, rate, a * by, b, horizon) <= here * (1 + 1e-11)
    assert while_alive(shape, rate, a, b, horizon * by) >= here * (1 - 1e-11)


def test_discounted_purchases_in_a_sum_over_time() -> None:
    # d * integral of exp(-d t) E[Y(t)] dt, by the trapezoidal rule in ln t.
    chance = np.random.default_rng(8)
    shape, rate, a, b = np.exp(chance.normal(0.5, 1.5, (4, 8)))
    for discount in (1e-4, 0.05):
        t = np.exp(np.arange(np.log(1e-13 / discount), np.log(50.0 / discount), 0.2))
        weights = 0.2 * discount * t * np.exp(-discount * t)
        each = [expected_while_alive(shape, rate, a, b, time) for time in t]
        found = discounted_while_alive(shape, rate, a, b, discount)
        assert_allclose(found, weights @ np.array(each), rtol=1e-9)
