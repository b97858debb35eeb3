"""Counts that may be unknown, as whole numbers on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

__all__ = ["keep_whole"]


def keep_whole(rows: nw.LazyFrame[Any], columns: Sequence[str]) -> nw.LazyFrame[Any]:
    """Keep counts with nulls whole numbers in pandas too, which would make them floats.

    Parameters
    ----------
    rows : narwhals.stable.v2.LazyFrame
    columns : sequence of str
        Columns of whole numbers, some of them null.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        In pandas the columns have its nullable type ``Int64``; on other engines nothing changes.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = nw.from_native(pd.DataFrame({"active": [1.0, None]})).lazy()
    >>> keep_whole(rows, ["active"]).to_native()["active"].to_list()
    [1, <NA>]
    """
    if rows.implementation is not nw.Implementation.PANDAS:
        return rows
    native: Any = rows.to_native().astype(dict.fromkeys(columns, "Int64"))
    whole: nw.LazyFrame[Any] = nw.from_native(native).lazy()
    return whole
