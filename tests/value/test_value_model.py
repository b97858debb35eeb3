"""What every fitted value model says of its fit."""

from __future__ import annotations

import json
import warnings
from math import log
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.value.non_contractual.customers import (
    PURCHASE_MODELS,
    cdnow,
    fitted,
    fitted_spend,
    stand_in,
)

from telcrm.errors import EstimatorFormatError, NotFittedError, ParameterError
from telcrm.value import BetaGeoModel, ConvergenceWarning, GammaGammaModel, ValueModel
from telcrm.value.likelihood.maximize import Curvature, Maximum

MODELS = [*PURCHASE_MODELS, "gamma_gamma"]
models = pytest.mark.parametrize("kind", MODELS)
WORDS = {"q": "Means hardly differ.", "v": "Means hardly differ.", "p": "Amounts hardly differ."}


def model_of(kind: str) -> ValueModel:
    return fitted_spend() if kind == "gamma_gamma" else fitted(kind)


def reached(*, free: list[bool], bends: list[float], converged: bool = True) -> Maximum:
    point = np.log([2.0, 3.0, 15.0])
    return Maximum(
        point=point,
        curvature=Curvature(-120.5, np.zeros(3), -np.diag(bends)),
        free=np.array(free),
        converged=converged,
        iterations=9,
        evaluations=11,
        decrement=1e-11 if converged else 0.25,
    )


@models
def test_estimates_are_named(kind: str) -> None:
    model = model_of(kind)
    assert tuple(model.parameters_) == model.parameter_names
    assert tuple(model.parameters_.values()) == model.estimates_
    for name, estimate in model.parameters_.items():
        assert getattr(model, f"{name}_") == estimate
    assert model.coefficients_ == {}


@models
def test_covariance_and_standard_errors_belong_together(kind: str) -> None:
    model = model_of(kind)
    covariance = np.array(model.covariance_)
    assert_allclose(covariance, covariance.T, rtol=1e-12)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    errors = list(model.standard_errors_.values())
    assert_allclose(np.diag(covariance), np.square(errors))  # type: ignore[arg-type]


@models
def test_criteria(kind: str) -> None:
    model = model_of(kind)
    size, likelihood = len(model.estimates_), model.log_likelihood_
    # Akaike (1974); Schwarz (1978).
    assert model.aic_ == pytest.approx(2 * size - 2 * likelihood)
    assert model.bic_ == pytest.approx(size * log(model.customers_) - 2 * likelihood)


@models
def test_draws_are_as_uncertain_as_the_estimates(kind: str) -> None:
    model = model_of(kind)
    draws = model.parameter_draws(20_000, random_state=7)
    assert draws.shape == (20_000, len(model.estimates_))
    assert (draws > 0).all()
    assert_array_equal(draws, model.parameter_draws(20_000, random_state=7))
    assert not np.array_equal(draws, model.parameter_draws(20_000, random_state=8))
    scale = np.array(model.estimates_)
    logs = np.log(draws)
    assert_allclose(logs.mean(axis=0), np.log(scale), atol=0.02)
    expected = np.array(model.covariance_) / np.outer(scale, scale)
    error = 5 * np.sqrt(np.outer(np.diag(expected), np.diag(expected)) / 10_000)
    assert (np.abs(np.cov(logs.T) - expected) < error).all()


def test_draws_leave_alone_what_the_data_do_not_tell() -> None:
    model = GammaGammaModel()
    with pytest.warns(ConvergenceWarning):
        model._keep(
            reached(free=[True, False, True], bends=[4.0, 1.0, 25.0]), customers=9, ends=WORDS
        )
    draws = model.parameter_draws(200, random_state=1)
    assert (draws[:, 1] == model.parameters_["q"]).all()
    assert draws[:, 0].std() > 0
    assert draws[:, 2].std() > 0


def test_draws_of_coefficients_may_be_below_zero() -> None:
    model = stand_in(BetaGeoModel(rate_covariates=["z"]), (0.5, 4.0, 1.0, 2.0, 0.01))
    draws = model.parameter_draws(5_000, random_state=1)
    assert (draws[:, :4] > 0).all()
    assert draws[:, 4].mean() == pytest.approx(0.01, abs=0.01)
    assert draws[:, 4].std() == pytest.approx(0.1, rel=0.05)  # the variance is 0.01
    assert (draws[:, 4] < 0).any()


