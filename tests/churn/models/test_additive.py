"""Terms of explicit formulas: curves, bins and levels, with nulls."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import ValidationError

from telcrm.churn.models.additive import AdditiveFormula, BinTerm, LevelTerm, SplineTerm
from telcrm.churn.models.feature_table import read_features

CURVE = SplineTerm(
    column="fee", constant=0.5, slope=-0.1, knots=(1.0, 4.0), cubes=(0.2, -0.3), missing=7.0
)
STEPS = BinTerm(column="fee", cuts=(1.0, 4.0), values=(10.0, 20.0, 30.0), missing=-1.0)
LEVELS = LevelTerm(column="plan", values={"duo": 1.0, "solo": 2.0}, other=3.0, missing=4.0)
ROWS = pl.DataFrame(
    {"fee": [None, 0.0, 1.0, 2.0, 4.0, 9.0], "plan": ["duo", "solo", None, "new", "duo", "duo"]}
)


def test_a_curve_is_what_it_says() -> None:
    found = CURVE.of(read_features(ROWS, ["fee", "plan"]))
    by_hand = [
        0.5 - 0.1 * x + 0.2 * max(x - 1, 0) ** 3 - 0.3 * max(x - 4, 0) ** 3
        for x in (0.0, 1.0, 2.0, 4.0, 9.0)
    ]
    assert_allclose(found, [7.0, *by_hand])


def test_a_bin_ends_with_its_cut() -> None:
    found = STEPS.of(read_features(ROWS, ["fee", "plan"]))
    assert found.tolist() == [-1.0, 10.0, 10.0, 20.0, 20.0, 30.0]


def test_a_level_that_is_not_known_is_another() -> None:
    found = LEVELS.of(read_features(ROWS, ["fee", "plan"]))
    assert found.tolist() == [1.0, 2.0, 4.0, 3.0, 1.0, 1.0]


@given(st.floats(-5, 5), st.lists(st.floats(-50, 50), min_size=1, max_size=5))
def test_contributions_add_up_exactly(intercept: float, fees: list[float]) -> None:
    table = read_features(pl.DataFrame({"fee": fees, "plan": ["duo"] * len(fees)}), ["fee", "plan"])
    formula = AdditiveFormula(intercept=intercept, terms=(CURVE, LEVELS))
    total = np.full(len(fees), intercept)
    for added in formula.contributions(table).values():
        total = total + added
    assert formula.log_odds(table).tolist() == total.tolist()


def test_a_formula_is_stored_to_the_last_bit() -> None:
    formula = AdditiveFormula(intercept=0.1 + 0.2, terms=(CURVE, STEPS, LEVELS))
    again = AdditiveFormula.model_validate_json(formula.model_dump_json())
    assert again == formula
    with pytest.raises(ValidationError, match="finite"):
        AdditiveFormula(intercept=float("nan"), terms=())
