"""Sums over the last months, of a small table with one row per month and group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import whole_between

__all__ = ["over_months", "whole_months"]

_MOST_MONTHS = 120


def over_months(
    monthly: nw.LazyFrame[Any],
    columns: Sequence[str],
    months: int,
    *,
    period: str,
    by: Sequence[str],
) -> nw.LazyFrame[Any]:
    """Replace numbers of a month by their sums over it and the months before it.

    Parameters
    ----------
    monthly : narwhals.stable.v2.LazyFrame
        One row for every month, without a gap, and group.
    columns : sequence of str
        Float64 columns.
    months : int, 1 to 120
    period : str
    by : sequence of str

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The rows of months that have so many months to look back on.

    Raises
    ------
    ParameterError
        ``months`` is no whole number from 1 to 120.
    """
    count = whole_months(months)
    if count == 1:
        return monthly
    # One constant column lets a table without groups be windowed like one with them.
    rows = monthly.with_columns(_all=nw.lit(1))
    among = [*by, "_all"]

    def back(name: str, step: int) -> nw.Expr:
        return nw.col(name).shift(step).over(*among, order_by=period) if step else nw.col(name)

    for name in columns:
        total = back(name, 0)
        for step in range(1, count):
            total = total + back(name, step)
        rows = rows.with_columns(**{f"_sum_{name}": total})
    kept = [name for name in monthly.collect_schema().names() if name not in columns]
    summed = rows.with_columns(_first=back(period, count - 1))
    full = summed.filter(~nw.col("_first").is_null())
    return full.select(*kept, **{name: nw.col(f"_sum_{name}") for name in columns})


def whole_months(months: object) -> int:
    """Return the number of months of a window, or refuse it.

    Raises
    ------
    ParameterError
        It is no whole number from 1 to 120.

    Examples
    --------
    >>> whole_months(3)
    3
    """
    return whole_between("months", months, 1, _MOST_MONTHS)
