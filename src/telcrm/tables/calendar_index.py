"""Months and days as whole numbers, and the calendar as a frame on the caller's engine.

Engines disagree on month arithmetic (some lack it), none on integers. A month is therefore
``12 * year + month - 1`` (:func:`telcrm.domain.moments.month_number`) while it is computed with,
and a date again when it is handed out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.moments import first_of_month
from telcrm.tables.door import OpenFrame
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["CALENDAR_MONTH", "calendar", "day_index", "month_index", "month_span"]

CALENDAR_MONTH = "_calendar_month"
"""The column of :func:`calendar` that holds the month as a whole number."""


def month_index(column: str) -> nw.Expr:
    """Express the month of a date column as ``12 * year + month - 1``.

    Parameters
    ----------
    column : str
        A Date or Datetime column.

    Returns
    -------
    narwhals.stable.v2.Expr
        A whole number, null (in pandas NaN) where the date is; consecutive months differ by one.

    Examples
    --------
    >>> import polars as pl
    >>> import narwhals.stable.v2 as nw
    >>> frame = nw.from_native(pl.DataFrame({"period": [date(2023, 12, 1), date(2024, 1, 1)]}))
    >>> frame.select(month_index("period"))["period"].to_list()
    [24287, 24288]
    """
    return nw.col(column).dt.year() * 12 + nw.col(column).dt.month() - 1


def day_index(column: str) -> nw.Expr:
    """Express the day of a date column as ``date.toordinal`` does: 1 is 1 January of year 1.

    Parameters
    ----------
    column : str
        A Date or Datetime column; the day is that of the clock the column is kept in.

    Returns
    -------
    narwhals.stable.v2.Expr
        Int64; consecutive days differ by one.

    Notes
    -----
    The proleptic Gregorian calendar in integers, because subtracting dates gives durations that
    not every engine can turn into days.

    Examples
    --------
    >>> import polars as pl
    >>> import narwhals.stable.v2 as nw
    >>> frame = nw.from_native(pl.DataFrame({"at": [date(2024, 2, 29)]}))
    >>> frame.select(day_index("at"))["at"].item() == date(2024, 2, 29).toordinal()
    True
    """
    # Widened by a literal: NumPy-backed pandas cannot cast a year that is not there.
    past = nw.col(column).dt.year() - nw.lit(1, nw.Int64)
    leap_days = past // 4 - past // 100 + past // 400
    return past * 365 + leap_days + nw.col(column).dt.ordinal_day()


def month_span(found: tuple[Any, Any]) -> tuple[int, int]:
    """Return the least and the greatest month that a query found, for :func:`calendar`.

    Parameters
    ----------
    found : (least, greatest)
        Of :func:`month_index`; None where there are no rows.

    Returns
    -------
    tuple of int
        1 and 0 without rows: no month lies between them.

    Examples
    --------
    >>> month_span((24287.0, 24290.0)), month_span((None, None))
    ((24287, 24290), (1, 0))
    """
    least, greatest = found
    return (1, 0) if least is None else (int(least), int(greatest))


def calendar(opened: OpenFrame, first: int, last: int, *, period: str) -> nw.LazyFrame[Any]:
    """Make a frame of consecutive months on the engine, connection and session of ``opened``.

    Parameters
    ----------
    opened : OpenFrame
        A table that has the column ``period``.
    first, last : int
        Month indices, both included; no rows when ``last < first``.
    period : str
        What to call the date column. pandas keeps the date type that this column has in
        ``opened``; every other engine gets a date.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        Columns ``CALENDAR_MONTH`` (Int64) and ``period``.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"period": [date(2024, 1, 1)]}), table="t")
    >>> calendar(opened, 24287, 24288, period="period").collect().rows()
    [(24287, datetime.date(2023, 12, 1)), (24288, datetime.date(2024, 1, 1))]
    """
    indices = range(first, last + 1)
    starts = [first_of_month(index) for index in indices]
    made = result_table(
        opened, {CALENDAR_MONTH: ResultColumn(int, indices), period: ResultColumn(date, starts)}
    )
    dtype = opened.rows.collect_schema()[period]
    zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone
    if opened.implementation.is_pandas() and not zoned:
        return made.with_columns(nw.col(period).cast(dtype))
    return made
