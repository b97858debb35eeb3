"""Several months of the mart at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.mart.month import in_order
from telcrm.mart.policy import MartPolicy
from telcrm.mart.subscriber_month import subscriber_month
from telcrm.tables.door import open_frame

__all__ = ["build"]


def build(
    tables: Mapping[str, Any], periods: Iterable[date], *, policy: MartPolicy | None = None
) -> Any:
    """Build months of the mart, each as :func:`subscriber_month` does.

    Parameters
    ----------
    tables : mapping of str to dataframe
        Canonical tables by name.
    periods : iterable of date
        First days of months, in any order, each once; gaps are allowed. :func:`months` lists those
        from one to another.
    policy : MartPolicy, optional

    Returns
    -------
    dataframe
        Of the same kind as ``tables["subscriptions"]``, sorted by ``period`` and
        ``subscription_id``.

    Raises
    ------
    ParameterError
        ``periods`` is empty, names a month twice or something that is none.
    TelcrmError
        As :func:`subscriber_month`.

    Notes
    -----
    Each month is built on its own, so months built one by one are the same rows.

    Examples
    --------
    >>> from telcrm.mart import months
    >>> from telcrm.synth import Operator
    >>> tables = Operator(subscribers=20, months=3).tables()
    >>> mart = build(tables, months(date(2025, 2, 1), date(2025, 3, 1)))
    >>> mart["period"].unique().sort().to_list()
    [datetime.date(2025, 2, 1), datetime.date(2025, 3, 1)]
    """
    made = [subscriber_month(tables, month.first, policy=policy) for month in in_order(periods)]
    if len(made) == 1:
        return made[0]
    rows = [open_frame(month, table="mart").rows for month in made]
    stacked: nw.LazyFrame[Any] = nw.concat(rows)
    opened = open_frame(tables["subscriptions"], table="subscriptions")
    return opened.close(stacked.sort("period", "subscription_id"))