@pytest.mark.parametrize(
    "options",
    [
        {"draws": 0},
        {"draws": 2.5},
        {"draws": "many"},
        {"draws": 5, "random_state": -1},
        {"draws": 5, "random_state": None},
    ],
)
def test_bad_options_of_draws_are_refused(options: dict[str, Any]) -> None:
    arguments = {"random_state": 0} | options
    with pytest.raises(ParameterError, match=r"draws|random_state"):
        fitted_spend().parameter_draws(arguments["draws"], random_state=arguments["random_state"])


def test_the_delta_method_turns_logarithms_into_parameters() -> None:
    model = GammaGammaModel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model._keep(
            reached(free=[True] * 3, bends=[4.0, 16.0, 25.0]), customers=9, ends=WORDS
        )
    assert found is model
    assert_allclose(model.estimates_, [2.0, 3.0, 15.0])
    # Standard errors of the logarithms are 1/2, 1/4 and 1/5.
    assert_allclose(list(model.standard_errors_.values()), [1.0, 0.75, 3.0])  # type: ignore[arg-type]
    assert (model.log_likelihood_, model.customers_) == (-120.5, 9.0)
    assert model.convergence_.converged
    assert model.convergence_.message == "converged in 9 steps."
    assert (model.convergence_.iterations, model.convergence_.evaluations) == (9, 11)


def test_what_the_data_do_not_tell_is_named_once_with_its_reason() -> None:
    model = GammaGammaModel()
    with pytest.warns(ConvergenceWarning, match="GammaGammaModel: ended in 9 steps") as caught:
        # v is flat: its standard error would be 100.
        model._keep(
            reached(free=[True, False, True], bends=[4.0, 1.0, 1e-4]), customers=9, ends=WORDS
        )
    assert len(caught) == 1
    assert model.convergence_.undetermined == ("q", "v")
    assert model.convergence_.message == (
        "ended in 9 steps where the data do not tell q, v: other values far away are as likely. "
        "Means hardly differ."
    )
    assert model.standard_errors_ == {"p": pytest.approx(1.0), "q": None, "v": None}
    # It is stored with its gaps.
    again = ValueModel.from_json(model.to_json())
    assert again.covariance_ == model.covariance_
    assert again.standard_errors_ == model.standard_errors_


def test_a_search_that_stopped_early_says_so() -> None:
    model = GammaGammaModel()
    with pytest.warns(ConvergenceWarning, match="did not converge in 9 steps.*rise by 0.25"):
        model._keep(
            reached(free=[True] * 3, bends=[4.0] * 3, converged=False), customers=9, ends=WORDS
        )
    assert not model.convergence_.converged


@models
def test_models_of_every_kind_are_read_by_their_family(kind: str) -> None:
    model = model_of(kind)
    content = json.loads(model.to_json())
    assert content["$format"] == "telcrm.value_model/1"
    assert (content["kind"], content["format"]) == (kind, 1)
    assert type(ValueModel.from_json(model.to_json())) is type(model)
    other = GammaGammaModel if kind != "gamma_gamma" else BetaGeoModel
    with pytest.raises(EstimatorFormatError, match=f"of kind '{kind}'"):
        other.from_json(model.to_json())


def test_fitting_again_forgets_what_was_learnt() -> None:
    model = BetaGeoModel().fit(cdnow())
    before = model.to_json()
    half = cdnow().filter(pl.col("customer_id") % 2 == 0)
    assert model.fit(half) is model
    assert model.customers_ < 2357
    assert model.to_json() != before
    assert model.fit(cdnow()).to_json() == before


def test_attributes_of_one_that_has_not_learnt() -> None:
    with pytest.raises(NotFittedError):
        _ = BetaGeoModel().parameters_
    with pytest.raises(AttributeError):
        _ = BetaGeoModel().r_
    assert not BetaGeoModel().is_fitted
