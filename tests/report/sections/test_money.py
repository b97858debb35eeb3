"""Revenue, value and arrears: sums are kept, shares add up, payments settle the oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.report import build

AS_OF = date(2026, 6, 30)

bills = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 200), st.integers(0, 500)),
    min_size=1,
    max_size=12,
)
payments_made = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 500)), max_size=12)


def invoices(rows: list[tuple[str, int, int]]) -> pl.DataFrame:
    due = [AS_OF - timedelta(days=100 - days) for _, days, _ in rows]
    return pl.DataFrame(
        {
            "invoice_id": [f"I-{at:02d}" for at in range(len(rows))],
            "customer_id": [customer for customer, _, _ in rows],
            "issued_on": [min(day - timedelta(days=14), AS_OF) for day in due],
            "due_on": due,
            "total": [float(total) for _, _, total in rows],
        }
    )


def payments(rows: list[tuple[str, int]], status: str = "done") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "payment_id": [f"P-{at}" for at in range(len(rows))],
            "customer_id": [customer for customer, _ in rows],
            "paid_on": [AS_OF] * len(rows),
            "amount": [float(amount) for _, amount in rows],
            "status": [status] * len(rows),
        },
        schema={
            "payment_id": pl.String,
            "customer_id": pl.String,
            "paid_on": pl.Date,
            "amount": pl.Float64,
            "status": pl.String,
        },
    )


def settled_by_hand(
    billed: list[tuple[str, int, int]], paid: list[tuple[str, int]]
) -> dict[str, int]:
    """Open amount per customer: what payments leave of his bills, never below nothing."""
    return {
        customer: max(
            0,
            sum(total for who, _, total in billed if who == customer)
            - sum(amount for who, amount in paid if who == customer),
        )
        for customer in "abc"
    }


@settings(max_examples=20)
@given(bills, payments_made)
def test_payments_settle_bills_and_no_more(
    billed: list[tuple[str, int, int]], paid: list[tuple[str, int]]
) -> None:
    report = build({"invoices": invoices(billed), "payments": payments(paid)}, as_of=AS_OF)
    ages = report.section("arrears").exhibit("aging").frame
    assert ages["open"].sum() == sum(settled_by_hand(billed, paid).values())


def test_the_oldest_due_is_settled_first() -> None:
    billed = [("a", 95, 30), ("a", 20, 50), ("a", 130, 40)]  # due 5 and 80 days ago, and in 30
    report = build({"invoices": invoices(billed), "payments": payments([("a", 60)])}, as_of=AS_OF)
    section = report.section("arrears")
    assert section.exhibit("aging").frame["open"].to_list() == [40, 20, 0, 0, 0]
    debtors = section.exhibit("debtors").frame
    assert debtors.select("customer_id", "overdue", "invoices").rows() == [("a", 20.0, 1)]
    assert "in the order in which they fall due" in section.summary


def test_money_that_never_came_settles_nothing() -> None:
    tables = {"invoices": invoices([("a", 95, 30)]), "payments": payments([("a", 30)], "failed")}
    ages = build(tables, as_of=AS_OF).section("arrears").exhibit("aging").frame
    assert ages["open"].sum() == 30


def test_a_stated_open_amount_is_believed() -> None:
    stated = invoices([("a", 95, 30), ("a", 10, 50)]).with_columns(
        open_amount=pl.Series([5.0, 0.0])
    )
    section = build({"invoices": stated}, as_of=AS_OF).section("arrears")
    assert section.exhibit("aging").frame["open"].to_list() == [0, 5, 0, 0, 0]
    assert "open_amount" in section.summary


def test_without_payments_all_is_open() -> None:
    section = build({"invoices": invoices([("a", 95, 30)])}, as_of=AS_OF).section("arrears")
    assert section.exhibit("aging").frame["open"].sum() == 30
    assert "neither" in section.summary


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (-5, 0)],
)
def test_ages_meet_without_gap_or_overlap(days: int, age: int) -> None:
    section = build({"invoices": invoices([("a", 100 - days, 7)])}, as_of=AS_OF).section("arrears")
    opened = section.exhibit("aging").frame["open"].to_list()
    assert opened == [7 if at == age else 0 for at in range(5)]


def test_revenue_adds_up_and_arpu_divides_by_the_average_base(
    operator_tables: Mapping[str, pl.DataFrame],
) -> None:
    months = operator_tables["subscriber_months"]
    table = build({"subscriber_months": months}).section("revenue").exhibit("months").frame
    assert table["revenue"].sum() == pytest.approx(months["revenue"].sum())
    counts = table["subscriptions"].to_list()
    assert counts[0] == table["average"][0]
    for at in range(1, table.height):
        average = (counts[at - 1] + counts[at]) / 2
        assert table["average"][at] == average
        assert table["arpu"][at] == pytest.approx(table["revenue"][at] / average)


def test_groups_share_out_the_revenue(operator_tables: Mapping[str, pl.DataFrame]) -> None:
    months = operator_tables["subscriber_months"]
    section = build({"subscriber_months": months}).section("revenue")
    for column in ("payment_mode", "segment"):
        parts = section.exhibit(f"arpu_by_{column}").frame
        assert parts["revenue"].sum() == pytest.approx(months["revenue"].sum())


def test_classes_hold_all_customers_and_all_value(
    operator_tables: Mapping[str, pl.DataFrame],
) -> None:
    months = operator_tables["subscriber_months"]
    section = build(operator_tables).section("value")
    classes = section.exhibit("classes").frame
    assert classes["customers"].sum() == months["customer_id"].n_unique()
    assert classes["value"].sum() == pytest.approx(months["revenue"].sum())
    assert classes["customer_share"].sum() == pytest.approx(1)
    top = section.exhibit("top_customers").frame
    best = (
        months.group_by("customer_id").agg(pl.col("revenue").sum()).sort("revenue", descending=True)
    )
    assert top["value"].to_list() == pytest.approx(best["revenue"].head(top.height).to_list())
    names = dict(operator_tables["customers"].select("customer_id", "name").iter_rows())
    assert top["name"].to_list() == [names[customer] for customer in top["customer_id"]]


def test_value_is_that_of_the_last_twelve_months() -> None:
    months = pl.DataFrame(
        {
            "subscription_id": ["S", "S", "S"],
            "customer_id": ["C", "C", "C"],
            "period": [date(2025, 1, 1), date(2025, 2, 1), date(2026, 1, 1)],
            "revenue": [100.0, 10.0, 1.0],
        }
    )
    section = build({"subscriber_months": months}).section("value")
    assert section.exhibit("top_customers").frame["value"].to_list() == [11.0]
    assert "from Feb 2025 to Jan 2026" in section.summary


def test_value_falls_back_on_recharges(recharges: pl.DataFrame) -> None:
    section = build({"recharges": recharges}).section("value")
    top = section.exhibit("top_customers").frame
    assert top.select("customer_id", "value").rows() == [("bob", 20.0), ("ann", 15.0)]
    assert "recharges" in section.summary
