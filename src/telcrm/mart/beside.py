"""What was found put beside its line, or nulls where there was no table to find it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.mart.sources import Sources
from telcrm.tables import ColumnType
from telcrm.tables.typed_columns import nothing

__all__ = ["beside"]


def beside(
    sources: Sources,
    rows: nw.LazyFrame[Any],
    found: nw.LazyFrame[Any] | None,
    *,
    whole: Sequence[str] = (),
    days: Sequence[str] = (),
    texts: Sequence[str] = (),
    on: str = "subscription_id",
) -> nw.LazyFrame[Any]:
    """Join what was found of a line, or nulls.

    Parameters
    ----------
    sources : Sources
    rows : narwhals.stable.v2.LazyFrame
    found : narwhals.stable.v2.LazyFrame or None
        At most one row for each value of ``on``; None if its table was not given.
    whole : sequence of str
        Columns of whole numbers: 0 for a line of which nothing was found.
    days, texts : sequence of str
        Columns that are then null.
    on : str
    """
    if found is not None:
        joined = rows.join(found.select(on, *whole, *days, *texts), how="left", on=on)
        filled = {name: nw.col(name).fill_null(0).cast(nw.Int64) for name in whole}
        return joined.with_columns(**filled) if filled else joined
    kinds = dict.fromkeys(whole, ColumnType.INTEGER) | dict.fromkeys(days, ColumnType.DAY)
    kinds |= dict.fromkeys(texts, ColumnType.TEXT)
    return rows.with_columns(
        **{name: nothing(sources.main, "subscription_id", kind) for name, kind in kinds.items()}
    )
