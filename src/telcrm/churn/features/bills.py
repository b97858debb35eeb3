"""What the customer was billed last, and how much more that was than before."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.tables.neighbours import with_neighbours

__all__ = ["BILLS"]

_YEAR_DAYS = 365
_BEFORE = 3


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    since = view.day - _YEAR_DAYS
    if "invoices" in view.sources.dated:
        bills = _with_those_before(view.events("invoices"))
    else:
        bills = view.once("bills", lambda: _with_those_before(view.sources.rows("invoices")))
    bills = bills.filter((nw.col("_day") < view.day) & (nw.col("_day") >= since))
    last = bills.group_by("customer_id").agg(nw.col("_day").max())
    found = last.join(bills, how="inner", on=["customer_id", "_day"])
    found = found.with_columns(
        last_bill=nw.col("total"), bill_shock=nw.col("total") / nw.col("_before")
    )
    return view.beside(rows, found, on="customer_id", columns=["last_bill", "bill_shock"])


def _with_those_before(invoices: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Sum the bills of each customer and day, with the mean of the three days before."""
    days = invoices.filter(nw.col("total") > 0).group_by("customer_id", "_day")
    steps = {f"_{step}": ("total", step) for step in range(1, _BEFORE + 1)}
    beside = with_neighbours(
        days.agg(nw.col("total").sum()), steps, among=["customer_id"], order_by=["_day"]
    )
    return beside.with_columns(_before=nw.mean_horizontal(*steps))


BILLS = Family(
    "bills",
    (
        Feature(
            "last_bill",
            "What the customer was billed on the last day with a bill, tax included; credit notes "
            "are left out",
            "currency",
            "365 days, null without a bill",
            ("invoices",),
        ),
        Feature(
            "bill_shock",
            "Last bill over the mean of up to three before; null without one before",
            "ratio",
            "365 days",
            ("invoices",),
        ),
    ),
    _add,
)
