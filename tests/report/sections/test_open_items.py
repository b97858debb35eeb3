"""What is open is stated or reckoned; what is unknown is never taken for paid."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.report import Section, build
from telcrm.report.sections.open_items import with_open
from telcrm.report.sources import prepare

AS_OF = date(2026, 6, 30)
Bill = tuple[str, int, float]


def invoices(rows: list[Bill]) -> pl.DataFrame:
    """Customer, days from issue to the as-of date, and total; due in 14 days."""
    issued = [AS_OF - timedelta(days=days) for _, days, _ in rows]
    return pl.DataFrame(
        {
            "invoice_id": [f"I-{at:02d}" for at in range(len(rows))],
            "customer_id": [customer for customer, _, _ in rows],
            "issued_on": issued,
            "due_on": [day + timedelta(days=14) for day in issued],
            "total": [float(total) for _, _, total in rows],
        }
    )


def payments(rows: list[tuple[str, int, float]]) -> pl.DataFrame:
    """Customer, days before the as-of date, and amount."""
    return pl.DataFrame(
        {
            "payment_id": [f"P-{at}" for at in range(len(rows))],
            "customer_id": [customer for customer, _, _ in rows],
            "paid_on": [AS_OF - timedelta(days=days) for _, days, _ in rows],
            "amount": [float(amount) for _, _, amount in rows],
        },
        schema={
            "payment_id": pl.String,
            "customer_id": pl.String,
            "paid_on": pl.Date,
            "amount": pl.Float64,
        },
    )


def arrears(**tables: pl.DataFrame) -> Section:
    return build(tables, as_of=AS_OF).section("arrears")


def opened(section: Section) -> float:
    return float(section.exhibit("aging").frame["open"].sum())


cents = st.integers(-50_000, 50_000).map(lambda amount: amount / 100)
bills = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 200), cents), min_size=1, max_size=12
)
paid_bills = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 200), cents.filter(lambda x: x > 0)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30)
@given(bills, paid_bills)
def test_open_is_billed_less_paid_whoever_is_credited_when(
    billed: list[Bill], paid: list[tuple[str, int, float]]
) -> None:
    sources = prepare(
        {"invoices": invoices(billed), "payments": payments(paid)}, as_of=AS_OF, currency=None
    )
    found, _ = with_open(sources)
    assert (found["open"] >= 0).all()
    assert (found["open"] <= pl.Series(found["total"]).clip(0)).all()
    by_customer = dict(found.group_by("customer_id").agg(pl.col("open").sum()).iter_rows())
    for customer, left in by_customer.items():
        owed = sum(total for who, _, total in billed if who == customer)
        money = sum(amount for who, _, amount in paid if who == customer)
        assert left == pytest.approx(max(0, owed - money), abs=1e-4)


@pytest.mark.parametrize("credit_days", [100, 30, 1])
def test_a_credit_note_settles_invoices_before_and_after_it(credit_days: int) -> None:
    section = arrears(
        invoices=invoices([("a", 60, 100.0), ("a", credit_days, -30.0)]),
        payments=payments([("a", 10, 50.0)]),
    )
    assert opened(section) == 20
    assert "credit notes" in section.summary


def test_an_unknown_open_amount_is_reckoned_from_what_was_paid_beyond_the_others() -> None:
    """80 was paid; 30 of it settled the first invoice, so 50 is left for the 70 of the second."""
    stated = invoices([("a", 60, 40.0), ("a", 40, 70.0)]).with_columns(
        open_amount=pl.Series([10.0, None])
    )
    section = arrears(invoices=stated, payments=payments([("a", 10, 80.0)]))
    assert opened(section) == 30
    assert "1 invoice without an open_amount: reckoned" in section.summary


def test_an_unknown_open_amount_without_payments_is_open_and_counted() -> None:
    stated = invoices([("a", 60, 40.0), ("a", 40, 70.0)]).with_columns(
        open_amount=pl.Series([10.0, None])
    )
    section = arrears(invoices=stated)
    assert opened(section) == 80
    assert "1 invoice without an open_amount counted as open in full" in section.summary


def test_an_open_amount_of_a_later_extract_is_not_that_of_the_day() -> None:
    """It was paid five days after: on the day it was open."""
    stated = invoices([("a", 60, 40.0)]).with_columns(open_amount=pl.Series([0.0]))
    paid = payments([("a", -5, 40.0)])
    earlier = arrears(invoices=stated, payments=paid)
    assert opened(earlier) == 40
    assert "is of the extract" in earlier.summary
    now = build({"invoices": stated, "payments": paid}).section("arrears")
    assert opened(now) == 0
    assert "extract" not in now.summary


def test_an_open_amount_of_a_later_extract_without_payments_says_so() -> None:
    later = invoices([("a", 60, 40.0), ("a", -5, 10.0)]).with_columns(
        open_amount=pl.Series([15.0, 10.0])
    )
    section = arrears(invoices=later)
    assert opened(section) == 15
    assert "It is of the extract, which goes on after 2026-06-30" in section.summary


def test_fractions_of_a_cent_are_no_open_invoice() -> None:
    section = arrears(
        invoices=invoices([("a", 60, 0.1), ("a", 50, 0.2)]), payments=payments([("a", 1, 0.3)])
    )
    assert section.exhibit("aging").frame["invoices"].sum() == 0
