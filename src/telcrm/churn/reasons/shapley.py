"""Shapley values by sampling: what each column adds to the log odds, on average over orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.churn.reasons.explained import mixed_rows
from telcrm.tables.findings import readable

__all__ = ["ColumnOrders", "ShapleyValues", "draw_orders", "shapley_values"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True)
class ColumnOrders:
    """Orders in which the columns of a background row turn into those of a customer.

    Attributes
    ----------
    background : array of int, shape (d,)
        Row of the background of each order.
    orders : array of int, shape (d, m)
        Places of the columns.
    """

    background: Places
    orders: Places


@dataclass(frozen=True, slots=True)
class ShapleyValues:
    """What columns add to the log odds of customers.

    Attributes
    ----------
    contributions : array of shape (n, m)
    average : float
        Log odds of the background, on average. With the contributions of a customer it adds up to
        the customer's log odds.
    """

    contributions: Floats
    average: float


def draw_orders(background: int, columns: int, *, draws: int, random_state: int) -> ColumnOrders:
    """Draw background rows, each with an order of columns and its reverse.

    Parameters
    ----------
    background, columns : int
        How many there are.
    draws : int
        Background rows: without replacement where there are more, else all of them, equally often.
    random_state : int

    Returns
    -------
    ColumnOrders
        ``2 draws`` orders, or a few more.
    """
    chance = np.random.default_rng(random_state)
    if background > draws:
        rows = np.sort(chance.choice(background, size=draws, replace=False))
    else:
        rows = np.tile(np.arange(background), -(-draws // background))
    orders = np.array([chance.permutation(columns) for _ in rows]).reshape(rows.size, columns)
    return ColumnOrders(np.tile(rows, 2), np.concatenate([orders, orders[:, ::-1]]))


def shapley_values(
    log_odds: Callable[[Any], Floats],
    rows: nw.DataFrame[Any],
    background: nw.DataFrame[Any],
    drawn: ColumnOrders,
) -> ShapleyValues:
    """Estimate Shapley values by walks from background rows to each customer.

    Parameters
    ----------
    log_odds : callable
        From a frame to an array.
    rows, background : narwhals.stable.v2.DataFrame
        Of the same columns and types.
    drawn : ColumnOrders

    Returns
    -------
    ShapleyValues

    Notes
    -----
    A walk changes one column after the other from its background value to that of the customer;
    what the log odds move by is the column's. The moves of a walk add up to the whole way, so that
    contributions add up to the difference between the customer and the average background row
    whatever orders are drawn. A customer's value does not depend on the others.
    """
    both = nw.concat([rows, background])
    customers, columns = len(rows), len(rows.columns)
    whole = log_odds(both.to_native())
    codes = np.column_stack([_codes(both[name]) for name in both.columns])
    found = np.zeros((customers, columns))
    walks = len(drawn.background)
    at_once = max(1, _ROWS_AT_ONCE // columns)
    for first in range(0, customers, at_once):
        some = np.arange(first, min(first + at_once, customers))
        few = max(1, at_once // some.size)
        for start in range(0, walks, few):
            own = slice(start, start + few)
            part = ColumnOrders(customers + drawn.background[own], drawn.orders[own])
            path = _walks(both, some, part, (whole, codes), log_odds)
            for order, move in zip(part.orders, np.diff(path, axis=1), strict=True):
                found[np.ix_(some, order)] += move.T
    return ShapleyValues(found / walks, float(whole[customers + drawn.background].mean()))


def _codes(column: nw.Series[Any]) -> Places:
    """Return a number for each value of a column, the same for equal ones and for nulls."""
    place: dict[Any, int] = {}
    told = (readable(value) for value in column.to_list())
    return np.array([place.setdefault(value, len(place)) for value in told], dtype=np.intp)


def _walks(
    both: nw.DataFrame[Any],
    customers: Places,
    drawn: ColumnOrders,
    known: tuple[Floats, Places],
    log_odds: Callable[[Any], Floats],
) -> Floats:
    """Return log odds along walks, shape (walks, columns + 1, customers)."""
    whole, codes = known
    walks, columns = drawn.orders.shape
    path = np.empty((walks, columns + 1, customers.size))
    path[:, 0], path[:, columns] = whole[drawn.background][:, None], whole[customers]
    before, after = codes[drawn.background], codes[customers]
    turned = drawn.orders.T[:-1]
    # A step to an equal value changes nothing, and is not asked for.
    moves = before[np.arange(walks), turned].T[:, :, None] != after.T[turned].swapaxes(0, 1)
    walk, step, own = np.nonzero(moves)
    if walk.size:
        turned_at = drawn.orders.argsort(axis=1)
        places = {
            name: np.where(turned_at[walk, at] <= step, customers[own], drawn.background[walk])
            for at, name in enumerate(both.columns)
        }
        path[walk, step + 1, own] = log_odds(mixed_rows(both, places))
    last = np.maximum.accumulate(np.where(moves, np.arange(1, columns)[None, :, None], 0), axis=1)
    path[:, 1:columns] = np.take_along_axis(path, last, axis=1)
    return path
