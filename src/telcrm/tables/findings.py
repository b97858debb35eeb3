"""What validation found: rules, columns, counts, and the keys to look at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from telcrm.errors import (
    ColumnTypeError,
    InvalidTableError,
    MissingColumnsError,
    TableError,
)

__all__ = ["Finding", "Level", "ValidationReport", "counted", "readable", "written_keys"]


class Level(StrEnum):
    """Whether a finding makes the table invalid, or is only worth knowing."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One rule that a table breaks.

    Attributes
    ----------
    table, rule, column : str
        ``column`` names several, joined by commas, where the rule lies between columns.
    count : int
        Rows that break the rule; 0 where the rule is about the column as such.
    keys : tuple of tuple
        Keys of the first such rows, in the order of the contract's key.
    message : str
        The finding as a sentence.
    level : Level
    """

    table: str
    rule: str
    column: str
    count: int
    keys: tuple[tuple[Any, ...], ...]
    message: str
    level: Level = Level.ERROR


@dataclass(frozen=True)
class ValidationReport:
    """All findings on one table.

    Attributes
    ----------
    table : str
    row_count : int
    findings : tuple of Finding

    Examples
    --------
    >>> report = ValidationReport("recharges", 3, ())
    >>> report.ok
    True
    >>> report
    recharges: 3 rows, valid
    """

    table: str
    row_count: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that make the table invalid."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)

    @property
    def ok(self) -> bool:
        """Whether the table is valid; warnings do not count."""
        return not self.errors

    def raise_if_invalid(self) -> None:
        """Raise if the table is invalid.

        Raises
        ------
        MissingColumnsError
            A required column is not there.
        ColumnTypeError
            A column holds another type.
        InvalidTableError
            Rows break rules.
        """
        if self.ok:
            return
        rules = {finding.rule for finding in self.errors}
        kind: type[TableError] = InvalidTableError
        if "missing_column" in rules:
            kind = MissingColumnsError
        elif "type" in rules:
            kind = ColumnTypeError
        lines = "".join(f"\n- {finding.message}" for finding in self.errors)
        message = f"{self.table} ({counted(self.row_count, 'row')}) breaks its contract:{lines}"
        raise kind(message, table=self.table, findings=self.findings)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the findings as rows, to build a frame of any flavour from.

        Returns
        -------
        list of dict
            Keys are written as text, for example ``"S-1/2025-03-01, S-2/2025-03-01"``.
        """
        return [
            {
                "table": finding.table,
                "level": str(finding.level),
                "rule": finding.rule,
                "column": finding.column,
                "count": finding.count,
                "first_keys": written_keys(finding.keys),
                "message": finding.message,
            }
            for finding in self.findings
        ]

    def __repr__(self) -> str:
        if not self.findings:
            return f"{self.table}: {counted(self.row_count, 'row')}, valid"
        lines = "".join(f"\n  {finding.level!s}: {finding.message}" for finding in self.findings)
        state = "valid" if self.ok else "invalid"
        return f"{self.table}: {counted(self.row_count, 'row')}, {state}{lines}"


def written_keys(keys: tuple[tuple[Any, ...], ...]) -> str:
    """Write keys for a person: parts joined by a slash, keys by a comma.

    Parameters
    ----------
    keys : tuple of tuple

    Returns
    -------
    str
    """
    return ", ".join("/".join("null" if p is None else str(p) for p in key) for key in keys)


def readable(part: Any) -> Any:
    """Show a day as a day, though pandas keeps it as a timestamp, and a missing part as None.

    Parameters
    ----------
    part : object
        A part of a key.

    Returns
    -------
    object
    """
    # pandas has three more words for nothing: NA, NaT, and NaN, which is unequal to itself.
    if part is None or type(part).__name__ in ("NAType", "NaTType") or part != part:  # noqa: PLR0124
        return None
    if isinstance(part, datetime) and part.time() == datetime.min.time():
        return part.date()
    return part


def counted(count: int, thing: str) -> str:
    """Write a count and its noun: ``1 row``, ``2,000 rows``.

    Parameters
    ----------
    count : int
    thing : str
        In the singular; the plural takes an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "customer"), counted(2000, "customer")
    ('1 customer', '2,000 customers')
    """
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
