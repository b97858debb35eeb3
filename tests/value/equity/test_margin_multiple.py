"""The margin multiple against its sum, term by term, and against published numbers."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.value.equity.margin_multiple import FirstMargin, margin_multiple

shares = st.floats(0, 1, allow_subnormal=False)
rates = st.floats(0, 1, allow_subnormal=False)
growths = st.floats(-0.5, 0.5)
timings = st.sampled_from(FirstMargin)


def by_hand(
    retention: float, rate: float, timing: FirstMargin, growth: float, horizon: int
) -> Fraction:
    """Follow one customer through time, in fractions."""
    kept, discount = Fraction(retention), 1 / (1 + Fraction(rate))
    margin, worth, total = Fraction(1), Fraction(1), Fraction(0)
    if timing is not FirstMargin.NOW:
        worth *= discount
    if timing is FirstMargin.RENEWAL:
        worth *= kept
    for _ in range(horizon):
        total += margin * worth
        margin *= 1 + Fraction(growth)
        worth *= kept * discount
    return total


@given(shares, rates, timings, growths, st.integers(1, 60))
def test_a_finite_horizon_is_the_sum_of_its_terms(
    retention: float, rate: float, timing: FirstMargin, growth: float, horizon: int
) -> None:
    found = margin_multiple(retention, rate, first_margin=timing, growth=growth, horizon=horizon)
    expected = by_hand(retention, rate, timing, growth, horizon)
    assert found == pytest.approx(float(expected), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("below", [0.0, 1e-16, 1e-12, 1e-9, 1e-6])
@pytest.mark.parametrize("timing", FirstMargin)
def test_no_digits_are_lost_where_nobody_leaves(below: float, timing: FirstMargin) -> None:
    found = margin_multiple(1.0 - below, 0.0, first_margin=timing, horizon=120)
    assert found == pytest.approx(float(by_hand(1.0 - below, 0.0, timing, 0.0, 120)), rel=1e-13)


@given(shares, rates, timings, growths)
def test_all_future_periods_are_the_limit_of_long_horizons(
    retention: float, rate: float, timing: FirstMargin, growth: float
) -> None:
    ratio = retention * (1 + growth) / (1 + rate)
    assume(ratio < 0.99)
    found = margin_multiple(retention, rate, first_margin=timing, growth=growth)
    long = margin_multiple(retention, rate, first_margin=timing, growth=growth, horizon=5000)
    assert found == pytest.approx(long, rel=1e-9, abs=1e-300)


# S. Gupta, D. R. Lehmann (2003), "Customers as Assets", the table of margin multiples: retention
# 60 to 90 % by discount rates 10 to 16 %. Given there to two decimals, here from r / (1 + i - r).
@pytest.mark.parametrize(
    ("retention", "multiples"),
    [
        (0.6, [1.20, 1.15, 1.11, 1.07]),
        (0.7, [1.75, 1.67, 1.59, 1.52]),
        (0.8, [2.67, 2.50, 2.35, 2.22]),
        (0.9, [4.50, 4.09, 3.75, 3.46]),
    ],
)
def test_table_of_gupta_and_lehmann(retention: float, multiples: list[float]) -> None:
    found = [margin_multiple(retention, rate) for rate in (0.10, 0.12, 0.14, 0.16)]
    assert [round(multiple, 2) for multiple in found] == multiples


def test_the_three_timings_in_closed_form() -> None:
    r, i = 0.75, 0.25
    assert margin_multiple(r, i) == pytest.approx(r / (1 + i - r))
    assert margin_multiple(r, i, first_margin="end") == pytest.approx(1 / (1 + i - r))
    assert margin_multiple(r, i, first_margin="now") == pytest.approx((1 + i) / (1 + i - r))
    assert margin_multiple(r, i, growth=0.2) == pytest.approx(r / (1 + i - r * 1.2))


@given(shares, rates.filter(lambda rate: rate > 0.001))
def test_paid_in_advance_is_one_margin_more(retention: float, rate: float) -> None:
    now = margin_multiple(retention, rate, first_margin=FirstMargin.NOW)
    assert now == pytest.approx(1 + margin_multiple(retention, rate), rel=1e-12)


@given(st.lists(shares, min_size=1, max_size=8), st.none() | st.integers(1, 24))
def test_an_array_is_each_of_its_elements(retentions: list[float], horizon: int | None) -> None:
    found = margin_multiple(retentions, 0.05, horizon=horizon)
    assert isinstance(found, np.ndarray)
    alone = [margin_multiple(each, 0.05, horizon=horizon) for each in retentions]
    assert found.tolist() == pytest.approx(alone, rel=1e-14)


@given(st.lists(shares, min_size=1, max_size=8))
def test_the_average_retention_is_worth_too_little(retentions: list[float]) -> None:
    """Fader, Hardie (2010): the multiple is convex in retention."""
    average = margin_multiple(sum(retentions) / len(retentions), 0.1)
    assert average <= margin_multiple(retentions, 0.1).mean() + 1e-9


@pytest.mark.parametrize(
    ("retention", "rate", "growth"), [(1.0, 0.0, 0.0), (1.0, 0.1, 0.1), (0.9, 0.0, 0.2)]
)
def test_what_has_no_finite_sum_is_refused(retention: float, rate: float, growth: float) -> None:
    with pytest.raises(DivergentValueError, match="no finite sum"):
        margin_multiple(retention, rate, growth=growth)
    with pytest.raises(DivergentValueError, match="no finite sum"):
        margin_multiple([0.1, retention], rate, growth=growth)
    assert margin_multiple(retention, rate, growth=growth, horizon=12) < inf


def test_a_sum_beyond_floats_is_refused() -> None:
    with pytest.raises(DivergentValueError, match="too large for a float"):
        margin_multiple(1.0, 0.0, growth=10.0, horizon=9000)


@pytest.mark.parametrize(
    "wrong",
    [{"retention": 1.1}, {"discount_rate": -0.1}, {"growth": -1}, {"first_margin": "later"}],
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"retention": 0.8, "discount_rate": 0.1}
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        margin_multiple(**{**right, **wrong})
