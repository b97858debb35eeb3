"""The panel of `churn_panel.py` with five features, as one would write it in Polars for it alone.

Nothing is checked: keys are unique, nobody left without a day, no row was recorded late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

GAP, OUTCOME, OBSERVED, MONTH = 30, 30, 90, 30


def panel_by_hand(
    tables: Mapping[str, pl.LazyFrame], snapshots: Sequence[date], data_end: date
) -> pl.LazyFrame:
    """Return a row for each line that is active at a snapshot and for thirty days or more."""
    return pl.concat([_at(tables, day, data_end) for day in snapshots])


def _at(tables: Mapping[str, pl.LazyFrame], day: date, data_end: date) -> pl.LazyFrame:
    first, last = day + timedelta(days=GAP), day + timedelta(days=GAP + OUTCOME)
    ended = pl.when(pl.col("terminated_on") < data_end).then("terminated_on")
    lines = tables["subscriptions"].with_columns(terminated_on=ended)
    left = pl.col("terminated_on")
    rows = lines.filter(
        pl.col("activated_on") <= day - timedelta(days=30), left.is_null() | (left >= first)
    )
    gone = left < last
    counts = gone & pl.col("termination_reason").ne_missing("unavoidable")
    churned = counts.fill_null(value=False) if last <= data_end else pl.lit(None)
    tenure = (day - pl.col("activated_on")).dt.total_days() / 30.4375
    rows = rows.select(
        "subscription_id",
        "customer_id",
        snapshot=pl.lit(day),
        churned=churned.cast(pl.Int64),
        tenure_months=tenure,
    )
    for found, on in (
        (_voice(tables["usage"], day), "subscription_id"),
        (_revenue(tables["subscriber_months"], day), "subscription_id"),
        (_recharges(tables["recharges"], day), "subscription_id"),
        (_complaints(tables["complaints"], day), "customer_id"),
    ):
        rows = rows.join(found, on=on, how="left")
    counted = ("voice_30d", "recharge_count", "complaint_count")
    return rows.with_columns(pl.col(counted).cast(pl.Float64).fill_null(0.0))


def _before(day: date, column: str, days: int) -> pl.Expr:
    moment = pl.col(column).dt.date()
    return (moment < day) & (moment >= day - timedelta(days=days))


def _voice(usage: pl.LazyFrame, day: date) -> pl.LazyFrame:
    calls = usage.filter(_before(day, "started_at", MONTH), kind="voice")
    return calls.group_by("subscription_id").agg(voice_30d=pl.col("duration_s").sum() / 60.0)


def _revenue(months: pl.LazyFrame, day: date) -> pl.LazyFrame:
    last = (day - timedelta(days=1)).replace(day=1)
    first = ((last - timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=1)
    seen = months.filter(pl.col("period").is_between(first, last))
    is_last = pl.col("period") == last
    before = pl.col("revenue").filter(~is_last)
    return seen.group_by("subscription_id").agg(
        revenue_change=pl.when(before.len() == 2).then(
            pl.col("revenue").filter(is_last).first() - before.mean()
        )
    )


def _recharges(recharges: pl.LazyFrame, day: date) -> pl.LazyFrame:
    paid = recharges.filter(_before(day, "recharged_at", OBSERVED), pl.col("amount") > 0)
    return paid.group_by("subscription_id").agg(recharge_count=pl.len())


def _complaints(complaints: pl.LazyFrame, day: date) -> pl.LazyFrame:
    seen = complaints.filter(_before(day, "received_at", OBSERVED))
    return seen.group_by("customer_id").agg(complaint_count=pl.len())
