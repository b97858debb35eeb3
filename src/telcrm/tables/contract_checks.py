"""Turn a contract into checks on the columns that a frame really has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.tables.contract import Column, ColumnType, Contract, RowRule
from telcrm.tables.findings import Level
from telcrm.tables.row_checks import RowCheck, finite, month_start, not_null

__all__ = ["accepts", "contract_checks", "refusing_checks", "with_absent_columns"]

_ACCEPTED: dict[ColumnType, tuple[type[nw.dtypes.DType], ...]] = {
    ColumnType.TEXT: (nw.String, nw.Categorical, nw.Enum),
    ColumnType.BOOLEAN: (nw.Boolean,),
    ColumnType.DAY: (nw.Date, nw.Datetime),
    ColumnType.MONTH: (nw.Date, nw.Datetime),
    ColumnType.INSTANT: (nw.Datetime,),
}

_Schema = Mapping[str, nw.dtypes.DType]


def accepts(kind: ColumnType, dtype: nw.dtypes.DType) -> bool:
    """Tell whether a column of some dtype can hold values of a kind.

    Parameters
    ----------
    kind : ColumnType
    dtype : narwhals.stable.v2.DType
        An unknown one, as of a column without any value, is accepted here; its rows are looked at.

    Returns
    -------
    bool
    """
    if dtype == nw.Unknown:
        return True
    if kind in (ColumnType.INTEGER, ColumnType.NUMBER):
        return dtype.is_numeric()
    return isinstance(dtype, _ACCEPTED[kind])


def contract_checks(agreed: Contract, schema: _Schema) -> list[RowCheck]:
    """Make the checks of a contract for the columns that are there.

    Parameters
    ----------
    agreed : Contract
    schema : mapping of str to DType
        Columns whose type is accepted.

    Returns
    -------
    list of RowCheck
    """
    checks: list[RowCheck] = []
    for column in agreed.columns:
        if column.name in schema:
            checks += _column_checks(column, schema[column.name])
    for rule in _row_rules(agreed, schema):
        checks.append(RowCheck(rule.name, ", ".join(rule.columns), rule.failing(), rule.words))
    return checks


def refusing_checks(agreed: Contract, schema: _Schema) -> list[RowCheck]:
    """Make those checks of a contract that an answer made from the table depends on.

    Warnings are left out, and how keys and names are written.

    Parameters
    ----------
    agreed : Contract
    schema : mapping of str to DType
        Columns whose type is accepted.

    Returns
    -------
    list of RowCheck
    """
    return [
        check
        for check in contract_checks(agreed, schema)
        if check.level is Level.ERROR and not _is_about_spelling(agreed, check)
    ]


def _is_about_spelling(agreed: Contract, check: RowCheck) -> bool:
    if check.rule == "null" or "," in check.column:
        return False
    column = agreed.column(check.column)
    return column.type is ColumnType.TEXT and not column.allowed


def with_absent_columns(
    rows: nw.LazyFrame[Any], agreed: Contract, schema: _Schema
) -> nw.LazyFrame[Any]:
    """Add, as nulls, the optional columns that a row rule needs beside those that are there.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    agreed : Contract
    schema : mapping of str to DType

    Returns
    -------
    narwhals.stable.v2.LazyFrame
    """
    names = {name for rule in _row_rules(agreed, schema) for name in rule.columns}
    absent = [name for name in agreed.column_names if name in names and name not in schema]
    if not absent:
        return rows
    some = nw.col(next(iter(schema)))
    # Not a null literal of type text, which pandas 2 makes the word None.
    nothing = nw.when(some.is_null() & ~some.is_null()).then(nw.lit(""))
    return rows.with_columns(**dict.fromkeys(absent, nothing))


def _row_rules(agreed: Contract, schema: _Schema) -> Iterator[RowRule]:
    for rule in agreed.row_rules:
        columns = [agreed.column(name) for name in rule.columns]
        there = [column for column in columns if column.name in schema]
        absent = [column for column in columns if column.name not in schema]
        some_optional = any(not column.required for column in there)
        if not absent or (some_optional and all(map(_may_be_absent, absent))):
            yield rule


def _may_be_absent(column: Column) -> bool:
    # A comparison with a day or an amount that is not there is broken by no row.
    return not column.required and column.type is ColumnType.TEXT


def _column_checks(column: Column, dtype: nw.dtypes.DType) -> Iterator[RowCheck]:
    name = column.name
    value = nw.col(name)
    given = ~value.is_null()
    if not column.nullable:
        yield not_null(name)
    if dtype == nw.Unknown:
        yield RowCheck("type", name, given, f"holds values of an unknown type, not {column.type!s}")
        return
    if isinstance(dtype, nw.Categorical | nw.Enum):
        value = value.cast(nw.String)
    yield from _type_checks(column, dtype)
    for rule in column.rules:
        # For pandas a missing value is unequal to everything, so it would break every rule.
        yield RowCheck(rule.name, name, rule.failing(value) & given, rule.words)
    if column.type is ColumnType.TEXT and name.endswith("_id"):
        words = "ends in .0, as a whole number written as a float: it joins no other table"
        yield RowCheck(
            "float_key", name, value.str.ends_with(".0") & given, words, "", Level.WARNING
        )


def _type_checks(column: Column, dtype: nw.dtypes.DType) -> Iterator[RowCheck]:
    """Check what the type alone leaves open: fractions, infinities, times of day."""
    name = column.name
    value = nw.col(name)
    given = ~value.is_null()
    if dtype.is_float():
        yield finite(name)
    if column.type is ColumnType.INTEGER and not dtype.is_integer():
        yield RowCheck("whole", name, given & (value % 1 != 0), "is not a whole number")
    if column.type in (ColumnType.DAY, ColumnType.MONTH) and isinstance(dtype, nw.Datetime):
        clock = value.dt
        # Not added up: engines keep hours and minutes in a byte.
        parts = (clock.hour(), clock.minute(), clock.second(), clock.microsecond())
        timed = nw.any_horizontal(*[part != 0 for part in parts], ignore_nulls=True)
        yield RowCheck("whole_day", name, given & timed, "has a time of day")
    if column.type is ColumnType.MONTH:
        yield month_start(name)
