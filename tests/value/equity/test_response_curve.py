"""Spending and the rate it brings: one is the inverse of the other."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.errors import ParameterError
from telcrm.value.equity.response_curve import ResponseCurve

curves = st.builds(
    lambda floor, rise, steepness: ResponseCurve(
        floor=floor, ceiling=floor + rise, steepness=steepness
    ),
    st.floats(0, 0.5),
    st.floats(0.05, 0.5),
    st.floats(0.01, 5),
)


@given(curves, st.floats(0, 0.95))
def test_spending_and_rate_are_inverse(curve: ResponseCurve, part: float) -> None:
    rate = curve.floor + part * (curve.ceiling - curve.floor)
    spending = curve.spending(rate)
    assert spending >= 0
    assert curve.rate(spending) == pytest.approx(rate)


@given(curves, st.floats(0.1, 50), st.floats(0.05, 0.95))
def test_the_curve_goes_through_the_point_it_was_made_from(
    curve: ResponseCurve, spending: float, part: float
) -> None:
    rate = curve.floor + part * (curve.ceiling - curve.floor)
    made = ResponseCurve.through(
        spending=spending, rate=rate, ceiling=curve.ceiling, floor=curve.floor
    )
    assert made.rate(spending) == pytest.approx(rate)
    assert made.rate(0.0) == pytest.approx(curve.floor, abs=1e-15)
    assert made.floor <= made.rate(10 * spending) <= made.ceiling


@given(curves, st.floats(0, 2))
def test_marginal_cost_is_one_over_the_slope(curve: ResponseCurve, spending: float) -> None:
    step = 1e-5
    won = curve.rate(spending + step) - curve.rate(spending)
    assert curve.marginal_cost(spending) == pytest.approx(step / won, rel=1e-3)


def test_spending_that_changes_nothing_has_no_end_of_cost() -> None:
    assert ResponseCurve(ceiling=0.5, steepness=1.0).marginal_cost(1e6) == inf


def test_stored_and_read_again() -> None:
    curve = ResponseCurve(ceiling=0.9, steepness=0.3, floor=0.5)
    assert ResponseCurve.from_json(curve.to_json()) == curve


@pytest.mark.parametrize(
    "wrong",
    [
        {"spending": 0.0},
        {"rate": 0.4},
        {"rate": 0.1},
        {"rate": 1.4},
        {"ceiling": 1.1},
        {"floor": 0.3},
    ],
)
def test_no_curve_goes_through_such_a_point(wrong: dict[str, Any]) -> None:
    right = {"spending": 5.0, "rate": 0.2, "ceiling": 0.4, "floor": 0.1}
    with pytest.raises(ParameterError):
        ResponseCurve.through(**{**right, **wrong})


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(ValidationError, match="below the ceiling"):
        ResponseCurve(ceiling=0.4, steepness=1.0, floor=0.4)
    with pytest.raises(ValidationError, match="steepness"):
        ResponseCurve(ceiling=0.4, steepness=0.0)
    curve = ResponseCurve(ceiling=0.4, steepness=1.0)
    with pytest.raises(ParameterError, match="below the ceiling"):
        curve.spending(0.4)
    with pytest.raises(ParameterError, match="spending is -1"):
        curve.rate(-1)
    with pytest.raises(ParameterError, match="spending is -1"):
        curve.marginal_cost(-1)
