"""What customers earn the operator, what serving them costs, and how many earn it nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import narwhals.stable.v2 as nw
from pydantic import Field

from telcrm.domain import Channel, Record
from telcrm.kpi.breakdown import group_columns
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index, month_span
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import (
    RowCheck,
    amount_checks,
    check_rows,
    finite,
    month_start,
    not_null,
)

__all__ = ["ContactCost", "ServingCosts", "average_profitability", "cost_to_serve"]

FrameT = TypeVar("FrameT")

_RESULT = (
    "customers",
    "revenue",
    "cost",
    "margin",
    "margin_rate",
    "average_profit",
    "unprofitable",
    "unprofitable_share",
)

_Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def average_profitability(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    costs: str | Sequence[str] = "direct_cost",
    by: str | Sequence[str] | None = None,
) -> FrameT:
    """Return the average profit per active customer, and who brings none, month by month.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months, as :func:`~telcrm.kpi.movement` takes them.
    customer, period, revenue : str
        As there.
    costs : str or sequence of str
        Numeric columns, major units, that are taken off: direct cost, cost to serve, subsidies. A
        null counts as no cost.
    by : str or sequence of str, optional
        Columns to break it down by. A customer with rows in two groups counts in both, with what
        it brought in each.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group, one row for each that has
        customers:

        ``customers``
            Int64: with a row in the month.
        ``revenue``, ``cost``, ``margin``
            Float64: sums; ``margin`` is revenue less cost.
        ``margin_rate``
            Float64: margin over revenue; null unless revenue is above 0.
        ``average_profit``
            Float64: margin per customer.
        ``unprofitable``
            Int64: customers whose margin was 0 or below.
        ``unprofitable_share``
            Float64.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "period": [date(2024, 1, 1)] * 2,
    ...         "revenue": [40.0, 10.0],
    ...         "direct_cost": [10.0, 15.0],
    ...     }
    ... )
    >>> average_profitability(months).select("margin", "average_profit", "unprofitable").row(0)
    (25.0, 12.5, 1)
    """
    taken_off = [costs] if isinstance(costs, str) else list(costs)
    groups = group_columns(by, keys=[period], results=_RESULT, what="average_profitability")
    opened = open_frame(frame, table="subscriber_months")
    named = {"customer": customer, "period": period, "revenue": revenue}
    require_columns(opened, {**named, "costs": taken_off, "by": groups})
    opened = parse_objects(opened, [period])
    kinds = dict.fromkeys([customer, *groups], ColumnKind.KEY)
    numbers = dict.fromkeys([revenue, *taken_off], ColumnKind.NUMBER)
    require_kinds(opened, {**kinds, period: ColumnKind.DATE, **numbers})
    schema = opened.rows.collect_schema()
    floats = [name for name in taken_off if isinstance(schema[name], nw.dtypes.FloatType)]
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        *amount_checks(opened, revenue),
        *[finite(name) for name in floats],
        *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in groups],
    ]
    span = {"_month": month_index(period)}
    found = check_rows(opened, rules, keys=[customer, period], ranges=span)["_month"]
    dates = calendar(opened, *month_span(found), period=period)

    cost = nw.col(revenue).cast(nw.Float64) * 0.0
    for name in taken_off:
        cost = cost + nw.col(name).cast(nw.Float64).fill_null(0.0)
    inner = [f"_group_{at}" for at in range(len(groups))]
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month_index(period),
        _revenue=nw.col(revenue).cast(nw.Float64),
        _cost=cost,
        **{own: key_values(opened, name) for own, name in zip(inner, groups, strict=True)},
    )
    own = {name: nw.col(place) for place, name in zip(inner, groups, strict=True)}
    result = _per_customer(rows, dates, inner).select(period, **own, **_figures())
    return opened.close(result.sort(period, *groups))  # type: ignore[no-any-return]


def _per_customer(
    rows: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], groups: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Sum up each month and group, and count its customers and those who bring nothing."""
    each = rows.group_by("_customer", "_month", *groups).agg(
        nw.col("_revenue").sum(), nw.col("_cost").sum()
    )
    brings_none = denoise(nw.col("_revenue") - nw.col("_cost")) <= 0
    flagged = each.with_columns(_none=nw.when(brings_none).then(nw.lit(1)).otherwise(nw.lit(0)))
    summed = flagged.group_by("_month", *groups).agg(
        nw.col("_revenue").sum(), nw.col("_cost").sum(), nw.col("_none").sum(), _count=nw.len()
    )
    return summed.join(dates, how="cross").filter(nw.col("_month") == nw.col(CALENDAR_MONTH))


