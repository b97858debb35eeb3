"""Rows of customers, checked: each rule stated once, for engines and for arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import RowCheck, check_rows, finite, not_null
from telcrm.value.scoring import ROWS_AT_ONCE, Arrays, in_memory

__all__ = ["CustomerRows", "CustomerRule", "is_amount", "not_positive", "not_whole"]

_CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class CustomerRule:
    """What no row of customers may be.

    Attributes
    ----------
    rule : str
        A short stable name.
    column : str
        The column that is looked at.
    broken : callable
        From columns by name, all of them expressions or all of them arrays, to where the rule is
        broken.
    words, remedy : str
        What is wrong with such a row, and how to mend it.
    of_floats : bool
        No integer can break it.
    """

    rule: str
    column: str
    broken: Callable[[Mapping[str, Any]], Any]
    words: str
    remedy: str
    of_floats: bool = False


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """A frame of customers that keeps all rules.

    Attributes
    ----------
    opened : OpenFrame
    arrays : mapping of str to array, or None
        The columns that were checked, where the frame is in memory.
    """

    opened: OpenFrame
    arrays: Arrays | None

    @classmethod
    def read(
        cls,
        frame: Any,
        named: Mapping[str, str | Sequence[str]],
        rules: Sequence[CustomerRule],
        *,
        complete: Sequence[str],
        keys: Sequence[str],
        of_money: bool,
    ) -> CustomerRows:
        """Open a frame whose rows are customers, or refuse it.

        Parameters
        ----------
        frame : dataframe
        named : mapping of str to str or sequence of str
            Numeric columns, by the parameter that names them.
        rules : sequence of CustomerRule
        complete : sequence of str
            Those that are never null, and finite.
        keys : sequence of str
            Columns that name a row to a person.
        of_money : bool
            Whether amounts are looked at, which are in one currency. Counts and times are in none,
            whatever other columns say.

        Returns
        -------
        CustomerRows

        Raises
        ------
        UnsupportedFrameError, MissingColumnsError, ColumnTypeError, InvalidTableError
        CurrencyMismatchError
        """
        opened = open_frame(frame, table="customers")
        require_columns(opened, named)
        each = [[name] if isinstance(name, str) else list(name) for name in named.values()]
        columns = list(dict.fromkeys(name for names in each for name in names))
        opened = parse_objects(opened, columns)
        require_kinds(opened, dict.fromkeys(columns, ColumnKind.NUMBER))
        arrays = in_memory(opened, columns)
        schema = opened.rows.collect_schema()
        priced = of_money and _CURRENCY in schema.names()
        if arrays is None or priced or not _is_sound(arrays, rules, complete):
            looked_at = opened.rows.select(*columns, *([_CURRENCY] if priced else []))
            floats = {name for name in columns if isinstance(schema[name], nw.dtypes.FloatType)}
            checks = [not_null(name) for name in complete]
            checks += [finite(name) for name in complete if name in floats]
            expressions = {name: nw.col(name) for name in columns}
            checks += [
                RowCheck(rule.rule, rule.column, rule.broken(expressions), rule.words, rule.remedy)
                for rule in rules
                if rule.column in floats or not rule.of_floats
            ]
            check_rows(replace(opened, rows=looked_at), checks, keys=keys)
        return cls(opened, arrays)


def _is_sound(arrays: Arrays, rules: Sequence[CustomerRule], complete: Sequence[str]) -> bool:
    """Whether no row breaks a rule: much sooner told of arrays, which cannot tell which one."""
    # A sum is finite where all of it is, and a null is NaN.
    if not all(np.isfinite(arrays[name].sum()) for name in complete):
        return False
    rows = max((values.size for values in arrays.values()), default=0)
    # A block at a time stays in the cache.
    for first in range(0, rows, ROWS_AT_ONCE):
        block = {name: values[first : first + ROWS_AT_ONCE] for name, values in arrays.items()}
        if any(rule.broken(block).any() for rule in rules):
            return False
    return True


def not_whole(name: str) -> CustomerRule:
    """Make the rule that a number is whole."""

    def broken(columns: Mapping[str, Any]) -> Any:
        value = columns[name]
        if isinstance(value, nw.Expr):
            return value.cast(nw.Float64) != value.cast(nw.Float64).floor()
        return value != np.floor(value)

    words = "is no whole number"
    return CustomerRule("whole", name, broken, words, "Count whole ones.", of_floats=True)


def not_positive(name: str) -> CustomerRule:
    """Make the rule that a number of customers is above 0."""
    words = "is not above 0"
    return CustomerRule("customers", name, lambda of: of[name] <= 0, words, "Drop those rows.")


def is_amount(value: Any) -> Any:
    """Tell where a column, an expression or an array, is a finite number above 0."""
    if isinstance(value, nw.Expr):
        return ~value.is_null() & value.cast(nw.Float64).is_finite() & (value > 0)
    return np.isfinite(value) & (value > 0)
