"""A second table beside the first: of the same engine, with keys of the same type."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import ColumnTypeError, UnsupportedFrameError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import check_rows, not_null

__all__ = ["known_keys", "open_beside", "same_type"]


def open_beside(opened: OpenFrame, second: Any, *, table: str) -> OpenFrame:
    """Open another table of the engine that the first is on.

    Parameters
    ----------
    opened : OpenFrame
    second : dataframe
    table : str
        What to call it in error messages.

    Returns
    -------
    OpenFrame

    Raises
    ------
    UnsupportedFrameError
        It is of another engine.
    """
    other = open_frame(second, table=table)
    if other.implementation is not opened.implementation:
        raise UnsupportedFrameError(
            f"{opened.table} is a frame of {opened.implementation}, {table} of "
            f"{other.implementation}. Pass both tables on one engine.",
            tables=[opened.table, table],
        )
    return other


def same_type(opened: OpenFrame, other: OpenFrame, column: str) -> None:
    """Refuse two tables whose key columns hold different types.

    Parameters
    ----------
    opened, other : OpenFrame
    column : str
        In both; categories count as text.

    Raises
    ------
    ColumnTypeError
    """
    found = [
        each.rows.select(key_values(each, column)).collect_schema()[column]
        for each in (opened, other)
    ]
    if found[0] != found[1]:
        raise ColumnTypeError(
            f"{other.table}: column {column!r} holds {found[1]}, in {opened.table} {found[0]}. "
            "Cast one of them.",
            table=other.table,
            column=column,
            dtype=str(found[1]),
        )


def known_keys(opened: OpenFrame, second: Any, customer: str, *, table: str) -> nw.LazyFrame[Any]:
    """Return the customers of another table, each once.

    Parameters
    ----------
    opened : OpenFrame
        The first table.
    second : dataframe
    customer : str
        Column that names the customer in both.
    table : str
        What to call the second table in error messages.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The column ``_customer``.

    Raises
    ------
    UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
    """
    other = open_beside(opened, second, table=table)
    require_columns(other, {"customer": customer})
    other = parse_objects(other, [customer])
    require_kinds(other, {customer: ColumnKind.KEY})
    check_rows(other, [not_null(customer)], keys=[customer])
    same_type(opened, other, customer)
    return other.rows.select(_customer=key_values(other, customer)).unique()
