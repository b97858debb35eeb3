"""Columns as the design of a linear model: what it fits is what the formula says."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.churn.models.tables import FEATURES, customers, feature_table

from telcrm.churn.models.additive import SplineTerm
from telcrm.churn.models.design import SplineDesign, design_of
from telcrm.churn.models.feature_table import read_features


@pytest.mark.parametrize("knots", [0, 3, 4, 5, 6, 7])
@given(seed=st.integers(0, 2**16))
@settings(max_examples=5)
def test_a_formula_is_the_linear_model(knots: int, seed: int) -> None:
    design = design_of(
        feature_table(), most_knots=knots, least_rows=30, steps={"calls": (0.0, 2.0)}
    )
    chance = np.random.default_rng(seed)
    coefficients = np.asarray(chance.normal(size=design.matrix.shape[1]))
    formula = design.formula(0.7, coefficients)
    assert_allclose(
        formula.log_odds(feature_table()), 0.7 + design.matrix @ coefficients, atol=1e-9
    )
    # Terms are zero on average, so that the intercept is the average customer.
    for added in formula.contributions(feature_table()).values():
        assert added.mean() == pytest.approx(0.0, abs=1e-9)


def test_columns_are_uncorrelated_of_variance_one() -> None:
    values = np.random.default_rng(1).gamma(1.0, 20.0, 900)
    made = SplineDesign.of("x", values, 5)
    assert made is not None
    assert_allclose(np.cov(made.matrix.T, bias=True), np.eye(4), atol=1e-9)


def test_a_curve_is_straight_beyond_its_knots() -> None:
    chance = np.random.default_rng(2)
    values = chance.normal(50, 10, 500)
    made = SplineDesign.of("x", values, 5)
    assert made is not None
    term = made.term(chance.normal(size=4))
    assert isinstance(term, SplineTerm)
    far = np.array([200.0, 300.0, 400.0, -200.0, -300.0, -400.0])
    told = term.of(read_features(pl.DataFrame({"x": far}), ["x"]))
    assert told[2] - told[1] == pytest.approx(told[1] - told[0], rel=1e-6)
    assert told[5] - told[4] == pytest.approx(told[4] - told[3], rel=1e-6)
    assert sum(term.cubes) == pytest.approx(0.0, abs=1e-9 * max(map(abs, term.cubes)))


def test_heaped_values_have_fewer_knots() -> None:
    heaped = np.concatenate([np.zeros(800), np.arange(200.0)])
    made = SplineDesign.of("x", heaped, 5)
    assert made is not None
    assert made.knots.size < 5
    two = SplineDesign.of("x", np.array([0.0, 1.0] * 50), 5)
    assert two is not None
    assert two.matrix.shape[1] == 1


def test_columns_that_say_nothing_are_left_out() -> None:
    frame = pl.DataFrame(
        {
            "same": [2.0] * 40,
            "none": pl.Series([None] * 40, dtype=pl.Float64),
            "word": ["a"] * 40,
            "rare": [f"w{at}" for at in range(40)],
            "mark": pl.Series([None, 5.0] * 20, dtype=pl.Float64),
        }
    )
    table = read_features(frame, frame.columns)
    design = design_of(table, most_knots=5, least_rows=5)
    # A constant that is not always known says something, by its nulls.
    assert [one.column.name for one in design.columns] == ["mark"]
    formula = design.formula(0.0, np.array([1.5]))
    assert_allclose(formula.log_odds(table), design.matrix @ np.array([1.5]))


def test_rare_levels_are_taken_together() -> None:
    frame, _ = customers()
    table = read_features(frame, FEATURES)
    design = design_of(table, most_knots=3, least_rows=50)
    [plan] = [one for one in design.columns if one.column.name == "plan"]
    assert plan.column.levels == ("solo", "duo", "family")
