"""How values are written in text files, alike for every engine, and findings on other ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telcrm.tables.contract import ColumnType, Contract
from telcrm.tables.findings import Finding, counted, written_keys

__all__ = [
    "FALSE_WORDS",
    "FINITE",
    "INSTANT",
    "MIDNIGHT",
    "MONTH",
    "OFFSET",
    "TRUE_WORDS",
    "WHOLE",
    "UnreadableCells",
    "unreadable_findings",
]

# Whole-cell patterns for Rust, RE2 and Python alike. Each engine would read more, and each another
# lot: DuckDB takes 1_000 for a number and drops an offset in silence, Polars takes an hour alone.
WHOLE = r"[+-]?[0-9]+(?:\.0*)?"
FINITE = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
MONTH = "[0-9]{4}-[0-9]{2}"
_DAY = MONTH + "-[0-9]{2}"
# Exports of timestamps at midnight are days; any other time of day is not.
MIDNIGHT = _DAY + r"(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
INSTANT = f"{_DAY}(?:[T ]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:?[0-9]{{2}})?)?"
OFFSET = r"(:[0-9.]+)([Zz]|([+-])([0-9]{2}):?([0-9]{2}))$"


TRUE_WORDS = ("true", "t", "yes", "y", "1")
FALSE_WORDS = ("false", "f", "no", "n", "0")

_NO: dict[ColumnType, str] = {
    ColumnType.TEXT: "no text",
    ColumnType.INTEGER: "no whole number",
    ColumnType.NUMBER: "no number",
    ColumnType.BOOLEAN: "neither true nor false",
    ColumnType.DAY: "no ISO day",
    ColumnType.MONTH: "no ISO month or day",
    ColumnType.INSTANT: "no ISO timestamp",
}


@dataclass(frozen=True)
class UnreadableCells:
    """Cells of one column that became null for want of a reading."""

    column: str
    count: int
    keys: tuple[tuple[Any, ...], ...]
    sample: str


def unreadable_findings(agreed: Contract, cells: Iterable[UnreadableCells]) -> tuple[Finding, ...]:
    """Turn unreadable cells into findings.

    Parameters
    ----------
    agreed : Contract
    cells : iterable of UnreadableCells

    Returns
    -------
    tuple of Finding
    """
    findings = []
    for cell in cells:
        verb = "is" if cell.count == 1 else "are"
        shown = f" (first keys: {written_keys(cell.keys)})" if cell.keys else ""
        says = (
            f"{agreed.name}.{cell.column}: {counted(cell.count, 'value')} {verb} "
            f"{_NO[agreed.column(cell.column).type]}, such as {cell.sample!r}{shown}"
        )
        findings.append(
            Finding(agreed.name, "unreadable_value", cell.column, cell.count, cell.keys, says)
        )
    return tuple(findings)
