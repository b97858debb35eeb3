"""The view of one customer: complete, typed, and blind to the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from telcrm.domain import Consent, Money, Rounding
from telcrm.errors import (
    CurrencyMismatchError,
    InvalidTableError,
    MissingColumnsError,
    MissingTableError,
    ParameterError,
    UnknownCustomerError,
)
from telcrm.mart import Customer360, customer_360, subscriber_month
from telcrm.synth import Operator

AS_OF = date(2025, 3, 31)
DATED = {
    "usage": "started_at",
    "recharges": "recharged_at",
    "invoices": "issued_on",
    "payments": "paid_on",
    "complaints": "received_at",
    "interactions": "started_at",
    "surveys": "responded_at",
    "campaign_contacts": "contacted_at",
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    found: dict[str, pl.DataFrame] = Operator(subscribers=150, months=5, seed=5).tables()
    return found


def busiest(tables: dict[str, pl.DataFrame]) -> str:
    counts = [tables[name].group_by("customer_id").len() for name in ("complaints", "invoices")]
    both = counts[0].join(counts[1], on="customer_id")
    total = pl.col("len") + 10 * pl.col("len_right")
    return str(both.sort(total, "customer_id")["customer_id"][-1])


def test_it_agrees_with_the_tables_and_the_mart(tables: dict[str, pl.DataFrame]) -> None:
    end = date(2025, 5, 31)
    who = busiest(tables)
    view = customer_360(who, tables, as_of=end, months=5, latest=1000)
    own = {n: f.filter(customer_id=who) for n, f in tables.items() if "customer_id" in f.columns}
    for name in ("recharges", "complaints", "interactions", "surveys", "campaign_contacts"):
        assert len(getattr(view, name)) == own[name].height
    assert [one.subscription_id for one in view.subscriptions] == sorted(
        own["subscriptions"].filter(pl.col("activated_on") <= end)["subscription_id"]
    )
    assert view.segment == own["customers"]["segment"].item()
    month = subscriber_month(tables, date(2025, 5, 1)).filter(customer_id=who)
    assert view.balance is not None
    assert view.overdue is not None
    assert float(view.balance.amount) == pytest.approx(month["open_balance"].sum())
    assert float(view.overdue.amount) == pytest.approx(month["overdue_amount"].sum())
    latest = view.months[0]
    for name in ("voice_s", "data_bytes", "sms_count"):
        assert getattr(latest, name) == month[name].sum()
    assert float(latest.invoiced.amount if latest.invoiced else 0) == pytest.approx(
        month["invoiced_amount"].sum()
    )
    revenue = own["subscriber_months"].filter(period=date(2025, 5, 1))["revenue"].sum()
    assert latest.revenue == Money.rounded(
        Decimal(str(revenue)), "EUR", rounding=Rounding.HALF_EVEN
    )
    starts = [one.started_at for one in view.interactions or ()]
    assert starts == sorted(starts, reverse=True)
    assert Customer360.from_json(view.to_json()) == view


def test_every_customer_can_be_viewed(tables: dict[str, pl.DataFrame]) -> None:
    for who in tables["customers"]["customer_id"].head(40):
        view = customer_360(who, tables, as_of=date(2025, 5, 31), months=1, latest=3)
        assert max(len(view.interactions or ()), len(view.recharges or ())) <= 3


def test_nothing_later_than_the_day_leaks_in(tables: dict[str, pl.DataFrame]) -> None:
    who = busiest(tables)
    past = dict(tables)
    for name, column in DATED.items():
        past[name] = tables[name].filter(pl.col(column).cast(pl.Date) <= AS_OF)
    past["complaints"] = past["complaints"].with_columns(
        status=pl.when(pl.col("resolved_at").dt.date() > AS_OF)
        .then(pl.lit("inProgress"))
        .otherwise("status"),
        resolved_at=pl.when(pl.col("resolved_at").dt.date() <= AS_OF).then("resolved_at"),
    )
    later = pl.col("terminated_on") > AS_OF
    past["subscriptions"] = (
        tables["subscriptions"]
        .filter(pl.col("activated_on") <= AS_OF)
        .with_columns(
            status=pl.when(later).then(pl.lit("active")).otherwise("status"),
            terminated_on=pl.when(~later).then("terminated_on"),
            termination_reason=pl.when(~later).then("termination_reason"),
        )
    )
    past["subscriber_months"] = tables["subscriber_months"].filter(
        pl.col("period") <= date(2025, 3, 1)
    )
    back = pl.col("returned_on") > AS_OF
    past["equipment"] = (
        tables["equipment"]
        .filter(pl.col("assigned_on") <= AS_OF)
        .with_columns(
            status=pl.when(back).then(pl.lit("assigned")).otherwise("status"),
            returned_on=pl.when(~back).then("returned_on"),
        )
    )
    for one in [who, *tables["customers"]["customer_id"].head(10)]:
        whole = customer_360(one, tables, as_of=AS_OF)
        assert customer_360(one, past, as_of=AS_OF) == whole
    mid = customer_360(who, tables, as_of=date(2025, 3, 15), months=2)
    assert mid.months[0].revenue is None
    assert mid.months[1].revenue is not None


def small(**changes: Any) -> dict[str, pl.DataFrame]:
    customers = pl.DataFrame(
        {
            "customer_id": ["C"],
            "party_type": ["individual"],
            "status": ["active"],
            "since": [date(2025, 1, 5)],
        }
    )
    bills = pl.DataFrame(
        {
            "invoice_id": ["I1", "I2", "I3"],
            "customer_id": ["C"] * 3,
            "account_id": ["A"] * 3,
            "issued_on": [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)],
            "due_on": [date(2025, 2, 14), date(2025, 3, 14), date(2025, 4, 14)],
            "total": [30.0, 20.0, 10.0],
            "currency": ["EUR"] * 3,
        }
    )
    paid = pl.DataFrame(
        {
            "payment_id": ["P1", "P2", "P3"],
            "customer_id": ["C"] * 3,
            "account_id": ["A"] * 3,
            "paid_on": [date(2025, 2, 10), date(2025, 2, 20), date(2025, 3, 1)],
            "amount": [10.0, 25.0, 99.0],
            "status": ["done", "done", "failed"],
        }
    )
    return {"customers": customers, "invoices": bills, "payments": paid, **changes}


def test_debt_and_habits_of_a_known_case() -> None:
    view = customer_360("C", small(), as_of=AS_OF)
    assert (view.balance, view.overdue) == (Money("25", "EUR"), Money("15", "EUR"))
    assert [(one.invoice_id, one.open_amount) for one in view.open_invoices or ()] == [
        ("I2", Money("15", "EUR")),
        ("I3", Money("10", "EUR")),
    ]
    assert [one.overdue_days for one in view.open_invoices or ()] == [17, 0]
    habits = view.payment_habits
    assert habits is not None
    assert (habits.payments, habits.failed, habits.settled_invoices) == (2, 1, 1)
    # The first invoice, due on the 14th, was paid in full on the 20th of February.
    assert (habits.settled_late, habits.mean_days_late) == (1, Decimal("6.0"))
    assert habits.last_paid_on == date(2025, 2, 20)
    assert view.complaints is None
    assert view.subscriptions == ()
    earlier = customer_360("C", small(), as_of=date(2025, 1, 31), months=3)
    assert earlier.balance == Money("30", "EUR")
    assert [one.period for one in earlier.months][-1] == date(2024, 11, 1)


def test_engines_may_be_mixed() -> None:
    expected = customer_360("C", small(), as_of=AS_OF)
    mixed: dict[str, Any] = dict(small())
    mixed["customers"] = mixed["customers"].to_pandas()
    mixed["invoices"] = duckdb.connect().from_arrow(mixed["invoices"].to_arrow())
    mixed["payments"] = mixed["payments"].lazy()
    assert customer_360("C", mixed, as_of=AS_OF) == expected


def test_consents_are_those_that_were_given() -> None:
    said = [
        Consent(purpose="marketing", granted=granted, recorded_at=at)
        for granted, at in (
            (True, datetime(2025, 2, 1, tzinfo=UTC)),
            (False, datetime(2025, 3, 31, 23, 59, tzinfo=UTC)),
            (True, datetime(2025, 4, 1, tzinfo=UTC)),
        )
    ]
    view = customer_360("C", small(), as_of=AS_OF, consents=said)
    assert view.consents == (said[1], said[0])


def test_an_unknown_customer_is_told() -> None:
    with pytest.raises(UnknownCustomerError, match="no customer 'X'"):
        customer_360("X", small(), as_of=AS_OF)
    with pytest.raises(UnknownCustomerError, match="on 2025-01-04"):
        customer_360("C", small(), as_of=date(2025, 1, 4))
    line = {"subscription_id": "S", "customer_id": "C", "payment_mode": "prepaid"}
    line |= {"status": "active"}
    lines = pl.DataFrame([line | {"activated_on": AS_OF}])
    view = customer_360("C", {"subscriptions": lines}, as_of=AS_OF)
    assert view.party_type is None
    with pytest.raises(UnknownCustomerError):
        customer_360("C", {"subscriptions": lines}, as_of=AS_OF - timedelta(days=1))


def test_bad_input_is_refused() -> None:
    with pytest.raises(MissingTableError, match="'customers' and 'subscriptions'"):
        customer_360("C", {"payments": small()["payments"]}, as_of=AS_OF)
    for as_of in (None, "2025-03-31", datetime(2025, 3, 31)):
        with pytest.raises(ParameterError, match="as_of is"):
            customer_360("C", small(), as_of=as_of)  # type: ignore[arg-type]
    for counts in ({"months": 0}, {"months": 121}, {"latest": -1}, {"latest": 1.5}):
        with pytest.raises(ParameterError, match="has to be a whole number"):
            customer_360("C", small(), as_of=AS_OF, **counts)
    with pytest.raises(MissingColumnsError, match="invoices lacks 'total'"):
        customer_360("C", small(invoices=small()["invoices"].drop("total")), as_of=AS_OF)
    paid = small()["payments"].with_columns(currency=pl.lit("USD"))
    with pytest.raises(CurrencyMismatchError, match="EUR, USD"):
        customer_360("C", small(payments=paid), as_of=AS_OF)
    recharges = pl.DataFrame(
        {
            "recharge_id": ["R"],
            "customer_id": ["C"],
            "recharged_at": [datetime(2025, 2, 1)],
            "amount": [-5.0],
        }
    )
    with pytest.raises(InvalidTableError, match="recharge_id 'R' is no valid record: amount"):
        customer_360("C", small(recharges=recharges), as_of=AS_OF)
