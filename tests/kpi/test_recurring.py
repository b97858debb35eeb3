"""From subscriptions to recurring revenue: a definition in plain Python, and every engine."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.kpi import monthly_recurring_revenue, recurring_revenue

THROUGH = date(2024, 6, 15)

days = st.dates(date(2023, 11, 1), date(2024, 9, 1))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, list[Any]]:
    count = draw(st.integers(1, 6))
    starts = draw(st.lists(days, min_size=count, max_size=count))
    runs = draw(st.lists(st.none() | st.integers(0, 90), min_size=count, max_size=count))
    return {
        "subscription_id": [f"S-{nth}" for nth in range(count)],
        "customer_id": draw(st.lists(st.sampled_from("ab"), min_size=count, max_size=count)),
        "activated_on": starts,
        "terminated_on": [
            None if run is None else start + timedelta(run)
            for start, run in zip(starts, runs, strict=True)
        ],
        "amount": draw(
            st.lists(st.sampled_from([0.0, 30.0, 600.0]), min_size=count, max_size=count)
        ),
        "interval_months": draw(st.lists(st.sampled_from([1, 12]), min_size=count, max_size=count)),
    }


def frame_of(columns: dict[str, list[Any]]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides={"terminated_on": pl.Date})


def by_hand(columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    rows = []
    for name, who, start, end, amount, interval in zip(*columns.values(), strict=True):
        month = start.replace(day=1)
        while month <= THROUGH:
            following = (month + timedelta(32)).replace(day=1)
            if start < following and (end is None or end >= following):
                rows.append((name, who, month, round(amount / interval, 6)))
            month = following
    return sorted(rows)


@given(plans())
@settings(max_examples=20)
def test_who_is_in_service_at_the_end_of_the_month_counts(columns: dict[str, list[Any]]) -> None:
    assert recurring_revenue(frame_of(columns), through=THROUGH).rows() == by_hand(columns)


def test_every_engine_gives_the_same_rows(backend: Any) -> None:
    columns = {
        "subscription_id": ["S-1", "S-2", "S-3"],
        "customer_id": ["a", "b", "b"],
        "activated_on": [date(2024, 1, 31), date(2024, 2, 1), date(2024, 7, 1)],
        "terminated_on": [date(2024, 3, 1), date(2024, 2, 28), date(2024, 8, 1)],
        "amount": [600.0, 30.0, 1.0],
        "interval_months": [12, 1, 1],
    }
    result = recurring_revenue(backend.frame(columns), through=THROUGH)
    assert backend.is_own(result)
    assert [tuple(row.values()) for row in backend.rows(result)] == [
        ("S-1", "a", date(2024, 1, 1), 50.0),
        ("S-1", "a", date(2024, 2, 1), 50.0),
    ]


def test_stripe_12_500() -> None:
    # Stripe Billing documentation, MRR: 100 x 100 a month and 50 x 600 a year.
    total = monthly_recurring_revenue(100, months=1, count=100)
    assert total + monthly_recurring_revenue(600, months=12, count=50) == 12_500


def test_nothing_that_has_started_is_no_revenue() -> None:
    columns: dict[str, list[Any]] = {
        "subscription_id": ["S-1"],
        "customer_id": ["a"],
        "activated_on": [date(2025, 1, 1)],
        "terminated_on": [None],
        "amount": [1.0],
        "interval_months": [1],
    }
    assert recurring_revenue(frame_of(columns), through=THROUGH).is_empty()
    assert recurring_revenue(frame_of(columns).clear(), through=THROUGH).is_empty()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"interval_months": [0]}, "'interval_months' is below 1 in 1 row"),
        ({"terminated_on": [date(2023, 1, 1)]}, "end before they start in 1 row"),
        ({"activated_on": [None]}, "'activated_on' is null in 1 row"),
        ({"amount": [None]}, "'amount' is null in 1 row"),
    ],
)
def test_rows_that_cannot_be_are_refused(change: dict[str, Any], words: str) -> None:
    columns: dict[str, Any] = {
        "subscription_id": ["S-1"],
        "customer_id": ["a"],
        "activated_on": [date(2024, 1, 1)],
        "terminated_on": [None],
        "amount": [1.0],
        "interval_months": [1],
    }
    schema = {"activated_on": pl.Date, "terminated_on": pl.Date, "amount": pl.Float64}
    frame = pl.DataFrame(columns | change, schema_overrides=schema)
    with pytest.raises(InvalidTableError, match=words):
        recurring_revenue(frame, through=THROUGH)


def test_the_last_month_has_to_be_a_date() -> None:
    day: Any = "2024-01"
    with pytest.raises(ParameterError, match="has to be a date"):
        recurring_revenue(pl.DataFrame(), through=day)
    with pytest.raises(ParameterError, match="would stand twice"):
        recurring_revenue(pl.DataFrame(), through=THROUGH, customer="period")
    with pytest.raises(ParameterError, match="months is 0"):
        monthly_recurring_revenue(1, months=0)
