"""Whom the line talks to, and how many of them have left."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import Family, Feature, FeatureView
from telcrm.churn.snapshots.absences import SPELL
from telcrm.churn.snapshots.lines import rows_known_at
from telcrm.domain import UsageKind

__all__ = ["NETWORK"]

_DAYS = 30


def _add(view: FeatureView, rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    talk = nw.col("kind") != str(UsageKind.DATA)
    calls = view.events("usage", _DAYS).filter(talk & ~nw.col("other_party").is_null())
    pairs = calls.select("subscription_id", "other_party").unique()
    counts = {"distinct_parties_30d": view.covers("usage", _DAYS)}
    if not view.sources.has("subscriptions", "msisdn"):
        parties = pairs.group_by("subscription_id").agg(distinct_parties_30d=nw.len())
        return view.beside(rows, parties, on="subscription_id", counts=counts)
    known = rows_known_at(view).filter(
        (nw.col("_activated_on") < view.day) & ~nw.col("msisdn").is_null()
    )
    here = view.active.select(*SPELL, _here=nw.lit(1))
    numbers = known.select(*SPELL, "msisdn").join(here, how="left", on=list(SPELL))
    numbers = numbers.with_columns(nw.col("_here").fill_null(0).cast(nw.Int64))
    # A number may have been given to another line since.
    numbers = numbers.group_by("msisdn").agg(nw.col("_here").max())
    numbers = numbers.select(other_party="msisdn", _own=nw.lit(1), _gone=1 - nw.col("_here"))
    told = pairs.join(numbers, how="left", on="other_party")
    filled = told.with_columns(nw.col("_own", "_gone").fill_null(0).cast(nw.Int64))
    found = filled.group_by("subscription_id").agg(
        nw.col("_own", "_gone").sum(), distinct_parties_30d=nw.len()
    )
    share = nw.col("_gone").cast(nw.Float64) / nw.col("_own").cast(nw.Float64)
    found = found.with_columns(departed_party_share=nw.when(nw.col("_own") > 0).then(share))
    return view.beside(
        rows,
        found,
        on="subscription_id",
        columns=["departed_party_share"],
        counts=counts,
    )


NETWORK = Family(
    "network",
    (
        Feature(
            "distinct_parties_30d",
            "Numbers that the line called, was called by, or exchanged messages with",
            "numbers",
            "30 days",
            ("usage.other_party",),
        ),
        Feature(
            "departed_party_share",
            "Of those that are numbers of the operator, the share whose line was active no more; "
            "null without any",
            "share",
            "30 days",
            ("usage.other_party", "subscriptions.msisdn"),
        ),
    ),
    _add,
)
