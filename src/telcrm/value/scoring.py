"""Score a frame of any engine with NumPy functions of a few of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from telcrm.errors import ParameterError
from telcrm.tables.array_table import array_table
from telcrm.tables.door import OpenFrame

__all__ = ["ROWS_AT_ONCE", "Arrays", "floats", "in_memory", "refuse_taken", "score"]

Arrays = Mapping[str, NDArray[np.float64]]

ROWS_AT_ONCE: Final = 16_384
"""Rows whose columns stay in the cache while a formula is computed."""


def score(
    opened: OpenFrame,
    columns: Sequence[str] | Mapping[str, nw.Expr],
    compute: Callable[[Arrays], Arrays],
    *,
    arrays: Arrays | None = None,
    distinct: bool = True,
) -> Any:
    """Add computed columns to the caller's frame.

    Parameters
    ----------
    opened : OpenFrame
    columns : sequence of str, or mapping of str to narwhals.stable.v2.Expr
        Numeric columns, or expressions by name, without nulls or infinities, that the result
        depends on.
    compute : callable
        From arrays by column to new columns of the same length.
    arrays : mapping of str to array, optional
        The columns of a frame in memory, where they were read before.
    distinct : bool
        On frames in memory, compute equal rows once. Sorting pays where ``compute`` takes longer.

    Returns
    -------
    object
        The caller's rows, in the caller's order, with new columns of Float64, in the flavour of the
        caller.

    Notes
    -----
    An engine that works lazily is asked for its distinct rows only, and joins the answers to them:
    the rows themselves never leave it.
    """
    given: Any = nw.from_native(opened.given, pass_through=True)
    if isinstance(given, nw.DataFrame):
        return _score_in_memory(opened, given, columns, compute, arrays=arrays, distinct=distinct)
    known = _expressions(columns)
    keys = {f"_key_{at}": name for at, name in enumerate(known)}
    as_floats = {key: known[name].cast(nw.Float64) for key, name in keys.items()}
    rows = opened.rows.with_columns(**as_floats)
    found = rows.select(*keys).unique().collect()
    values = {name: floats(found[key]) for key, name in keys.items()}
    computed = compute(values)
    own = opened.rows.collect_schema().names()
    answers = {f"_answer_{at}": each for at, each in enumerate(computed.values())}
    table = array_table(opened, {**{key: values[name] for key, name in keys.items()}, **answers})
    joined = rows.join(table, on=list(keys), how="left")
    named = {name: nw.col(answer) for name, answer in zip(computed, answers, strict=True)}
    return opened.close(joined.select(*own, **named))


def _score_in_memory(
    opened: OpenFrame,
    given: nw.DataFrame[Any],
    columns: Sequence[str] | Mapping[str, nw.Expr],
    compute: Callable[[Arrays], Arrays],
    *,
    arrays: Arrays | None,
    distinct: bool,
) -> Any:
    if arrays is None:
        known = {name: each.cast(nw.Float64) for name, each in _expressions(columns).items()}
        needed = opened.rows.select(**known).collect()
        arrays = {name: floats(needed[name]) for name in known}
    if distinct:
        place, first = _distinct(list(arrays.values()))
        computed = {
            name: np.asarray(values)[place]
            for name, values in compute({n: a[first] for n, a in arrays.items()}).items()
        }
    else:
        computed = dict(compute(arrays))
    made = [
        nw.new_series(name, values, nw.Float64(), backend=given.implementation)
        for name, values in computed.items()
    ]
    return opened.close(given.with_columns(*made).lazy())


def _expressions(columns: Sequence[str] | Mapping[str, nw.Expr]) -> dict[str, nw.Expr]:
    if isinstance(columns, Mapping):
        return dict(columns)
    return {name: nw.col(name) for name in columns}


def in_memory(opened: OpenFrame, columns: Sequence[str]) -> dict[str, NDArray[np.float64]] | None:
    """Return columns as arrays, or None where the engine works lazily.

    Parameters
    ----------
    opened : OpenFrame
    columns : sequence of str
        Numeric; a null becomes NaN.

    Returns
    -------
    dict of str to array, or None
    """
    given: Any = nw.from_native(opened.given, pass_through=True)
    if not isinstance(given, nw.DataFrame):
        return None
    held: Any = opened.rows.collect()
    return {name: floats(held[name]) for name in columns}


def floats(column: nw.Series[Any]) -> NDArray[np.float64]:
    """Return a numeric column as an array of floats.

    Parameters
    ----------
    column : narwhals.stable.v2.Series

    Returns
    -------
    array of shape (n,)
        A null is NaN.
    """
    if column.dtype.is_integer() and not column.is_null().any():
        # Not by the engine's own cast: Arrow's refuses what a float cannot hold exactly.
        return np.asarray(column.to_numpy(), dtype=np.float64)
    whole = column if isinstance(column.dtype, nw.Float64) else column.cast(nw.Float64)
    return np.asarray(whole.to_numpy(), dtype=np.float64)


def _distinct(
    columns: Sequence[NDArray[np.float64]],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each row the number of its kind, and for each kind one row."""
    order = np.lexsort(columns)
    if not order.size:
        return order, order
    is_new = np.zeros(order.size, dtype=bool)
    is_new[0] = True
    for column in columns:
        ordered = column[order]
        is_new[1:] |= ordered[1:] != ordered[:-1]
    place = np.empty_like(order)
    place[order] = np.cumsum(is_new) - 1
    return place, order[is_new]


def refuse_taken(opened: OpenFrame, *names: str) -> None:
    """Refuse a frame that has a column of the name of a result.

    Parameters
    ----------
    opened : OpenFrame
    *names : str

    Raises
    ------
    ParameterError
    """
    held = {name.casefold() for name in opened.rows.collect_schema().names()}
    taken = [name for name in names if name.casefold() in held]
    if taken:
        raise ParameterError(
            f"{opened.table} already has a column {', '.join(map(repr, taken))}. "
            "Rename or drop it.",
            columns=taken,
        )
