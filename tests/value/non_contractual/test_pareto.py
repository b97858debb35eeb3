"""Formulas of Pareto/NBD: derivatives, odds by another rule, extreme customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.special import hyperu, logsumexp
from tests.value.likelihood.derivatives import assert_derivatives

from telcrm.value.non_contractual.pareto import (
    count_rows,
    discounted_while_alive,
    expected_while_alive,
    log_odds_of_death,
    spell_rows,
)

Floats = NDArray[np.float64]

logs = st.floats(-2.0, 3.0)
four = st.tuples(logs, logs, logs, logs).map(lambda each: np.exp(np.array(each))[:, None])


@given(parameters=four, counts=st.lists(st.integers(0, 400), min_size=1, max_size=4))
def test_derivatives_of_the_number_of_purchases(parameters: Floats, counts: list[int]) -> None:
    assert_derivatives(count_rows, parameters, np.array([counts], dtype=np.float64))


@given(
    parameters=four,
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    age=st.floats(0.1, 500.0),
    share=st.floats(0.0, 1.0),
)
def test_derivatives_of_the_spell(
    parameters: Floats, counts: list[int], age: float, share: float
) -> None:
    columns = np.array([[n, share * age if n else 0.0, age] for n in counts]).T
    assert_derivatives(spell_rows, parameters, columns)


def test_parameters_may_differ_by_row() -> None:
    chance = np.random.default_rng(1)
    parameters = np.exp(chance.normal(size=(4, 5)))
    columns = np.stack([chance.integers(1, 9, 5).astype(float), np.full(5, 3.0), np.full(5, 9.0)])
    for rows, looked_at in ((count_rows, columns[:1]), (spell_rows, columns)):
        together = rows(parameters, looked_at)
        for at in range(5):
            alone = rows(parameters[:, [at]], looked_at[:, [at]])
            assert_allclose(together[0][at], alone[0][0])
            assert_allclose(together[1][:, at], alone[1][:, 0])


def odds_by_hand(parameters: Floats, often: float, last: float, age: float) -> float:
    """The integral over the time of leaving, in pieces that grow from the last purchase on."""
    r, alpha, s, beta = parameters[:, 0]
    points, weights = np.polynomial.legendre.leggauss(30)
    edges = (age - last) * np.concatenate(([0.0], np.logspace(-12, 0, 49)))
    half = np.diff(edges)[:, None] / 2.0
    u = last + edges[:-1, None] + half * (1.0 + points)
    log_each = np.log(half * weights) + np.log(s) - np.log(beta + u)
    log_each -= (r + often) * (np.log(alpha + u) - np.log(alpha + age))
    log_each -= s * (np.log(beta + u) - np.log(beta + age))
    return float(logsumexp(log_each))


@given(
    logs=st.tuples(
        st.floats(-4.0, 5.0), st.floats(-4.0, 8.0), st.floats(-5.0, 6.0), st.floats(-4.0, 8.0)
    ),
    often=st.sampled_from([0.0, 1.0, 7.0, 120.0, 10_000.0]),
    age=st.floats(0.1, 10_000.0),
    share=st.floats(0.0, 0.999),
)
def test_odds_of_having_left_by_another_rule(
    logs: tuple[float, ...], often: float, age: float, share: float
) -> None:
    parameters = np.exp(np.array(logs))[:, None]
    last = share * age if often else 0.0
    [found] = log_odds_of_death(parameters, *(np.array([each]) for each in (often, last, age)))
    # Odds of e^80,000 have no more digits than their logarithm, nor has the other rule.
    assert found == pytest.approx(odds_by_hand(parameters, often, last, age), abs=1e-9, rel=1e-11)


def test_a_purchase_today_is_a_sign_of_life() -> None:
    parameters = np.array([[0.5], [10.0], [0.6], [12.0]])
    found = log_odds_of_death(parameters, np.array([3.0]), np.array([20.0]), np.array([20.0]))
    assert found.tolist() == [-np.inf]


@given(
    shape=st.floats(0.1, 50.0),
    rate=st.floats(0.1, 50.0),
    beta=st.floats(0.1, 500.0),
    horizon=st.just(0.0) | st.floats(1e-3, 1e4),
)
def test_nothing_happens_where_the_published_form_has_a_hole(
    shape: float, rate: float, beta: float, horizon: float
) -> None:
    def at(s: float) -> float:
        own = np.array([shape, rate, s, beta])
        return float(expected_while_alive(own[0], own[1], own[2], own[3], horizon))

    assert at(1.0) == pytest.approx((at(1.0 - 1e-6) + at(1.0 + 1e-6)) / 2, rel=1e-9, abs=1e-12)
    assert at(1.0 + 1e-13) == pytest.approx(at(1.0), rel=1e-9, abs=1e-12)
    if horizon > 0:
        away = shape / rate * beta / 1.5 * -np.expm1(-1.5 * np.log1p(horizon / beta))
        assert at(2.5) == pytest.approx(away, rel=1e-9, abs=1e-12)


def test_discounted_purchases_in_the_published_form() -> None:
    # Fader, Hardie & Lee (2005), Journal of Marketing Research 42(4), equation 2, with Tricomi's
    # function as scipy has it: Psi(s, s; z) = U(s, s, z).
    shape, rate, s, beta = (np.array(v) for v in (2.55, 49.4, 0.60621357, 50.5))
    for discount in (1e-4, 0.0027, 0.1):
        z = discount * beta
        published = shape / rate * discount ** (s - 1.0) * beta**s * hyperu(s, s, z)
        found = discounted_while_alive(shape, rate, s, beta, discount)
        assert_allclose(found, published, rtol=1e-9)


@pytest.mark.parametrize("age", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("counts", [0.0, 1.0, 1e4])
@pytest.mark.parametrize(
    "parameters",
    [
        (0.55, 10.6, 0.61, 11.7),
        (1e-6, 1e-6, 1e-6, 1e-6),
        (1e6, 1e6, 1e6, 1e6),
        (1e-6, 1e6, 1e6, 1e-6),
        (1e6, 1e-6, 1e-6, 1e6),
    ],
)
def test_extreme_customers_get_a_number(
    parameters: tuple[float, ...], counts: float, age: float
) -> None:
    own = np.array(parameters)[:, None]
    for share in (0.0, 0.5, 1.0):
        who = [np.array([v]) for v in (counts, share * age if counts else 0.0, age)]
        odds = log_odds_of_death(own, *who)
        assert not np.isnan(odds).any()
        value, gradient, hessian = spell_rows(own, np.array(who))
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
        assert np.isfinite(hessian if isinstance(hessian, np.ndarray) else hessian.dense()).all()
    r, alpha, s, beta = own
    most = (r + counts) / (alpha + age)
    [found] = expected_while_alive(r + counts, alpha + age, s, beta + age, 100.0)
    assert 0.0 < found <= most[0] * 100.0 * (1 + 1e-9)
    [kept] = discounted_while_alive(r + counts, alpha + age, s, beta + age, 0.003)
    assert 0.0 < kept <= most[0] / 0.003 * (1 + 1e-9)
