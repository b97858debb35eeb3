"""All that is wrong with the tables of a report, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.errors import LedgerError, LedgerStoreError, TelcrmError, UnreadableFileError
from telcrm.tables import ValidationReport

__all__ = ["finding_rows"]


def finding_rows(
    checked: Mapping[str, ValidationReport], refused: Mapping[str, TelcrmError]
) -> list[dict[str, Any]]:
    """Return the findings on all tables, those that could not be read included.

    Parameters
    ----------
    checked : mapping of str to ValidationReport
    refused : mapping of str to TelcrmError

    Returns
    -------
    list of dict
        As :meth:`telcrm.tables.ValidationReport.to_rows` returns them. A file that could not be
        read has the rule ``unreadable_file``, a ledger ``unreadable_ledger``; one that the settings
        do not fit, ``settings``.
    """
    rows = [row for report in checked.values() for row in report.to_rows()]
    rows += [
        {
            "table": table,
            "level": "error",
            "rule": _rule(error),
            "column": ", ".join(error.context.get("columns", ())),
            "count": 0,
            "first_keys": "",
            "message": error.message,
        }
        for table, error in refused.items()
        if table not in checked
    ]
    return rows


def _rule(error: TelcrmError) -> str:
    if isinstance(error, LedgerError | LedgerStoreError):
        return "unreadable_ledger"
    return "unreadable_file" if isinstance(error, UnreadableFileError) else "settings"
