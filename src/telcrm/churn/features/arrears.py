"""What the customer owed beyond its due day, told from invoices and payments up to the snapshot."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.domain import PaymentStatus
from telcrm.mart.micros import major, micros
from telcrm.tables.typed_columns import flag

__all__ = ["ARREARS"]

_RECEIVED = [str(PaymentStatus.DONE), str(PaymentStatus.CAPTURED)]


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    if view.sources.dated & {"invoices", "payments"}:
        days = _running(view.events("invoices"), view.events("payments"))
    else:
        invoices, payments = (view.sources.rows(table) for table in _TABLES)
        days = view.once("arrears", lambda: _running(invoices, payments))
    days = days.filter(nw.col("_at") < view.day)
    observed = nw.col("_at") >= view.day - view.window.observation_days
    late = (nw.col("_due") > 0) & (nw.col("_balance") < 0) & observed
    flagged = days.select("customer_id", "_due", "_plus", late_payments=flag(late))
    sums = flagged.group_by("customer_id").agg(nw.col("_due", "_plus", "late_payments").sum())
    sums = sums.with_columns(_owed=(nw.col("_due") - nw.col("_plus")).cast(nw.Int64))
    debtors = sums.filter(nw.col("_owed") > 0).select("customer_id", _received=nw.col("_plus"))
    items = days.filter(nw.col("_due") > 0).join(debtors, how="inner", on="customer_id")
    items = items.filter(nw.col("_due_upto") > nw.col("_received"))
    oldest = items.group_by("customer_id").agg(_oldest=nw.col("_at").min())
    found = sums.join(oldest, how="left", on="customer_id").with_columns(
        overdue_amount=nw.when(nw.col("_owed") > 0).then(major(nw.col("_owed"))),
        overdue_days=view.day - nw.col("_oldest"),
    )
    names = ["overdue_amount", "overdue_days", "late_payments"]
    counts = dict.fromkeys(names, view.covers("invoices", view.window.observation_days))
    return view.beside(rows, found, on="customer_id", counts=counts)


def _running(invoices: nw.LazyFrame[Any], payments: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add up, for each customer and day, what fell due and what was received until then.

    Payments settle what fell due first. On a day they count before what falls due.
    """
    invoices = invoices.with_columns(_micros=micros(nw.col("total")))
    due, credit = invoices.filter(nw.col("_micros") > 0), invoices.filter(nw.col("_micros") < 0)
    status = nw.col("status")
    paid = payments.filter(status.is_null() | status.is_in(_RECEIVED))
    nothing = nw.lit(0, nw.Int64)
    parts = [
        due.select("customer_id", _at="_due_on", _due="_micros", _plus=nothing),
        credit.select("customer_id", _at="_day", _due=nothing, _plus=-nw.col("_micros")),
        paid.select("customer_id", _at="_day", _due=nothing, _plus=micros(nw.col("amount"))),
    ]
    columns = ["_due", "_plus"]
    days = nw.concat([part.select("customer_id", "_at", *columns) for part in parts])
    days = days.group_by("customer_id", "_at").agg(*[nw.col(name).sum() for name in columns])
    days = days.with_columns(nw.col(*columns).cast(nw.Int64))
    days = days.with_columns(_net=nw.col("_plus") - nw.col("_due"))

    def upto(name: str) -> nw.Expr:
        return nw.col(name).cum_sum().over("customer_id", order_by="_at")

    return days.with_columns(_balance=upto("_net"), _due_upto=upto("_due"))


_TABLES = ("invoices", "payments")

ARREARS = Family(
    "arrears",
    (
        Feature(
            "overdue_amount",
            "What had fallen due and was not settled; payments and credit notes settle the oldest "
            "first",
            "currency",
            "all days told of",
            _TABLES,
        ),
        Feature(
            "overdue_days",
            "Age of the oldest overdue bill since its due day; 0 if nothing is overdue",
            "days",
            "all days told of",
            _TABLES,
        ),
        Feature(
            "late_payments",
            "Days on which a bill fell due and was not settled by the evening",
            "days",
            "the observation, 90 days by default",
            _TABLES,
        ),
    ),
    _add,
)
