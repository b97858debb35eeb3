"""Refuse a table whose rows would give wrong numbers, with counts and first keys, in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.tables.door import OpenFrame, parse_objects
from telcrm.tables.findings import Finding, Level, counted, readable, written_keys

__all__ = [
    "FIRST_KEYS",
    "RowCheck",
    "Tally",
    "amount_checks",
    "check_rows",
    "finite",
    "first_keys",
    "month_start",
    "not_null",
    "tally",
]

FIRST_KEYS = 5
"""How many keys of failing rows a finding shows, unless asked otherwise."""

_CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What no row may be.

    Attributes
    ----------
    rule : str
        A short stable name.
    column : str
        The column that is looked at; several are joined by a comma.
    broken : narwhals.stable.v2.Expr
        True for a row that breaks the rule.
    words : str
        What is wrong with such a row, for the message: ``"is below 0"``.
    remedy : str
        How to mend it, a sentence.
    level : Level
    """

    rule: str
    column: str
    broken: nw.Expr
    words: str
    remedy: str = ""
    level: Level = Level.ERROR


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a table, rows that break each check, and least and greatest of what was asked for."""

    row_count: int
    counts: tuple[int, ...]
    ranges: dict[str, tuple[Any, Any]]


def not_null(column: str, *, remedy: str = "Drop or fill those rows.") -> RowCheck:
    """Make the rule that ``column`` is never null.

    Examples
    --------
    >>> not_null("customer_id").words
    'is null'
    """
    return RowCheck("null", column, nw.col(column).is_null(), "is null", remedy)


def finite(column: str) -> RowCheck:
    """Make the rule that a column of floats holds neither an infinity nor NaN.

    Nulls pass, and so does NaN where it is null: in NumPy-backed pandas.

    Examples
    --------
    >>> finite("revenue").words
    'is not a finite number'
    """
    broken = ~nw.col(column).is_null() & ~nw.col(column).is_finite()
    return RowCheck("finite", column, broken, "is not a finite number", "Drop those rows.")


def month_start(column: str) -> RowCheck:
    """Make the rule that each day of a column is the first of its month. Nulls pass.

    Examples
    --------
    >>> month_start("period").words
    'is not the first day of its month'
    """
    broken = ~nw.col(column).is_null() & (nw.col(column).dt.day() != 1)
    words = "is not the first day of its month"
    return RowCheck("month_start", column, broken, words, "Truncate it to the month.")


def amount_checks(opened: OpenFrame, column: str) -> list[RowCheck]:
    """Make the rules that an amount is there, and finite where its type allows anything else.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"revenue": [1.0]}), table="t")
    >>> [rule.rule for rule in amount_checks(opened, "revenue")]
    ['null', 'finite']
    """
    rules = [not_null(column, remedy="Fill with 0 if nothing was charged, or drop those rows.")]
    if isinstance(opened.rows.collect_schema()[column], nw.dtypes.FloatType):
        rules.append(finite(column))
    return rules


def check_rows(
    opened: OpenFrame,
    rules: Sequence[RowCheck],
    *,
    keys: Sequence[str],
    ranges: Mapping[str, nw.Expr] | None = None,
) -> dict[str, tuple[Any, Any]]:
    """Run one query that counts the rows breaking each rule, and refuse the table if any does.

    A table with a column ``currency`` is also refused if more than one currency stands in it.

    Parameters
    ----------
    opened : OpenFrame
    rules : sequence of RowCheck
    keys : sequence of str
        Columns that name a row to a person.
    ranges : mapping of str to narwhals.stable.v2.Expr, optional
        Values whose least and greatest are wanted from the same query.

    Returns
    -------
    dict of str to (least, greatest)
        Both None when there are no rows.

    Raises
    ------
    InvalidTableError
        Some rows break a rule; ``context["findings"]`` holds a ``Finding`` for each rule.
    CurrencyMismatchError
        Two currencies stand in the table; null currencies do not count as one.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"id": ["a", None]}), table="customers")
    >>> check_rows(opened, [not_null("id")], keys=["id"])
    Traceback (most recent call last):
        ...
    telcrm.errors.InvalidTableError: [TC-TABLE-004] customers: 'id' is null in 1 row ...
    """
    opened = parse_objects(opened, [_CURRENCY])
    wanted = dict(ranges or {})
    if _CURRENCY in opened.rows.collect_schema().names():
        wanted[_CURRENCY] = nw.col(_CURRENCY).cast(nw.String)
    found = tally(opened.rows, rules, ranges=wanted)
    if any(found.counts):
        broken = [pair for pair in zip(rules, found.counts, strict=True) if pair[1]]
        _refuse(opened, broken, keys)
    if _CURRENCY in found.ranges:
        _refuse_mixed_currencies(opened, *found.ranges[_CURRENCY])
    return found.ranges


def tally(
    rows: nw.LazyFrame[Any],
    checks: Sequence[RowCheck],
    *,
    ranges: Mapping[str, nw.Expr] | None = None,
) -> Tally:
    """Count, in one query, all rows and those that break each check.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    checks : sequence of RowCheck
    ranges : mapping of str to narwhals.stable.v2.Expr, optional
        Values whose least and greatest are wanted from the same query.

    Returns
    -------
    Tally

    Examples
    --------
    >>> import polars as pl
    >>> rows = nw.from_native(pl.LazyFrame({"id": ["a", None]}))
    >>> tally(rows, [not_null("id")])
    Tally(row_count=2, counts=(1,), ranges={})
    """
    wanted = dict(ranges or {})
    flags = {f"_check_{at}": check.broken for at, check in enumerate(checks)}
    columns = rows.collect_schema().names()
    if not columns:
        return Tally(0, (), dict.fromkeys(wanted, (None, None)))
    flagged = rows.select(
        # Without a column of the table there would be no rows to count.
        nw.col(columns[0]).alias("_row"),
        # Never a condition inside the aggregate: pandas and PyArrow drop it silently.
        **{name: broken.cast(nw.Int64) for name, broken in flags.items()},
        **wanted,
    )
    summary = flagged.select(
        nw.len().alias("_rows"),
        *([nw.col(*flags).sum()] if flags else []),
        *[nw.col(name).min().alias(f"_least_{name}") for name in wanted],
        *[nw.col(name).max().alias(f"_greatest_{name}") for name in wanted],
    )
    [row] = summary.collect().rows(named=True)
    return Tally(
        int(row["_rows"]),
        # SQL sums no rows to null.
        tuple(int(row[name] or 0) for name in flags),
        {
            name: (readable(row[f"_least_{name}"]), readable(row[f"_greatest_{name}"]))
            for name in wanted
        },
    )


def first_keys(
    rows: nw.LazyFrame[Any], columns: Sequence[str], limit: int
) -> tuple[tuple[Any, ...], ...]:
    """Return the smallest keys of some rows, nulls last.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    columns : sequence of str
        The key; without columns there are no keys.
    limit : int

    Returns
    -------
    tuple of tuple
        A day that the engine keeps as a timestamp is a ``date``, a missing part None.
    """
    if not columns:
        return ()
    first = rows.select(*columns).sort(*columns, nulls_last=True).head(limit).collect()
    return tuple(tuple(readable(part) for part in row) for row in first.iter_rows())


def _refuse(opened: OpenFrame, broken: Sequence[tuple[RowCheck, int]], keys: Sequence[str]) -> None:
    findings = []
    for rule, count in broken:
        first = first_keys(opened.rows.filter(rule.broken), keys, FIRST_KEYS)
        message = (
            f"{rule.column!r} {rule.words} in {counted(count, 'row')} "
            f"(first {'/'.join(keys)}: {written_keys(first)}). {rule.remedy}"
        )
        findings.append(Finding(opened.table, rule.rule, rule.column, count, first, message))
    raise InvalidTableError(
        f"{opened.table}: {' '.join(finding.message for finding in findings)}",
        table=opened.table,
        findings=tuple(findings),
    )


def _refuse_mixed_currencies(opened: OpenFrame, least: Any, greatest: Any) -> None:
    if least != greatest:
        raise CurrencyMismatchError(
            f"{opened.table}: column {_CURRENCY!r} mixes {least!r} with {greatest!r}. "
            "Keep the rows of one currency, or convert the amounts and drop the column.",
            table=opened.table,
            currencies=[least, greatest],
        )
