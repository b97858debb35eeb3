"""A small table of results, computed in plain Python, on the caller's engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import narwhals.stable.v2 as nw

from telcrm.tables.door import OpenFrame

__all__ = ["ResultColumn", "result_table"]


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """What a column holds.

    Attributes
    ----------
    kind : type
        ``int``, ``float``, ``bool``, ``str`` or ``date``.
    values : sequence of object
        Of that kind, or None; whole numbers are never None.
    """

    kind: type
    values: Sequence[Any]


_SQL_TYPES: Final[dict[type, str]] = {
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    str: "VARCHAR",
    date: "DATE",
}
_SPARK_TYPES: Final[dict[type, str]] = {
    int: "long",
    float: "double",
    bool: "boolean",
    str: "string",
    date: "date",
}
_LITERALS: Final[dict[type, Callable[[Any], str]]] = {
    int: str,
    float: repr,
    bool: lambda flag: "TRUE" if flag else "FALSE",
    str: lambda text: "'" + text.replace("'", "''") + "'",
    date: lambda day: f"DATE '{day}'",
}


def result_table(opened: OpenFrame, columns: Mapping[str, ResultColumn]) -> nw.LazyFrame[Any]:
    """Make a table on the engine, connection and session of ``opened``.

    Parameters
    ----------
    opened : OpenFrame
    columns : mapping of str to ResultColumn
        One at least, of equal length.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        Columns of Int64, Float64, Boolean, String and Date; pandas has ``datetime64`` for dates and
        its nullable ``boolean``.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"id": ["a"]}), table="t")
    >>> made = result_table(opened, {"slope": ResultColumn(float, [0.5, None])})
    >>> made.collect().rows()
    [(0.5,), (None,)]
    """
    native: Any = opened.rows.to_native()
    match opened.implementation:
        case nw.Implementation.DUCKDB:
            made: Any = _on_duckdb(native, columns)
        case nw.Implementation.PYSPARK:
            types = [f"{_backticked(name)} {_SPARK_TYPES[c.kind]}" for name, c in columns.items()]
            rows = list(zip(*(column.values for column in columns.values()), strict=True))
            made = native.sparkSession.createDataFrame(rows, ", ".join(types))
        case nw.Implementation.POLARS:
            made = _on_polars(columns)
        case _:
            made = _on_pandas(columns)
    table: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return table


def _on_duckdb(relation: Any, columns: Mapping[str, ResultColumn]) -> Any:
    written = [
        ["NULL" if value is None else _LITERALS[column.kind](value) for value in column.values]
        for column in columns.values()
    ]
    rows = [f"(true, {', '.join(row)})" for row in zip(*written, strict=True)]
    # VALUES cannot be empty: the row is cut off again.
    rows.append(f"(false, {', '.join(['NULL'] * len(columns))})")
    inner = [f"_{at}" for at in range(len(columns))]
    shown = [
        f"{own}::{_SQL_TYPES[column.kind]} AS {_quoted(name)}"
        for own, (name, column) in zip(inner, columns.items(), strict=True)
    ]
    # A query on the caller's own relation is the one way to reach its connection.
    return relation.query(
        "telcrm_result_table",
        f"SELECT {', '.join(shown)} "  # noqa: S608 (quoted names, literals written here)
        f"FROM (VALUES {', '.join(rows)}) AS made(_kept, {', '.join(inner)}) WHERE _kept",
    )


def _on_polars(columns: Mapping[str, ResultColumn]) -> Any:
    import polars as pl

    types = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean, str: pl.String, date: pl.Date}
    data = {name: list(column.values) for name, column in columns.items()}
    return pl.LazyFrame(data, schema={name: types[c.kind] for name, c in columns.items()})


def _on_pandas(columns: Mapping[str, ResultColumn]) -> Any:
    import pandas as pd

    types = {int: "int64", float: "float64", bool: "boolean", date: "datetime64[us]"}
    data = {
        # Text is left to pandas, whose type for it differs between its versions.
        name: pd.Series(
            list(column.values), dtype=types.get(column.kind, None if column.values else "str")
        )
        for name, column in columns.items()
    }
    return pd.DataFrame(data)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _backticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
