"""What goes into an assignment of segments, and what comes out: a row per customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.errors import InvalidTableError, ParameterError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import Finding, counted, written_keys
from telcrm.tables.row_checks import FIRST_KEYS, check_rows, first_keys, not_null

__all__ = ["SEGMENT", "assign", "open_customers", "refuse_repeated", "refuse_twice"]

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


def refuse_twice(question: str, given: Sequence[str], results: Sequence[str]) -> None:
    """Refuse columns of the caller that would stand twice in a result.

    Parameters
    ----------
    question : str
        Name of the function, for the message.
    given, results : sequence of str
        Names that the caller chose, and those that the result has of its own.

    Raises
    ------
    ParameterError
        Two names are equal, or differ in upper and lower case only, which SQL does not tell apart.
    """
    own = {name.casefold() for name in results}
    seen: set[str] = set()
    twice = []
    for name in given:
        folded = name.casefold()
        if folded in own or folded in seen:
            twice.append(name)
        seen.add(folded)
    if twice:
        raise ParameterError(
            f"{question}: {', '.join(map(repr, twice))} would stand twice in the result. "
            "Rename the column.",
            columns=twice,
        )


def refuse_repeated(opened: OpenFrame, keys: Sequence[str]) -> None:
    """Refuse a table that holds a key in more than one row.

    Parameters
    ----------
    opened : OpenFrame
    keys : sequence of str
        Columns that together are the key.

    Raises
    ------
    InvalidTableError
        Names the first such keys.
    """
    counts = opened.rows.group_by(*keys).agg(_rows=nw.len())
    repeated = counts.filter(nw.col("_rows") > 1)
    number = int(repeated.select(nw.len()).collect().item())
    if not number:
        return
    first = first_keys(repeated, keys, FIRST_KEYS)
    message = (
        f"{opened.table}: {', '.join(keys)} comes more than once: "
        f"{counted(number, 'key')} (first keys: {written_keys(first)}). "
        "Keep one row of each, or sum them up first."
    )
    finding = Finding(opened.table, "duplicate_key", ",".join(keys), number, first, message)
    raise InvalidTableError(message, table=opened.table, findings=(finding,))


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
