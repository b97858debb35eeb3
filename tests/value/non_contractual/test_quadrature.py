"""Quadrature rules against scipy, closed forms and published tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import beta, exp1, psi

from telcrm.value.non_contractual.quadrature import (
    beta_nodes,
    legendre,
    scaled_exponential_integral,
)


@given(nodes=st.integers(1, 40), power=st.integers(0, 79))
def test_legendre_is_exact_for_polynomials(nodes: int, power: int) -> None:
    points, weights = legendre(nodes)
    assert ((points > 0) & (points < 1)).all()
    if power < 2 * nodes:
        assert weights @ points**power == pytest.approx(1.0 / (power + 1.0), rel=1e-12)


@given(
    a=st.floats(-3.0, 8.0).map(np.exp),
    b=st.floats(-3.0, 8.0).map(np.exp),
    power=st.floats(0.0, 3.0),
)
def test_means_over_a_beta_distribution(a: float, b: float, power: float) -> None:
    points, weights = beta_nodes(a, b)
    assert ((points >= 0) & (points <= 1)).all()
    assert weights.sum() == pytest.approx(1.0, rel=1e-12)
    expected = np.exp(_log_beta(a + power, b) - _log_beta(a, b))
    assert weights @ points**power == pytest.approx(expected, rel=1e-10)
    # E ln p = psi(a) - psi(a+b), where a tail has all the weight.
    seen = points > 0
    mean_log = weights[seen] @ np.log(points[seen])
    assert mean_log == pytest.approx(psi(a) - psi(a + b), rel=1e-9, abs=1e-12)


def _log_beta(a: float, b: float) -> float:
    from scipy.special import betaln

    return float(betaln(a, b))


def test_a_uniform_distribution() -> None:
    points, weights = beta_nodes(1.0, 1.0)
    assert weights @ np.exp(points) == pytest.approx(np.e - 1.0, rel=1e-12)
    assert beta(1.0, 1.0) == 1.0


@pytest.mark.parametrize("shapes", [(1e-4, 3.0), (3.0, 1e-4)])
def test_tiny_shapes_take_no_more_points_than_a_machine_has_room_for(
    shapes: tuple[float, float],
) -> None:
    points, _ = beta_nodes(*shapes)
    assert points.size < 100_000


def test_the_exponential_integral_is_that_of_the_tables() -> None:
    # E_1 of scipy, and E_n by its recursion n E_{n+1}(z) = e^-z - z E_n(z) (DLMF 8.19.12).
    z = np.array([1e-6, 1e-3, 0.1, 1.0, 5.0, 50.0])
    first = scaled_exponential_integral(np.array(1.0), z)
    assert_allclose(first, np.exp(z) * exp1(z), rtol=1e-11)
    for order in (1.0, 2.5, 7.0, 0.3):
        here = scaled_exponential_integral(np.array(order), z)
        following = scaled_exponential_integral(np.array(order + 1.0), z)
        assert_allclose(order * following, 1.0 - z * here, rtol=1e-10)


@given(order=st.floats(-6.0, 9.0).map(np.exp), argument=st.floats(-14.0, 9.0).map(np.exp))
def test_the_exponential_integral_by_another_rule(order: float, argument: float) -> None:
    # By the trapezoidal rule in ln u.
    end = np.log(50.0 / argument)
    x = np.arange(-50.0, end, 0.05)
    u = np.exp(x)
    by_hand = 0.05 * np.exp(-argument * u - order * np.log1p(u) + x).sum()
    found = scaled_exponential_integral(np.array(order), np.array(argument))
    assert found == pytest.approx(by_hand, rel=1e-10)
    # DLMF 8.19.21: 1/(z+v) < e^z E_v(z) <= 1/(z+v-1), the latter for v > 1.
    assert found > (1 - 1e-12) / (argument + order)
    if order > 1:
        assert found <= (1 + 1e-12) / (argument + order - 1.0)
