"""Columns of a result, read into plain lists, whatever engine it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import InvalidTableError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.findings import counted, readable

__all__ = ["read_columns", "refuse_repeats"]


def read_columns(
    frame: Any, columns: Mapping[str, tuple[str, ColumnKind]], *, table: str
) -> dict[str, list[Any]]:
    """Collect some columns.

    Parameters
    ----------
    frame : dataframe
    columns : mapping of str to (str, ColumnKind)
        The caller's keyword, the column it names, and what that has to hold.
    table : str
        What the table is called in messages.

    Returns
    -------
    dict of str to list
        By keyword. Numbers are floats, days dates, and whatever is missing is None.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, UnsupportedFrameError
    """
    opened = open_frame(frame, table=table)
    require_columns(opened, {keyword: name for keyword, (name, _) in columns.items()})
    opened = parse_objects(opened, [name for name, _ in columns.values()])
    require_kinds(opened, dict(columns.values()))
    rows = opened.rows.select(
        **{keyword: _values(opened, name, kind) for keyword, (name, kind) in columns.items()}
    ).collect()
    return {keyword: [readable(part) for part in rows[keyword].to_list()] for keyword in columns}


def refuse_repeats(keys: Sequence[tuple[Any, ...]], *, table: str, names: str) -> None:
    """Refuse a result in which a cell of the plot stands twice.

    Parameters
    ----------
    keys : sequence of tuple
        One per row.
    table : str
    names : str
        The columns, for the message.

    Raises
    ------
    InvalidTableError
    """
    repeated = len(keys) - len(set(keys))
    if repeated:
        raise InvalidTableError(
            f"{table}: {counted(repeated, 'row')} repeat the {names} of another. A plot shows one "
            "group: filter the result to it, or compute it without by=.",
            table=table,
            rows=repeated,
        )


def _values(opened: OpenFrame, name: str, kind: ColumnKind) -> nw.Expr:
    if kind is ColumnKind.NUMBER:
        return nw.col(name).cast(nw.Float64)
    return key_values(opened, name)
