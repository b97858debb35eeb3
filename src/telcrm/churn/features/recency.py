"""How long ago a line was last heard of."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.churn.features.usage_parts import usage_parts
from telcrm.domain import UsageDirection, UsageKind

__all__ = ["RECENCY"]

_USAGE = ("days_since_outgoing", "days_since_incoming", "days_since_data")


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    if view.sources.has("usage"):
        rows = _of_usage(view, rows)
    if view.sources.has("recharges"):
        paid = view.events("recharges").filter(nw.col("amount") > 0)
        last = paid.group_by("subscription_id").agg(days_since_recharge=nw.col("_age").min())
        rows = view.beside(rows, last, on="subscription_id", columns=["days_since_recharge"])
    if view.sources.has("interactions"):
        met = view.events("interactions").group_by("customer_id")
        last = met.agg(days_since_contact=nw.col("_age").min())
        rows = view.beside(rows, last, on="customer_id", columns=["days_since_contact"])
    return rows


def _of_usage(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    data = nw.col("kind") == str(UsageKind.DATA)
    sent = nw.col("direction") == str(UsageDirection.OUTGOING)
    age = nw.col("_youngest")
    ages = dict(
        zip(
            _USAGE,
            (nw.when(case).then(age) for case in (sent & ~data, ~sent & ~data, data)),
            strict=True,
        )
    )
    flagged = usage_parts(view).select("subscription_id", **ages)
    last = flagged.group_by("subscription_id").agg(*[nw.col(name).min() for name in _USAGE])
    return view.beside(rows, last, on="subscription_id", columns=_USAGE)


_EVER = "all days told of, null if never"

RECENCY = Family(
    "recency",
    (
        Feature(
            "days_since_outgoing",
            "Last call or message that the line began; 1 is the day before the snapshot",
            "days",
            _EVER,
            ("usage",),
        ),
        Feature(
            "days_since_incoming",
            "Last call or message that the line received",
            "days",
            _EVER,
            ("usage",),
        ),
        Feature("days_since_data", "Last data session", "days", _EVER, ("usage",)),
        Feature(
            "days_since_recharge", "Last recharge that was paid for", "days", _EVER, ("recharges",)
        ),
        Feature(
            "days_since_contact",
            "Last contact of the customer, whoever began it",
            "days",
            _EVER,
            ("interactions",),
        ),
    ),
    _add,
)
