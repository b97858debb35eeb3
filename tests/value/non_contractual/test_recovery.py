"""Models find the truth that customers were drawn from, and intervals hold it as often as said."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.value.non_contractual.customers import (
    POISSON_MODELS,
    PURCHASE_MODELS,
    TRUTHS,
    known,
    stand_in,
)

from telcrm.value import PurchaseModel

kinds = pytest.mark.parametrize("kind", PURCHASE_MODELS)


def drawn(model: PurchaseModel, size: int, seed: int, **covariates: Any) -> pl.DataFrame:
    """Customers of several ages, as many as many joined in each of some weeks or periods."""
    periods = model.process.whole_periods
    ages = np.random.default_rng(seed).integers(*((6, 13) if periods else (30, 79)), size)
    return pl.DataFrame(
        model.simulate(ages.astype(np.float64), random_state=seed, covariates=covariates or None)
    )


def misses(model: PurchaseModel, truth: tuple[float, ...]) -> list[float]:
    """How many standard errors each estimate is away: of its logarithm where it is positive."""
    found = []
    positive = model.positive_parameters
    for at, (name, estimate) in enumerate(model.parameters_.items()):
        error = model.standard_errors_[name]
        assert error is not None
        if at < positive:
            found.append(np.log(estimate / truth[at]) / (error / estimate))
        else:
            found.append((estimate - truth[at]) / error)
    return found


@kinds
def test_the_truth_is_recovered(kind: str) -> None:
    model = PURCHASE_MODELS[kind]().fit(drawn(known(kind), 20_000, 1))
    assert model.convergence_.converged
    assert np.abs(misses(model, TRUTHS[kind])).max() < 3.0
    assert_allclose(model.estimates_, TRUTHS[kind], rtol=0.25)
    # What is known well is near.
    assert_allclose(model.expected_new(52.0), known(kind).expected_new(52.0), rtol=0.03)


@kinds
def test_intervals_hold_the_truth_as_often_as_they_say(kind: str) -> None:
    held = []
    for seed in range(40):
        model = PURCHASE_MODELS[kind]().fit(drawn(known(kind), 1_500, 1_000 + seed))
        held.append(np.abs(misses(model, TRUTHS[kind])) <= 1.6449)
    # 90 % of 160 intervals, of which those of a fit depend on each other.
    assert 0.85 <= np.mean(held) <= 0.95


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_coefficients_of_covariates_are_recovered(kind: str) -> None:
    model = POISSON_MODELS[kind](rate_covariates=["dealer"], dropout_covariates=["web", "dealer"])
    effects = (0.5, -0.4, 0.3) if kind == "pareto_nbd" else (0.5, -0.4, 0.3, 0.2, -0.3)
    truth = (*TRUTHS[kind], *effects)
    size = 8_000
    chance = np.random.default_rng(9)
    values = {"dealer": chance.integers(0, 2, size), "web": chance.integers(-1, 2, size)}
    customers = drawn(stand_in(model, truth), size, 3, **values)
    assert customers.columns == ["frequency", "recency", "age", "dealer", "web"]
    model.fit(customers)
    assert model.convergence_.converged
    assert np.abs(misses(model, truth)).max() < 3.0
    found = model.coefficients_
    assert list(found) == list(model.parameter_names[4:])
    assert found["alpha:dealer"] == pytest.approx(0.5, abs=0.1)
    # Without them the customers are less likely.
    plain = POISSON_MODELS[kind]().fit(customers)
    assert plain.log_likelihood_ < model.log_likelihood_ - 50
    assert plain.aic_ > model.aic_


@pytest.mark.parametrize("kind", POISSON_MODELS)
def test_a_covariate_without_effect_gets_a_small_coefficient(kind: str) -> None:
    size = 3_000
    noise = np.random.default_rng(5).normal(size=size)
    customers = drawn(known(kind), size, 4).with_columns(noise=noise)
    model = POISSON_MODELS[kind](rate_covariates=["noise"]).fit(customers)
    error = model.standard_errors_["alpha:noise"]
    assert error is not None
    assert abs(model.coefficients_["alpha:noise"]) < 3 * error
    plain = POISSON_MODELS[kind]().fit(customers)
    # Twice the difference is chi-square with 1 degree of freedom: 11 is 1 in 1,000.
    assert 0 <= 2 * (model.log_likelihood_ - plain.log_likelihood_) < 11


@pytest.mark.parametrize("kind", ["bg_nbd", "bg_bb"])
def test_many_customers_are_fitted_by_way_of_a_part_of_them(kind: str) -> None:
    customers = drawn(known(kind), 22_000, 6)
    model = PURCHASE_MODELS[kind]().fit(customers)
    cells = customers.group_by("frequency", "recency", "age").agg(n=pl.len()).sort(pl.all())
    merged = PURCHASE_MODELS[kind](customers="n").fit(cells)
    assert_allclose(merged.estimates_, model.estimates_, rtol=1e-7)
    assert merged.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-12)


@kinds
def test_what_is_drawn_depends_on_the_random_state_alone(kind: str) -> None:
    first, again, other = (drawn(known(kind), 50, seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
