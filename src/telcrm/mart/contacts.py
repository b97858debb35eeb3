"""What customers complained about and how often they were in touch, in a month."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import Channel, ComplaintStatus, InteractionDirection
from telcrm.mart.month import Month
from telcrm.mart.sources import Sources
from telcrm.tables.typed_columns import flag

__all__ = [
    "COMPLAINT_COLUMNS",
    "INTERACTION_COLUMNS",
    "complaints_of_customers",
    "interactions_of_customers",
]

COMPLAINT_COLUMNS = ("customer_complaints_opened", "customer_complaints_open")
"""Counts of a customer's complaints: received in the month, and not yet answered at its end."""

_BY_CHANNEL = {f"customer_contacts_{channel}": channel for channel in Channel}

INTERACTION_COLUMNS = ("customer_contacts_inbound", "customer_contacts_outbound", *_BY_CHANNEL)
"""Counts of a customer's contacts in the month, by who turned to whom and by channel."""

_ENDED = (
    ComplaintStatus.REJECTED,
    ComplaintStatus.CANCELLED,
    ComplaintStatus.CLOSED,
    ComplaintStatus.RESOLVED,
)


def complaints_of_customers(sources: Sources, month: Month) -> nw.LazyFrame[Any]:
    """Count complaints by customer.

    One without ``resolved_at`` is open unless its present status ends it.
    """
    ended = nw.col("status").is_in([str(status) for status in _ENDED])
    later = sources.since("complaints", "resolved_at", month.next.first)
    waits = later | (nw.col("resolved_at").is_null() & ~ended)
    flagged = sources.rows("complaints").select(
        "customer_id",
        customer_complaints_opened=flag(sources.since("complaints", "received_at", month.first)),
        customer_complaints_open=flag(waits),
    )
    counts = flagged.filter(nw.max_horizontal(*COMPLAINT_COLUMNS) > 0).group_by("customer_id")
    return _whole(counts.agg(*[nw.col(name).sum() for name in COMPLAINT_COLUMNS]))


def interactions_of_customers(sources: Sources) -> nw.LazyFrame[Any]:
    """Count the contacts of the month by customer."""
    inbound = nw.col("direction") == str(InteractionDirection.INBOUND)
    flagged = sources.rows("interactions").select(
        "customer_id",
        customer_contacts_inbound=flag(inbound),
        customer_contacts_outbound=flag(~inbound),
        **{name: flag(nw.col("channel") == str(own)) for name, own in _BY_CHANNEL.items()},
    )
    counts = flagged.group_by("customer_id")
    return _whole(counts.agg(*[nw.col(name).sum() for name in INTERACTION_COLUMNS]))


def _whole(counts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    names = [name for name in counts.collect_schema().names() if name != "customer_id"]
    return counts.with_columns(nw.col(*names).cast(nw.Int64))
