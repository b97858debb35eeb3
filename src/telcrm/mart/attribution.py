"""What falls on each line of the amounts of its payer: parts that add up, to the last cent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from telcrm.mart.policy import Attribution

__all__ = ["attribute", "bearers"]

_KEY = ["_by", "_payer"]


def bearers(
    candidates: nw.LazyFrame[Any], attribution: Attribution, *, weight: str
) -> nw.LazyFrame[Any]:
    """Find the lines that bear what their payer is charged, and their share of it.

    Parameters
    ----------
    candidates : narwhals.stable.v2.LazyFrame
        The key of the payer, ``subscription_id``, ``_began`` and ``_tier``: of the lines of a
        payer, those of the lowest tier bear.
    attribution : Attribution
    weight : str
        Column of whole numbers, 0 or more, in proportion to which ``USAGE_CHARGE`` splits.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        The key, ``subscription_id``, ``_upto`` and ``_before``: the shares of the line and those
        before it, of those before it, and ``_whole``, of all: whole numbers.
    """
    least = nw.col("_tier").min().over(*_KEY)
    bearing = candidates.with_columns(_least=least).filter(nw.col("_tier") == nw.col("_least"))
    order = ["_began", "subscription_id"]
    bearing = bearing.with_columns(_one=nw.lit(1))
    bearing = bearing.with_columns(_place=nw.col("_one").cum_sum().over(*_KEY, order_by=order))
    match attribution:
        case Attribution.EQUAL:
            share = nw.lit(1)
        case Attribution.FIRST_LINE:
            share = nw.when(nw.col("_place") == 1).then(nw.lit(1)).otherwise(nw.lit(0))
        case Attribution.USAGE_CHARGE:
            bearing = bearing.with_columns(_charged=nw.col(weight).cast(nw.Int64))
            bearing = bearing.with_columns(_all=nw.col("_charged").sum().over(*_KEY))
            share = nw.when(nw.col("_all") > 0).then(nw.col("_charged")).otherwise(nw.lit(1))
    shared = bearing.with_columns(_share=share.cast(nw.Int64)).with_columns(
        _upto=nw.col("_share").cum_sum().over(*_KEY, order_by=order),
        _whole=nw.col("_share").sum().over(*_KEY),
    )
    whole = ["_share", "_upto", "_whole"]
    shared = shared.with_columns(nw.col(*whole).cast(nw.Int64))
    return shared.select(
        *_KEY, "subscription_id", "_upto", "_whole", _before=nw.col("_upto") - nw.col("_share")
    )


def attribute(
    amounts: nw.LazyFrame[Any],
    shares: nw.LazyFrame[Any],
    columns: Sequence[str],
    *,
    unit: int,
    repeated: Sequence[str] = (),
) -> nw.LazyFrame[Any]:
    """Split amounts of payers among the lines that bear them.

    Parameters
    ----------
    amounts : narwhals.stable.v2.LazyFrame
        One row for each payer.
    shares : narwhals.stable.v2.LazyFrame
        From :func:`bearers`.
    columns : sequence of str
        Amounts, whole numbers of either sign, that are split.
    unit : int, 1 or more
        Parts are multiples of it, but the last takes what is over.
    repeated : sequence of str
        Columns that every bearing line gets whole.

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``subscription_id`` and the columns; a line that bears for two payers has two rows.

    Notes
    -----
    With the shares ``w`` of lines in order, line ``i`` gets ``R(i) - R(i - 1)``, where ``R(i)`` is
    ``amount * (w_1 + ... + w_i) / (w_1 + ... + w_n)`` rounded to ``unit``, and ``R(n)`` the amount.
    The parts add up whatever the rounding, and each is less than one unit from its quota.
    """
    joined = shares.join(amounts, how="inner", on=_KEY)

    def rounded(name: str, upto: str) -> nw.Expr:
        exact = nw.col(name).cast(nw.Float64) * nw.col(upto).cast(nw.Float64)
        units = exact / (nw.col("_whole").cast(nw.Float64) * float(unit))
        near = (units + 0.5).floor().cast(nw.Int64) * unit
        return nw.when(nw.col(upto) == nw.col("_whole")).then(nw.col(name)).otherwise(near)

    parts = {name: rounded(name, "_upto") - rounded(name, "_before") for name in columns}
    return joined.select("subscription_id", *repeated, **parts)
