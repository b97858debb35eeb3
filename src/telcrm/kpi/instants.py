"""Instants as whole seconds, alike on every engine and in every zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.calendar_index import day_index
from telcrm.tables.door import OpenFrame, parse_objects

__all__ = ["epoch_second", "read_objects", "with_epoch_seconds"]

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_S = 86_400


def epoch_second(instant: datetime, *, parameter: str) -> int:
    """Return the whole seconds from 1970 in UTC to an instant.

    Parameters
    ----------
    instant : datetime
        Aware.
    parameter : str
        Name of the argument, for the message.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        It is no datetime, or has no zone.

    Examples
    --------
    >>> epoch_second(datetime(1970, 1, 2, tzinfo=UTC), parameter="as_of")
    86400
    """
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise ParameterError(
            f"{parameter} is {instant!r:.60}, and has to be an instant: a datetime with a zone, "
            "for example datetime(2024, 5, 1, tzinfo=UTC).",
            parameter=parameter,
            value=instant,
        )
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * _DAY_S + since.seconds


def read_objects(opened: OpenFrame, columns: Sequence[str]) -> OpenFrame:
    """Read pandas object columns as what their values are; datetimes with a zone become UTC.

    As :func:`~telcrm.tables.door.parse_objects`, which takes no datetimes with zones, let alone
    with several in one column.

    Parameters
    ----------
    opened : OpenFrame
    columns : sequence of str
        Columns to look at; those that are not there are passed over.

    Returns
    -------
    OpenFrame

    Examples
    --------
    >>> import pandas as pd
    >>> from telcrm.tables.door import open_frame
    >>> berlin, utc = "2024-05-01T12:00+02:00", "2024-05-01T12:00+00:00"
    >>> at = pd.Series([datetime.fromisoformat(text) for text in (berlin, utc)], dtype=object)
    >>> opened = open_frame(pd.DataFrame({"at": at}), table="complaints")
    >>> read_objects(opened, ["at"]).rows.collect()["at"].dt.hour().to_list()
    [10, 12]
    """
    if opened.implementation is nw.Implementation.PANDAS:
        native = opened.rows.to_native()
        zoned = [
            name
            for name in columns
            if name in native and native[name].dtype == object and _any_zone(native[name])
        ]
        if zoned:
            import pandas as pd

            parsed = {name: pd.to_datetime(native[name], utc=True) for name in zoned}
            opened = replace(opened, rows=nw.from_native(native.assign(**parsed)).lazy())
    return parse_objects(opened, columns)


def _any_zone(values: Any) -> bool:
    return any(isinstance(value, datetime) and value.tzinfo is not None for value in values)


def with_epoch_seconds(opened: OpenFrame, columns: dict[str, str]) -> nw.LazyFrame[Any]:
    """Add columns that hold instants as whole seconds from 1970 in UTC.

    Parameters
    ----------
    opened : OpenFrame
    columns : dict of str to str
        The name of each new column, and the Date or Datetime column that it is read from. A time
        without zone is taken for UTC, a day for its first second.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        All rows and columns of ``opened`` and the new ones: Int64, null (in NumPy-backed pandas
        NaN) where the instant is.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> at = pl.Series([datetime(2024, 7, 1)]).dt.replace_time_zone("Europe/Berlin")
    >>> opened = open_frame(pl.DataFrame({"at": at}), table="complaints")
    >>> seconds = with_epoch_seconds(opened, {"second": "at"}).collect()["second"].item()
    >>> datetime.fromtimestamp(seconds, UTC).isoformat()
    '2024-06-30T22:00:00+00:00'
    """
    schema = opened.rows.collect_schema()
    rows = opened.rows
    for name, column in columns.items():
        dtype = schema[column]
        zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
        match opened.implementation:
            case nw.Implementation.DUCKDB if zoned:
                rows = _duckdb_seconds(rows, name, column)
            case nw.Implementation.PYSPARK if zoned:
                rows = rows.with_columns(nw.col(column).cast(nw.Int64).alias(name))
            case nw.Implementation.DUCKDB | nw.Implementation.PYSPARK:
                seconds = (day_index(column) - _EPOCH_DAY) * _DAY_S
                if dtype != nw.Date:
                    seconds = seconds + _second_of_day(column)
                rows = rows.with_columns(seconds.alias(name))
            case _:
                micros = nw.col(column).dt.timestamp("us")
                rows = rows.with_columns((micros // 1_000_000).alias(name))
    return rows


def _duckdb_seconds(rows: nw.LazyFrame[Any], name: str, column: str) -> nw.LazyFrame[Any]:
    """Ask DuckDB itself: its clock functions answer in the zone of the connection, not in UTC."""
    import duckdb

    micros = duckdb.FunctionExpression("epoch_us", duckdb.ColumnExpression(column))
    seconds = duckdb.FunctionExpression("floor", micros / duckdb.ConstantExpression(1_000_000))
    made = rows.to_native().select(duckdb.StarExpression(), seconds.cast("BIGINT").alias(name))
    frame: nw.LazyFrame[Any] = nw.from_native(made)
    return frame


def _second_of_day(column: str) -> nw.Expr:
    parts = nw.col(column).dt
    hour, minute, second = (
        part.cast(nw.Int64) for part in (parts.hour(), parts.minute(), parts.second())
    )
    return hour * 3600 + minute * 60 + second
