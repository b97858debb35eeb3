"""Who the customer is, what it holds, and how it pays."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureKind, FeatureView

__all__ = ["ATTRIBUTES"]


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    sources = view.sources
    held = view.active.group_by("customer_id").agg(line_count=nw.len())
    rows = view.beside(rows, held, on="customer_id", counts={"line_count": True})
    shown = nw.col("_hidden") == 0
    rows = rows.with_columns(_offer=nw.when(shown).then(nw.col("offer_id"))).drop("offer_id")
    rows = rows.with_columns(offer_id=nw.col("_offer"))
    if sources.has("customers"):
        known = view.known("customers").with_columns(_told=nw.col("_hidden") == 0)
        who = known.select(
            "customer_id",
            **{name: nw.when(nw.col("_told")).then(nw.col(name)) for name in ("segment", "region")},
        )
        rows = rows.join(who, how="left", on="customer_id")
    dated = [name for name in ("offer_id", "segment") if sources.has("subscriber_months", name)]
    if dated:
        months = view.months(0)
        rows = rows.drop(*[name for name in dated if name in rows.collect_schema().names()])
        rows = rows.join(months.select("subscription_id", *dated), how="left", on="subscription_id")
    return rows


def _category(name: str, words: str, table: str, history: str = "") -> Feature:
    return Feature(
        name,
        words,
        "category",
        "the last month that was over, or else the table's own day"
        if history
        else "at the snapshot",
        (f"{table}.{name}",),
        FeatureKind.CATEGORICAL,
        present=table,
        history=history,
    )


ATTRIBUTES = Family(
    "attributes",
    (
        _category("payment_mode", "prepaid or postpaid", "subscriptions"),
        _category("offer_id", "The plan", "subscriptions", "subscriber_months.offer_id"),
        _category("segment", "Segment of the customer", "customers", "subscriber_months.segment"),
        _category("region", "Region of the customer", "customers"),
        Feature("line_count", "Active lines of the customer", "lines", "at the snapshot", ()),
    ),
    _add,
)
