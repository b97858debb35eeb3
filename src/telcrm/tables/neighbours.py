"""What stands in the rows before and after, among the rows of one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

__all__ = ["with_neighbours"]


def with_neighbours(
    rows: nw.LazyFrame[Any],
    neighbours: Mapping[str, tuple[str, int]],
    *,
    among: Sequence[str],
    order_by: Sequence[str],
) -> nw.LazyFrame[Any]:
    """Add what a column holds so many rows before or after, in the order of each key.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    neighbours : mapping of str to (str, int)
        New column, to the column it is taken from and how many rows back; negative is ahead.
    among : sequence of str
        The key, one column at least, none of them float.
    order_by : sequence of str
        Columns without nulls. Rows that are equal in all of them stand in any order.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        In any order of rows; null where there is no such row.

    Notes
    -----
    One window per new column. Polars computes each for itself, which takes twice as long as to sort
    once and look at the rows beside: there it is done so.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.LazyFrame({"who": ["a", "b", "a"], "month": [1, 1, 3]})
    >>> beside = with_neighbours(
    ...     nw.from_native(months), {"last": ("month", 1)}, among=["who"], order_by=["month"]
    ... )
    >>> sorted(beside.collect().rows())
    [('a', 1, None), ('a', 3, 1), ('b', 1, None)]
    """
    if rows.implementation.is_polars():
        return _sorted_once(rows, neighbours, among=among, order_by=order_by)
    return rows.with_columns(
        **{
            new: nw.col(column).shift(step).over(*among, order_by=list(order_by))
            for new, (column, step) in neighbours.items()
        }
    )


def _sorted_once(
    rows: nw.LazyFrame[Any],
    neighbours: Mapping[str, tuple[str, int]],
    *,
    among: Sequence[str],
    order_by: Sequence[str],
) -> nw.LazyFrame[Any]:
    import polars as pl

    def beside(column: str, step: int) -> pl.Expr:
        same = [pl.col(name).eq_missing(pl.col(name).shift(step)) for name in among]
        return pl.when(*same).then(pl.col(column).shift(step))

    ordered = rows.to_native().sort(*among, *order_by)
    found: nw.LazyFrame[Any] = nw.from_native(
        ordered.with_columns(
            **{new: beside(column, step) for new, (column, step) in neighbours.items()}
        )
    )
    return found
