"""ABC classes: the few customers who bring most of the value, and the many who bring the rest."""

from __future__ import annotations

from enum import StrEnum
from numbers import Real
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["AbcClass", "abc", "sum_values"]

FrameT = TypeVar("FrameT")

# Float noise in a running sum must not move a customer over a threshold, nor differ by engine.
_SHARE_DECIMALS = 9
_RESULT = ("rank", "share", "cumulative_share", "abc_class")


class AbcClass(StrEnum):
    """Class of a customer by value: A holds the first share of it, B the next, C the rest."""

    A = "A"
    B = "B"
    C = "C"


def abc(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    value: str = "revenue",
    thresholds: tuple[float, float] = (0.8, 0.95),
) -> FrameT:
    """Class each customer by the cumulative share of value, from the most valuable down.

    Parameters
    ----------
    frame : dataframe
        Rows with a customer and a value; a customer's rows are summed. pandas, Polars (eager or
        lazy), a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    value : str
        Numeric column, major units, one currency.
    thresholds : (float, float)
        ``0 < first < second < 1``: class A holds the first share of all value, A and B together the
        second.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, most valuable first, equal ones by
        name:

        the columns of ``customer`` and ``value``
            Under the names you gave; the value is the sum, Float64, rounded to 6 decimals.
        ``rank``
            Int64 from 1; customers of equal value share the lowest.
        ``share``
            Float64: the customer's part of all positive value.
        ``cumulative_share``
            Float64: part of all positive value held by this customer and those of equal or
            greater value.
        ``abc_class``
            ``"A"``, ``"B"`` or ``"C"``.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``value`` holds no numbers, or the key is a float or an object.
    InvalidTableError
        A customer or a value is null, or a value is infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        The thresholds are not two rising shares, or two columns of the result would share a name.

    Notes
    -----
    A customer is A if those of greater value hold less than the first threshold together, B if
    they hold less than the second, else C. So the customer on whom the share passes the
    threshold still belongs to the higher class, the best customer is always A, and customers of
    equal value are never parted.

    A customer whose sum is 0 or negative (credits above charges) holds no share: ``share`` 0 and
    class C. Shares are parts of the *positive* sums, so they add up to 1. If nobody's sum is
    positive, shares are null and all are C.

    Shares are rounded to 9 decimals.

    References
    ----------
    H. Ford Dickie (1951), "ABC Inventory Analysis Shoots for Dollars, Not Pennies", Factory
    Management and Maintenance 109, 92-94.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {"customer_id": ["ann", "bob", "cid", "dee"], "revenue": [800.0, 100.0, 60.0, 40.0]}
    ... )
    >>> abc(months).select("customer_id", "rank", "cumulative_share", "abc_class").rows()
    [('ann', 1, 0.8, 'A'), ('bob', 2, 0.9, 'B'), ('cid', 3, 0.96, 'B'), ('dee', 4, 1.0, 'C')]
    """
    _check_parameters(thresholds, customer, value)
    opened = open_frame(frame, table="customer values")
    shared = _share(sum_values(opened, customer, value))
    first, second = thresholds
    above = nw.col("_above")
    classed = shared.with_columns(
        abc_class=nw.when(above < first)
        .then(nw.lit(str(AbcClass.A)))
        .otherwise(
            nw.when(above < second).then(nw.lit(str(AbcClass.B))).otherwise(nw.lit(str(AbcClass.C)))
        )
    )
    result = classed.sort("rank", "_customer").select(
        nw.col("_customer").alias(customer), nw.col("_value").alias(value), *_RESULT
    )
    return opened.close(result)  # type: ignore[no-any-return]


def _check_parameters(thresholds: tuple[float, float], customer: str, value: str) -> None:
    if not _are_thresholds(thresholds):
        raise ParameterError(
            f"abc: thresholds are {thresholds!r:.80}, and have to be two shares that rise between "
            "0 and 1, for example (0.8, 0.95).",
            thresholds=thresholds,
        )
    names = [name.casefold() for name in (customer, value, *_RESULT)]
    if len(set(names)) < len(names):
        raise ParameterError(
            f"abc: {customer!r} or {value!r} would stand twice in the result. Rename the column.",
            customer=customer,
            value=value,
        )


def _are_thresholds(thresholds: object) -> bool:
    if not isinstance(thresholds, tuple | list) or len(thresholds) != 2:
        return False
    first, second = thresholds
    return all(isinstance(each, Real) for each in thresholds) and 0 < first < second < 1


def sum_values(opened: OpenFrame, customer: str, value: str) -> nw.LazyFrame[Any]:
    """Sum up each customer's value, or refuse the table.

    Parameters
    ----------
    opened : OpenFrame
    customer, value : str

    Returns
    -------
    narwhals.stable.v2.LazyFrame
        ``_customer`` and ``_value``, Float64, rounded to 6 decimals.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
    """
    require_columns(opened, {"customer": customer, "value": value})
    require_kinds(opened, {customer: ColumnKind.KEY, value: ColumnKind.NUMBER})
    rules = [not_null(customer), *amount_checks(opened, value)]
    check_rows(opened, rules, keys=[customer])
    rows = opened.rows.select(
        _customer=key_values(opened, customer), _value=nw.col(value).cast(nw.Float64)
    )
    sums = rows.group_by("_customer").agg(nw.col("_value").sum())
    return sums.with_columns(denoise(nw.col("_value")))


def _share(sums: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add rank, shares, and ``_above``: the share held by customers of strictly more value."""
    value = nw.col("_value")
    ordered = sums.with_columns(
        _positive=nw.when(value > 0).then(value).otherwise(nw.lit(0.0)),
        _descending=-value,
        _one=nw.lit(1),
    ).with_columns(
        _total=nw.col("_positive").sum(),
        # Among equals the order is left open: whoever comes first, their running sums are the same.
        _running=nw.col("_positive").cum_sum().over(order_by="_descending"),
        _place=nw.col("_one").cum_sum().over(order_by="_descending"),
    )
    levelled = ordered.with_columns(
        rank=nw.col("_place").min().over("_descending").cast(nw.Int64),
        _level=nw.col("_running").max().over("_descending"),
        _tied=nw.col("_positive").sum().over("_descending"),
        _some=nw.when(nw.col("_total") > 0).then(nw.col("_total")),
    )

    def part(held: nw.Expr) -> nw.Expr:
        return denoise(held / nw.col("_some"), decimals=_SHARE_DECIMALS)

    shared = levelled.with_columns(
        share=part(nw.col("_positive")),
        cumulative_share=part(nw.col("_level")),
        _above=part(nw.col("_level") - nw.col("_tied")),
    )
    # Without value, and where nobody has any, the customer stands below every threshold.
    holds = value > 0
    return shared.with_columns(_above=nw.when(holds).then(nw.col("_above")).otherwise(nw.lit(1.0)))
