"""Value and potential: nine fields that say whom to keep, whom to grow, whom to leave."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import isfinite
from numbers import Real
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import amount_checks, check_rows, not_null

__all__ = ["MatrixLevel", "value_matrix"]

FrameT = TypeVar("FrameT")

_RESULT = ("value_level", "potential_level", "cell")


class MatrixLevel(StrEnum):
    """Where a customer stands on one axis."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def value_matrix(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    value: str = "value",
    potential: str = "potential",
    value_cuts: tuple[float, float],
    potential_cuts: tuple[float, float],
) -> FrameT:
    """Place each customer in a matrix of three levels of value by three of potential.

    Parameters
    ----------
    frame : dataframe
        Rows with a customer, what it brings today and what it could bring; a customer's rows are
        summed. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    value, potential : str
        Numeric columns: margin or revenue, and a score or an amount.
    value_cuts, potential_cuts : (float, float)
        The least of medium and the least of high, rising. They are yours to agree on: a cut that
        is a share of customers moves with the base, and nobody can rise but by others' fall.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer: the sums under
        the names you gave (Float64, rounded to 6 decimals), ``value_level`` and
        ``potential_level`` (``"low"``, ``"medium"``, ``"high"``), and ``cell``, for example
        ``"high/low"`` (value first).

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``value`` or ``potential`` holds no numbers, or the key is a float or an object.
    InvalidTableError
        A key or a number is null, or a number is infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        Cuts are not two rising numbers, or columns of the result would share a name.

    Notes
    -----
    A number equal to a cut belongs to the higher level.

    References
    ----------
    McKinsey & Company, General Electric (1970s), the nine-box matrix, here of customers.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame(
    ...     {"customer_id": ["ann", "bob"], "value": [50.0, 5.0], "potential": [0.1, 0.9]}
    ... )
    >>> placed = value_matrix(customers, value_cuts=(10, 40), potential_cuts=(0.3, 0.7))
    >>> placed.select("customer_id", "cell").rows()
    [('ann', 'high/low'), ('bob', 'low/high')]
    """
    _check_cuts("value_cuts", value_cuts)
    _check_cuts("potential_cuts", potential_cuts)
    names = [name.casefold() for name in (customer, value, potential, *_RESULT)]
    if len(set(names)) < len(names):
        raise ParameterError(
            f"value_matrix: {customer!r}, {value!r} or {potential!r} would stand twice in the "
            "result. Rename the column.",
            columns=(customer, value, potential),
        )
    opened = open_frame(frame, table="customer values")
    require_columns(opened, {"customer": customer, "value": value, "potential": potential})
    numbers = {value: ColumnKind.NUMBER, potential: ColumnKind.NUMBER}
    require_kinds(opened, {customer: ColumnKind.KEY, **numbers})
    rules = [
        not_null(customer),
        *amount_checks(opened, value),
        *amount_checks(opened, potential),
    ]
    check_rows(opened, rules, keys=[customer])
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _value=nw.col(value).cast(nw.Float64),
        _potential=nw.col(potential).cast(nw.Float64),
    )
    sums = rows.group_by("_customer").agg(nw.col("_value").sum(), nw.col("_potential").sum())
    clean = sums.with_columns(
        _value=denoise(nw.col("_value")), _potential=denoise(nw.col("_potential"))
    ).with_columns(
        value_level=_level("_value", value_cuts),
        potential_level=_level("_potential", potential_cuts),
    )
    cell = nw.concat_str([nw.col("value_level"), nw.col("potential_level")], separator="/")
    result = clean.select(
        **{
            customer: nw.col("_customer"),
            value: nw.col("_value"),
            potential: nw.col("_potential"),
        },
        value_level=nw.col("value_level"),
        potential_level=nw.col("potential_level"),
        cell=cell,
    ).sort(customer)
    return opened.close(result)  # type: ignore[no-any-return]


def _level(column: str, cuts: Sequence[float]) -> nw.Expr:
    medium, high = (float(cut) for cut in cuts)
    at_most_medium = (
        nw.when(nw.col(column) >= medium)
        .then(nw.lit(str(MatrixLevel.MEDIUM)))
        .otherwise(nw.lit(str(MatrixLevel.LOW)))
    )
    is_high = nw.col(column) >= high
    return nw.when(is_high).then(nw.lit(str(MatrixLevel.HIGH))).otherwise(at_most_medium)


def _check_cuts(name: str, cuts: Any) -> None:
    if (
        not isinstance(cuts, tuple | list)
        or len(cuts) != 2
        or not all(isinstance(cut, Real) and isfinite(cut) for cut in cuts)
        or not cuts[0] < cuts[1]
    ):
        raise ParameterError(
            f"value_matrix: {name} are {cuts!r:.80}, and have to be two rising numbers: the least "
            "of medium and the least of high.",
            cuts=cuts,
        )
