"""What goes into an assignment of segments, and what comes out: a row per customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated, refuse_twice
from telcrm.tables.row_checks import check_rows, not_null

__all__ = ["SEGMENT", "assign", "open_customers"]

SEGMENT: Final = "segment"
"""The column that an assignment holds its segment in."""


def assign(
    opened: OpenFrame, customer: str, segment: nw.Expr, *, rows: nw.LazyFrame[Any] | None = None
) -> Any:
    """Close a frame of customers with their segments only.

    Parameters
    ----------
    opened : OpenFrame
        Its flavour is that of the result.
    customer : str
    segment : narwhals.stable.v2.Expr
        Text.
    rows : narwhals.stable.v2.LazyFrame, optional
        One row per customer, derived from ``opened``; by default its own.

    Returns
    -------
    object
        The columns ``customer`` and ``segment``, sorted by customer, in the flavour of the caller.

    Raises
    ------
    ParameterError
        The column of customers is itself called ``segment``.
    """
    refuse_twice("predict", [customer], [SEGMENT])
    each = opened.rows if rows is None else rows
    return opened.close(each.select(customer, segment.alias(SEGMENT)).sort(customer))


def open_customers(frame: Any, customer: str, fields: Sequence[str]) -> OpenFrame:
    """Open a table of one row per customer, or refuse it.

    Parameters
    ----------
    frame : dataframe
    customer : str
    fields : sequence of str
        Columns that rules look at; whether they are there is for the rules to say.

    Returns
    -------
    OpenFrame

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError
    """
    opened = open_frame(frame, table="customers")
    require_columns(opened, {"customer": customer})
    opened = parse_objects(opened, [customer, *fields])
    require_kinds(opened, {customer: ColumnKind.KEY})
    check_rows(opened, [not_null(customer)], keys=[customer])
    refuse_repeated(opened, [customer])
    return opened
