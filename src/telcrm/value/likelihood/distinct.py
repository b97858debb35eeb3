"""Rows that are alike: counted once, or computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telcrm.value.time import TimeUnit

__all__ = ["by_distinct", "distinct_rows"]

Floats = NDArray[np.float64]

# So many kinds are told apart by a table of them, more by sorting.
_DENSE: Final = 4_000_000
_MOST_CODE: Final = 2**62
_FIRST: Final = 1_000
_UNIT_DAYS: Final = tuple(unit.days for unit in TimeUnit)


def distinct_rows(*columns: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Merge equal rows.

    Parameters
    ----------
    *columns : array of shape (n,)
        Finite; one at least.
    weights : array of shape (n,)

    Returns
    -------
    rows : array of shape (columns, m)
        Sorted, so that no order of the given rows shows.
    weights : array of shape (m,)

    Examples
    --------
    >>> rows, weights = distinct_rows(np.array([2.0, 1.0, 2.0]), weights=np.array([1.0, 1.0, 3.0]))
    >>> rows.tolist(), weights.tolist()
    ([[1.0, 2.0]], [1.0, 4.0])
    """
    if not weights.size:
        return np.stack(columns), weights
    coded = _row_codes(columns)
    if coded is not None and coded[1] <= _DENSE:
        code, size = coded
        # A row of each kind; the last one written stays, and all of a kind are equal.
        row = np.full(size, -1)
        row[code] = np.arange(code.size)
        kinds = np.flatnonzero(row >= 0)
        merged = np.bincount(code, weights=weights, minlength=size).astype(np.float64)[kinds]
        return np.stack([column[row[kinds]] for column in columns]), merged
    order = np.lexsort(columns[::-1]) if coded is None else np.argsort(coded[0], kind="stable")
    table = np.stack([column[order] for column in columns])
    is_new = np.ones(order.size, dtype=bool)
    is_new[1:] = (table[:, 1:] != table[:, :-1]).any(axis=0)
    first = np.flatnonzero(is_new)
    summed: Floats = np.add.reduceat(weights[order], first)
    return table[:, first], summed


def by_distinct(function: Callable[..., Floats], *columns: Floats) -> Floats:
    """Return ``function(*columns)``, computed for distinct rows only.

    Parameters
    ----------
    function : callable
        Row by row, from arrays to an array of the same length.
    *columns : array of shape (m,)
        Finite.

    Returns
    -------
    array of shape (m,)

    Examples
    --------
    >>> calls = []
    >>> def slow(x):
    ...     calls.append(x.size)
    ...     return x * 2
    >>> by_distinct(slow, np.array([1.0, 3.0, 1.0])).tolist(), calls
    ([2.0, 6.0, 2.0], [2])
    """
    if not columns[0].size:
        return function(*columns)
    code, size = _row_codes(columns) or _ranks(columns)
    if size > _DENSE:
        found, code = np.unique(code, return_inverse=True)
        size = found.size
    row = np.full(size, -1)
    row[code] = np.arange(code.size)
    kinds = np.flatnonzero(row >= 0)
    answers = np.empty(size)
    answers[kinds] = function(*(column[row[kinds]] for column in columns))
    return answers[code]


def _row_codes(columns: tuple[Floats, ...]) -> tuple[NDArray[np.int64], int] | None:
    """Return a whole number for each row, equal and ordered as the rows are, and a bound on it.

    Counts, and ages in whole days whatever their unit, need no sorting for it; of anything else it
    returns None.
    """
    code, size = np.zeros(columns[0].size, dtype=np.int64), 1
    for column in columns:
        found = _codes(column)
        if found is None or size > _MOST_CODE // found[1]:
            return None
        code, size = code * found[1] + found[0], size * found[1]
    return code, size


def _codes(values: Floats) -> tuple[NDArray[np.int64], int] | None:
    least, greatest = float(values.min()), float(values.max())
    for days in _UNIT_DAYS:
        most = float(np.rint(greatest * days))
        # The first rows refuse most units that all rows would.
        if least < 0.0 or not most < _DENSE or not _counts_days(values[:_FIRST], days):
            continue
        if _counts_days(values, days):
            return np.rint(values * days).astype(np.int64), int(most) + 1
    return None


def _counts_days(values: Floats, days: float) -> bool:
    return np.array_equal(np.rint(values * days) / days, values)


def _ranks(columns: tuple[Floats, ...]) -> tuple[NDArray[np.int64], int]:
    """Return the place of each row among the distinct ones, and how many there are."""
    code = np.zeros(columns[0].size, dtype=np.int64)
    for column in columns:
        kinds, place = np.unique(column, return_inverse=True)
        code = np.unique(code * kinds.size + place, return_inverse=True)[1].astype(np.int64)
    return code, int(code.max()) + 1
