"""CSV that a spreadsheet opens without running what is in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from telcrm.report.files import writing

__all__ = ["harmless", "write_csv"]

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> Any:
    r"""Return a cell that no spreadsheet takes for a formula.

    Parameters
    ----------
    value : object
        Text that begins like a formula gets a single quote in front; all else is left alone.

    Returns
    -------
    object

    Notes
    -----
    OWASP, *CSV Injection*: cells that begin with ``=``, ``+``, ``-``, ``@``, tab or carriage
    return. Numbers are no text: -5 stays -5.

    Examples
    --------
    >>> harmless('=HYPERLINK("http://example.org")'), harmless(-5)
    ('\'=HYPERLINK("http://example.org")', -5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS) else value


def write_csv(
    path: str | Path, rows: Iterable[Mapping[str, Any]], *, columns: Sequence[str]
) -> None:
    """Write rows as CSV in UTF-8, every cell :func:`harmless`; all of the file or nothing.

    Parameters
    ----------
    path : str or pathlib.Path
    rows : iterable of mapping
    columns : sequence of str
        The header, and the order of the cells.

    Raises
    ------
    ParameterError
        The folder does not exist.
    """
    with writing(path) as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow([harmless(column) for column in columns])
        lines.writerows([harmless(row[column]) for column in columns] for row in rows)
