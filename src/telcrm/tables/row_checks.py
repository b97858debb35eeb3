"""Refuse a table whose rows would give wrong numbers, with counts and first keys, in one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import CurrencyMismatchError, InvalidTableError
from telcrm.tables.door import OpenFrame
from telcrm.tables.findings import Finding, written_keys

__all__ = ["RowCheck", "amount_checks", "check_rows", "not_null"]

_FIRST_KEYS = 3
_CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What no row may be.

    Attributes
    ----------
    rule : str
        A short stable name.
    column : str
    broken : narwhals.stable.v2.Expr
        True for a row that breaks the rule.
    words : str
        What is wrong with such a row, for the message.
    remedy : str
        How to mend it, a sentence.
    """

    rule: str
    column: str
    broken: nw.Expr
    words: str
    remedy: str


def not_null(column: str, *, remedy: str = "Drop or fill those rows.") -> RowCheck:
    """Make the rule that ``column`` is never null.

    Examples
    --------
    >>> not_null("customer_id").words
    'is null'
    """
    return RowCheck("not_null", column, nw.col(column).is_null(), "is null", remedy)


def amount_checks(opened: OpenFrame, column: str) -> list[RowCheck]:
    """Make the rules that an amount is there, and finite where its type allows anything else.

    Examples
    --------
    >>> import polars as pl
    >>> from telcrm.tables.door import open_frame
    >>> opened = open_frame(pl.DataFrame({"revenue": [1.0]}), table="t")
    >>> [rule.rule for rule in amount_checks(opened, "revenue")]
    ['not_null', 'finite']
    """
    rules = [not_null(column, remedy="Fill with 0 if nothing was charged, or drop those rows.")]
    if isinstance(opened.rows.collect_schema()[column], nw.dtypes.FloatType):
        amount = nw.col(column)
        broken = ~amount.is_null() & ~amount.is_finite()
        rules.append(RowCheck("finite", column, broken, "is not finite", "Drop those rows."))
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
    wanted = dict(ranges or {})
    if _CURRENCY in opened.rows.collect_schema().names():
        wanted[_CURRENCY] = nw.col(_CURRENCY).cast(nw.String)
    flags = [f"_rule_{at}" for at in range(len(rules))]
    flagged = opened.rows.select(
        **{
            # Never a condition inside the aggregate: pandas and PyArrow drop it silently.
            flag: nw.when(rule.broken).then(nw.lit(1)).otherwise(nw.lit(0))
            for flag, rule in zip(flags, rules, strict=True)
        },
        **wanted,
    )
    summary = flagged.select(
        *[nw.col(flag).sum() for flag in flags],
        *[nw.col(name).min().alias(f"_least_{name}") for name in wanted],
        *[nw.col(name).max().alias(f"_greatest_{name}") for name in wanted],
    )
    [row] = summary.collect().rows(named=True)
    # SQL sums no rows to null.
    broken = [(rule, int(row[flag] or 0)) for flag, rule in zip(flags, rules, strict=True)]
    if any(count for _, count in broken):
        _refuse(opened, [(rule, count) for rule, count in broken if count], keys)
    found = {
        name: (_known(row[f"_least_{name}"]), _known(row[f"_greatest_{name}"])) for name in wanted
    }
    if _CURRENCY in found:
        _refuse_mixed_currencies(opened, *found[_CURRENCY])
    return found


def _known(value: Any) -> Any:
    # pandas answers NaN or NaT, the only values unequal to themselves, where others answer null.
    return value if value == value else None  # noqa: PLR0124


def _refuse(opened: OpenFrame, broken: Sequence[tuple[RowCheck, int]], keys: Sequence[str]) -> None:
    findings = []
    for rule, count in broken:
        rows = opened.rows.filter(rule.broken).select(*keys)
        first = rows.sort(*keys, nulls_last=True).head(_FIRST_KEYS).collect().rows()
        message = (
            f"{rule.column!r} {rule.words} in {count} row{'s' if count > 1 else ''} "
            f"(first {'/'.join(keys)}: {written_keys(tuple(first))}). {rule.remedy}"
        )
        found = Finding(opened.table, rule.rule, rule.column, count, tuple(first), message)
        findings.append(found)
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
