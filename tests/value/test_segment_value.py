"""Values of segments: sums that are exact, and intervals whose coverage was counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import CurrencyMismatchError, InvalidTableError, ParameterError
from telcrm.value import value_by_segment


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 50)), min_size=1, max_size=40))
@settings(max_examples=20)
def test_counts_and_totals_are_those_of_the_rows(rows: list[tuple[str, int]]) -> None:
    frame = pl.DataFrame(rows, schema=["segment", "lifetime_value"], orient="row")
    found = value_by_segment(frame, draws=20, random_state=1)
    assert found["segment"].to_list() == sorted({name for name, _ in rows})
    for segment, customers, total, mean, *_ in found.iter_rows():
        own = [amount for name, amount in rows if name == segment]
        assert (customers, total) == (len(own), pytest.approx(sum(own)))
        assert mean == pytest.approx(sum(own) / len(own))
    assert (found["lower"] <= found["upper"]).all()


def test_equal_customers_leave_nothing_open() -> None:
    frame = pl.DataFrame({"segment": ["a"] * 30, "lifetime_value": [7.0] * 30})
    row = value_by_segment(frame, random_state=2).row(0, named=True)
    assert (row["lower"], row["mean"], row["upper"], row["standard_error"]) == (7, 7, 7, 0)


def test_the_standard_error_is_that_of_a_mean() -> None:
    amounts = np.random.default_rng(3).gamma(2.0, 10.0, 2000).round(2)
    frame = pl.DataFrame({"segment": ["a"] * 2000, "lifetime_value": amounts})
    row = value_by_segment(frame, draws=2000, random_state=4).row(0, named=True)
    assert row["standard_error"] == pytest.approx(float(amounts.std()) / 2000**0.5, rel=0.06)


def test_intervals_hold_the_mean_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    groups = 200
    amounts = chance.gamma(2.0, 10.0, (groups, 80))
    frame = pl.DataFrame(
        {
            "segment": np.repeat(np.arange(groups), 80),
            "lifetime_value": amounts.ravel(),
        }
    )
    found = value_by_segment(frame, confidence=0.9, draws=200, random_state=6)
    inside = (found["lower"] <= 20.0) & (found["upper"] >= 20.0)
    assert 0.85 <= inside.sum() / groups <= 0.95


@pytest.mark.parametrize(
    ("columns", "change", "error", "complaint"),
    [
        ({"lifetime_value": [1.0, None]}, {}, InvalidTableError, "'lifetime_value' is null"),
        ({"segment": ["a", None]}, {}, InvalidTableError, "'segment' is null"),
        ({"currency": ["EUR", "USD"]}, {}, CurrencyMismatchError, "mixes"),
        ({}, {"confidence": 0}, ParameterError, "confidence is 0"),
        ({}, {"draws": 3}, ParameterError, "draws is 3"),
        ({"mean": ["a", "b"]}, {"by": "mean"}, ParameterError, "'mean' would stand twice"),
    ],
)
def test_what_has_no_answer_is_refused(
    columns: dict[str, Any], change: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    table = {"segment": ["a", "b"], "lifetime_value": [1.0, 2.0], **columns}
    with pytest.raises(error, match=complaint):
        value_by_segment(pl.DataFrame(table), random_state=1, **change)


def test_nobody_has_no_segments() -> None:
    frame = pl.DataFrame(schema={"segment": pl.String, "lifetime_value": pl.Float64})
    assert value_by_segment(frame, random_state=1).is_empty()
