"""What each customer earns the operator, part by part, and how it ranks."""

from __future__ import annotations

from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index, month_span
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
from telcrm.value.current.amounts import cost_checks, one_zero

__all__ = ["customer_margin"]

FrameT = TypeVar("FrameT")

_RESULT = ("margin", "margin_rate", "margin_share", "margin_rank")
# Of a sum over all customers, which each engine adds up in its own order.
_SHARE_DECIMALS = 9


def customer_margin(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    revenue: str = "revenue",
    direct_cost: str | None = "direct_cost",
    cost_to_serve: str | None = None,
    retention_cost: str | None = None,
    period: str | None = None,
) -> FrameT:
    """Return what each customer earns: revenue less the costs that it causes.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months, or any rows with a customer and amounts; a customer's rows are summed.
        pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    revenue : str
        Numeric column, major units, one currency.
    direct_cost : str or None
        Numeric column: what the traffic costs, such as interconnection and roaming. A null counts
        as no cost, here and below; None leaves the part out.
    cost_to_serve : str, optional
        Numeric column: contacts, shops, billing; :func:`telcrm.kpi.cost_to_serve` makes one.
    retention_cost : str, optional
        Numeric column: what was given for staying.
    period : str, optional
        Column of dates, each the first day of its month: a row per customer and month. Without it
        a row per customer, over all months.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, the best first (within a month), equal ones by name:

        the columns of ``period`` and ``customer``
            Under the names you gave.
        the columns of ``revenue`` and of the costs
            Under the names you gave: sums, Float64, rounded to 6 decimals.
        ``margin``
            Float64: revenue less these costs.
        ``margin_rate``
            Float64: margin over revenue; null unless revenue is above 0.
        ``margin_share``
            Float64, rounded to 9 decimals: part of the margin of all (of the month). It is
            negative where the margin is, so others together have more than 1. Null for everybody
            if the total is not above 0, for a part of a loss says nothing.
        ``margin_rank``
            Int64 from 1, the best (of the month); customers of equal margin share the lowest.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        An amount holds no numbers, ``period`` no dates, or the key is a float or an object.
    InvalidTableError
        A customer, a month or a revenue is null, an amount is infinite, or a period is not the
        first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        Two columns of the result would share a name.

    Notes
    -----
    It is the contribution margin: costs that no single customer causes, such as the network, are
    not in it. A customer without any row in a month has no row for it.

    References
    ----------
    R. S. Kaplan, V. G. Narayanan (2001), "Measuring and Managing Customer Profitability", Journal
    of Cost Management 15(5), 5-15.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob"],
    ...         "revenue": [40.0, 35.0, 20.0],
    ...         "direct_cost": [10.0, 5.0, 25.0],
    ...     }
    ... )
    >>> customer_margin(months).select("customer_id", "margin", "margin_rate", "margin_rank").rows()
    [('ann', 60.0, 0.8, 1), ('bob', -5.0, -0.25, 2)]
    """
    costs = [name for name in (direct_cost, cost_to_serve, retention_cost) if name is not None]
    keys = [customer] if period is None else [period, customer]
    refuse_twice("customer_margin", [*keys, revenue, *costs], _RESULT)
    named = {
        "customer": customer,
        "revenue": revenue,
        "direct_cost": direct_cost,
        "cost_to_serve": cost_to_serve,
        "retention_cost": retention_cost,
        "period": period,
    }
    opened = open_frame(frame, table="customer margins")
    require_columns(opened, {word: name for word, name in named.items() if name is not None})
    opened = parse_objects(opened, [*([] if period is None else [period]), revenue, *costs])
    numbers = dict.fromkeys([revenue, *costs], ColumnKind.NUMBER)
    dates = {} if period is None else {period: ColumnKind.DATE}
    require_kinds(opened, {customer: ColumnKind.KEY, **dates, **numbers})
    rules = [not_null(customer), *amount_checks(opened, revenue), *cost_checks(opened, costs)]
    if period is None:
        check_rows(opened, rules, keys=keys)
        span: tuple[Any, Any] = (None, None)
    else:
        rules += [not_null(period), month_start(period)]
        span = check_rows(opened, rules, keys=keys, ranges={"_at": month_index(period)})["_at"]

    parts = [f"_part_{at}" for at in range(1 + len(costs))]
    month = nw.lit(0) if period is None else month_index(period)
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month.cast(nw.Int64),
        **{
            part: nw.col(name).cast(nw.Float64).fill_null(0.0)
            for part, name in zip(parts, [revenue, *costs], strict=True)
        },
    )
    summed = rows.group_by("_customer", "_month").agg(*[nw.col(part).sum() for part in parts])
    ranked = _rank(summed.with_columns(*[denoise(nw.col(part)) for part in parts]), parts)
    dated = ranked if period is None else _date(opened, ranked, span, period)
    result = dated.sort(*keys[:-1], "margin_rank", "_customer").select(
        *keys[:-1],
        nw.col("_customer").alias(customer),
        *[nw.col(part).alias(name) for part, name in zip(parts, [revenue, *costs], strict=True)],
        *_RESULT,
    )
    return opened.close(result)  # type: ignore[no-any-return]


def _rank(summed: nw.LazyFrame[Any], parts: list[str]) -> nw.LazyFrame[Any]:
    revenue, margin = nw.col(parts[0]), nw.col(parts[0])
    for part in parts[1:]:
        margin = margin - nw.col(part)
    total = nw.col("_total")
    measured = summed.with_columns(margin=one_zero(denoise(margin))).with_columns(
        _total=nw.col("margin").sum().over("_month"),
        margin_rank=nw.col("margin").rank("min", descending=True).over("_month").cast(nw.Int64),
    )
    return measured.with_columns(
        margin_rate=nw.col("margin") / nw.when(revenue > 0).then(revenue),
        margin_share=denoise(
            nw.col("margin") / nw.when(denoise(total) > 0).then(total), decimals=_SHARE_DECIMALS
        ),
    )


def _date(
    opened: OpenFrame, ranked: nw.LazyFrame[Any], span: tuple[Any, Any], period: str
) -> nw.LazyFrame[Any]:
    dates = calendar(opened, *month_span(span), period=period)
    return ranked.join(dates, left_on="_month", right_on=CALENDAR_MONTH, how="inner")
