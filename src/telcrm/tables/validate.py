"""Check a table against its contract, on any engine, in one pass over the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.catalogue import contract
from telcrm.tables.contract import Contract
from telcrm.tables.contract_checks import accepts, contract_checks, with_absent_columns
from telcrm.tables.door import open_frame, parse_objects
from telcrm.tables.findings import Finding, Level, ValidationReport, counted, written_keys
from telcrm.tables.rename import rename
from telcrm.tables.row_checks import FIRST_KEYS, RowCheck, tally
from telcrm.tables.row_checks import first_keys as first_keys_of

__all__ = ["validate"]


def validate(
    frame: Any,
    table: str | Contract,
    *,
    mapping: Mapping[str, str] | None = None,
    first_keys: int = FIRST_KEYS,
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
    ParameterError
        There is no such table, or ``first_keys`` is no whole number of at least 0.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime
    >>> recharges = pl.DataFrame({
    ...     "recharge_id": ["R-1", "R-2", "R-2"],
    ...     "customer_id": ["C-1", "C-1", None],
    ...     "recharged_at": [datetime(2026, 1, 5)] * 3,
    ...     "amount": [10.0, -5.0, 20.0],
    ... })
    >>> validate(recharges, "recharges")
    recharges: 3 rows, invalid
      error: recharges.customer_id is null in 1 row (first keys: R-2)
      error: recharges.amount is below 0 in 1 row, such as -5.0 (first keys: R-2)
      error: recharges.recharge_id comes more than once: 1 key in 2 rows (first keys: R-2)
    """
    agreed = contract(table)
    if type(first_keys) is not int or first_keys < 0:
        message = f"first_keys is {first_keys!r}, and has to be a whole number of at least 0."
        raise ParameterError(message, first_keys=first_keys)
    if mapping:
        frame = rename(frame, agreed, mapping)
    opened = parse_objects(open_frame(frame, table=agreed.name), agreed.column_names)
    schema = dict(opened.rows.collect_schema())
    findings = _structure(agreed, schema)
    misfits = {finding.column for finding in findings if finding.rule == "type"}
    usable = {name: dtype for name, dtype in schema.items() if name not in misfits}
    rows = with_absent_columns(opened.rows, agreed, usable)
    key = tuple(name for name in agreed.key if name in schema)
    table_rows = _TableRows(agreed, rows, key, first_keys)
    checks = contract_checks(agreed, usable)
    counted_rows = tally(rows, checks)
    for check, count in zip(checks, counted_rows.counts, strict=True):
        if count:
            findings.append(_row_finding(table_rows, check, count))
    if len(key) == len(agreed.key):
        findings += _duplicate_keys(table_rows)
    if "currency" in usable and not allow_mixed_currencies:
        findings += _mixed_currencies(table_rows)
    return ValidationReport(agreed.name, counted_rows.row_count, tuple(findings))


@dataclass(frozen=True, slots=True)
class _TableRows:
    """Rows under a contract, the columns of its key that they have, and how many keys to show."""

    agreed: Contract
    rows: nw.LazyFrame[Any]
    key: tuple[str, ...]
    limit: int

    def first_keys(self, failing: nw.LazyFrame[Any]) -> tuple[tuple[Any, ...], ...]:
        return first_keys_of(failing, self.key, self.limit)


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
        elif not accepts(column.type, schema[column.name]):
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


def _row_finding(table: _TableRows, check: RowCheck, count: int) -> Finding:
    name, key = table.agreed.name, table.key
    failing = table.rows.filter(check.broken)
    sample = ""
    if "," in check.column or check.column in key or check.rule == "null":
        keys = table.first_keys(failing)
    else:
        shown = first_keys_of(failing, [*key, check.column], max(table.limit, 1))
        keys = tuple(row[:-1] for row in shown[: table.limit]) if key else ()
        value = shown[0][-1]
        # NaN reads as nothing, and says no more than the rule does.
        if value is not None:
            sample = f", such as {value!r}" + _nearest(table.agreed, check, value)
    says = f"{name}.{check.column} {check.words} in {counted(count, 'row')}{sample}{_shown(keys)}"
    return Finding(name, check.rule, check.column, count, keys, says, check.level)


def _nearest(agreed: Contract, check: RowCheck, sample: object) -> str:
    allowed = agreed.column(check.column).allowed if check.rule == "one_of" else ()
    words = {word.casefold(): word for word in allowed}
    near = get_close_matches(str(sample).casefold(), words, n=1)
    return f" (did you mean {words[near[0]]!r}?)" if near else ""


def _shown(keys: tuple[tuple[Any, ...], ...]) -> str:
    return f" (first keys: {written_keys(keys)})" if keys else ""


def _duplicate_keys(table: _TableRows) -> list[Finding]:
    complete = table.rows.filter(*[~nw.col(name).is_null() for name in table.key])
    repeated = (
        complete.group_by(*table.key).agg(nw.len().alias("times")).filter(nw.col("times") > 1)
    )
    totals = repeated.select(nw.len().alias("keys"), nw.col("times").sum().alias("rows"))
    count, repeats = (int(value or 0) for value in totals.collect().row(0))
    if not count:
        return []
    name, column = table.agreed.name, ", ".join(table.key)
    keys = table.first_keys(repeated)
    says = (
        f"{name}.{column} comes more than once: {counted(count, 'key')} in "
        f"{counted(repeats, 'row')}{_shown(keys)}"
    )
    return [Finding(name, "duplicate_key", column, count, keys, says)]


def _mixed_currencies(table: _TableRows) -> list[Finding]:
    used = (
        table.rows.filter(~nw.col("currency").is_null())
        .group_by("currency")
        .agg(nw.len().alias("rows"))
        .collect()
    )
    ranked = sorted(used.iter_rows(), key=lambda pair: (-pair[1], pair[0]))
    if len(ranked) < 2:
        return []
    main = ranked[0][0]
    count = sum(times for _, times in ranked[1:])
    keys = table.first_keys(table.rows.filter(nw.col("currency") != main))
    tally_of_codes = ", ".join(f"{code} {times:,}" for code, times in ranked)
    name = table.agreed.name
    says = (
        f"{name}.currency mixes currencies ({tally_of_codes}); split the table, "
        f"or convert it to one{_shown(keys)}"
    )
    return [Finding(name, "mixed_currencies", "currency", count, keys, says)]
