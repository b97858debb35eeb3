"""What the customer owed beyond its due day, told from invoices and payments up to the snapshot."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.domain import PaymentStatus
from telcrm.mart.lines import LATEST
from telcrm.mart.micros import major, micros
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.typed_columns import flag

__all__ = ["ARREARS"]

_RECEIVED = [str(PaymentStatus.DONE), str(PaymentStatus.CAPTURED)]


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    if view.sources.dated & {"invoices", "payments"}:
        days = _running(view.events("invoices"), view.events("payments"))
    else:
        invoices, payments = (view.sources.rows(table) for table in _TABLES)
        days = view.once("arrears", lambda: _running(invoices, payments))
    sums = _standing(days, view.day).select("customer_id", "_due_upto", "_plus_upto", "_late_upto")
    since = view.day - view.window.observation_days
    before = _standing(days, since).select("customer_id", _late_before="_late_upto")
    sums = sums.join(before, how="left", on="customer_id")
    sums = sums.with_columns(
        _owed=nw.col("_due_upto") - nw.col("_plus_upto"),
        late_payments=nw.col("_late_upto") - nw.col("_late_before").fill_null(0),
    )
    debtors = sums.filter(nw.col("_owed") > 0).select("customer_id", _received="_plus_upto")
    items = days.filter((nw.col("_at") < view.day) & (nw.col("_due") > 0))
    items = items.join(debtors, how="inner", on="customer_id")
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

    Payments settle what fell due first. On a day they count before what falls due. ``_late_upto``
    counts the days on which something fell due and was not settled; ``_next`` is the day after.
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

    def upto(name: str) -> nw.Expr:
        return nw.col(name).cum_sum().over("customer_id", order_by="_at").cast(nw.Int64)

    days = days.with_columns(_due_upto=upto("_due"), _plus_upto=upto("_plus"))
    late = (nw.col("_due") > 0) & (nw.col("_plus_upto") < nw.col("_due_upto"))
    days = days.with_columns(_late=flag(late)).with_columns(_late_upto=upto("_late"))
    beside = with_neighbours(days, {"_next": ("_at", -1)}, among=["customer_id"], order_by=["_at"])
    return beside.with_columns(_next=nw.col("_next").fill_null(LATEST))


def _standing(days: nw.LazyFrame[Any], day: int) -> nw.LazyFrame[Any]:
    """Keep of each customer the last day before a day: what had been added up by then."""
    return days.filter((nw.col("_at") < day) & (nw.col("_next") >= day))


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
