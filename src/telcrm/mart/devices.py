"""The device that a line had at the end of a month."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.mart.lines import LATEST, with_ordinals
from telcrm.mart.month import Month
from telcrm.mart.sources import Sources

__all__ = ["DEVICE_COLUMNS", "devices_of_lines"]

DEVICE_COLUMNS = ("device_kind", "device_ownership", "device_model", "device_tac")
"""What is told of the device that a line got last; all text."""

_IMEI_TYPE_DIGITS = 8


def devices_of_lines(sources: Sources, month: Month) -> nw.LazyFrame[Any]:
    """Find the device assigned last of those that each line had on the last day of the month.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id``, ``DEVICE_COLUMNS`` and ``device_count``, Int64.
    """
    opened = sources.opened["equipment"]
    given, back = ("assigned_on", 0), ("returned_on", LATEST)
    rows = with_ordinals(opened, sources.rows("equipment"), {"_given": given, "_back": back})
    last = month.last.toordinal()
    held = rows.filter(
        ~nw.col("subscription_id").is_null() & (nw.col("_given") <= last) & (nw.col("_back") > last)
    ).with_columns(_one=nw.lit(1), _latest_first=-nw.col("_given"))
    order = ["_latest_first", "equipment_id"]
    placed = held.with_columns(
        _place=nw.col("_one").cum_sum().over("subscription_id", order_by=order),
        device_count=nw.col("_one").sum().over("subscription_id").cast(nw.Int64),
    )
    return placed.filter(nw.col("_place") == 1).select(
        "subscription_id",
        "device_count",
        device_kind=nw.col("kind"),
        device_ownership=nw.col("ownership"),
        device_model=nw.col("model"),
        device_tac=nw.col("imei").str.slice(0, _IMEI_TYPE_DIGITS),
    )
