"""sBG: the published numbers, and what the model says of its fit."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.value.contractual.survivor_tables import HIGH_END, REGULAR, lifetimes

from telcrm.errors import (
    EstimatorFormatError,
    InvalidTableError,
    NotFittedError,
    ParameterError,
    UnidentifiedModelError,
)
from telcrm.value.contractual.sbg import ShiftedBetaGeoModel
from telcrm.value.likelihood.convergence import ConvergenceWarning


def fitted(survivors: tuple[int, ...], years: int = 7) -> ShiftedBetaGeoModel:
    model = ShiftedBetaGeoModel(customers="customers", time_unit="year")
    return model.fit(lifetimes(survivors, years))


def published(alpha: float, beta: float) -> ShiftedBetaGeoModel:
    model = fitted(HIGH_END)
    model.estimates_ = (alpha, beta)
    return model


@pytest.mark.parametrize(
    ("survivors", "years", "parameters", "log_likelihood"),
    [
        # Maximum likelihood to eight digits; Fader & Hardie (2007) print .668, 3.806, -1611.2 and
        # .704, 1.182, -1680.3.
        (HIGH_END, 7, (0.66808835, 3.80609484), -1611.15815),
        (REGULAR, 7, (0.70407728, 1.18204299), -1680.26519),
        (HIGH_END, 4, (1.28097629, 7.79038334), None),
        (REGULAR, 4, (0.76366504, 1.29583021), None),
    ],
)
def test_fader_and_hardie_2007(
    survivors: tuple[int, ...],
    years: int,
    parameters: tuple[float, float],
    log_likelihood: float | None,
) -> None:
    model = fitted(survivors, years)
    assert_allclose([model.alpha_, model.beta_], parameters, rtol=1e-6)
    if log_likelihood is not None:
        assert_allclose(model.log_likelihood_, log_likelihood, rtol=1e-8)
    assert model.convergence_.converged
    assert model.customers_ == 1000


@pytest.mark.parametrize(
    ("survivors", "forecast"),
    [
        (HIGH_END, (46.04, 43.58, 41.42, 39.51, 37.80)),
        (REGULAR, (22.01, 20.44, 19.12, 17.99, 17.00)),
    ],
)
def test_forecasts_of_years_8_to_12(
    survivors: tuple[int, ...], forecast: tuple[float, ...]
) -> None:
    assert_allclose(100 * fitted(survivors).survival(range(8, 13)), forecast, atol=5e-3)


def test_retention_and_residual_lifetimes_of_fader_and_hardie_2010() -> None:
    # Marketing Science 29(1), 85-93, with the published parameters and 10 % a year.
    model = published(0.668, 3.806)
    rates = [0.8507, 0.8780, 0.8968, 0.9106, 0.9212, 0.9295, 0.9362]
    assert_allclose(model.retention_rate(range(1, 8)), rates, atol=5e-5)
    assert_allclose(model.hazard(range(1, 8)), 1 - model.retention_rate(range(1, 8)), rtol=1e-12)
    assert_allclose(model.discounted_expected_lifetime(0.1), 5.922596, atol=5e-7)
    # Their n is the period that a customer is in: n = 1 is age 0 here.
    residual = [5.4149, 5.9018, 6.2943, 6.6203, 6.8971, 7.1360, 7.3451, 7.5299]
    found = model.discounted_expected_residual_lifetime(range(8), 0.1)
    assert_allclose(found, residual, atol=5e-5)
    regular = published(0.704, 1.182)
    assert_allclose(regular.discounted_expected_lifetime(0.1), 3.695147, atol=5e-7)
    residual = [2.9647, 4.1035, 4.8701, 5.4424, 5.8944, 6.2647, 6.5760]
    found = regular.discounted_expected_residual_lifetime(range(7), 0.1)
    assert_allclose(found, residual, atol=5e-5)


def test_single_customers_fit_like_the_groups_they_make() -> None:
    groups = lifetimes((40, 30, 24, 20), 3)
    singles = groups.select(
        pl.col("age", "lost").repeat_by(pl.col("customers").cast(pl.Int64)).explode()
    ).sample(fraction=1.0, shuffle=True, seed=1)
    one = ShiftedBetaGeoModel(customers="customers").fit(groups)
    other = ShiftedBetaGeoModel().fit(singles.with_columns(lost=pl.col("lost").cast(pl.Int8)))
    assert one.estimates_ == other.estimates_
    assert one.log_likelihood_ == other.log_likelihood_


@given(st.floats(0.3, 3), st.floats(0.3, 6))
@settings(max_examples=8)
def test_expected_counts_give_their_own_parameters_back(alpha: float, beta: float) -> None:
    # The likelihood of expected counts has its maximum at what they were made with; half of the
    # customers come into sight at age 3 only.
    model = published(alpha, beta)
    survival = model.survival(range(13))
    rows = [
        (float(age), flag, entered, count)
        for entered in (0, 3)
        for age in range(entered + 1, 13)
        for flag, count in [(1, 500 * (survival[age - 1] - survival[age]) / survival[entered])]
    ] + [(12.0, 0, entered, 500 * survival[12] / survival[entered]) for entered in (0, 3)]
    frame = pl.DataFrame(rows, ["age", "lost", "from", "count"], orient="row")
    found = ShiftedBetaGeoModel(customers="count", entered="from").fit(frame)
    assert_allclose(found.estimates_, [alpha, beta], rtol=1e-4)


def test_standard_errors_are_the_curvature_of_the_likelihood() -> None:
    model = fitted(HIGH_END)
    # Four times the customers, half the standard error.
    more = ShiftedBetaGeoModel(customers="customers")
    more.fit(lifetimes(HIGH_END, 7).with_columns(pl.col("customers") * 4))
    for name in ("alpha", "beta"):
        narrow, wide = more.standard_errors_[name], model.standard_errors_[name]
        assert narrow is not None
        assert wide is not None
        assert_allclose(2 * narrow, wide, rtol=1e-6)


def test_customers_who_do_not_differ_are_told_so() -> None:
    left = tuple(round(100_000 * 0.9**year) for year in range(9))
    with pytest.warns(ConvergenceWarning, match="hardly differ"):
        model = fitted(left, 8)
    assert_allclose(model.survival([4, 20]), [0.9**4, 0.9**20], rtol=1e-2)
    assert model.standard_errors_ == {"alpha": None, "beta": None}


def test_what_cannot_tell_is_refused() -> None:
    stayed = pl.DataFrame({"age": [3, 4], "lost": [False, False]})
    with pytest.raises(UnidentifiedModelError, match="learns from customers who left"):
        ShiftedBetaGeoModel().fit(stayed)
    with pytest.raises(UnidentifiedModelError, match="learns from customers who left"):
        ShiftedBetaGeoModel().fit(stayed.head(0))
    once = pl.DataFrame({"age": [5, 5], "lost": [True, False], "entered": [4, 4]})
    with pytest.raises(UnidentifiedModelError, match="in 1 period of their lives"):
        ShiftedBetaGeoModel(entered="entered").fit(once)
    with pytest.raises(ParameterError, match="no TimeUnit"):
        ShiftedBetaGeoModel(time_unit="moon").fit(stayed)
    with pytest.raises(NotFittedError):
        ShiftedBetaGeoModel().survival(1)


def test_a_failed_fit_changes_nothing() -> None:
    model = fitted(HIGH_END)
    before = model.to_json()
    with pytest.raises(InvalidTableError):
        model.fit(pl.DataFrame({"age": [0], "lost": [1], "customers": [1]}))
    assert model.to_json() == before


def test_stored_models_come_back_to_the_bit() -> None:
    model = fitted(HIGH_END)
    back = ShiftedBetaGeoModel.from_json(model.to_json())
    assert back.to_json() == model.to_json()
    assert back.get_params() == model.get_params()
    assert back.alpha_ == model.alpha_
    found = model.discounted_expected_residual_lifetime([0, 5], 0.01)
    assert np.array_equal(back.discounted_expected_residual_lifetime([0, 5], 0.01), found)


def test_a_stored_model_that_lost_an_estimate_is_refused() -> None:
    content = json.loads(fitted(HIGH_END).to_json())
    content["state"]["estimates_"].pop()
    with pytest.raises(EstimatorFormatError, match="is damaged"):
        ShiftedBetaGeoModel.from_json(json.dumps(content))
