"""How long ago a line was last heard of."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.churn.features.usage_days import usage_days

__all__ = ["RECENCY"]

_USAGE = {
    "days_since_outgoing": "_outgoing",
    "days_since_incoming": "_incoming",
    "days_since_data": "_data",
}


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    if view.sources.has("usage"):
        rows = _of_usage(view, rows)
    if view.sources.has("recharges"):
        rows = _since(view, rows, "recharges", "subscription_id", "days_since_recharge")
    if view.sources.has("interactions"):
        rows = _since(view, rows, "interactions", "customer_id", "days_since_contact")
    return rows


def _since(
    view: FeatureView, rows: nw.LazyFrame[Any], table: str, key: str, name: str
) -> nw.LazyFrame[Any]:
    def days() -> nw.LazyFrame[Any]:
        placed = view.placed(table)
        counted = placed.filter(nw.col("amount") > 0) if table == "recharges" else placed
        return counted.select(key, "_from", "_day")

    last = view.latest(f"latest_{table}", key, ["_day"], days)
    found = last.with_columns((view.day - nw.col("_day")).alias(name))
    return view.beside(rows, found, on=key, columns=[name])


def _of_usage(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    def days() -> nw.LazyFrame[Any]:
        last = {own: nw.when(nw.col(own) == 1).then(nw.col("_day")) for own in _USAGE.values()}
        return usage_days(view).select("subscription_id", "_from", **last)

    last = view.latest("latest_usage", "subscription_id", list(_USAGE.values()), days)
    ages = {name: view.day - nw.col(own) for name, own in _USAGE.items()}
    found = last.with_columns(**ages)
    return view.beside(rows, found, on="subscription_id", columns=list(_USAGE))


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
