"""Usage of a line, summed by kind, direction and age: read once for trends and for recency."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.snapshots.view import SnapshotView

__all__ = ["part_of_ages", "usage_parts"]

_CUTS = (28, 30, 56, 60, 84, 90, 112)
"""The last day, by age, of each part: spans of 28 and of 30 days are sums of parts."""


def part_of_ages(first: int, last: int) -> nw.Expr:
    """Express whether a part lies in a span of ages, both ends included: ``1`` to ``30``."""
    return (nw.col("_part") > first - 1) & (nw.col("_part") <= last)


def usage_parts(view: SnapshotView) -> nw.LazyFrame[Any]:
    """Sum what was known of usage.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``kind``, ``direction``, ``_part`` (the greatest age in it; what is
        older than all spans is one part), ``_minutes``, ``_megabytes``, ``_records`` and
        ``_youngest``, the age of the last.
    """
    age = nw.col("_age")
    part = nw.lit(_CUTS[-1] + 1)
    for cut in reversed(_CUTS):
        part = nw.when(age <= cut).then(nw.lit(cut)).otherwise(part)
    rows = view.events("usage").with_columns(_part=part)
    summed = rows.group_by("subscription_id", "kind", "direction", "_part").agg(
        nw.col("duration_s", "volume_bytes").sum(),
        _records=nw.len(),
        _youngest=nw.col("_age").min(),
    )
    return summed.with_columns(
        _minutes=nw.col("duration_s") / 60.0,
        _megabytes=nw.col("volume_bytes") / 1e6,
        _records=nw.col("_records").cast(nw.Float64),
    )
