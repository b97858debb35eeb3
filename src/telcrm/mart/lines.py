"""The lines themselves: who was in service in a month, and how their contract stood at its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain import PaymentMode, SubscriptionStatus
from telcrm.mart.month import Month
from telcrm.mart.sources import Sources
from telcrm.tables.calendar_index import day_index
from telcrm.tables.door import OpenFrame
from telcrm.tables.typed_columns import day_literal, flag

__all__ = ["LATEST", "lines", "tier", "with_ordinals"]

LATEST = date.max.toordinal() + 1
"""A day number after every day: of what has no end."""

_BEFORE_SERVICE = (
    SubscriptionStatus.CREATED,
    SubscriptionStatus.PENDING_ACTIVE,
    SubscriptionStatus.CANCELLED,
    SubscriptionStatus.ABORTED,
)


def lines(sources: Sources, month: Month) -> nw.LazyFrame[Any]:
    """Tell of every subscription how it stood in a month, whether or not it will have a row.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        Columns of the mart, and besides: ``_began`` and ``_ended``, day numbers; ``_served``, 1 if
        it was in service on any day of the month; ``_known``, 1 if it was activated by its end.
    """
    first, last = month.first.toordinal(), month.last.toordinal()
    rows = with_ordinals(
        sources.main,
        sources.rows("subscriptions"),
        {
            "_began": ("activated_on", 0),
            "_ended": ("terminated_on", LATEST),
            "_bound": ("commitment_end", 0),
        },
    )
    status = nw.col("status")
    waiting = nw.col("activated_on").is_null() & status.is_in([str(s) for s in _BEFORE_SERVICE])
    gone = nw.col("terminated_on").is_null() & (status == str(SubscriptionStatus.TERMINATED))
    rows = rows.with_columns(
        _began=nw.when(waiting).then(nw.lit(LATEST)).otherwise(nw.col("_began")),
        _ended=nw.when(gone).then(nw.lit(0)).otherwise(nw.col("_ended")),
    )
    began, ended = nw.col("_began"), nw.col("_ended")
    # The day of ending is the first without service, but a line of one day was there on it.
    served = (began <= last) & ((ended > first) | ((ended >= first) & (began >= first)))
    rows = rows.with_columns(_served=flag(served), _known=flag(began <= last))
    over = (ended <= last) & (began <= last)
    terminated = str(SubscriptionStatus.TERMINATED)
    # The table holds the present status: one that ended later was not yet terminated.
    then = nw.when(status == terminated).then(nw.lit(str(SubscriptionStatus.ACTIVE)))
    rows = rows.with_columns(_then=then.otherwise(status))
    opened = sources.main
    known_start = (began > 0) & (began <= last)
    return rows.select(
        "subscription_id",
        "customer_id",
        "account_id",
        "payment_mode",
        "offer_id",
        "_began",
        "_ended",
        "_served",
        "_known",
        activated_on=nw.col("activated_on"),
        status=nw.when(over).then(nw.lit(terminated)).otherwise(nw.col("_then")),
        termination_reason=nw.when(over).then(nw.col("termination_reason")),
        tenure_months=nw.when(known_start).then(month.index - _month_of(opened, "activated_on")),
        commitment_end=nw.col("commitment_end"),
        commitment_days_left=nw.when(~nw.col("commitment_end").is_null()).then(
            nw.when(nw.col("_bound") > last).then(nw.col("_bound") - last).otherwise(nw.lit(0))
        ),
    )


def tier(preferred: PaymentMode) -> nw.Expr:
    """Rank lines by how near they are to an amount of their payer.

    First those in service that pay in the preferred mode, then others in service, then the one
    that ended last.
    """
    served, fits = nw.col("_served") == 1, nw.col("payment_mode") == str(preferred)
    return (
        nw.when(served & fits)
        .then(nw.lit(0))
        .otherwise(nw.when(served).then(nw.lit(1)).otherwise(LATEST + 2 - nw.col("_ended")))
    )


def _month_of(opened: OpenFrame, column: str) -> nw.Expr:
    filled = nw.col(column).fill_null(day_literal(opened, date(2000, 1, 1)))
    return filled.dt.year().cast(nw.Int64) * 12 + filled.dt.month().cast(nw.Int64) - 1


def with_ordinals(
    opened: OpenFrame, rows: nw.LazyFrame[Any], columns: Mapping[str, tuple[str, int]]
) -> nw.LazyFrame[Any]:
    """Add day numbers of columns of days, with a number of their own for nulls.

    Parameters
    ----------
    opened : OpenFrame
        Whose engine the rows are on.
    rows : narwhals.stable.v2.LazyFrame
    columns : mapping of str to (str, int)
        The name of each new column, the column it is read from, and the number for a null.
    """
    # Filled first: where integers have no null, a day number cannot be one.
    filled = rows.with_columns(
        **{
            f"{name}_day": nw.when(nw.col(column).is_null())
            .then(day_literal(opened, date(2000, 1, 1)))
            .otherwise(nw.col(column))
            for name, (column, _) in columns.items()
        }
    )
    return filled.with_columns(
        **{
            name: nw.when(nw.col(column).is_null())
            .then(nw.lit(missing))
            .otherwise(day_index(f"{name}_day"))
            for name, (column, missing) in columns.items()
        }
    )
