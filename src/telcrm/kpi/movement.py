"""How the customer base moved from one month to the next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
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
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null

__all__ = ["movement"]

FrameT = TypeVar("FrameT")

_COUNTS = (
    "opening",
    "new",
    "reactivated",
    "transferred_in",
    "lost",
    "transferred_out",
    "closing",
    "retained",
    "upgraded",
    "downgraded",
)
_STOCKS = ("opening", "closing")
_TRANSFERS = ("transferred_in", "transferred_out")


def movement(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    by: str | Sequence[str] | None = None,
) -> FrameT:
    """Count who came, came back, left, paid more and paid less, month by month.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months: a row for every month in which a subscription was active. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow. A customer may have several rows in
        a month; they are summed.
    customer : str
        Column that names the customer.
    period : str
        Column of dates, each the first day of its month.
    revenue : str
        Numeric column, major units, one currency.
    by : str or sequence of str, optional
        Columns to break the movement down by, for example ``"segment"``. In each month a customer
        belongs to one group: the one that carried most of its revenue, the first by name if equal.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group. One row for every month from the
        second to the last that ``frame`` holds, months without any row included, and for every
        group seen in any month. Columns, all Int64 unless said otherwise:

        ``period`` and the columns of ``by``, under the names you gave. pandas holds ``period`` as
            ``datetime64``, even if it came as objects of ``date``: convert yours with
            ``pd.to_datetime`` before you merge the two.
        ``opening``
            Customers active in the month before.
        ``new``
            Active now and never before in ``frame``.
        ``reactivated``
            Active now, not in the month before, but earlier.
        ``transferred_in``, ``transferred_out``
            Only with ``by``: active in both months, come from or gone to another group.
        ``lost``
            Active in the month before, not now.
        ``closing``
            Active now.
        ``retained``
            Active in both months, in the same group.
        ``upgraded``, ``downgraded``
            Those of ``retained`` whose revenue, all groups together, rose or fell at all, be it by
            a change of plan or by one call more; a change
            that rounds to 0.000000 is the noise of adding floats, and is none.
        ``new_rate``, ``reactivated_rate``, ``lost_rate``, ``retained_rate``, ...
            Float64: each flow over ``opening``; null if ``opening`` is 0 (NaN in NumPy-backed
            pandas, whose floats know no other null).

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``revenue`` no numbers, or a key is a float or an object.
    InvalidTableError
        A key or a revenue is null, a revenue is infinite, a period is not the first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``by`` repeats a column, or names one that the result needs for itself.
    UnsupportedFrameError, MissingExtraError
        The frame is of no engine that telcrm reaches.

    Notes
    -----
    In every row, exactly::

        opening + new + reactivated + transferred_in - lost - transferred_out = closing
        retained + new + reactivated + transferred_in = closing

    The first month has no row. Who was there in it may have joined in it or years before, the table
    cannot tell, and calling all of them new would be an invention; they are the ``opening`` of the
    second month. For the same reason ``new`` means new *to this table*: hand over as much history
    as there is. The month after the last has no row either: nobody is lost for want of data.

    Who leaves during a month was active in it and has its row, so is ``closing`` in that month and
    ``lost`` in the next. As ``terminated_on`` is the first day out of service, one from the 2nd of
    March to the 1st of April is lost in April: counted by ``terminated_on``, all but those on the
    first of a month stand a month earlier.

    A pandas column of ``Period`` is converted with ``frame["period"].dt.to_timestamp()``.

    A lazy frame stays lazy, but one query runs at once to check the keys and find the first and the
    last month, and with ``by`` another to see whether anyone stands in several groups in one month.
    The table must not change between these queries and yours.

    References
    ----------
    dbt Labs, MRR playbook, ``models/mrr.sql``: new, churn, reactivation, upgrade, downgrade by the
    previous month and the first active month. Gaps count as churn and return as reactivation.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb, mar = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "ann", "cid", "ann", "bob"],
    ...         "period": [jan, jan, feb, feb, mar, mar],
    ...         "revenue": [10.0, 20.0, 15.0, 5.0, 15.0, 20.0],
    ...     }
    ... )
    >>> moved = movement(months)
    >>> moved.select("period", "opening", "new", "reactivated", "lost", "closing").rows()
    [(datetime.date(2024, 2, 1), 2, 1, 0, 1, 2), (datetime.date(2024, 3, 1), 2, 0, 1, 1, 2)]
    >>> moved["upgraded"].to_list(), moved["lost_rate"].to_list()
    ([1, 0], [0.5, 0.5])
    """
    groups = _group_columns(by, period)
    opened = open_frame(frame, table="subscriber_months")
    named = {"customer": customer, "period": period, "revenue": revenue, "by": groups}
    require_columns(opened, named)
    opened = parse_objects(opened, [period])
    kinds = dict.fromkeys([customer, *groups], ColumnKind.KEY)
    require_kinds(opened, {**kinds, period: ColumnKind.DATE, revenue: ColumnKind.NUMBER})
    first, last = _check(opened, customer, period, revenue, groups)

    inner = [f"_group_{at}" for at in range(len(groups))]
    months = _customer_months(
        opened, customer, period, revenue, dict(zip(inner, groups, strict=True))
    )
    counts = _count_flows(_flag_flows(months, inner), inner)
    dates = calendar(opened, first + 1, last, period=period)
    moved = _on_calendar(counts, dates, period, inner)
    return opened.close(_finish(moved, period, inner, groups))  # type: ignore[no-any-return]


def _group_columns(by: str | Sequence[str] | None, period: str) -> list[str]:
    groups = [] if by is None else [by] if isinstance(by, str) else list(by)
    rates = [f"{flow}_rate" for flow in _COUNTS if flow not in _STOCKS]
    # DuckDB and Spark tell no case apart in column names.
    taken = [name.casefold() for name in [period, *groups, *_COUNTS, *rates]]
    clashing = sorted({name for name in [period, *groups] if taken.count(name.casefold()) > 1})
    if clashing:
        raise ParameterError(
            f"movement: {', '.join(map(repr, clashing))} would stand twice in the result, as a key "
            "and as another column. Rename the column, or name it once.",
            columns=clashing,
        )
    return groups


def _check(
    opened: OpenFrame, customer: str, period: str, revenue: str, groups: list[str]
) -> tuple[int, int]:
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        *amount_checks(opened, revenue),
        *[not_null(name, remedy='Fill with a name, for example "unknown".') for name in groups],
    ]
    # The engine tells the month: Spark hands instants out in UTC, where a month may start earlier.
    months = {"_month": month_index(period)}
    first, last = check_rows(opened, rules, keys=[customer, period], ranges=months)["_month"]
    # Without rows there are no months: the calendar from 1 to 0 is empty.
    return (0, 0) if first is None else (int(first), int(last))


def _customer_months(
    opened: OpenFrame, customer: str, period: str, revenue: str, groups: dict[str, str]
) -> nw.LazyFrame[Any]:
    """One row per customer and month: revenue over all groups, and the group that carried most."""
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month_index(period),
        _revenue=nw.col(revenue).cast(nw.Float64),
        **{inner: key_values(opened, name) for inner, name in groups.items()},
    )
    if not _any_parted(rows, list(groups)):
        return rows.group_by("_customer", "_month").agg(
            nw.col("_revenue").sum(), *[nw.col(name).min() for name in groups]
        )
    parts = rows.group_by("_customer", "_month", *groups).agg(nw.col("_revenue").sum())
    return parts.with_columns(
        _descending=-denoise(nw.col("_revenue")),
        _revenue=nw.col("_revenue").sum().over("_customer", "_month"),
    ).unique(["_customer", "_month"], keep="first", order_by=["_descending", *groups])


def _any_parted(rows: nw.LazyFrame[Any], groups: list[str]) -> bool:
    """Tell whether anyone stands in several groups in one month.

    Most groups are traits of the customer and nobody does. One query to know it costs a fraction of
    the windows that would choose among the groups.
    """
    if not groups:
        return False
    least = [nw.col(name).min().alias(f"_least{name}") for name in groups]
    greatest = [nw.col(name).max().alias(f"_greatest{name}") for name in groups]
    ends = rows.group_by("_customer", "_month").agg(*least, *greatest)
    differ = [nw.col(f"_least{name}") != nw.col(f"_greatest{name}") for name in groups]
    parted = ends.filter(reduce(or_, differ)).select(nw.len().alias("_parted")).collect()
    return bool(parted["_parted"][0])


def _flag_flows(months: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Mark each customer-month with the flows it belongs to, as 0 or 1."""

    def neighbour(column: str, step: int) -> nw.Expr:
        return nw.col(column).shift(step).over("_customer", order_by="_month")

    columns = ["_month", "_revenue", *groups]
    beside = {f"_before{name}": neighbour(name, 1) for name in columns}
    if groups:
        beside |= {f"_after{name}": neighbour(name, -1) for name in ["_month", *groups]}
    seen = months.with_columns(**beside)

    def flag(condition: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))

    def same_group(side: str) -> nw.Expr:
        return reduce(and_, [nw.col(f"{side}{name}") == nw.col(name) for name in groups])

    before = nw.col("_before_month")
    was_there = before == nw.col("_month") - 1
    stayed = was_there & same_group("_before") if groups else was_there
    change = denoise(nw.col("_revenue") - nw.col("_before_revenue"))
    flags = {
        "new": flag(before.is_null()),
        "reactivated": flag(before < nw.col("_month") - 1),
        "retained": flag(stayed),
        "upgraded": flag(stayed & (change > 0)),
        "downgraded": flag(stayed & (change < 0)),
    }
    if groups:
        stays = nw.col("_after_month") == nw.col("_month") + 1
        flags["transferred_in"] = flag(was_there & ~same_group("_before"))
        flags["_moves_away"] = flag(stays & ~same_group("_after"))
    return seen.select("_month", *groups, **flags)


