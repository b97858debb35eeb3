"""Pareto/NBD: published numbers."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.value.non_contractual.customers import cdnow, cells, column, fitted

from telcrm.value import ParetoNBDModel

PARETO = ParetoNBDModel.process

# Maximum of the likelihood of CDNOW, computed for this project by a program of its own.
MLE = (0.55327551, 10.57761224, 0.60621357, 11.66791124)
ERRORS = (0.047629, 0.842724, 0.187280, 6.211029)
# Fader, Hardie & Lee (2005), Marketing Science 24(2), table 2.
PUBLISHED = (0.553, 10.578, 0.606, 11.669)
# BTYD 2.4.3, help of pnbd.ConditionalExpectedTransactions and of pnbd.DERT.
BTYD_PREDICTION = (0.55, 10.56, 0.61, 11.64)
BTYD_RESIDUAL = (0.5629966, 12.5590370, 0.4081095, 10.5148048)
EXAMPLE = cells(2, 30.43, 38.86)
# 15 % a year, continuously and per week, as Fader, Hardie & Lee (2005), JMR 42(4), take it.
WEEKLY = 0.0027


def test_it_finds_the_maximum_on_cdnow() -> None:
    model = fitted("pareto_nbd")
    assert model.parameter_names == ("r", "alpha", "s", "beta")
    assert_allclose(model.estimates_, MLE, rtol=1e-6)
    errors = [model.standard_errors_[name] for name in model.parameter_names]
    assert errors == pytest.approx(ERRORS, abs=1.1e-6)
    assert model.log_likelihood_ == pytest.approx(-9594.97393, abs=5.1e-6)
    assert model.convergence_.converged


def test_it_is_that_of_the_paper_and_of_an_r_package() -> None:
    model = fitted("pareto_nbd")
    # Fader, Hardie & Lee (2005), table 2: three decimals, LL -9595.0.
    assert_allclose(model.estimates_, PUBLISHED, atol=1.1e-3)
    assert model.log_likelihood_ == pytest.approx(-9595.0, abs=0.051)
    # CLVTools 0.12.1, tests: LL on its own count of days, standard errors by differences.
    assert model.log_likelihood_ == pytest.approx(-9594.976, abs=0.003)
    theirs = [0.0476264, 0.8427222, 0.1872594, 6.2105448]
    errors = [model.standard_errors_[name] for name in model.parameter_names]
    assert errors == pytest.approx(theirs, rel=2e-4)


def test_lifetimes_finds_the_same_likelihood() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import ParetoNBDFitter

        frame = cdnow()
        x, last, age = (frame[name].to_numpy() for name in ("frequency", "recency", "age"))
        theirs = ParetoNBDFitter._conditional_log_likelihood(np.array(MLE), x, last, age)
    assert fitted("pareto_nbd").log_likelihood_ == pytest.approx(theirs.sum(), rel=1e-8)


def test_predictions_for_the_example_customer() -> None:
    own = column(MLE)
    # By quadrature with mpmath, not 2F1; nine decimals.
    assert_allclose(PARETO.weighted(own, EXAMPLE, [(39.0, 1.0)]), 1.455112955, rtol=2e-9)
    assert_allclose(PARETO.alive(own, EXAMPLE), 0.8691187179, rtol=1e-9)
    row = pl.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    model = fitted("pareto_nbd")
    expected = model.expected_purchases(row, horizon=39)["expected_purchases"]
    assert_allclose(expected, 1.455112955, rtol=1e-6)
    assert_allclose(model.probability_alive(row)["probability_alive"], 0.8691187179, rtol=1e-6)


def test_predictions_at_published_parameters() -> None:
    own = column(PUBLISHED)
    assert_allclose(PARETO.weighted(own, EXAMPLE, [(39.0, 1.0)]), 1.455123193, rtol=2e-9)
    assert_allclose(PARETO.alive(own, EXAMPLE), 0.8691675592, rtol=1e-9)
    loyal = cells(26, 30.86, 31)
    assert_allclose(PARETO.weighted(own, loyal, [(52.0, 1.0)]), 25.45847295, rtol=1e-9)
    assert_allclose(PARETO.alive(own, loyal), 0.9979187311, rtol=1e-9)
    # lifetimes 0.11.3, tests/test_estimation.py.
    assert_allclose(PARETO.weighted(own, loyal, [(52.0, 1.0)]), 25.46, atol=5.1e-3)
    assert_allclose(PARETO.alive(own, loyal), 0.9979, atol=5.1e-5)
    help_page = PARETO.weighted(column(BTYD_PREDICTION), cells(10, 35, 39), [(2.0, 1.0)])
    assert_allclose(help_page, 0.3884117232, rtol=1e-9)


def test_purchases_of_a_new_customer() -> None:
    assert_allclose(PARETO.new(column(MLE), np.array(52.0)), 1.4734414043, rtol=2e-9)
    assert_allclose(fitted("pareto_nbd").expected_new(52.0), 1.4734414043, rtol=1e-6)


def test_residual_purchases() -> None:
    # Fader, Hardie & Lee (2005), JMR 42(4), equation 2; also as an integral, to 15 digits.
    assert_allclose(PARETO.residual(column(MLE), EXAMPLE, WEEKLY), 6.482249361, rtol=2e-9)
    row = pl.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    name = "discounted_expected_residual_transactions"
    found = fitted("pareto_nbd").discounted_expected_residual_transactions(
        row, discount_rate=WEEKLY
    )
    assert_allclose(found[name], 6.482249361, rtol=1e-6)


def test_residual_purchases_at_the_parameters_of_a_help_page() -> None:
    own = column(BTYD_RESIDUAL)
    assert_allclose(PARETO.residual(own, cells(7, 35, 77.86), WEEKLY), 1.864183328, rtol=2e-9)
    found = PARETO.residual(own, cells(np.arange(1, 11), 30, 77.86), WEEKLY)
    expected = [
        2.1991554,
        2.8435344,
        2.8671284,
        2.4454101,
        1.8405019,
        1.2624165,
        0.80961812,
        0.49480362,
        0.2920247,
        0.16792751,
    ]
    # Printed to eight digits, the first six and the ninth to seven decimals.
    assert_allclose(found, expected, rtol=2e-7)