def _figures() -> dict[str, nw.Expr]:
    count = nw.col("_count").cast(nw.Float64)
    earned, spent = denoise(nw.col("_revenue")), denoise(nw.col("_cost"))
    margin = denoise(nw.col("_revenue") - nw.col("_cost"))
    return {
        "customers": nw.col("_count").cast(nw.Int64),
        "revenue": earned,
        "cost": spent,
        "margin": margin,
        "margin_rate": margin / nw.when(earned > 0).then(earned),
        "average_profit": margin / count,
        "unprofitable": nw.col("_none").cast(nw.Int64),
        "unprofitable_share": nw.col("_none").cast(nw.Float64) / count,
    }


class ContactCost(Record):
    """What one contact over a channel costs, in major units of the operator's currency.

    Examples
    --------
    >>> ContactCost(channel="call_centre", per_contact=0.5, per_minute=0.6).per_minute
    0.6
    """

    channel: Channel
    per_contact: _Cost = 0.0
    per_minute: _Cost = 0.0


class ServingCosts(Record):
    """What contacts cost, by channel.

    Examples
    --------
    >>> costs = ServingCosts(channels=(ContactCost(channel="call_centre", per_minute=0.6),))
    >>> ServingCosts.from_json(costs.to_json()) == costs
    True
    """

    channels: tuple[ContactCost, ...] = ()
    other: _Cost = 0.0
    """Of a contact over any other channel."""


def cost_to_serve(
    frame: FrameT,
    costs: ServingCosts,
    *,
    customer: str = "customer_id",
    at: str = "started_at",
    channel: str = "channel",
    duration: str = "duration_s",
) -> FrameT:
    """Return what the contacts of each customer cost, month by month.

    Parameters
    ----------
    frame : dataframe
        Interactions, one row each.
    costs : ServingCosts
        What a contact and a minute cost, by channel.
    customer : str
        Column that names the customer.
    at : str
        Column of dates or datetimes: when it began, by the clock it is kept in.
    channel : str
        Column of channels.
    duration : str
        Numeric column of seconds, 0 or more; null is a contact without a duration.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by customer and ``period`` (the first of the month), a
        row for each month in which the customer had a contact: ``contacts`` (Int64) and
        ``cost_to_serve`` (Float64). Join it to subscriber-months, and pass ``cost_to_serve`` to
        :func:`average_profitability`.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
        As :func:`~telcrm.kpi.movement` does; a channel may not be null.
    ParameterError
        The column of customers is called like one of the result.

    Notes
    -----
    The sum over contacts of ``per_contact + per_minute * seconds / 60``: activity-based costing,
    with one driver for the contact and one for its length.

    References
    ----------
    Kaplan, Anderson (2004), "Time-Driven Activity-Based Costing", Harvard Business Review 82(11).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> contacts = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann"],
    ...         "started_at": [datetime(2024, 1, 3, 9), datetime(2024, 1, 9, 12)],
    ...         "channel": ["call_centre", "app"],
    ...         "duration_s": [300, None],
    ...     }
    ... )
    >>> call = ContactCost(channel="call_centre", per_contact=1.0, per_minute=0.6)
    >>> costs = ServingCosts(channels=(call,), other=0.1)
    >>> cost_to_serve(contacts, costs).select("contacts", "cost_to_serve").row(0)
    (2, 4.1)
    """
    group_columns(
        None, keys=[customer], results=["period", "contacts", "cost_to_serve"], what="cost_to_serve"
    )
    opened = open_frame(frame, table="interactions")
    named = {"customer": customer, "at": at, "channel": channel, "duration": duration}
    require_columns(opened, named)
    opened = parse_objects(opened, [at])
    keys = {customer: ColumnKind.KEY, channel: ColumnKind.KEY}
    require_kinds(opened, {**keys, at: ColumnKind.DATE, duration: ColumnKind.NUMBER})
    negative = RowCheck(
        "not_negative", duration, nw.col(duration) < 0, "is negative", "Mend or drop those rows."
    )
    rules = [not_null(customer), not_null(at), not_null(channel), negative]
    found = check_rows(opened, rules, keys=[customer, at], ranges={"_at": month_index(at)})["_at"]

    minutes = nw.col(duration).cast(nw.Float64).fill_null(0.0) / 60.0
    over = key_values(opened, channel).cast(nw.String)
    cost = minutes * 0.0 + costs.other
    for one in costs.channels:
        own = minutes * one.per_minute + one.per_contact
        cost = nw.when(over == one.channel.value).then(own).otherwise(cost)
    each = opened.rows.select(
        _customer=key_values(opened, customer), _month=month_index(at), _cost=cost
    )
    summed = each.group_by("_customer", "_month").agg(nw.col("_cost").sum(), _count=nw.len())
    dates = calendar(opened, *month_span(found), period=at)
    dated = summed.join(dates, left_on="_month", right_on=CALENDAR_MONTH, how="inner")
    result = dated.select(
        **{customer: nw.col("_customer")},
        period=nw.col(at),
        contacts=nw.col("_count").cast(nw.Int64),
        cost_to_serve=denoise(nw.col("_cost")),
    ).sort(customer, "period")
    return opened.close(result)  # type: ignore[no-any-return]
