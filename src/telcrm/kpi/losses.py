"""What is known of those who were lost, and what went with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.kpi.breakdown import Grain, break_down, group_columns
from telcrm.kpi.window import whole_months
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import (
    amount_checks,
    check_rows,
    finite,
    month_start,
    not_null,
)

__all__ = ["loss_analysis", "profit_lost"]

FrameT = TypeVar("FrameT")

_UNKNOWN = "unknown"


def loss_analysis(
    frame: FrameT,
    *,
    at: str = "terminated_on",
    by: str | Sequence[str] = "termination_reason",
    value: str | None = None,
    period: Grain | str | None = Grain.MONTH,
) -> FrameT:
    """Break those lost down by what is known of them: reason, competitor, plan, tenure.

    Parameters
    ----------
    frame : dataframe
        One row per subscription, customer or port; those without a day of leaving are left out.
    at : str
        Date column: when it was lost.
    by : str or sequence of str
        Columns to break it down by, for example ``["termination_reason", "recipient"]``. What is
        null is ``"unknown"`` in columns of text, and refused in others.
    value : str, optional
        Numeric column of what each was worth, major units: adds ``value_lost``.
    period : "month", "day" or None
        How time is cut; None puts all together.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys, one row for each month (column
        ``period``) or day (column ``day``) and each combination of ``by`` seen in any of them:

        ``lost``
            Int64.
        ``share``
            Float64: part of all lost in that month or day; null where nobody was.
        ``value_lost``
            Float64, only with ``value``.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gone = pl.DataFrame(
    ...     {
    ...         "terminated_on": [date(2024, 2, 9), date(2024, 2, 20), date(2024, 2, 21), None],
    ...         "recipient": ["Blue", "Blue", None, None],
    ...     }
    ... )
    >>> loss_analysis(gone, by="recipient", period=None).rows()
    [('Blue', 2, 0.6666666666666666), ('unknown', 1, 0.3333333333333333)]
    """
    results = ["lost", "share", "value_lost"]
    keys = break_down("loss_analysis", by=by, period=period, at=at, result=results)
    opened = open_frame(frame, table="losses")
    values = {} if value is None else {"value": value}
    require_columns(opened, {"at": at, "by": list(keys.groups), **values})
    opened = parse_objects(opened, [at, *keys.groups])
    numbers = dict.fromkeys(values.values(), ColumnKind.NUMBER)
    require_kinds(opened, {at: ColumnKind.DATE, **keys.kinds, **numbers})
    schema = opened.rows.collect_schema()
    texts = [
        name
        for name in keys.groups
        if isinstance(schema[name], nw.String | nw.Categorical | nw.Enum)
    ]
    named = {name: key_values(opened, name).fill_null(_UNKNOWN) for name in texts}
    left = opened.rows.filter(~nw.col(at).is_null())
    opened = replace(opened, rows=left.with_columns(**named) if named else left)
    rules = [*keys.rules(), *[rule for one in numbers for rule in amount_checks(opened, one)]]
    found = check_rows(opened, rules, keys=[at, *keys.groups], ranges=keys.ranges())
    amounts = {} if value is None else {"value_lost": nw.col(value).cast(nw.Float64)}
    rows = opened.rows.select(**keys.keys(opened), lost=nw.lit(1), **amounts)
    summed = keys.summarise(opened, rows, found, counts=["lost"], totals=list(amounts))
    whole = [name for name in keys.names if name not in keys.groups]
    among = whole or ["_all"]
    shared = summed.with_columns(_all=nw.lit(1)).with_columns(
        _whole=nw.col("lost").sum().over(*among)
    )
    some = nw.when(nw.col("_whole") > 0).then(nw.col("_whole"))
    share = nw.col("lost").cast(nw.Float64) / some.cast(nw.Float64)
    result = shared.select(
        *keys.names, "lost", share=share, **{name: denoise(nw.col(name)) for name in amounts}
    )
    return keys.close(opened, result)  # type: ignore[no-any-return]


def profit_lost(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    cost: str | None = "direct_cost",
    by: str | Sequence[str] | None = None,
    months: int = 3,
) -> FrameT:
    """Return the monthly profit that went with those who were lost.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months, as :func:`~telcrm.kpi.movement` takes them.
    customer, period, revenue : str
        As there.
    cost : str or None
        Numeric column, major units; null counts as no cost. None takes revenue for profit.
    by : str or sequence of str, optional
        Columns to break it down by; a customer counts in the first group by name of its last month.
    months : int, 1 to 120
        A leaver's monthly profit is the mean over its active months among the last so many.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group; a row for every month from the
        second on, and group, in which anyone was lost:

        ``lost``
            Int64: active in the month before, not now.
        ``profit_lost``
            Float64: the sum of their monthly profits.
        ``average_profit``
            Float64: per lost customer and month.
        ``unprofitable``
            Int64: those of them whose monthly profit was 0 or below; to lose them cost nothing.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.

    Notes
    -----
    It is a rate of profit per month at the time of leaving. Over which horizon it is gone is a
    question of lifetime value.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb, mar = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "bob", "bob"],
    ...         "period": [jan, feb, jan, feb, mar],
    ...         "revenue": [10.0, 20.0, 5.0, 5.0, 5.0],
    ...         "direct_cost": [2.0, 4.0, 1.0, 1.0, 1.0],
    ...     }
    ... )
    >>> profit_lost(months).row(0)
    (datetime.date(2024, 3, 1), 1, 12.0, 12.0, 0)
    """
    count = whole_months(months)
    results = ["lost", "profit_lost", "average_profit", "unprofitable"]
    groups = group_columns(by, keys=[period], results=results, what="profit_lost")
    opened = open_frame(frame, table="subscriber_months")
    costs = {} if cost is None else {"cost": cost}
    require_columns(
        opened, {"customer": customer, "period": period, "revenue": revenue, **costs, "by": groups}
    )
    opened = parse_objects(opened, [period])
    kinds = dict.fromkeys([customer, *groups], ColumnKind.KEY)
    numbers = dict.fromkeys([revenue, *costs.values()], ColumnKind.NUMBER)
    require_kinds(opened, {**kinds, period: ColumnKind.DATE, **numbers})
    schema = opened.rows.collect_schema()
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        *amount_checks(opened, revenue),
        *[finite(name) for name in costs.values() if isinstance(schema[name], nw.dtypes.FloatType)],
        *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in groups],
    ]
    span = {"_month": month_index(period)}
    found = check_rows(opened, rules, keys=[customer, period], ranges=span)["_month"]
    first, last = (0, 0) if found[0] is None else (int(found[0]), int(found[1]))

    margin = nw.col(revenue).cast(nw.Float64)
    for name in costs.values():
        margin = margin - nw.col(name).cast(nw.Float64).fill_null(0.0)
    inner = [f"_group_{at}" for at in range(len(groups))]
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month_index(period),
        _margin=margin,
        **{own: key_values(opened, name) for own, name in zip(inner, groups, strict=True)},
    )
    monthly = rows.group_by("_customer", "_month").agg(
        nw.col("_margin").sum(), *[nw.col(own).min() for own in inner]
    )
    leavers = _leavers(monthly, count, last, inner)
    dates = calendar(opened, first + 1, last, period=period)
    summed = leavers.group_by("_month", *inner).agg(
        nw.col("_profit").sum(), nw.col("_loses").sum(), _lost=nw.len()
    )
    own = {name: nw.col(place) for place, name in zip(inner, groups, strict=True)}
    result = (
        summed.join(dates, how="cross")
        .filter(nw.col(CALENDAR_MONTH) == nw.col("_month") + 1)
        .select(
            period,
            **own,
            lost=nw.col("_lost").cast(nw.Int64),
            profit_lost=denoise(nw.col("_profit")),
            average_profit=denoise(nw.col("_profit")) / nw.col("_lost").cast(nw.Float64),
            unprofitable=nw.col("_loses").cast(nw.Int64),
        )
        .sort(period, *groups)
    )
    return opened.close(result)  # type: ignore[no-any-return]


def _leavers(
    monthly: nw.LazyFrame[Any], months: int, last: int, inner: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return the last month of each spell that ended, with the mean margin of the months before."""
    month = nw.col("_month")
    beside = {
        "_after": ("_month", -1),
        **{f"_month_{step}": ("_month", step) for step in range(1, months)},
        **{f"_margin_{step}": ("_margin", step) for step in range(1, months)},
    }
    windowed = with_neighbours(monthly, beside, among=["_customer"], order_by=["_month"])
    stays = nw.when(nw.col("_after") == month + 1).then(nw.lit(1)).otherwise(nw.lit(0))
    total, active = nw.col("_margin"), nw.lit(1.0)
    for step in range(1, months):
        recent = nw.col(f"_month_{step}") > month - months
        total = total + nw.when(recent).then(nw.col(f"_margin_{step}")).otherwise(nw.lit(0.0))
        active = active + nw.when(recent).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    told = windowed.with_columns(_stays=stays, _profit=denoise(total / active))
    gone = told.filter((nw.col("_stays") == 0) & (month < last))
    loses = nw.when(nw.col("_profit") <= 0).then(nw.lit(1)).otherwise(nw.lit(0))
    return gone.select("_month", *inner, "_profit", _loses=loses)
