"""How a line is topped up, and how long its credit is valid."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.mart.lines import LATEST

__all__ = ["RECHARGES"]

_COUNTS = ("recharge_count", "recharge_amount")


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    days = view.window.observation_days
    paid = view.events("recharges", days).filter(nw.col("amount") > 0).group_by("subscription_id")
    found = paid.agg(
        recharge_count=nw.len(),
        recharge_amount=nw.col("amount").sum(),
        _first=nw.col("_age").max(),
        _last=nw.col("_age").min(),
    )
    count = nw.col("recharge_count").cast(nw.Float64)
    span = (nw.col("_first") - nw.col("_last")).cast(nw.Float64)
    found = found.with_columns(recharge_interval_days=nw.when(count > 1).then(span / (count - 1.0)))
    rows = view.beside(
        rows,
        found,
        on="subscription_id",
        columns=["recharge_interval_days"],
        counts=dict.fromkeys(_COUNTS, view.covers("recharges", days)),
    )
    if not view.sources.has("recharges", "validity_days"):
        return rows

    def valid() -> nw.LazyFrame[Any]:
        until = nw.col("_day") + nw.col("validity_days").fill_null(float(LATEST))
        return view.placed("recharges").select("subscription_id", "_from", _valid=until)

    last = view.latest("valid_recharges", "subscription_id", ["_valid"], valid)
    expires = nw.when(nw.col("_valid") < LATEST).then(nw.col("_valid") - float(view.day))
    left = last.with_columns(validity_left_days=expires)
    return view.beside(rows, left, on="subscription_id", columns=["validity_left_days"])


_OBSERVED = "the observation, 90 days by default"

RECHARGES = Family(
    "recharges",
    (
        Feature("recharge_count", "Recharges paid for", "recharges", _OBSERVED, ("recharges",)),
        Feature("recharge_amount", "What was paid for them", "currency", _OBSERVED, ("recharges",)),
        Feature(
            "recharge_interval_days",
            "Mean time from one to the next; null with fewer than two",
            "days",
            _OBSERVED,
            ("recharges",),
        ),
        Feature(
            "validity_left_days",
            "Days until the credit expires, negative since it did; null if it never does",
            "days",
            "all days told of",
            ("recharges.validity_days",),
        ),
    ),
    _add,
)
