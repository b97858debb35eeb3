"""Check a table against its contract, on any engine, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeAlias

import narwhals.stable.v2 as nw

from telcrm.tables.catalogue import contract
from telcrm.tables.contract import Column, ColumnType, Contract
from telcrm.tables.door import OpenFrame, open_frame, parse_dates
from telcrm.tables.findings import Finding, Level, ValidationReport, counted, written_keys
from telcrm.tables.rename import rename

__all__ = ["validate"]

_Rows: TypeAlias = nw.LazyFrame[Any]

_ACCEPTED: dict[ColumnType, tuple[type[nw.dtypes.DType], ...]] = {
    ColumnType.TEXT: (nw.String, nw.Categorical, nw.Enum),
    ColumnType.BOOLEAN: (nw.Boolean,),
    ColumnType.DAY: (nw.Date, nw.Datetime),
    ColumnType.MONTH: (nw.Date, nw.Datetime),
    ColumnType.INSTANT: (nw.Datetime,),
}


@dataclass(frozen=True)
class _Check:
    """One rule made ready for one frame: true where a row breaks it."""

    rule: str
    columns: tuple[str, ...]
    failing: nw.Expr
    says: str


def validate(
    frame: Any,
    table: str | Contract,
    *,
    mapping: Mapping[str, str] | None = None,
    first_keys: int = 5,
    allow_mixed_currencies: bool = False,
) -> ValidationReport:
    """Check a table against its contract.

    Columns and types first; then every rule of every column and row in one pass; then, in a second
    pass, whether a key comes twice. Only rules that are broken cost one more query each, for the
    first keys.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), DuckDB relation, PySpark or PyArrow table
    table : str or Contract
        A canonical table's name, such as ``"subscriber_months"``.
    mapping : mapping of str to str, optional
        Your column for each canonical name that differs: ``{"period": "month"}``.
    first_keys : int, default 5
        How many failing keys a finding shows, smallest first.
    allow_mixed_currencies : bool, default False
        Accept several currencies in one table; its amounts can then not be summed.

    Returns
    -------
    ValidationReport
        Call its ``raise_if_invalid()`` where findings must stop the work.

    Raises
    ------
    UnsupportedFrameError
        ``frame`` is no dataframe.
    MappingError, UnknownColumnsError
        ``mapping`` names a column that is not there.

    Examples
    --------
    >>> import polars as pl
    >>> recharges = pl.DataFrame({
    ...     "recharge_id": ["R-1", "R-2", "R-2"],
    ...     "customer_id": ["C-1", "C-1", None],
    ...     "recharged_at": [datetime(2026, 1, 5)] * 3,
    ...     "amount": [10.0, -5.0, 20.0],
    ... })
    >>> validate(recharges, "recharges")
    recharges: 3 rows, invalid
      error: recharges.customer_id: 1 row has no value (first keys: R-2)
      error: recharges.amount: 1 row breaks at_least_0 (first keys: R-2)
      error: recharges.recharge_id: 1 key comes more than once, in 2 rows (first keys: R-2)
    """
    agreed = contract(table) if isinstance(table, str) else table
    if mapping:
        frame = rename(frame, agreed, mapping)
    opened = _with_dates(open_frame(frame, table=agreed.name), agreed)
    rows = opened.rows
    schema = dict(rows.collect_schema())
    findings = _structure(agreed, schema)
    misfits = {finding.column for finding in findings if finding.rule == "type"}
    usable = {name: dtype for name, dtype in schema.items() if name not in misfits}
    checks = _column_checks(agreed, usable) + _row_checks(agreed, usable)
    counts = _count(rows, checks)
    key = [name for name in agreed.key if name in schema]
    for check, count in zip(checks, counts[1:], strict=True):
        if count:
            shown = _first_keys(rows.filter(check.failing), key, first_keys)
            findings.append(_row_finding(agreed, check, count, shown))
    if len(key) == len(agreed.key):
        findings += _duplicate_keys(agreed, rows, first_keys)
    if "currency" in usable and not allow_mixed_currencies:
        findings += _mixed_currencies(agreed, rows, key, first_keys)
    return ValidationReport(agreed.name, counts[0], tuple(findings))


def _structure(agreed: Contract, schema: Mapping[str, nw.dtypes.DType]) -> list[Finding]:
    findings = []
    found = ", ".join(schema)
    for column in agreed.columns:
        if column.name not in schema:
            if column.required:
                says = (
                    f"{agreed.name} lacks {column.name!r} (found: {found}). "
                    f'Pass mapping={{"{column.name}": "your column"}}, or rename it.'
                )
                findings.append(Finding(agreed.name, "missing_column", column.name, 0, (), says))
        elif not _accepts(column.type, schema[column.name]):
            says = (
                f"{agreed.name}.{column.name} holds {schema[column.name]}, "
                f"the contract asks for {column.type!s}. Cast the column."
            )
            findings.append(Finding(agreed.name, "type", column.name, 0, (), says))
    for name in schema:
        if name not in agreed.column_names:
            near = get_close_matches(name, agreed.column_names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            says = f"{name!r} is no column of {agreed.name} and is left alone{hint}"
            finding = Finding(agreed.name, "unknown_column", name, 0, (), says, Level.WARNING)
            findings.append(finding)
    return findings


def _accepts(kind: ColumnType, dtype: nw.dtypes.DType) -> bool:
    if kind in (ColumnType.INTEGER, ColumnType.NUMBER):
        return dtype.is_numeric()
    return isinstance(dtype, _ACCEPTED[kind])


def _column_checks(agreed: Contract, schema: Mapping[str, nw.dtypes.DType]) -> list[_Check]:
    checks = []
    for column in agreed.columns:
        if column.name not in schema:
            continue
        name, dtype = column.name, schema[column.name]
        value = nw.col(name)
        if not column.nullable:
            checks.append(_Check("null", (name,), value.is_null(), "has no value"))
        if isinstance(dtype, nw.Categorical | nw.Enum):
            value = value.cast(nw.String)
        # For pandas a missing value is unequal to everything, so it would break every rule.
        given = ~nw.col(name).is_null()
        checks += [
            _Check(rule, (name,), failing & given, says)
            for rule, failing, says in (
                *_type_checks(column, dtype, value),
                *((rule.name, rule.failing(value), f"breaks {rule.name}") for rule in column.rules),
            )
        ]
    return checks


def _type_checks(
    column: Column, dtype: nw.dtypes.DType, value: nw.Expr
) -> Iterator[tuple[str, nw.Expr, str]]:
    """Check what the type alone leaves open: fractions, infinities, times of day."""
    if dtype.is_float():
        # NaN is no number in any column; pandas keeps a missing value so, and there it is null.
        strange = value.is_nan() | (value == float("inf")) | (value == float("-inf"))
        yield "finite", strange, "is not a finite number"
    if column.type is ColumnType.INTEGER and not dtype.is_integer():
        yield "whole", value % 1 != 0, "is not a whole number"
    if column.type in (ColumnType.DAY, ColumnType.MONTH) and isinstance(dtype, nw.Datetime):
        time = value.dt.hour() + value.dt.minute() + value.dt.second() + value.dt.microsecond()
        yield "whole_day", time != 0, "has a time of day"
    if column.type is ColumnType.MONTH:
        yield "month_start", value.dt.day() != 1, "is not the first day of a month"


def _row_checks(agreed: Contract, schema: Mapping[str, nw.dtypes.DType]) -> list[_Check]:
    return [
        _Check(rule.name, rule.columns, rule.failing(), f"breaks {rule.name}")
        for rule in agreed.row_rules
        if all(name in schema for name in rule.columns)
    ]


def _with_dates(opened: OpenFrame, agreed: Contract) -> OpenFrame:
    """Read pandas columns of ``datetime.date`` objects as what they are."""
    schema = opened.rows.collect_schema()
    for column in agreed.columns:
        if column.type in (ColumnType.DAY, ColumnType.MONTH) and column.name in schema:
            opened = parse_dates(opened, column.name)
    return opened


def _count(rows: _Rows, checks: list[_Check]) -> list[int]:
    # The flags become columns before they are summed: a condition inside an aggregate is dropped
    # in silence by pandas and PyArrow.
    flags = {f"check_{number}": check.failing.cast(nw.Int64) for number, check in enumerate(checks)}
    counted = (
        rows.select(row=nw.lit(1), **flags)
        .select(nw.col("row").sum(), *(nw.col(flag).sum() for flag in flags))
        .collect()
    )
    return [int(value or 0) for value in counted.row(0)]


def _row_finding(
    agreed: Contract, check: _Check, count: int, keys: tuple[tuple[Any, ...], ...]
) -> Finding:
    column = ", ".join(check.columns)
    verb = check.says if count == 1 else _plural(check.says)
    says = f"{agreed.name}.{column}: {counted(count, 'row')} {verb}{_shown(keys)}"
    return Finding(agreed.name, check.rule, column, count, keys, says)


def _plural(says: str) -> str:
    verb, _, rest = says.partition(" ")
    return f"{ {'has': 'have', 'breaks': 'break', 'is': 'are'}[verb] } {rest}"


def _shown(keys: tuple[tuple[Any, ...], ...]) -> str:
    return f" (first keys: {written_keys(keys)})" if keys else ""


def _duplicate_keys(agreed: Contract, rows: _Rows, first_keys: int) -> list[Finding]:
    key = list(agreed.key)
    complete = rows.filter(*[~nw.col(name).is_null() for name in key])
    repeated = complete.group_by(key).agg(nw.len().alias("times")).filter(nw.col("times") > 1)
    totals = repeated.select(nw.len().alias("keys"), nw.col("times").sum().alias("rows"))
    count, repeats = (int(value or 0) for value in totals.collect().row(0))
    if not count:
        return []
    keys = _first_keys(repeated, key, first_keys)
    told = f"{counted(count, 'key')} {'comes' if count == 1 else 'come'}"
    says = (
        f"{agreed.name}.{', '.join(key)}: {told} more than once, in {repeats:,} rows{_shown(keys)}"
    )
    return [Finding(agreed.name, "duplicate_key", ", ".join(key), count, keys, says)]


def _mixed_currencies(
    agreed: Contract, rows: _Rows, key: list[str], first_keys: int
) -> list[Finding]:
    used = (
        rows.filter(~nw.col("currency").is_null())
        .group_by("currency")
        .agg(nw.len().alias("rows"))
        .collect()
    )
    ranked = sorted(used.iter_rows(), key=lambda pair: (-pair[1], pair[0]))
    if len(ranked) < 2:
        return []
    main = ranked[0][0]
    count = sum(times for _, times in ranked[1:])
    keys = _first_keys(rows.filter(nw.col("currency") != main), key, first_keys)
    tally = ", ".join(f"{code} {times:,}" for code, times in ranked)
    says = (
        f"{agreed.name}.currency mixes currencies ({tally}); split the table, "
        f"or convert it to one{_shown(keys)}"
    )
    return [Finding(agreed.name, "mixed_currencies", "currency", count, keys, says)]


def _first_keys(failing: _Rows, key: list[str], limit: int) -> tuple[tuple[Any, ...], ...]:
    if not key:
        return ()
    first = failing.select(*key).sort(*key, nulls_last=True).head(limit).collect()
    return tuple(tuple(_readable(part) for part in row) for row in first.iter_rows())


def _readable(part: Any) -> Any:
    """Show a day as a day, though pandas keeps it as a timestamp, and a missing part as None."""
    if part is None or part != part:  # noqa: PLR0124 - NaN and NaT are not equal to themselves
        return None
    if isinstance(part, datetime) and part.time() == datetime.min.time():
        return part.date()
    return part
