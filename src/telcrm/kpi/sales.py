"""Sales: how much was sold, to how many, by period, region, industry, outlet or channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.kpi.breakdown import Grain, break_down
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["sales"]

FrameT = TypeVar("FrameT")

_RESULT = ("sales", "amount", "customers", "average_sale", "amount_per_customer", "share")


def sales(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    at: str = "recharged_at",
    amount: str = "amount",
    by: str | Sequence[str] | None = None,
    period: Grain | str | None = Grain.MONTH,
) -> FrameT:
    """Add up sales, count buyers, and say what part of the period's sales each group has.

    Parameters
    ----------
    frame : dataframe
        One row per sale: recharges, purchases, invoices. A return is a row with an amount below 0.
    customer : str
        Column that names the buyer; pass ``by=customer`` as well for sales per customer.
    at : str
        Column of dates or datetimes; the day of a datetime is that of the clock it is kept in.
    amount : str
        Numeric column, major units, one currency.
    by : str or sequence of str, optional
        Columns to break it down by: region, industry, outlet, channel.
    period : "month", "day" or None
        How time is cut; None puts all together.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by its keys, a row for every month (column ``period``)
        or day (column ``day``) from the first to the last, empty ones included, and every group:

        ``sales``
            Int64: rows.
        ``amount``
            Float64.
        ``customers``
            Int64: different buyers.
        ``average_sale``, ``amount_per_customer``
            Float64; null without sales.
        ``share``
            Float64: of the amount of all groups in that month or day; null where that is not above
            0. Below 0 for a group whose returns exceed its sales.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> recharges = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob"],
    ...         "recharged_at": [date(2024, 1, 1), date(2024, 1, 9), date(2024, 1, 10)],
    ...         "amount": [10.0, 20.0, 10.0],
    ...         "channel": ["app", "app", "shop"],
    ...     }
    ... )
    >>> sales(recharges, by="channel").select("channel", "sales", "customers", "share").rows()
    [('app', 2, 1, 0.75), ('shop', 1, 1, 0.25)]
    """
    keys = break_down("sales", by=by, period=period, at=at, result=_RESULT)
    opened = open_frame(frame, table="sales")
    require_columns(opened, {"customer": customer, "amount": amount, **keys.columns})
    opened = parse_objects(opened, [at, *keys.groups])
    kinds = {customer: ColumnKind.KEY, amount: ColumnKind.NUMBER}
    require_kinds(opened, {**keys.kinds, **kinds})
    rules = [not_null(customer), *amount_checks(opened, amount), *keys.rules()]
    found = check_rows(
        opened, rules, keys=[customer, *keys.columns.get("at", [])], ranges=keys.ranges()
    )
    each = (
        opened.rows.select(
            **keys.keys(opened),
            _customer=key_values(opened, customer),
            amount=nw.col(amount).cast(nw.Float64),
        )
        .group_by(*keys.inner_keys, "_customer")
        .agg(nw.col("amount").sum(), sales=nw.len())
    )
    rows = each.with_columns(customers=nw.lit(1))
    summed = keys.summarise(opened, rows, found, counts=["sales", "customers"], totals=["amount"])
    time = [name for name in keys.names if name not in keys.groups]
    told = summed.with_columns(_all=nw.lit(1), amount=denoise(nw.col("amount")))
    whole = told.with_columns(_whole=nw.col("amount").sum().over(*time, "_all"))
    sold = nw.when(nw.col("sales") > 0).then(nw.col("sales")).cast(nw.Float64)
    bought = nw.when(nw.col("customers") > 0).then(nw.col("customers")).cast(nw.Float64)
    result = whole.select(
        *keys.names,
        "sales",
        "amount",
        "customers",
        average_sale=nw.col("amount") / sold,
        amount_per_customer=nw.col("amount") / bought,
        share=nw.col("amount") / nw.when(nw.col("_whole") > 0).then(nw.col("_whole")),
    )
    return keys.close(opened, result)  # type: ignore[no-any-return]
