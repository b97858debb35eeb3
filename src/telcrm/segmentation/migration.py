"""How customers move between segments from one month to the next."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Final, TypeVar

from telcrm.segmentation.transitions import MigrationState, transitions
from telcrm.tables.door import open_frame
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.result_table import ResultColumn, result_table

__all__ = ["migration"]

FrameT = TypeVar("FrameT")

_STATES: Final = ("from_segment", "to_segment")
_NUMBERS: Final = ("customers", "size_before", "size_after", "rate")


def migration(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    segment: str = "segment",
    between: tuple[date, date] | None = None,
) -> FrameT:
    """Count the moves from segment to segment, with those who come and those who leave.

    Parameters
    ----------
    frame : dataframe
        A row for each customer and month in which it was assigned. pandas, Polars (eager or lazy),
        a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    period : str
        Column of dates, each the first day of its month.
    segment : str
        Column of text or whole numbers.
    between : (date, date), optional
        Two months that ``frame`` has, the earlier first: only the moves from the one to the other,
        whatever lies between. By default from each month that ``frame`` has to the next that it
        has, be they months apart.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period, from and to, a row for each move that
        somebody made:

        ``period_before``
            The earlier month, under the name of ``period`` with ``_before``.
        the column of ``period``
            The later month, under the name you gave. pandas holds both as ``datetime64``.
        ``from_segment``, ``to_segment``
            Text. ``"(entry)"`` is not there before, ``"(exit)"`` not there after,
            ``"(unassigned)"`` there without a segment.
        ``customers``
            Int64: how many made the move.
        ``size_before``, ``size_after``
            Int64: customers of ``from_segment`` before, of ``to_segment`` after; 0 of an entry and
            of an exit, which are no segments.
        ``rate``
            Float64: ``customers / size_before``; null for entries.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``segment`` neither text nor whole numbers, or the customer is a
        float or an object.
    InvalidTableError
        A customer or a period is null, a period is not the first of its month, a customer stands
        twice in one, or a segment is called like one of the three states.
    ParameterError
        ``between`` names a month that ``frame`` does not have, or two columns of the result would
        share a name.

    See Also
    --------
    segment_stability : The same in one row for each month.

    Notes
    -----
    Exactly, for each segment and each pair of months: the moves away from it, those to itself and
    to ``"(exit)"`` included, add up to its size before; the moves to it, those from ``"(entry)"``
    included, to its size after. So the rates of each segment add up to 1.

    A segment that appears stands only in ``to_segment``, one that vanishes only in
    ``from_segment``. Who misses a month leaves and enters again; in a month that ``frame`` does not
    have at all, nobody can be seen to miss.

    A frame of fewer than two months gives no rows.

    The moves are counted at once, on the engine, also where ``frame`` is lazy: the result is a
    small table that was put together here.

    Examples
    --------
    >>> import polars as pl
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "cid", "ann", "bob", "dee"],
    ...         "period": [jan, jan, jan, feb, feb, feb],
    ...         "segment": ["mass", "mass", "premium", "mass", "premium", "mass"],
    ...     }
    ... )
    >>> moved = migration(months)
    >>> for row in moved.select("from_segment", "to_segment", "customers", "rate").rows():
    ...     print(row)
    ('(entry)', 'mass', 1, None)
    ('mass', 'mass', 1, 0.5)
    ('mass', 'premium', 1, 0.5)
    ('premium', '(exit)', 1, 1.0)
    """
    before = f"{period}_before"
    refuse_twice("migration", [period, before], [*_STATES, *_NUMBERS])
    opened = open_frame(frame, table="segment months")
    moves = transitions(opened, customer=customer, period=period, segment=segment, between=between)
    before_sizes: Counter[tuple[date, str]] = Counter()
    after_sizes: Counter[tuple[date, str]] = Counter()
    for move in moves:
        before_sizes[move.after, move.left] += move.customers
        after_sizes[move.after, move.joined] += move.customers
    # Who enters or leaves is in no segment on that side.
    sizes_before = [
        0 if move.left == MigrationState.ENTRY else before_sizes[move.after, move.left]
        for move in moves
    ]
    sizes_after = [
        0 if move.joined == MigrationState.EXIT else after_sizes[move.after, move.joined]
        for move in moves
    ]
    rates = [
        move.customers / size if size else None
        for move, size in zip(moves, sizes_before, strict=True)
    ]
    result = result_table(
        opened,
        {
            before: ResultColumn(date, [move.before for move in moves]),
            period: ResultColumn(date, [move.after for move in moves]),
            "from_segment": ResultColumn(str, [move.left for move in moves]),
            "to_segment": ResultColumn(str, [move.joined for move in moves]),
            "customers": ResultColumn(int, [move.customers for move in moves]),
            "size_before": ResultColumn(int, sizes_before),
            "size_after": ResultColumn(int, sizes_after),
            "rate": ResultColumn(float, rates),
        },
    )
    return opened.close(result)  # type: ignore[no-any-return]
