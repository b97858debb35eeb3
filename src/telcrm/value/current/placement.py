"""Customers placed by current value, potential value and loyalty: eight cells, eight strategies."""

from __future__ import annotations

from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.refusals import refuse_repeated, refuse_twice
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null
from telcrm.value.current.placement_policy import STRATEGIES, PlacementLevel, PlacementPolicy

__all__ = ["value_placement"]

FrameT = TypeVar("FrameT")

_RESULT = ("value_level", "potential_level", "loyalty_level", "cell", "strategy")


def value_placement(
    frame: FrameT,
    policy: PlacementPolicy,
    *,
    customer: str = "customer_id",
    current_value: str = "current_value",
    potential_value: str = "potential_value",
    loyalty: str = "loyalty",
) -> FrameT:
    """Place each customer by current value, potential value and loyalty, and name a strategy.

    Parameters
    ----------
    frame : dataframe
        One row per customer. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    policy : PlacementPolicy
        The least of high on each axis.
    customer : str
        Column that names the customer.
    current_value : str
        Numeric column: what the customer brings today, such as margin per month.
    potential_value : str
        Numeric column: what it could bring besides, such as the chance to buy each product times
        its margin, summed up.
    loyalty : str
        Numeric column from 0 to 1: the chance to stay, 1 less the chance of churn.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by customer:

        the columns of ``customer`` and of the three axes
            Under the names you gave; numbers are Float64.
        ``value_level``, ``potential_level``, ``loyalty_level``
            ``"low"`` or ``"high"``.
        ``cell``
            The three, for example ``"high/low/high"``.
        ``strategy``
            A :class:`PlacementStrategy`.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        An axis holds no numbers, or the key is a float or an object.
    InvalidTableError
        A key or a number is null, a number is infinite, a loyalty is not from 0 to 1, or a
        customer has two rows.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        Columns of the result would share a name.

    Notes
    -----
    A number equal to a cut is high, as in :func:`telcrm.segmentation.value_matrix`, which has three
    levels of two axes. The axes are those of Hwang, Jung and Suh, who segment the customers of a
    wireless operator by them; the names of the strategies are ours.

    References
    ----------
    H. Hwang, T. Jung, E. Suh (2004), "An LTV model and customer segmentation based on customer
    value: a case study on the wireless telecommunication industry", Expert Systems with
    Applications 26, 181-188. S.-Y. Kim, T.-S. Jung, E.-H. Suh, H.-S. Hwang (2006), "Customer
    segmentation and strategy development based on customer lifetime value: A case study", Expert
    Systems with Applications 31, 101-107.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "current_value": [30.0, 4.0],
    ...         "potential_value": [8.0, 5.0],
    ...         "loyalty": [0.7, 0.95],
    ...     }
    ... )
    >>> policy = PlacementPolicy(value_cut=20, potential_cut=5, loyalty_cut=0.9)
    >>> value_placement(customers, policy).select("customer_id", "cell", "strategy").rows()
    [('ann', 'high/high/low', 'save'), ('bob', 'low/high/high', 'sell_more')]
    """
    axes = [current_value, potential_value, loyalty]
    refuse_twice("value_placement", [customer, *axes], _RESULT)
    opened = open_frame(frame, table="customer values")
    named = {"current_value": current_value, "potential_value": potential_value}
    require_columns(opened, {"customer": customer, **named, "loyalty": loyalty})
    opened = parse_objects(opened, axes)
    require_kinds(opened, {customer: ColumnKind.KEY, **dict.fromkeys(axes, ColumnKind.NUMBER)})
    outside = RowCheck(
        "share",
        loyalty,
        (nw.col(loyalty) < 0) | (nw.col(loyalty) > 1),
        "is no share from 0 to 1",
        "Pass 1 less the chance of churn.",
    )
    numbers = [rule for name in axes for rule in amount_checks(opened, name)]
    check_rows(opened, [not_null(customer), *numbers, outside], keys=[customer])
    refuse_repeated(opened, [customer])

    inner = ["_value", "_potential", "_loyalty"]
    levels = list(_RESULT[:3])
    cuts = [policy.value_cut, policy.potential_cut, policy.loyalty_cut]
    placed = opened.rows.select(
        _customer=key_values(opened, customer),
        **{own: nw.col(name).cast(nw.Float64) for own, name in zip(inner, axes, strict=True)},
    ).with_columns(
        **{level: _level(own, cut) for level, own, cut in zip(levels, inner, cuts, strict=True)}
    )
    result = placed.select(
        nw.col("_customer").alias(customer),
        *[nw.col(own).alias(name) for own, name in zip(inner, axes, strict=True)],
        *levels,
        cell=nw.concat_str([nw.col(level) for level in levels], separator="/"),
    ).with_columns(strategy=_strategy())
    return opened.close(result.sort(customer))  # type: ignore[no-any-return]


def _level(column: str, cut: float) -> nw.Expr:
    high, low = nw.lit(str(PlacementLevel.HIGH)), nw.lit(str(PlacementLevel.LOW))
    return nw.when(nw.col(column) >= cut).then(high).otherwise(low)


def _strategy() -> nw.Expr:
    (_, rest), *others = [("/".join(cell), str(do)) for cell, do in STRATEGIES.items()]
    chosen = nw.lit(rest)
    for cell, strategy in others:
        chosen = nw.when(nw.col("cell") == cell).then(nw.lit(strategy)).otherwise(chosen)
    return chosen
