"""Recurring revenue: from subscriptions with a price and an interval to revenue per month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_not_negative, require_positive
from telcrm.domain.moments import month_number
from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import group_columns
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null

__all__ = ["monthly_recurring_revenue", "recurring_revenue"]

FrameT = TypeVar("FrameT")


def recurring_revenue(
    frame: FrameT,
    *,
    through: date,
    subscription: str = "subscription_id",
    customer: str = "customer_id",
    started: str = "activated_on",
    ended: str = "terminated_on",
    amount: str = "amount",
    interval_months: str = "interval_months",
) -> FrameT:
    """Turn subscriptions into the recurring revenue of each month, for the measures of movement.

    Parameters
    ----------
    frame : dataframe
        One row per subscription and price: a change of price ends one row and starts another.
    through : date
        Any day of the last month wanted.
    subscription, customer : str
        Key columns.
    started : str
        Date column: first day in service.
    ended : str
        Date column: first day out of service; null while it runs.
    amount : str
        Numeric column, major units, one currency: what one interval costs, tax excluded, all that
        is bought of it together.
    interval_months : str
        Column of whole numbers of 1 or more: 1 is billed monthly, 12 yearly.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``: the columns of ``subscription`` and ``customer``, ``period``
        (first of the month) and ``revenue`` (Float64, ``amount / interval_months``), a row for
        every month at whose end the subscription was in service; sorted by these keys.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does.
    InvalidTableError
        A key, a start, an amount or an interval is null, an interval is below 1, or an end lies
        before its start.
    ParameterError
        ``through`` is no date, or a key column is called ``period`` or ``revenue``.

    Notes
    -----
    Recurring revenue is a state at the end of the month: a subscription that ends within a month is
    not in it, one that starts within a month is, whole. Leave trials, one-off charges, metered
    usage and tax out of ``frame``.

    References
    ----------
    ChartMogul help, *Monthly recurring revenue*; Stripe Billing documentation, *MRR*.

    Examples
    --------
    >>> import polars as pl
    >>> plans = pl.DataFrame(
    ...     {
    ...         "subscription_id": ["S-1", "S-2"],
    ...         "customer_id": ["ann", "bob"],
    ...         "activated_on": [date(2024, 1, 10), date(2024, 1, 31)],
    ...         "terminated_on": [None, date(2024, 2, 15)],
    ...         "amount": [600.0, 30.0],
    ...         "interval_months": [12, 1],
    ...     }
    ... )
    >>> months = recurring_revenue(plans, through=date(2024, 2, 29))
    >>> months.select("subscription_id", pl.col("period").dt.month(), "revenue").rows()
    [('S-1', 1, 50.0), ('S-1', 2, 50.0), ('S-2', 1, 30.0)]
    """
    if not isinstance(through, date):
        raise ParameterError(
            f"recurring_revenue: through is {through!r:.60}, and has to be a date, for example "
            "date(2024, 12, 31).",
            through=through,
        )
    group_columns(
        None, keys=[subscription, customer], results=["period", "revenue"], what="recurring_revenue"
    )
    opened = _open(
        frame,
        {
            "subscription": subscription,
            "customer": customer,
            "started": started,
            "ended": ended,
            "amount": amount,
            "interval_months": interval_months,
        },
    )
    rules = [
        not_null(subscription),
        not_null(customer),
        not_null(started),
        *amount_checks(opened, amount),
        not_null(interval_months),
        RowCheck(
            "interval", interval_months, nw.col(interval_months) < 1, "is below 1", "Give months."
        ),
        RowCheck(
            "ends_before_start",
            f"{started},{ended}",
            ~nw.col(ended).is_null() & (nw.col(ended) < nw.col(started)),
            "end before they start",
            "Swap or mend the dates.",
        ),
    ]
    span = {"_month": month_index(started)}
    first, _ = check_rows(opened, rules, keys=[subscription], ranges=span)["_month"]
    last = month_number(through)
    dates = calendar(opened, last + 1 if first is None else int(first), last, period=started)
    running = opened.rows.select(
        _subscription=key_values(opened, subscription),
        _customer=key_values(opened, customer),
        _from=month_index(started),
        _until=month_index(ended),
        _revenue=nw.col(amount).cast(nw.Float64) / nw.col(interval_months).cast(nw.Float64),
    )
    months = running.join(dates, how="cross").filter(
        (nw.col("_from") <= nw.col(CALENDAR_MONTH))
        & (nw.col("_until").is_null() | (nw.col("_until") > nw.col(CALENDAR_MONTH)))
    )
    result = months.select(
        **{subscription: nw.col("_subscription"), customer: nw.col("_customer")},
        period=nw.col(started),
        revenue=denoise(nw.col("_revenue")),
    ).sort(subscription, customer, "period")
    return opened.close(result)  # type: ignore[no-any-return]


def _open(frame: Any, named: Mapping[str, str]) -> OpenFrame:
    opened = open_frame(frame, table="subscriptions")
    require_columns(opened, named)
    opened = parse_objects(opened, [named["started"], named["ended"]])
    kinds = {
        "subscription": ColumnKind.KEY,
        "customer": ColumnKind.KEY,
        "started": ColumnKind.DATE,
        "ended": ColumnKind.DATE,
        "amount": ColumnKind.NUMBER,
        "interval_months": ColumnKind.NUMBER,
    }
    require_kinds(opened, {named[keyword]: kind for keyword, kind in kinds.items()})
    return opened


def monthly_recurring_revenue(amount: float, *, months: float, count: float = 1) -> float:
    """Return what subscriptions of one price bring in a month.

    Parameters
    ----------
    amount : float
        What one interval costs; 0 or more.
    months : float
        Length of the interval, above 0.
    count : float
        How many there are, 0 or more.

    Returns
    -------
    float
        ``count * amount / months``.

    Raises
    ------
    ParameterError

    References
    ----------
    Stripe Billing documentation, *MRR*: 100 subscriptions of 100 a month and 50 of 600 a year.

    Examples
    --------
    >>> monthly_recurring_revenue(100, months=1, count=100) + monthly_recurring_revenue(
    ...     600, months=12, count=50
    ... )
    12500.0
    """
    require_not_negative(amount=amount, count=count)
    require_positive(months=months)
    return count * amount / months
