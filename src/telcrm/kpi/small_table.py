"""A small table of whole numbers and days, made on the caller's engine, connection and session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.tables.door import OpenFrame

__all__ = ["small_table"]

_NO_DAY = date(2000, 1, 1)


def small_table(
    opened: OpenFrame,
    numbers: Mapping[str, Sequence[int]],
    days: Mapping[str, Sequence[date]] | None = None,
) -> nw.LazyFrame[Any]:
    """Make a table that can be joined to the rows of ``opened``.

    Parameters
    ----------
    opened : OpenFrame
        Whose engine, connection or session the table is made on.
    numbers : mapping of str to sequence of int
        Columns of whole numbers, Int64; one at least.
    days : mapping of str to sequence of date, optional
        Columns of days: Date, in pandas ``datetime64``.

    Returns
    -------
    narwhals.stable.v2.LazyFrame

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"id": ["a"]}), table="t")
    >>> made = small_table(opened, {"at": [1, 2]}, {"day": [date(2024, 1, 1), date(2024, 1, 2)]})
    >>> made.collect().rows()
    [(1, datetime.date(2024, 1, 1)), (2, datetime.date(2024, 1, 2))]
    """
    dated = dict(days or {})
    native: Any = opened.rows.to_native()
    match opened.implementation:
        case nw.Implementation.DUCKDB:
            made: Any = _duckdb_table(native, numbers, dated)
        case nw.Implementation.PYSPARK:
            types = [f"`{name}` long" for name in numbers] + [f"`{name}` date" for name in dated]
            rows = list(zip(*numbers.values(), *dated.values(), strict=True))
            made = native.sparkSession.createDataFrame(rows, ", ".join(types))
        case nw.Implementation.POLARS:
            import polars as pl

            schema = dict.fromkeys(numbers, pl.Int64()) | dict.fromkeys(dated, pl.Date())
            made = pl.LazyFrame({**numbers, **dated}, schema=schema)
        case _:
            import pandas as pd

            made = pd.DataFrame(
                {name: pd.Series(list(values), dtype="int64") for name, values in numbers.items()}
                | {
                    name: pd.Series(list(values), dtype="datetime64[us]")
                    for name, values in dated.items()
                }
            )
    table: nw.LazyFrame[Any] = nw.from_native(made).lazy()
    return table


def _duckdb_table(
    relation: Any, numbers: Mapping[str, Sequence[int]], days: Mapping[str, Sequence[date]]
) -> Any:
    columns = {name: [str(value) for value in values] for name, values in numbers.items()}
    columns |= {name: [f"DATE '{value}'" for value in values] for name, values in days.items()}
    rows = [f"(true, {', '.join(row)})" for row in zip(*columns.values(), strict=True)]
    # VALUES cannot be empty: a row that is cut off again gives the types.
    nothing = ", ".join(["0"] * len(numbers) + [f"DATE '{_NO_DAY}'"] * len(days))
    rows.append(f"(false, {nothing})")
    inner = [f"_{at}" for at in range(len(columns))]
    shown = [
        f"{name}{'::BIGINT' if own in numbers else ''} AS {_quoted(own)}"
        for name, own in zip(inner, columns, strict=True)
    ]
    # A query on the caller's own relation is the one way to reach its connection.
    return relation.query(
        "telcrm_small_table",
        f"SELECT {', '.join(shown)} "  # noqa: S608 (own numbers, quoted names)
        f"FROM (VALUES {', '.join(rows)}) AS made(_kept, {', '.join(inner)}) WHERE _kept",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
