"""Tests on whole columns, as narwhals expressions that are true or false and never null.

Engines differ in what they make of a null, a NaN, a category or a time zone. Each test says first
where a value is present, so that no engine is asked for its opinion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor
from operator import and_, eq, ge, gt, le, lt, or_
from typing import Any, Final
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw

from telcrm.errors import FieldTypeError
from telcrm.rules.check import check
from telcrm.rules.condition import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    CompareFields,
    Comparison,
    Condition,
    FieldTest,
    IsMissing,
    Not,
    OneOf,
    TextMatch,
    TextTest,
)
from telcrm.rules.rule_set import RuleSet
from telcrm.rules.value import Value, ValueKind, kind_of

__all__ = ["Schema", "condition_expression", "first_of", "joined", "require_fit"]

Schema = Mapping[str, nw.dtypes.DType]

_TYPES: Final[tuple[tuple[type[nw.dtypes.DType], str], ...]] = (
    (nw.String, "text"),
    (nw.Categorical, "text"),
    (nw.Enum, "text"),
    (nw.Boolean, "boolean"),
    (nw.dtypes.IntegerType, "integer"),
    (nw.dtypes.NumericType, "number"),
    (nw.Date, "day"),
    (nw.Datetime, "instant"),
)
_OPERATORS: Final[dict[Comparison, Callable[[nw.Expr, Any], nw.Expr]]] = {
    Comparison.EQ: eq,
    Comparison.LT: lt,
    Comparison.LE: le,
    Comparison.GT: gt,
    Comparison.GE: ge,
}
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    dtype: nw.dtypes.DType
    nullable: bool = True
    allowed: tuple[str, ...] = ()

    @property
    def values(self) -> nw.Expr:
        column = nw.col(self.name)
        if self.type == "text":
            # A null in a pandas column of objects answers a test of text with null.
            return column.cast(nw.String).fill_null("")
        if self.type == "number":
            return column.cast(nw.Float64)
        if isinstance(self.dtype, nw.Datetime) and self.dtype.time_unit != "us":
            return column.cast(nw.Datetime("us", self.dtype.time_zone))
        return column

    @property
    def present(self) -> nw.Expr:
        column = nw.col(self.name)
        there = ~column.is_null()
        if isinstance(self.dtype, nw.dtypes.FloatType):
            # NaN is null in NumPy-backed pandas, and the greatest of numbers in SQL and Polars.
            return there & ~column.fill_null(0.0).is_nan()
        return there


@dataclass(frozen=True)
class _Shape:
    name: str
    columns: tuple[_Column, ...]


def require_fit(rules: Condition | RuleSet, schema: Schema) -> dict[str, _Column]:
    """Return the columns that conditions look at, or refuse a table that they do not fit."""
    columns = {}
    for name in rules.fields_used:
        if name in schema:
            dtype = schema[name]
            types = [word for accepted, word in _TYPES if isinstance(dtype, accepted)]
            if not types:
                raise FieldTypeError(
                    f"column {name!r} holds {dtype}, which no test can read. Cast it first.",
                    column=name,
                    dtype=str(dtype),
                )
            columns[name] = _Column(name, types[0], dtype)
    others = (_Column(name, "text", dtype) for name, dtype in schema.items() if name not in columns)
    check(rules, _Shape("the table", (*columns.values(), *others)))
    return columns


def condition_expression(condition: Condition, columns: Mapping[str, _Column]) -> nw.Expr:
    """Return the expression that is true where a condition holds, else false."""
    match condition:
        case AllOf() | AnyOf():
            parts = [condition_expression(each, columns) for each in condition.conditions]
            return joined(parts, and_ if isinstance(condition, AllOf) else or_)
        case Not():
            return ~condition_expression(condition.condition, columns)
    return _test(condition, columns)


def first_of(
    rows: Sequence[tuple[nw.Expr, Any]], otherwise: Any, dtype: nw.dtypes.DType
) -> nw.Expr:
    """Return the value beside the first expression that is true, or ``otherwise``."""
    values = [nw.when(holds).then(nw.lit(value, dtype)) for holds, value in rows]
    # pandas 2 fills nulls with anything but null.
    rest = [nw.lit(otherwise, dtype)] if otherwise is not None or not values else []
    return nw.coalesce(*values, *rest)


def joined(parts: Sequence[nw.Expr], operator: Callable[[Any, Any], Any]) -> nw.Expr:
    """Return expressions combined by ``and_`` or ``or_``."""
    # Halved again and again: SQL engines limit how deep an expression may go.
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    both: nw.Expr = operator(joined(parts[:half], operator), joined(parts[half:], operator))
    return both


def _test(test: FieldTest, columns: Mapping[str, _Column]) -> nw.Expr:
    column = columns[test.field]
    match test:
        case IsMissing():
            return ~column.present
        case CompareFields():
            other = columns[test.other]
            return column.present & other.present & _compare_fields(column, other, test)
        case Compare():
            holds = _compare(column, test.test, test.value)
        case OneOf():
            holds = _one_of(column, test.values)
        case Between():
            low = Comparison.GE if test.includes_low else Comparison.GT
            high = Comparison.LE if test.includes_high else Comparison.LT
            holds = _compare(column, low, test.low) & _compare(column, high, test.high)
        case TextTest():
            holds = _contains(column, test)
    # Engines know that false and null is false.
    return column.present & holds


def _compare(column: _Column, test: Comparison, value: Value) -> nw.Expr:
    if test is Comparison.NE:
        return ~_compare(column, Comparison.EQ, value)
    if isinstance(value, bool):
        return column.values if value else ~column.values
    if column.type == "integer":
        return _compare_whole(column, test, value)
    if isinstance(column.dtype, nw.Datetime) and kind_of(value) is ValueKind.DAY:
        return _compare_day(column, test, value)
    return _OPERATORS[test](column.values, _literal(value, column.dtype))


def _compare_whole(column: _Column, test: Comparison, value: Any) -> nw.Expr:
    """Compare whole numbers with whole numbers: as floats, some engines would round them first."""
    if value == floor(value):
        return _OPERATORS[test](column.values, int(value))
    match test:
        case Comparison.EQ:
            return ~column.present
        case Comparison.LT | Comparison.LE:
            return _OPERATORS[Comparison.LE](column.values, floor(value))
    return _OPERATORS[Comparison.GE](column.values, ceil(value))


def _compare_day(column: _Column, test: Comparison, day: Any) -> nw.Expr:
    """Compare instants with a day, which lasts from its midnight to the next, in UTC."""
    values, begin = column.values, _midnight(day, column.dtype)
    last = day == date.max
    end = begin if last else _midnight(day + _ONE_DAY, column.dtype)
    match test:
        case Comparison.LT:
            return values < begin
        case Comparison.GE:
            return values >= begin
        case Comparison.LE:
            return column.present if last else values < end
        case Comparison.GT:
            return ~column.present if last else values >= end
    return values >= begin if last else (values >= begin) & (values < end)


def _midnight(day: date, dtype: nw.dtypes.DType) -> nw.Expr:
    return _literal(datetime.combine(day, time(), UTC), dtype)


def _literal(value: Any, dtype: nw.dtypes.DType) -> nw.Expr:
    if isinstance(value, datetime) and isinstance(dtype, nw.Datetime):
        return _naive(value) if dtype.time_zone is None else _in_zone(value, dtype.time_zone)
    return nw.lit(float(value) if kind_of(value) is ValueKind.NUMBER else value)


def _naive(instant: datetime) -> nw.Expr:
    # PySpark reads a naive literal in the zone of the computer, but a day in none.
    midnight = datetime.combine(instant.date(), time(), UTC)
    day = nw.lit(instant.date()).cast(nw.Datetime("us"))
    return day if instant == midnight else day + nw.lit(instant - midnight)


def _in_zone(instant: datetime, zone: str) -> nw.Expr:
    try:
        # Polars compares instants of one zone only.
        return nw.lit(instant.astimezone(ZoneInfo(zone)))
    except (ValueError, LookupError, OverflowError):
        return nw.lit(instant)


def _one_of(column: _Column, values: Sequence[Value]) -> nw.Expr:
    first = kind_of(values[0])
    if first is ValueKind.TEXT:
        return column.values.is_in(values)
    if first is ValueKind.NUMBER:
        numbers: list[Any] = [float(value) for value in values]  # type: ignore[arg-type]
        if column.type == "integer":
            numbers = [int(number) for number in numbers if number.is_integer()]
        return column.values.is_in(numbers) if numbers else ~column.present
    return joined([_compare(column, Comparison.EQ, value) for value in values], or_)


def _contains(column: _Column, test: TextTest) -> nw.Expr:
    match test.match:
        case TextMatch.STARTS_WITH:
            return column.values.str.starts_with(test.text)
        case TextMatch.ENDS_WITH:
            return column.values.str.ends_with(test.text)
    return column.values.str.contains(test.text, literal=True)


def _compare_fields(left: _Column, right: _Column, test: CompareFields) -> nw.Expr:
    ours, theirs = left.values, right.values
    if left.type in {"integer", "number"} and (
        left.type != right.type or left.type == "number" or test.factor is not None
    ):
        ours, theirs = ours.cast(nw.Float64), theirs.cast(nw.Float64)
        if test.factor is not None:
            theirs = theirs * float(test.factor)  # type: ignore[arg-type]
    elif isinstance(left.dtype, nw.Datetime) and isinstance(right.dtype, nw.Datetime):
        ours, theirs = _in_one_zone(left, right, ours, theirs)
    if test.test is Comparison.NE:
        return ~(ours == theirs)
    return _OPERATORS[test.test](ours, theirs)


def _in_one_zone(
    left: _Column, right: _Column, ours: nw.Expr, theirs: nw.Expr
) -> tuple[nw.Expr, nw.Expr]:
    zones = {column.dtype.time_zone for column in (left, right)}  # type: ignore[attr-defined]
    if len(zones) == 1:
        return ours, theirs
    if None in zones:
        raise FieldTypeError(
            f"columns {left.name!r} and {right.name!r} are compared, and one of them has no time "
            "zone. Give it one.",
            columns=[left.name, right.name],
        )
    return ours.dt.convert_time_zone("UTC"), theirs.dt.convert_time_zone("UTC")
