"""Columns of a canonical table as one type on every engine, and values to compare them with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from telcrm.errors import ColumnTypeError
from telcrm.tables.contract import Column, ColumnType
from telcrm.tables.contract_checks import accepts
from telcrm.tables.door import OpenFrame

__all__ = ["day_literal", "flag", "nothing", "start_of_day", "typed_column"]

_SOME_VALUE: dict[ColumnType, Any] = {
    ColumnType.TEXT: "",
    ColumnType.INTEGER: 0,
    ColumnType.NUMBER: 0.0,
    ColumnType.BOOLEAN: False,
}


def typed_column(opened: OpenFrame, column: Column) -> nw.Expr:
    """Express a column as its contract has it: text as text, days as days.

    Parameters
    ----------
    opened : OpenFrame
        With the column. Its objects have been read.
    column : Column
        A day stands for an instant: its first moment.

    Returns
    -------
    narwhals.stable.v2.Expr
        Nulls of the right type where the column holds nothing else, whatever its engine calls it.

    Raises
    ------
    ColumnTypeError

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> plans = pl.Series(["S", "L"], dtype=pl.Categorical)
    >>> opened = open_frame(pl.DataFrame({"offer_id": plans}), table="subscriptions")
    >>> offer = Column("offer_id", ColumnType.TEXT, required=True, nullable=True)
    >>> opened.rows.select(typed_column(opened, offer)).collect_schema()["offer_id"]
    String
    """
    name, kind = column.name, column.type
    dtype = opened.rows.collect_schema()[name]
    value = nw.col(name)
    is_day = kind is ColumnType.INSTANT and dtype == nw.Date
    if is_day or (accepts(kind, dtype) and dtype not in (nw.Unknown, nw.Object)):
        match kind:
            case ColumnType.TEXT:
                return value.cast(nw.String)
            case ColumnType.DAY | ColumnType.MONTH if opened.implementation.is_pandas():
                return value.cast(nw.Datetime("us"))
        return value
    # A column without a value has whatever type its engine gives to nothing.
    if not opened.rows.filter(~value.is_null()).select(nw.len()).collect().item():
        return nothing(opened, name, kind)
    raise ColumnTypeError(
        f"{opened.table}: column {name!r} holds {dtype}, the contract asks for {kind!s}. "
        "Cast it first.",
        table=opened.table,
        column=name,
        dtype=str(dtype),
    )


def nothing(opened: OpenFrame, anchor: str, kind: ColumnType) -> nw.Expr:
    """Express a column of nulls of a type, beside a column that is there."""
    is_plain = kind in _SOME_VALUE
    value = nw.lit(_SOME_VALUE[kind]) if is_plain else day_literal(opened, date(2000, 1, 1))
    some = nw.col(anchor)
    # A plain null literal has no type on some engines, and is the word None in pandas 2.
    return nw.when(some.is_null() & ~some.is_null()).then(value)


def flag(condition: nw.Expr) -> nw.Expr:
    """Express 1 where a condition holds, 0 where it does not or is null."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def day_literal(opened: OpenFrame, day: date) -> nw.Expr:
    """Express a day as a column of days has it on this engine."""
    if opened.implementation.is_pandas():
        return nw.lit(datetime(day.year, day.month, day.day)).cast(nw.Datetime("us"))  # noqa: DTZ001
    return nw.lit(day)


def start_of_day(dtype: nw.dtypes.DType, day: date) -> nw.Expr:
    """Express the first moment of a day, to compare a column of days or instants with as it is.

    A scanned file is then read in part only.

    Parameters
    ----------
    dtype : narwhals.stable.v2.DType
        Of the column. The day is that of the clock it is kept in.
    day : date
    """
    if not isinstance(dtype, nw.Datetime):
        return nw.lit(day)
    zone = ZoneInfo(dtype.time_zone) if dtype.time_zone else None
    return nw.lit(datetime(day.year, day.month, day.day, tzinfo=zone))
