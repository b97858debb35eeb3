"""Units of time and rates of discount."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.errors import ParameterError
from telcrm.value import DiscountRate, TimeUnit
from telcrm.value.time import continuous_rate, rate_per_period, units_of

units = st.sampled_from(list(TimeUnit))
annual = st.floats(0.0, 10.0)


def test_lengths_of_units() -> None:
    # A Julian year, and its twelfth.
    assert {unit.value: unit.days for unit in TimeUnit} == {
        "day": 1.0,
        "week": 7.0,
        "month": 365.25 / 12,
        "year": 365.25,
    }
    assert TimeUnit("week") is TimeUnit.WEEK


def test_fifteen_per_cent_a_year() -> None:
    # Fader, Hardie & Lee (2005), JMR 42(4): 15 % a year is .0027 a week, compounded continuously.
    assert DiscountRate(annual=0.15).continuous(TimeUnit.WEEK) == pytest.approx(0.0027, abs=5e-5)
    assert DiscountRate(annual=0.15).continuous(TimeUnit.YEAR) == pytest.approx(log(1.15))
    assert DiscountRate(annual=0.15).per_period(TimeUnit.YEAR) == pytest.approx(0.15)


@given(rate=annual, unit=units)
def test_a_year_of_periods_makes_the_yearly_rate(rate: float, unit: TimeUnit) -> None:
    discount = DiscountRate(annual=rate)
    periods = 365.25 / unit.days
    assert (1 + discount.per_period(unit)) ** periods == pytest.approx(1 + rate, rel=1e-10)
    assert exp(discount.continuous(unit) * periods) == pytest.approx(1 + rate, rel=1e-10)
    # Compounded continuously, a rate is never above the one compounded once.
    assert discount.continuous(unit) <= discount.per_period(unit) + 1e-15


@given(rate=st.floats(0.0, 5.0), unit=units)
def test_a_number_is_that_rate_already(rate: float, unit: TimeUnit) -> None:
    assert continuous_rate(rate, unit) == rate
    assert rate_per_period(rate, unit) == rate
    discount = DiscountRate(annual=rate)
    assert continuous_rate(discount, unit) == discount.continuous(unit)
    assert rate_per_period(discount, unit) == discount.per_period(unit)


@pytest.mark.parametrize("bad", [-0.01, float("nan"), float("inf"), None, "much", True])
def test_rates_that_are_none_are_refused(bad: object) -> None:
    for ask in (continuous_rate, rate_per_period):
        with pytest.raises(ParameterError, match="discount_rate is"):
            ask(bad, TimeUnit.WEEK)  # type: ignore[arg-type]
    if bad is not True:
        with pytest.raises(ValidationError, match="annual"):
            DiscountRate(annual=bad)


@given(days=st.integers(0, 10_000), unit=units)
def test_a_timedelta_is_a_number_of_units(days: int, unit: TimeUnit) -> None:
    assert units_of(timedelta(days=days), unit) == pytest.approx(days / unit.days)
    assert units_of(float(days), unit) == days


def test_whole_units_stay_whole() -> None:
    assert units_of(timedelta(weeks=39), TimeUnit.WEEK) == 39.0
    assert units_of(timedelta(hours=36), TimeUnit.DAY) == 1.5


@pytest.mark.parametrize(
    "bad", [-1, float("nan"), float("inf"), timedelta(days=-1), None, "39", False]
)
def test_horizons_that_are_none_are_refused(bad: object) -> None:
    with pytest.raises(ParameterError, match="horizon is"):
        units_of(bad, TimeUnit.DAY)  # type: ignore[arg-type]
