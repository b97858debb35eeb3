"""Amounts of customers: costs that may be null, and one zero instead of two."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals.stable.v2 as nw

from telcrm.tables.door import OpenFrame
from telcrm.tables.row_checks import RowCheck, finite

__all__ = ["cost_checks", "one_zero"]


def cost_checks(opened: OpenFrame, columns: Sequence[str]) -> list[RowCheck]:
    """Make the rules that costs are finite where their type allows anything else. Nulls pass.

    Parameters
    ----------
    opened : OpenFrame
    columns : sequence of str

    Returns
    -------
    list of RowCheck
    """
    schema = opened.rows.collect_schema()
    return [finite(name) for name in columns if isinstance(schema[name], nw.dtypes.FloatType)]


def one_zero(amount: nw.Expr) -> nw.Expr:
    """Turn the negative zero of floats, which some engines print and group apart, into zero.

    Parameters
    ----------
    amount : narwhals.stable.v2.Expr

    Returns
    -------
    narwhals.stable.v2.Expr
        Without a name of its own.

    Examples
    --------
    >>> import polars as pl
    >>> frame = nw.from_native(pl.DataFrame({"a": [-0.0]}))
    >>> frame.select(a=one_zero(nw.col("a")))["a"].item()
    0.0
    """
    # A condition, for Polars leaves out the addition of 0.
    return nw.when(amount == 0.0).then(nw.lit(0.0)).otherwise(amount)
