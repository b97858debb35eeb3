"""Terms of a log-likelihood: covariates, forms of second derivatives, sums in blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from tests.value.likelihood.derivatives import assert_derivatives

from telcrm.value.likelihood import terms as module
from telcrm.value.likelihood.terms import Bends, Design, RowCurvature, Term, objective_of

Floats = NDArray[np.float64]
Rows = Callable[[Floats, Floats], RowCurvature]
seeds = st.integers(0, 10**6)


def gamma_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """Log density of x of a gamma of shape 3 and rate k, plus a pull of another parameter to 1."""
    rate, other = parameters
    [x] = columns
    zero = np.zeros_like(x)
    value = 3.0 * np.log(rate) - rate * x - 0.5 * np.log(other) ** 2
    gradient = np.stack([3.0 - rate * x, -np.log(other) + zero])
    hessian = np.zeros((2, 2, x.size))
    hessian[0, 0] = -rate * x
    hessian[1, 1] = -1.0
    return value, gradient, hessian


def sparse_gamma_rows(parameters: Floats, columns: Floats) -> RowCurvature:
    """The same, with second derivatives as entries and as products of slopes."""
    value, gradient, _ = gamma_rows(parameters, columns)
    [x] = columns
    rate = parameters[0]
    slopes = np.stack([np.sqrt(rate * x), np.ones_like(x)])
    # -(a^2), -(b^2) and -ab, of which the last is taken back; in two equal shares.
    apart = np.stack([slopes, slopes], axis=2)
    spread = (np.full((x.size, 2), -0.5), apart)
    return value, gradient, Bends({(0, 1): slopes[0]}, [spread])


@pytest.mark.parametrize("rows", [gamma_rows, sparse_gamma_rows])
def test_the_rows_of_these_tests_are_sound(rows: Rows) -> None:
    assert_derivatives(rows, np.array([[0.7], [2.0]]), np.array([[0.5, 1.0, 9.0]]))


def test_sparse_and_dense_second_derivatives_are_summed_alike() -> None:
    chance = np.random.default_rng(4)
    x, weights = chance.gamma(3.0, size=50), chance.integers(1, 4, 50).astype(np.float64)
    covariates = chance.normal(size=(1, 50))
    point = np.array([0.3, -0.2, 0.5, 0.1])
    for effects, size in (((), 2), (((0, 0, -1.0), (1, 0, 1.0)), 4)):
        dense, sparse = (
            objective_of(
                [Term.over(rows, x, weights=weights, covariates=covariates)], Design(2, effects)
            )(point[:size])
            for rows in (gamma_rows, sparse_gamma_rows)
        )
        assert_allclose(sparse.hessian, dense.hessian, rtol=1e-10, atol=1e-10)
        assert_allclose(sparse.gradient, dense.gradient)


@given(seed=seeds)
def test_a_design_moves_the_parameters_that_it_names(seed: int) -> None:
    chance = np.random.default_rng(seed)
    covariates = chance.normal(size=(2, 7))
    design = Design(3, ((0, 1, 1.0), (2, 0, -1.0), (2, 1, 1.0)))
    assert design.size == 6
    point = chance.normal(size=6)
    base, (g, h, k) = np.exp(point[:3]), point[3:]
    expected = np.stack(
        [
            base[0] * np.exp(g * covariates[1]),
            np.full(7, base[1]),
            base[2] * np.exp(-h * covariates[0] + k * covariates[1]),
        ]
    )
    assert_allclose(design.natural(point, covariates), expected)
    plain = Design(3)
    assert plain.natural(point[:3], np.empty((0, 7))).shape == (3, 1)


@given(seed=seeds, effects=st.sampled_from([(), ((0, 0, -1.0),), ((0, 0, 1.0), (1, 1, -1.0))]))
def test_slopes_by_parameters_and_coefficients(
    seed: int, effects: tuple[tuple[int, int, float], ...]
) -> None:
    chance = np.random.default_rng(seed)
    x, weights = chance.gamma(3.0, size=30), chance.integers(1, 4, 30).astype(np.float64)
    term = Term.over(gamma_rows, x, weights=weights, covariates=chance.normal(size=(2, 30)))
    design = Design(2, effects)
    objective = objective_of([term, term], design)
    point = chance.normal(scale=0.5, size=design.size)
    here = objective(point)
    assert_allclose(here.hessian, here.hessian.T)
    for at in range(design.size):
        moved = np.zeros(design.size)
        moved[at] = 1e-4
        above, below = objective(point + moved), objective(point - moved)
        assert_allclose((above.value - below.value) / 2e-4, here.gradient[at], rtol=1e-5, atol=1e-4)
        slope = (above.gradient - below.gradient) / 2e-4
        assert_allclose(slope, here.hessian[at], rtol=1e-5, atol=1e-4)


def test_blocks_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(0)
    x = chance.gamma(3.0, size=500)
    term = Term.over(gamma_rows, x, weights=np.ones(500), covariates=chance.normal(size=(1, 500)))
    design, point = Design(2, ((0, 0, 1.0),)), np.array([0.1, 0.2, 0.3])
    whole = objective_of([term], design)(point)
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 64)
    parts = objective_of([term], design)(point)
    assert parts.value == pytest.approx(whole.value, rel=1e-12)
    assert_allclose(parts.gradient, whole.gradient)
    assert_allclose(parts.hessian, whole.hessian)


def test_no_rows_say_nothing() -> None:
    none = np.empty(0)
    term = Term.over(gamma_rows, none, weights=none)
    found = objective_of([term], Design(2))(np.zeros(2))
    assert (found.value, found.gradient.tolist()) == (0.0, [0.0, 0.0])
