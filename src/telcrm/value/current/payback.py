"""When each customer has earned back what it cost to win it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_not_negative
from telcrm.tables.calendar_index import month_index
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
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null
from telcrm.tables.second_table import open_beside, same_type
from telcrm.value.current.amounts import cost_checks

__all__ = ["acquisition_payback"]

FrameT = TypeVar("FrameT")

_RESULT = (
    "acquisition_cost",
    "cumulative_margin",
    "outstanding",
    "payback_months",
    "months_observed",
)


def acquisition_payback(
    frame: FrameT,
    costs: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    margin: str = "margin",
    cost: str | Sequence[str] = "acquisition_cost",
    since: str | None = "since",
    discount_rate: float = 0.0,
) -> FrameT:
    """Return after how many months each customer's margin has covered its acquisition cost.

    Parameters
    ----------
    frame : dataframe
        Rows with a customer, a month and a margin, as :func:`customer_margin` gives with
        ``period``; rows of one customer and month are summed. A month without a row earned nothing.
    costs : dataframe
        The customers to look at, on the same engine, with what it cost to win each; rows of one
        customer are summed.
    customer : str
        Column that names the customer, in both tables.
    period : str
        Column of ``frame``: dates, each the first day of its month.
    margin : str
        Numeric column of ``frame``, major units, one currency.
    cost : str or sequence of str
        Numeric columns of ``costs``, which are added: commission, advertising, device subsidy. A
        null counts as no cost.
    since : str or None
        Date column of ``costs``: when the customer was won; the earliest of several. None takes the
        first month in ``frame``, which is right only if the customer was won in it.
    discount_rate : float, 0 or more
        Per month: a margin of the month of acquisition counts in full, one of the next month is
        divided by ``1 + discount_rate``, and so on.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer of ``costs``, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``acquisition_cost``
            Float64: the sum.
        ``cumulative_margin``
            Float64: all margin since the month of acquisition, discounted.
        ``outstanding``
            Float64: what of the cost is not covered at the end of ``frame``, 0 or more. Null for a
            customer won before ``frame`` begins, whose first margins are not known.
        ``payback_months``
            Int64: months until the cumulative margin first reached the cost, the month of
            acquisition being 1; 0 if there was no cost. Null (NaN in NumPy-backed pandas) if it has
            not, or ``outstanding`` is null.
        ``months_observed``
            Int64: months from the acquisition to the end of ``frame``, both included; 0 if it was
            later.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        An amount holds no numbers, a date column no dates, or the tables have customers of
        different types.
    InvalidTableError
        A key, a date or a margin is null, an amount is infinite, or a period is not the first of
        its month.
    CurrencyMismatchError
        A table has a column ``currency`` with more than one currency in it.
    UnsupportedFrameError
        The tables are of different engines.
    ParameterError
        ``discount_rate`` is negative, or columns of the result would share a name.

    Notes
    -----
    Amounts are compared after rounding to 6 decimals: a margin equal to the cost covers it. Months
    before ``since`` are left out. Customers who have not paid back yet are no failures: take
    ``months_observed`` into account before comparing groups. What the average customer needs, from
    an average revenue, is :func:`telcrm.kpi.payback_months`.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "ann", "bob"],
    ...         "period": [date(2024, month, 1) for month in (1, 2, 3, 2)],
    ...         "margin": [20.0, 30.0, 30.0, 25.0],
    ...     }
    ... )
    >>> won = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "since": [date(2024, 1, 5), date(2024, 2, 9)],
    ...         "acquisition_cost": [50.0, 60.0],
    ...     }
    ... )
    >>> paid = acquisition_payback(months, won)
    >>> paid.select("customer_id", "outstanding", "payback_months", "months_observed").rows()
    [('ann', 0.0, 2, 3), ('bob', 35.0, None, 2)]
    """
    require_not_negative(discount_rate=discount_rate)
    parts = [cost] if isinstance(cost, str) else list(cost)
    refuse_twice("acquisition_payback", [customer], _RESULT)
    earned = open_frame(frame, table="customer margins")
    spent = open_beside(earned, costs, table="acquisition costs")
    require_columns(earned, {"customer": customer, "period": period, "margin": margin})
    require_columns(
        spent, {"customer": customer, "cost": parts, **({} if since is None else {"since": since})}
    )
    earned, first, last = _check_earned(earned, customer, period, margin)
    spent = _check_spent(spent, customer, parts, since)
    same_type(earned, spent, customer)

    months = earned.rows.select(
        _customer=key_values(earned, customer),
        _month=month_index(period).cast(nw.Int64),
        _margin=nw.col(margin).cast(nw.Float64),
    )
    monthly = months.group_by("_customer", "_month").agg(nw.col("_margin").sum())
    won = _won(spent, customer, parts, since)
    result = _pay_back(won, monthly, discount_rate, first, last).select(
        nw.col("_who").alias(customer), *_RESULT
    )
    return earned.close(result.sort(customer))  # type: ignore[no-any-return]


def _check_earned(
    earned: OpenFrame, customer: str, period: str, margin: str
) -> tuple[OpenFrame, int, int]:
    """Return the table, and its first and last month."""
    earned = parse_objects(earned, [period, margin])
    kinds = {period: ColumnKind.DATE, margin: ColumnKind.NUMBER}
    require_kinds(earned, {customer: ColumnKind.KEY, **kinds})
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        *amount_checks(earned, margin),
    ]
    span = {"_at": month_index(period)}
    least, greatest = check_rows(earned, rules, keys=[customer, period], ranges=span)["_at"]
    return (earned, 0, -1) if least is None else (earned, int(least), int(greatest))


def _check_spent(
    spent: OpenFrame, customer: str, parts: Sequence[str], since: str | None
) -> OpenFrame:
    dates = [] if since is None else [since]
    spent = parse_objects(spent, [*dates, *parts])
    numbers = dict.fromkeys(parts, ColumnKind.NUMBER)
    require_kinds(
        spent, {customer: ColumnKind.KEY, **dict.fromkeys(dates, ColumnKind.DATE), **numbers}
    )
    rules = [*[not_null(name) for name in (customer, *dates)], *cost_checks(spent, parts)]
    check_rows(spent, rules, keys=[customer])
    return spent


def _won(
    spent: OpenFrame, customer: str, parts: Sequence[str], since: str | None
) -> nw.LazyFrame[Any]:
    """Return each customer once, with its cost, and its month where that is told."""
    total = nw.lit(0.0)
    for name in parts:
        total = total + nw.col(name).cast(nw.Float64).fill_null(0.0)
    start = {} if since is None else {"_start": month_index(since).cast(nw.Int64)}
    rows = spent.rows.select(_who=key_values(spent, customer), _cost=total, **start)
    return rows.group_by("_who").agg(nw.col("_cost").sum(), *[nw.col(name).min() for name in start])


def _pay_back(
    won: nw.LazyFrame[Any],
    monthly: nw.LazyFrame[Any],
    discount_rate: float,
    first: int,
    last: int,
) -> nw.LazyFrame[Any]:
    told = "_start" in won.collect_schema().names()
    joined = won.join(monthly, how="left", left_on="_who", right_on="_customer")
    # One who never earned begins after the end, unless it is told when.
    seen = joined.with_columns(
        _month=nw.col("_month").fill_null(last + 1).cast(nw.Int64),
        _margin=nw.col("_margin").fill_null(0.0),
    )
    if not told:
        seen = seen.with_columns(_start=nw.col("_month").min().over("_who"))
    aged = seen.with_columns(_age=nw.col("_month") - nw.col("_start"))
    factor = (nw.col("_age").cast(nw.Float64) * -log1p(discount_rate)).exp()
    counts = nw.col("_age") >= 0
    kept = aged.with_columns(
        _kept=nw.when(counts).then(nw.col("_margin") * factor).otherwise(nw.lit(0.0))
    ).with_columns(_sum=nw.col("_kept").cum_sum().over("_who", order_by="_month"))
    covered = counts & (denoise(nw.col("_sum")) >= denoise(nw.col("_cost")))
    marked = kept.with_columns(_paid=nw.when(covered).then(nw.col("_age") + 1))
    each = marked.group_by("_who").agg(
        nw.col("_cost").max(),
        nw.col("_start").max(),
        nw.col("_kept").sum(),
        nw.col("_paid").min(),
    )
    cost, start = denoise(nw.col("_cost")), nw.col("_start")
    left = denoise(cost - denoise(nw.col("_kept")))
    at_once = nw.when(cost <= 0).then(nw.lit(0)).otherwise(nw.col("_paid"))
    months = nw.when(start <= last).then(last + 1 - start).otherwise(nw.lit(0))
    return each.select(
        "_who",
        acquisition_cost=cost,
        cumulative_margin=denoise(nw.col("_kept")),
        outstanding=nw.when(start >= first).then(
            nw.when(left > 0).then(left).otherwise(nw.lit(0.0))
        ),
        payback_months=nw.when(start >= first).then(at_once),
        months_observed=months.cast(nw.Int64),
    )
