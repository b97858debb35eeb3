"""Purchases: transactions of a calendar period are one, and a clock that counts periods."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import Backend

from telcrm.errors import CurrencyMismatchError, InvalidTableError, ParameterError
from telcrm.value.non_contractual.purchase_periods import (
    Clock,
    Granularity,
    open_transactions,
    purchases_of,
)

CLOCKS = [
    Clock.of("week", "day"),
    Clock.of("week", "week"),
    Clock.of("month", "month"),
    Clock.of("year", "year"),
]
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ROWS: dict[str, list[Any]] = {
    "customer_id": ["a", "a", "a", "b"],
    "at": [date(2024, 1, 31), date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 29)],
    "amount": [1.0, 2.0, 4.0, 8.0],
}


def purchases(frame: Any, clock: Clock, *, until: date = date(2024, 12, 31)) -> list[Any]:
    opened = open_transactions(frame, customer="customer_id", at="at", amount="amount")
    found = purchases_of(
        opened, clock, customer="customer_id", at="at", amount="amount", until=until
    ).collect()
    named = found.select("_customer", "_place", "_amount", "_first").iter_rows()
    return sorted((who, int(place), amount, int(first)) for who, place, amount, first in named)


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.granularity)
@given(first=DAYS, second=DAYS)
def test_places_follow_the_calendar(clock: Clock, first: date, second: date) -> None:
    steps = clock.place(second) - clock.place(first)
    match clock.granularity:
        case Granularity.DAY:
            assert steps == (second - first).days
        case Granularity.WEEK:
            mondays = (second.isocalendar()[:2] == first.isocalendar()[:2]) == (steps == 0)
            assert mondays
        case Granularity.MONTH:
            assert steps == (second.year - first.year) * 12 + second.month - first.month
        case Granularity.YEAR:
            assert steps == second.year - first.year


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.granularity)
def test_an_expression_counts_as_the_clock_does(clock: Clock, distinct_backend: Backend) -> None:
    frame = distinct_backend.frame(ROWS)
    found = {(who, place) for who, place, _, _ in purchases(frame, clock)}
    days = zip(ROWS["customer_id"], ROWS["at"], strict=True)
    assert found == {(who, clock.place(day)) for who, day in days}


def test_what_happened_in_a_period_is_one_purchase() -> None:
    january = 2024 * 12
    [first, second, other] = purchases(pl.DataFrame(ROWS), Clock.of("month", "month"))
    assert (second[1] - first[1], other[1] - second[1]) == (1, 0)
    assert first[1] in {january, january + 1}
    assert [row[2] for row in (first, second, other)] == [3.0, 4.0, 8.0]
    assert [row[3] for row in (first, second, other)] == [first[1], first[1], other[1]]


def test_what_comes_later_is_not_seen_though_its_period_has_begun() -> None:
    [only] = purchases(pl.DataFrame(ROWS), Clock.of("month", "month"), until=date(2024, 1, 30))
    assert only[2] == 2.0


@pytest.mark.parametrize(
    ("unit", "granularity", "per_unit"),
    [("day", "day", 1.0), ("week", "day", 7.0), ("year", "day", 365.25), ("week", "week", 1.0)],
)
def test_units_are_counted_in_periods(unit: str, granularity: str, per_unit: float) -> None:
    assert Clock.of(unit, granularity).per_unit == per_unit


@pytest.mark.parametrize(("unit", "granularity"), [("day", "week"), ("year", "month")])
def test_calendar_periods_are_no_fixed_number_of_other_units(unit: str, granularity: str) -> None:
    with pytest.raises(ParameterError, match=f"Pass unit='{granularity}'"):
        Clock.of(unit, granularity)


def test_currencies_matter_where_amounts_do() -> None:
    mixed = pl.DataFrame(ROWS).with_columns(currency=pl.Series(["EUR", "EUR", "EUR", "USD"]))
    open_transactions(mixed, customer="customer_id", at="at", amount=None)
    with pytest.raises(CurrencyMismatchError, match="'EUR' with 'USD'"):
        open_transactions(mixed, customer="customer_id", at="at", amount="amount")


def test_a_transaction_without_a_moment_is_refused() -> None:
    frame = pl.DataFrame(
        {"customer_id": ["a", "b"], "at": [datetime(2024, 1, 1), None], "amount": [1.0, 1.0]}
    )
    with pytest.raises(InvalidTableError, match="'at' is null in 1 row"):
        open_transactions(frame, customer="customer_id", at="at", amount="amount")
