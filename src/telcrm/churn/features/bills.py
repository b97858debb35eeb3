"""What the customer was billed last, and how much more that was than before."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.mart.lines import LATEST
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
    last = (nw.col("_day") < view.day) & (nw.col("_next") >= view.day)
    found = bills.filter(last & (nw.col("_day") >= since)).with_columns(
        last_bill=nw.col("total"), bill_shock=nw.col("total") / nw.col("_before")
    )
    return view.beside(rows, found, on="customer_id", columns=["last_bill", "bill_shock"])


def _with_those_before(invoices: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Sum the bills of each customer and day, with the mean of the three days before.

    ``_next`` is the day of the bill after.
    """
    days = invoices.filter(nw.col("total") > 0).group_by("customer_id", "_day")
    steps = {f"_{step}": ("total", step) for step in range(1, _BEFORE + 1)}
    beside = with_neighbours(
        days.agg(nw.col("total").sum()),
        {**steps, "_next": ("_day", -1)},
        among=["customer_id"],
        order_by=["_day"],
    )
    # The mean of nothing is a number in SQL, and null elsewhere.
    before = nw.when(~nw.col("_1").is_null()).then(nw.mean_horizontal(*steps))
    return beside.with_columns(_before=before, _next=nw.col("_next").fill_null(LATEST))


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
