"""BG/BB: published numbers on donations."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from tests.value.non_contractual.customers import cells, column, donations, fitted

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.value import BetaGeoBetaBinomialModel, DiscountRate

BB = BetaGeoBetaBinomialModel.process

# Maximum of the likelihood of the donations, computed for this project by a program of its own.
MLE = (1.20352226, 0.74971627, 0.65671818, 2.78344222)
# Fader, Hardie & Shang (2010), Marketing Science 29(6), table 3.
PUBLISHED = (1.204, 0.750, 0.657, 2.783)
# BTYD 2.4.3, help of bgbb.ConditionalExpectedTransactions.
ROUNDED = (1.20, 0.75, 0.66, 2.78)


def row(frequency: int, recency: int, age: int = 6) -> pl.DataFrame:
    return pl.DataFrame({"frequency": [frequency], "recency": [recency], "age": [age]})


def test_it_finds_the_maximum_on_donations() -> None:
    model = fitted("bg_bb")
    assert model.parameter_names == ("alpha", "beta", "gamma", "delta")
    # lifetimes prints eight decimals and stops early; the maximum is flat in delta.
    assert_allclose(model.estimates_, MLE, rtol=1e-6)
    assert model.log_likelihood_ == pytest.approx(-33225.581274, abs=5.1e-7)
    assert model.customers_ == 11_104
    # Fader, Hardie & Shang (2010): three decimals, LL -33225.6.
    assert_allclose(model.estimates_, PUBLISHED, atol=5.1e-4)
    assert model.log_likelihood_ == pytest.approx(-33225.6, abs=0.051)


def test_kinds_of_donors_stand_for_their_number() -> None:
    fewer = donations().with_columns(pl.col("weight") // 25)
    repeated = fewer.select(pl.all().repeat_by("weight").explode()).drop("weight")
    with_weights = BetaGeoBetaBinomialModel(customers="weight").fit(fewer)
    without = BetaGeoBetaBinomialModel().fit(repeated)
    assert with_weights.estimates_ == without.estimates_
    assert with_weights.log_likelihood_ == without.log_likelihood_
    assert with_weights.customers_ == repeated.height


def test_predictions() -> None:
    own = column(MLE)
    assert_allclose(BB.alive(own, cells(3, 4, 6)), 0.4724613405, rtol=1e-8)
    for history, horizon, expected in (
        ((3, 4, 6), 10.0, 1.8489398775),
        ((0, 0, 6), 5.0, 0.0728633442),
        ((6, 6, 6), 5.0, 3.7525442866),
    ):
        assert_allclose(BB.weighted(own, cells(*history), [(horizon, 1.0)]), expected, rtol=2e-8)
        found = fitted("bg_bb").expected_purchases(row(*history), horizon=horizon)
        assert_allclose(found["expected_purchases"], expected, rtol=1e-6)
    alive = fitted("bg_bb").probability_alive(row(3, 4))["probability_alive"]
    assert_allclose(alive, 0.4724613405, rtol=1e-6)


def test_residual_donations() -> None:
    # Of a sum of 600 years the same to 1e-12; the next year is discounted already.
    assert_allclose(BB.residual(column(MLE), cells(3, 4, 6), 0.1), 1.6293502346, rtol=1e-8)
    name = "discounted_expected_residual_transactions"
    for rate in (0.1, DiscountRate(annual=0.1)):
        found = fitted("bg_bb").discounted_expected_residual_transactions(
            row(3, 4), discount_rate=rate
        )
        assert_allclose(found[name], 1.6293502346, rtol=1e-6)


def test_predictions_at_the_parameters_of_a_help_page() -> None:
    own = column(ROUNDED)
    found = BB.weighted(own, cells(3, 4, 6), [(10.0, 1.0)])
    assert_allclose(found, 1.8408127024, rtol=1e-10)
    assert_allclose(BB.residual(own, cells(3, 4, 6), 0.1), 1.6213791858, rtol=1e-10)
    often = BB.residual(own, cells(np.arange(1, 7), 6, 6), 0.1)
    expected = [1.8020448, 2.6211561, 3.4402673, 4.2593786, 5.0784899, 5.8976012]
    assert_allclose(often, expected, atol=5.1e-8)


def test_time_goes_by_in_whole_periods() -> None:
    model = fitted("bg_bb")
    with pytest.raises(ParameterError, match=r"horizon is 2\.5, and has to be a whole number"):
        model.expected_purchases(row(3, 4), horizon=2.5)
    with pytest.raises(ParameterError, match="whole number of periods"):
        model.purchase_distribution(2.5, most=3)
    for bad, column_name in (
        (pl.DataFrame({"frequency": [3], "recency": [4.5], "age": [6]}), "recency"),
        (pl.DataFrame({"frequency": [3], "recency": [4], "age": [6.5]}), "age"),
        (pl.DataFrame({"frequency": [5], "recency": [4], "age": [6]}), "frequency"),
    ):
        with pytest.raises(InvalidTableError, match=f"'{column_name}' is"):
            model.probability_alive(bad)
        with pytest.raises(InvalidTableError, match=f"'{column_name}' is"):
            BetaGeoBetaBinomialModel().fit(bad)
