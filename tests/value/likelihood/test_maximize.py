"""Newton's method: any concave function, bounds, flat and torn surfaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.special import expit

from telcrm.errors import UnidentifiedModelError
from telcrm.value.likelihood.maximize import Curvature, Maximum, Objective, maximize

Floats = NDArray[np.float64]
seeds = st.integers(0, 10**6)


def climb(objective: Objective, start: Floats, *, reach: float = 50.0) -> Maximum:
    """Search from ``start``, in a box that reaches far."""
    far = np.full(start.size, reach)
    return maximize(objective, start, lower=-far, upper=far)


def bowl(centre: Floats, bend: Floats) -> Objective:
    def objective(at: Floats) -> Curvature:
        away = at - centre
        return Curvature(-0.5 * float(away @ bend @ away), -bend @ away, -bend)

    return objective


def random_bowl(chance: np.random.Generator, size: int) -> tuple[Floats, Floats]:
    root = chance.normal(size=(size, size))
    scales = np.exp(chance.uniform(-3, 3, size))
    return chance.normal(scale=5.0, size=size), root @ np.diag(scales) @ root.T + 0.01 * np.eye(
        size
    )


@given(seed=seeds, size=st.integers(1, 5))
def test_the_top_of_any_bowl_is_found(seed: int, size: int) -> None:
    chance = np.random.default_rng(seed)
    centre, bend = random_bowl(chance, size)
    found = climb(bowl(centre, bend), chance.normal(scale=5.0, size=size))
    assert found.converged
    assert found.free.all()
    assert_allclose(found.point, centre, atol=1e-6)
    variance = np.linalg.inv(bend)
    known = np.diag(variance) <= 9.0
    assert_allclose(found.covariance()[np.ix_(known, known)], variance[np.ix_(known, known)])
    assert np.isnan(found.covariance()[~known]).all()


@pytest.mark.parametrize(("seed", "size"), [(830, 2), (3281, 3), (382, 4), (2672, 4)])
def test_a_bound_that_is_missed_by_a_bit_is_reached(seed: int, size: int) -> None:
    centre, bend = random_bowl(np.random.default_rng(seed), size)
    far = np.full(size, 2.0)
    assert maximize(bowl(centre, bend), np.zeros(size), lower=-far, upper=far).converged


@given(seed=seeds, size=st.integers(1, 4))
@example(seed=90, size=2)
def test_the_highest_point_inside_a_box_is_found(seed: int, size: int) -> None:
    chance = np.random.default_rng(seed)
    centre, bend = random_bowl(chance, size)
    lower, upper = np.full(size, -2.0), np.full(size, 2.0)
    found = maximize(bowl(centre, bend), np.zeros(size), lower=lower, upper=upper)
    assert ((found.point >= lower) & (found.point <= upper)).all()
    assert found.converged
    # The same as least squares of a root of the bend, with bounds, by another method.
    root = np.linalg.cholesky(bend).T
    theirs = lsq_linear(root, root @ centre, bounds=(lower, upper), tol=1e-14)
    objective = bowl(centre, bend)
    assert objective(found.point).value >= objective(theirs.x).value - 1e-7
    assert_allclose(found.free, (np.abs(found.point) < 2.0))


@given(seed=seeds)
def test_a_likelihood_that_is_no_bowl_is_climbed(seed: int) -> None:
    # Logistic regression from far away: flat there, and bent otherwise than at the top.
    chance = np.random.default_rng(seed)
    z = np.column_stack([np.ones(200), chance.normal(size=(200, 2))])
    y = chance.random(200) < expit(z @ [0.3, -1.0, 0.5])

    def objective(at: Floats) -> Curvature:
        p = expit(z @ at)
        value = float((y * (z @ at) - np.logaddexp(0.0, z @ at)).sum())
        return Curvature(value, z.T @ (y - p), -(z.T * (p * (1 - p))) @ z)

    found = climb(objective, np.array([-15.0, 15.0, -15.0]))
    assert found.converged
    assert np.abs(objective(found.point).gradient).max() < 1e-6
    near = climb(objective, np.zeros(3))
    assert_allclose(found.point, near.point, atol=1e-7)


def test_a_saddle_is_left() -> None:
    # x^2 - x^4 - y^2 bends upwards at 0, where it is no maximum.
    def objective(at: Floats) -> Curvature:
        x, y = at
        return Curvature(
            float(x**2 - x**4 - y**2),
            np.array([2 * x - 4 * x**3, -2 * y]),
            np.array([[2 - 12 * x**2, 0.0], [0.0, -2.0]]),
        )

    found = climb(objective, np.array([0.1, 1.0]))
    assert_allclose(found.point, [np.sqrt(0.5), 0.0], atol=1e-7)


def test_a_parameter_that_runs_away_ends_at_its_bound() -> None:
    # 1 - exp(-x) rises for ever; y has a top.
    def objective(at: Floats) -> Curvature:
        x, y = at
        return Curvature(
            1.0 - float(np.exp(-x)) - 0.5 * float(y - 1) ** 2,
            np.array([np.exp(-x), 1.0 - y]),
            np.diag([-np.exp(-x), -1.0]),
        )

    found = maximize(
        objective, np.zeros(2), lower=np.array([-5.0, -5.0]), upper=np.array([4.0, 5.0])
    )
    assert found.converged
    assert_allclose(found.point, [4.0, 1.0], atol=1e-8)
    assert found.free.tolist() == [False, True]
    assert np.isnan(found.covariance()).tolist() == [[True, True], [True, False]]
    assert found.covariance()[1, 1] == pytest.approx(1.0)


def test_a_flat_direction_has_no_variance() -> None:
    bend = np.diag([1e-6, 4.0])
    found = climb(bowl(np.array([0.0, 1.0]), bend), np.zeros(2))
    assert np.isnan(found.covariance()[0]).all()
    assert found.covariance()[1, 1] == pytest.approx(0.25)


def test_a_start_at_the_top_stays_there() -> None:
    found = climb(bowl(np.ones(2), np.eye(2)), np.ones(2))
    assert (found.iterations, found.evaluations, found.decrement) == (0, 1, 0.0)
    assert found.point.tolist() == [1.0, 1.0]


def test_a_bound_is_left_when_the_slope_turns() -> None:
    # Pressed at first, pulled away once the other has moved.
    def objective(at: Floats) -> Curvature:
        x, y = at
        return Curvature(
            -float((x - y) ** 2 + (y - 2) ** 2),
            np.array([-2 * (x - y), 2 * (x - y) - 2 * (y - 2)]),
            np.array([[-2.0, 2.0], [2.0, -4.0]]),
        )

    lower, upper = np.array([1.0, -5.0]), np.array([10.0, 5.0])
    found = maximize(objective, np.array([1.0, -5.0]), lower=lower, upper=upper)
    assert_allclose(found.point, [2.0, 2.0], atol=1e-8)
    assert found.free.all()


def test_a_plane_without_any_bend_is_climbed() -> None:
    def plane(at: Floats) -> Curvature:
        return Curvature(float(at.sum()), np.ones(2), np.zeros((2, 2)))

    assert climb(plane, np.zeros(2)).point.tolist() == [50.0, 50.0]


def test_all_at_their_bounds_is_an_end() -> None:
    def slope(at: Floats) -> Curvature:
        return Curvature(float(at.sum()), np.ones(2), -1e-9 * np.eye(2))

    found = maximize(slope, np.zeros(2), lower=np.full(2, -3.0), upper=np.full(2, 3.0))
    assert found.point.tolist() == [3.0, 3.0]
    assert found.converged
    assert not found.free.any()
    assert np.isnan(found.covariance()).all()


def test_a_search_that_is_cut_short_says_so() -> None:
    far = np.full(2, 50.0)
    found = maximize(bowl(np.full(2, 40.0), np.eye(2)), np.zeros(2), lower=-far, upper=far, steps=3)
    assert not found.converged
    assert found.iterations == 3
    assert found.decrement > 1.0


def test_a_torn_surface_ends_the_search_unconverged() -> None:
    # The slope promises a rise that no step keeps.
    def torn(at: Floats) -> Curvature:
        return Curvature(-float(np.abs(at).sum()), np.ones(1), -np.eye(1))

    found = climb(torn, np.zeros(1))
    assert not found.converged
    assert found.point.tolist() == [0.0]


def test_infinite_ground_is_stepped_back_from() -> None:
    # ln x + ln (1 - x), which is nowhere outside 0 to 1.
    def objective(at: Floats) -> Curvature:
        [x] = at
        with np.errstate(all="ignore"):
            value = np.log(x) + np.log1p(-x)
            return Curvature(
                float(value) if np.isfinite(value) else float("nan"),
                np.array([1 / x - 1 / (1 - x)]),
                np.array([[-1 / x**2 - 1 / (1 - x) ** 2]]),
            )

    assert_allclose(climb(objective, np.array([0.999])).point, [0.5], atol=1e-8)
    assert_allclose(climb(objective, np.array([1e-6])).point, [0.5], atol=1e-8)
    with pytest.raises(UnidentifiedModelError, match="no finite value") as refused:
        climb(objective, np.array([2.0]))
    assert refused.value.context["start"] == [2.0]
