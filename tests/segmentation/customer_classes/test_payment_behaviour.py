"""Punctuality, day by day in plain Python: money pays what is due first."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.segmentation import payment_behaviour

START = date(2024, 1, 1)
AS_OF = date(2024, 3, 31)
Event = tuple[str, int, float]
events = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 100),
        st.sampled_from([10.0, 0.1, 0.2, 0.3, 20.0, -5.0]),
    ),
    max_size=8,
)


def tables(bills: list[Event], paid: list[Event]) -> tuple[dict[str, Any], dict[str, Any]]:
    def columns(rows: list[Event], day: str, amount: str) -> dict[str, Any]:
        return {
            "customer_id": [row[0] for row in rows],
            day: [START + timedelta(days=row[1]) for row in rows],
            amount: [row[2] for row in rows],
        }

    return columns(bills, "due_on", "total"), columns(paid, "paid_on", "amount")


def frames(bills: list[Event], paid: list[Event]) -> tuple[pl.DataFrame, pl.DataFrame]:
    due, received = tables(bills, paid)
    types = [pl.String, pl.Date, pl.Float64]
    return (
        pl.DataFrame(due, schema=dict(zip(due, types, strict=True))),
        pl.DataFrame(received, schema=dict(zip(received, types, strict=True))),
    )


def oracle(bills: list[Event], paid: list[Event], months: int, grace: int) -> list[tuple[Any, ...]]:
    last = (AS_OF - START).days
    first = last - round(months * 365 / 12) + 1
    due = [(who, day + grace, amount) for who, day, amount in bills]
    found: list[tuple[Any, ...]] = []
    for who in sorted({row[0] for row in [*due, *paid] if row[1] <= last}):

        def owed(day: int, who: str = who) -> Fraction:
            def total(rows: list[Event]) -> Fraction:
                return sum(
                    (Fraction(str(row[2])) for row in rows if row[0] == who and row[1] <= day),
                    Fraction(0),
                )

            return total(due) - total(paid)

        ours = [row for row in due if row[0] == who and first <= row[1] <= last and row[2] > 0]
        on_time = sum(owed(day) <= 0 for _, day, _ in ours)
        late = [owed(day) > 0 for day in range(first, last + 1)]
        spells = sum(now and not before for before, now in zip([False, *late], late, strict=False))
        found.append(
            (
                who,
                len(ours),
                on_time / len(ours) if ours else None,
                spells,
                sum(late),
                float(max(owed(last), Fraction(0))),
            )
        )
    return found


@given(events, events, st.integers(1, 4), st.sampled_from([0, 7]))
@example([("a", 0, 10.0)], [("a", 61, 0.1)], 1, 0).via("something happened as the window opened")
@settings(max_examples=6)
def test_behaviour_by_hand_agrees(
    bills: list[Event], paid: list[Event], months: int, grace: int
) -> None:
    found = payment_behaviour(*frames(bills, paid), as_of=AS_OF, months=months, grace_days=grace)
    assert found.rows() == oracle(bills, paid, months, grace)


@given(events, events)
@settings(max_examples=4)
def test_paying_more_never_looks_worse(bills: list[Event], paid: list[Event]) -> None:
    both = [("a", 0, 1.0), ("b", 0, 1.0)]
    less = payment_behaviour(*frames(bills, [*paid, *both]), as_of=AS_OF)
    gift = [("a", 10, 15.0), ("b", 10, 15.0)]
    more = payment_behaviour(*frames(bills, [*paid, *both, *gift]), as_of=AS_OF)
    assert (more["overdue_days"] <= less["overdue_days"]).all()
    assert (more["overdue_amount"] <= less["overdue_amount"]).all()
    shares = zip(more["paid_on_time_share"], less["paid_on_time_share"], strict=True)
    assert all(0 <= worse <= better <= 1 for better, worse in shares if better is not None)


BILLS: list[Event] = [("a", 10, 20.0), ("a", 40, 20.0), ("b", 40, 30.0), ("a", 70, 20.0)]
PAID: list[Event] = [("a", 10, 20.0), ("a", 45, 20.0), ("a", 69, 20.0), ("c", 5, 1.0)]


def test_every_engine_measures_alike(backend: Any) -> None:
    frame, payments = backend.frames(*tables(BILLS, PAID))
    found = payment_behaviour(frame, payments, as_of=AS_OF, months=3)
    assert backend.is_own(found)
    rows = [tuple(row.values()) for row in backend.rows(found)]
    assert rows == oracle(BILLS, PAID, 3, 0)
    assert rows[0] == ("a", 3, 2 / 3, 1, 5, 0.0)


def test_only_money_that_came_counts() -> None:
    bills, paid = frames(BILLS, PAID)
    every = payment_behaviour(bills, paid.with_columns(status=pl.lit("done")), as_of=AS_OF)
    assert every.equals(payment_behaviour(bills, paid, as_of=AS_OF))
    failed = payment_behaviour(bills, paid.with_columns(status=pl.lit("failed")), as_of=AS_OF)
    assert failed.equals(payment_behaviour(bills, paid.head(0), as_of=AS_OF))


def test_types_hold_and_lazy_stays_lazy() -> None:
    bills, paid = frames(BILLS, PAID)
    found = payment_behaviour(bills.lazy(), paid.lazy(), as_of=AS_OF)
    assert isinstance(found, pl.LazyFrame)
    types = [pl.String, pl.Int64, pl.Float64, pl.Int64, pl.Int64, pl.Float64]
    assert found.collect_schema().dtypes() == types


@pytest.mark.parametrize(
    ("changes", "error", "complaint"),
    [
        ({"total": None}, ColumnTypeError, "'total' holds Null|'total' holds Unknown"),
        ({"total": float("inf")}, InvalidTableError, "not a finite number"),
        ({"due_on": pl.lit(None, pl.Date)}, InvalidTableError, "'due_on' is null in 4 rows"),
        ({"customer_id": 1}, ColumnTypeError, "Cast one of them"),
        ({"currency": pl.Series(["EUR", "USD"] * 2)}, CurrencyMismatchError, "mixes"),
        ({"currency": pl.lit("USD")}, CurrencyMismatchError, "invoices and payments"),
    ],
)
def test_what_cannot_be_measured_is_refused(changes: Any, error: Any, complaint: str) -> None:
    bills, paid = frames(BILLS, PAID)
    euros = paid.with_columns(currency=pl.lit("EUR"))
    with pytest.raises(error, match=complaint):
        payment_behaviour(bills.with_columns(**changes), euros, as_of=AS_OF)


def test_parameters_out_of_range_are_refused() -> None:
    bills, paid = frames(BILLS, PAID)
    with pytest.raises(ParameterError, match="months is 0"):
        payment_behaviour(bills, paid, as_of=AS_OF, months=0)
    with pytest.raises(ParameterError, match=r"grace_days is 1\.5"):
        payment_behaviour(bills, paid, as_of=AS_OF, grace_days=1.5)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="as_of is None"):
        payment_behaviour(bills, paid, as_of=None)  # type: ignore[arg-type]
    with pytest.raises(MissingColumnsError, match="payments lacks 'paid_on'"):
        payment_behaviour(bills, paid.drop("paid_on"), as_of=AS_OF)
    with pytest.raises(UnsupportedFrameError, match="on one engine"):
        payment_behaviour(bills, paid.to_pandas(), as_of=AS_OF)
