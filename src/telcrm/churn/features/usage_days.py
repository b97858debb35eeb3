"""Usage of a line, summed by day: read once for all snapshots, for trends and for recency."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.churn.features.feature import FeatureView
from telcrm.domain import UsageDirection, UsageKind
from telcrm.tables.typed_columns import flag

__all__ = ["usage_days"]

_SUMS = ("_seconds", "_bytes", "_messages")
_FLAGS = ("_outgoing", "_incoming", "_data")


def usage_days(view: FeatureView) -> nw.LazyFrame[Any]:
    """Sum the usage of all days that some snapshot of the panel knows of.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``_day`` and ``_from``, the place of the first snapshot that counts
        the row; ``_seconds`` of calls, ``_bytes`` of data, ``_messages`` sent; and ``_outgoing``,
        ``_incoming`` and ``_data``, 1 where the line called or wrote, was called or written to, and
        used data.
    """
    return view.once("usage_days", lambda: _summed(view))


def _summed(view: FeatureView) -> nw.LazyFrame[Any]:
    kind = nw.col("kind")
    voice, data, sms = (
        kind == str(each) for each in (UsageKind.VOICE, UsageKind.DATA, UsageKind.SMS)
    )
    sent = nw.col("direction") == str(UsageDirection.OUTGOING)
    split = view.placed("usage").select(
        "subscription_id",
        "_day",
        "_from",
        _seconds=nw.when(voice).then(nw.col("duration_s")).otherwise(nw.lit(0.0)),
        _bytes=nw.when(data).then(nw.col("volume_bytes")).otherwise(nw.lit(0.0)),
        _messages=flag(sms & sent),
        _outgoing=flag(sent & ~data),
        _incoming=flag(~sent & ~data),
        _data=flag(data),
    )
    return split.group_by("subscription_id", "_day", "_from").agg(
        nw.col(*_SUMS).sum(), nw.col(*_FLAGS).max()
    )