def _count_flows(flagged: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Sum the flags per month and group."""
    flags = [name for name in flagged.collect_schema().names() if name not in {"_month", *groups}]
    return flagged.group_by("_month", *groups).agg(
        *[nw.col(name).sum() for name in flags], closing=nw.len()
    )


def _on_calendar(
    counts: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], period: str, groups: list[str]
) -> nw.LazyFrame[Any]:
    """Lay the counts on every month, with each month's closing as the next one's opening.

    The counts are small. Crossing them with the calendar gives every group its row in every month
    and reads the counts once, where a join with themselves would make SQL engines compute them
    twice.
    """
    now = nw.col(CALENDAR_MONTH) == nw.col("_month")
    next_month = nw.col(CALENDAR_MONTH) == nw.col("_month") + 1
    names = counts.collect_schema().names()
    flows = [name for name in names if name not in {"_month", "_moves_away", *groups}]
    laid = {name: nw.when(now).then(nw.col(name)).otherwise(nw.lit(0)) for name in flows}
    laid["opening"] = nw.when(next_month).then(nw.col("closing")).otherwise(nw.lit(0))
    if groups:
        away = nw.when(next_month).then(nw.col("_moves_away")).otherwise(nw.lit(0))
        laid["transferred_out"] = away
    crossed = counts.join(dates, how="cross").select(period, *groups, **laid)
    return crossed.group_by(period, *groups).agg(*[nw.col(name).sum() for name in laid])


def _finish(
    moved: nw.LazyFrame[Any], period: str, inner: list[str], groups: list[str]
) -> nw.LazyFrame[Any]:
    """Add who is lost and the rates, under the names of the caller."""
    names = [name for name in _COUNTS if groups or name not in _TRANSFERS]
    gone = nw.col("opening") - nw.col("retained")
    # Of those who were there, whoever neither stayed nor moved is lost.
    lost = gone - nw.col("transferred_out") if groups else gone
    whole = moved.with_columns(lost=lost)
    some = nw.when(nw.col("opening") > 0).then(nw.col("opening"))
    keys = {name: nw.col(own) for name, own in zip(groups, inner, strict=True)}
    counts = {name: nw.col(name).cast(nw.Int64) for name in names}
    rates = {
        f"{name}_rate": nw.col(name).cast(nw.Float64) / some.cast(nw.Float64)
        for name in names
        if name not in _STOCKS
    }
    return whole.select(period, **keys, **counts, **rates).sort(period, *groups)
