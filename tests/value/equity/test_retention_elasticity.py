"""What less churn is worth: against values before and after, and numerical slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.errors import DivergentValueError, ParameterError
from telcrm.value.equity.margin_multiple import FirstMargin, margin_multiple
from telcrm.value.equity.retention_elasticity import (
    RetentionChange,
    retention_elasticity,
    retention_what_if,
)

timings = st.sampled_from(FirstMargin)
horizons = st.none() | st.integers(1, 40)
segments = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 100), st.floats(0.1, 50)), min_size=1, max_size=6
)


@given(st.floats(0.05, 0.9), st.floats(0.01, 0.5), timings, st.floats(-0.2, 0.05), horizons)
def test_elasticity_is_the_slope_of_logarithms(
    retention: float, rate: float, timing: FirstMargin, growth: float, horizon: int | None
) -> None:
    step = 1e-5
    low, high = (
        margin_multiple(
            retention * (1 + part), rate, first_margin=timing, growth=growth, horizon=horizon
        )
        for part in (-step, step)
    )
    slope = (np.log(high) - np.log(low)) / (np.log1p(step) - np.log1p(-step))
    found = retention_elasticity(
        retention, rate, first_margin=timing, growth=growth, horizon=horizon
    )
    assert found == pytest.approx(slope, rel=1e-5, abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), timings, horizons)
def test_elasticity_of_an_array_is_that_of_each(
    retentions: list[float], timing: FirstMargin, horizon: int | None
) -> None:
    found = retention_elasticity(retentions, 0.1, first_margin=timing, horizon=horizon)
    alone = [
        retention_elasticity(each, 0.1, first_margin=timing, horizon=horizon) for each in retentions
    ]
    assert found.tolist() == pytest.approx(alone)


def test_elasticity_in_closed_form() -> None:
    assert retention_elasticity(0.8, 0.12) == pytest.approx(1.12 / (1.12 - 0.8))
    assert retention_elasticity(0.8, 0.12, first_margin="now") == pytest.approx(0.8 / 0.32)
    assert retention_elasticity(0.8, 0.12, horizon=1) == 1.0
    with pytest.raises(DivergentValueError):
        retention_elasticity(1.0, 0.0)


@given(
    segments,
    st.floats(-1, 1),
    st.sampled_from(RetentionChange),
    timings,
    horizons,
)
def test_values_before_and_after_are_added_up_segment_by_segment(
    base: list[tuple[float, float, float]],
    change: float,
    meaning: RetentionChange,
    timing: FirstMargin,
    horizon: int | None,
) -> None:
    retention, margin, customers = map(list, zip(*base, strict=True))
    found = retention_what_if(
        retention,
        discount_rate=0.1,
        margin=margin,
        customers=customers,
        change=change,
        meaning=meaning,
        first_margin=timing,
        horizon=horizon,
    )
    before = after = at_limit = 0.0
    for r, m, n in base:
        moved = {
            RetentionChange.CHURN_CUT: 1 - (1 - r) * (1 - change),
            RetentionChange.POINTS: r + change,
            RetentionChange.RETENTION_RISE: r + r * change,
        }[meaning]
        held = min(1.0, max(0.0, moved))
        if abs(held - moved) > 1e-12:
            at_limit += n
        before += n * m * margin_multiple(r, 0.1, first_margin=timing, horizon=horizon)
        after += n * m * margin_multiple(held, 0.1, first_margin=timing, horizon=horizon)
    assert found.value_before == pytest.approx(before)
    assert found.value_after == pytest.approx(after, abs=1e-9)
    assert found.at_limit >= at_limit - 1e-9
    assert found.customers == pytest.approx(sum(customers))
    assert found.gain_per_customer == pytest.approx((after - before) / sum(customers), abs=1e-9)
    if before > 1e-9:
        assert found.gain == pytest.approx(after / before - 1, abs=1e-9)


@given(segments)
def test_a_small_rise_gains_what_the_elasticity_says(
    base: list[tuple[float, float, float]],
) -> None:
    retention, margin, customers = (np.array(each) for each in zip(*base, strict=True))
    small = 1e-6
    found = retention_what_if(
        retention * 0.9,
        discount_rate=0.1,
        margin=margin + 1,
        customers=customers,
        change=small,
        meaning="retention_rise",
    )
    if found.value_before > 1e-3:
        assert found.gain is not None
        assert found.gain / small == pytest.approx(found.elasticity, rel=1e-3)


@given(segments)
def test_an_average_retention_is_worth_too_little(base: list[tuple[float, float, float]]) -> None:
    """Fader, Hardie (2010), where margin and retention have nothing to do with each other."""
    retention, _, customers = map(list, zip(*base, strict=True))
    found = retention_what_if(retention, discount_rate=0.1, margin=20.0, customers=customers)
    assert found.uniform_value_before <= found.value_before + 1e-6


def test_five_per_cent_depends_on_what_of() -> None:
    """From 90 % at 10 % discount: multiples 4.5, .905/.195, .95/.15 and .945/.155."""
    gains = {
        meaning: retention_what_if(0.9, discount_rate=0.1, meaning=meaning)
        for meaning in RetentionChange
    }
    assert {meaning.value: round(found.gain or 0, 4) for meaning, found in gains.items()} == {
        "churn_cut": round(0.905 / 0.195 / 4.5 - 1, 4),
        "points": round(0.95 / 0.15 / 4.5 - 1, 4),
        "retention_rise": round(0.945 / 0.155 / 4.5 - 1, 4),
    }
    assert [found.in_quoted_range for found in gains.values()] == [False, True, True]


def test_one_retention_stands_for_all() -> None:
    found = retention_what_if(0.8, discount_rate=0.12, margin=10.0, customers=100)
    assert found.value_before == pytest.approx(2500)
    assert found.uniform_value_before == pytest.approx(found.value_before)
    assert found.gain == pytest.approx(found.uniform_gain)
    assert found.elasticity == pytest.approx(3.5)
    assert repr(found) == (
        "RetentionWhatIf(+4.5%: 2,500.00 to 2,612.90, retention 80.00% to 81.00%; "
        "churn falls by 5 % of itself; constant retention and margin, 12 % discount per period, "
        "all future periods, first margin at renewal)"
    )


def test_nobody_stays_more_than_surely() -> None:
    found = retention_what_if(
        [0.5, 0.97, 0.98], discount_rate=0.1, customers=[10, 20, 30], meaning="points"
    )
    assert found.at_limit == 50
    assert found.retention_after == pytest.approx((10 * 0.55 + 50) / 60)


def test_a_base_that_loses_has_no_gain() -> None:
    found = retention_what_if(0.8, discount_rate=0.1, margin=-1.0, horizon=12)
    assert (found.gain, found.uniform_gain, found.in_quoted_range) == (None, None, None)
    assert repr(found).startswith("RetentionWhatIf(no gain defined: -")
    assert "12 periods" in found.assumption
    assert retention_what_if(0.0, discount_rate=0.1).elasticity is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention": 1.5},
        {"margin": [1.0, 2.0, 3.0]},
        {"margin": "much"},
        {"margin": float("nan")},
        {"customers": -1},
        {"customers": 0},
        {"change": 1.5},
        {"change": True},
        {"meaning": "half"},
        {"first_margin": "later"},
        {"discount_rate": -1},
        {"horizon": 0},
    ],
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"retention": [0.8, 0.9], "discount_rate": 0.1}
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        retention_what_if(**{**right, **wrong})


def test_everybody_for_ever_has_no_finite_value() -> None:
    with pytest.raises(DivergentValueError):
        retention_what_if(0.99, discount_rate=0.0, meaning="points")
