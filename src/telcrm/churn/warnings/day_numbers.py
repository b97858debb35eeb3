"""Days as whole numbers, also where there is none."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from telcrm.tables.calendar_index import day_index

__all__ = ["day_number"]


def day_number(column: str, *, missing: int) -> nw.Expr:
    """Express a day or the day of an instant as ``date.toordinal`` does, with a number for nulls.

    Parameters
    ----------
    column : str
    missing : int

    Returns
    -------
    narwhals.stable.v2.Expr
        Int64.
    """
    return day_index(column).fill_null(missing).cast(nw.Int64)
