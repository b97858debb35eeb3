"""Who stays: customers by the month they joined, and how many of them are active month by month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.kpi.breakdown import break_down, refuse_clashes
from telcrm.kpi.instants import read_objects
from telcrm.kpi.null_counts import keep_whole
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index, month_span
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.result_table import ResultColumn, result_table
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null

__all__ = ["cohort_matrix", "cohort_retention"]

FrameT = TypeVar("FrameT")

_COHORT, _AGE = "cohort", "age_months"
_COUNTS = ("size", "active", "retention")
_VALUES = ("value", "value_share")


def cohort_retention(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    by: str | Sequence[str] | None = None,
    value: str | None = None,
    drop_first_cohort: bool = False,
) -> FrameT:
    """Follow the customers who joined in a month through the months after.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months: a row for every month in which a subscription was active. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow. A customer may have several rows in
        a month.
    customer : str
        Column that names the customer; ``"subscription_id"`` follows lines instead.
    period : str
        Column of dates, each the first day of its month.
    by : str or sequence of str, optional
        Columns to break cohorts down by, for example ``"acquisition_channel"``. A customer keeps
        the group of its first month; if it has rows in several then, the first by name.
    value : str, optional
        Numeric column, major units, one currency, for example ``"revenue"``: its sum is followed
        too.
    drop_first_cohort : bool
        Leave out the customers of the first month of ``frame``, see below.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by group, cohort and age. A row for every cohort (a
        month in which somebody joined) and every age from 0 to that of the oldest possible cohort,
        of the first month of ``frame``, or of the second if the first cohort is dropped:

        the columns of ``by``
            Under the names you gave.
        ``cohort``
            Date: the first month with a row of its customers. pandas holds it as ``datetime64``.
        ``age_months``
            Int64: months since then; 0 is the first month itself.
        ``size``
            Int64: customers in the cohort.
        ``active``
            Int64: those with a row at that age, 0 if none; null where ``frame`` ends before. In
            pandas the type has a null of its own, ``Int64``.
        ``retention``
            Float64, a share: ``active / size``; null with ``active``.
        ``value``
            Float64, only with ``value``: the sum of that column at that age; null with ``active``.
        ``value_share``
            Float64, only with ``value``: that sum over the one at age 0, so above 1 where those who
            stay come to pay more than all did; null with ``active``, or if the sum at age 0 is not
            positive.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``value`` no numbers, or a key is a float or an object.
    InvalidTableError
        A key or a value is null, a value is infinite, a period is not the first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``by`` repeats a column, or names one that the result needs for itself.

    Notes
    -----
    A customer without a row in a month is not retained in it, and is again once it returns: shares
    may rise. Later ages hold the older cohorts only; a mean over cohorts at an age compares like
    with like only among those that reached it.

    Who has a row in the first month of ``frame`` may have joined in it or years before: the table
    cannot tell. That cohort is the whole base of the time and keeps better than a true one.
    ``drop_first_cohort=True`` leaves it out, and ages then end a month earlier.

    A lazy frame stays lazy, but one query runs at once to check the keys and find the first and the
    last month.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb, mar = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "ann", "cid", "ann", "bob"],
    ...         "period": [jan, jan, feb, feb, mar, mar],
    ...     }
    ... )
    >>> followed = cohort_retention(months)
    >>> followed.select("size", "age_months", "active", "retention").rows()[:3]
    [(2, 0, 2, 1.0), (2, 1, 1, 0.5), (2, 2, 2, 1.0)]
    >>> followed.select("size", "age_months", "active", "retention").rows()[3:]
    [(1, 0, 1, 1.0), (1, 1, 0, 0.0), (1, 2, None, None)]
    """
    result = (_COHORT, _AGE, *_COUNTS, *(_VALUES if value else ()))
    keys = break_down("cohort_retention", by=by, period=None, at=period, result=result)
    opened = open_frame(frame, table="subscriber_months")
    values = {"value": value} if value else {}
    require_columns(opened, {"customer": customer, "period": period, **values, **keys.columns})
    opened = read_objects(opened, [period, *values.values(), *keys.groups])
    numbers = dict.fromkeys(values.values(), ColumnKind.NUMBER)
    kinds = {customer: ColumnKind.KEY, period: ColumnKind.DATE, **numbers, **keys.kinds}
    require_kinds(opened, kinds)
    rules = [not_null(customer), not_null(period), month_start(period), *keys.rules()]
    rules += [rule for name in values.values() for rule in amount_checks(opened, name)]
    months = {"_month": month_index(period)}
    found = check_rows(opened, rules, keys=[customer, period], ranges=months)["_month"]
    first, last = month_span(found)

    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _month=month_index(period).cast(nw.Int64),
        _value=nw.col(value).cast(nw.Float64) if value else nw.lit(0.0),
        **keys.keys(opened),
    )
    cells = _cells(rows, keys.inner)
    if drop_first_cohort:
        cells, first = cells.filter(nw.col("_cohort") > first), first + 1
    ages = result_table(opened, {_AGE: ResultColumn(int, range(last - first + 1))})
    laid = _on_every_age(cells, ages, keys.inner)
    dates = calendar(opened, first, last, period=period).select(
        nw.col(period).alias(_COHORT), _first_month=nw.col(CALENDAR_MONTH).cast(nw.Int64)
    )
    dated = laid.join(dates, how="inner", left_on="_cohort", right_on="_first_month")
    told = dated.select(
        _COHORT,
        _AGE,
        **{name: nw.col(inner) for name, inner in zip(keys.groups, keys.inner, strict=True)},
        **_figures(last, with_value=value is not None),
    )
    sorted_cells = told.select(*keys.groups, *result).sort(*keys.groups, _COHORT, _AGE)
    return opened.close(keep_whole(sorted_cells, ["active"]))  # type: ignore[no-any-return]


def cohort_matrix(result: FrameT, *, value: str = "retention") -> FrameT:
    """Lay cohorts out as people read them: a row for each, a column for each age.

    Parameters
    ----------
    result : dataframe
        What :func:`cohort_retention` returned.
    value : str
        The column to show: ``"retention"``, ``"active"``, ``"value"`` or ``"value_share"``.

    Returns
    -------
    dataframe
        Of the same kind as ``result``, sorted by group and cohort: the columns of groups,
        ``cohort``, ``size``, and a column for every age, named ``"0"``, ``"1"``, ... Cells past the
        end of the data are null.

    Raises
    ------
    MissingColumnsError
        ``result`` lacks a column.
    ColumnTypeError
        ``value`` names no column of numbers.
    ParameterError
        A column of groups is named like an age.

    Notes
    -----
    Columns that hang on the data are for the eye: compute on the long form. A lazy frame stays
    lazy, but one query runs at once to learn the ages.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob"],
    ...         "period": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1)],
    ...     }
    ... )
    >>> cohort_matrix(cohort_retention(months)).drop("cohort").rows()
    [(1, 1.0, 1.0), (1, 1.0, None)]
    """
    opened = open_frame(result, table="cohorts")
    require_columns(opened, {"result": [_COHORT, _AGE, "size"], "value": value})
    require_kinds(opened, dict.fromkeys([_AGE, value], ColumnKind.NUMBER))
    own = {_COHORT, _AGE, *_COUNTS, *_VALUES}
    groups = [name for name in opened.rows.collect_schema().names() if name not in own]
    [oldest] = opened.rows.select(nw.col(_AGE).max()).collect().row(0)
    ages = range(0 if oldest is None or oldest != oldest else int(oldest) + 1)  # noqa: PLR0124 (NaN)
    refuse_clashes("cohort_matrix", groups, [str(age) for age in ages])
    cells = {str(age): nw.when(nw.col(_AGE) == age).then(nw.col(value)) for age in ages}
    index = [*groups, _COHORT, "size"]
    wide = (
        opened.rows.select(*index, **cells).group_by(*index).agg(*[nw.col(n).max() for n in cells])
    )
    return opened.close(wide.sort(*groups, _COHORT))  # type: ignore[no-any-return]


def _cells(rows: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """One row per group, cohort and month with anybody active; sizes and first sums beside."""
    months = rows.group_by("_customer", "_month").agg(nw.col("_value").sum())
    followed = _with_cohort(months)
    if groups:
        homes = _homes(rows, groups)
        followed = followed.join(homes, how="inner", left_on="_customer", right_on="_member")
    cells = followed.group_by(*groups, "_cohort", "_month").agg(
        nw.col("_value").sum().alias("_paid"), nw.len().alias("_active")
    )
    at_first = nw.when(nw.col("_month") == nw.col("_cohort"))
    whole = (*groups, "_cohort")
    return cells.with_columns(
        _size=at_first.then(nw.col("_active").cast(nw.Int64)).otherwise(nw.lit(0)),
        _first_paid=at_first.then(nw.col("_paid")).otherwise(nw.lit(0.0)),
    ).with_columns(
        _size=nw.col("_size").sum().over(*whole),
        _first_paid=nw.col("_first_paid").sum().over(*whole),
    )


def _with_cohort(months: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    return months.with_columns(_cohort=nw.col("_month").min().over("_customer"))


def _homes(rows: nw.LazyFrame[Any], groups: list[str]) -> nw.LazyFrame[Any]:
    """Tell the group of each customer in its first month, the first by name if it had several."""
    at_first = _with_cohort(rows).filter(nw.col("_month") == nw.col("_cohort"))
    chosen = at_first.unique(["_customer"], keep="first", order_by=groups)
    # Spark cannot tell apart columns of one origin on both sides of a join: other names.
    homes = chosen.select(
        _member=nw.col("_customer"), **{f"_home{group}": nw.col(group) for group in groups}
    )
    return homes.rename({f"_home{group}": group for group in groups})


def _on_every_age(
    cells: nw.LazyFrame[Any], ages: nw.LazyFrame[Any], groups: list[str]
) -> nw.LazyFrame[Any]:
    """Lay the cells on every age, 0 where nobody was active.

    Cells are few. Crossing them with the ages reads them once, where a join of cohorts and ages
    with the cells would make SQL engines compute them twice.
    """
    now = nw.when(nw.col("_month") - nw.col("_cohort") == nw.col(_AGE))
    key = [*groups, "_cohort", _AGE]
    crossed = cells.join(ages, how="cross").select(
        *key,
        "_size",
        "_first_paid",
        _active=now.then(nw.col("_active").cast(nw.Int64)).otherwise(nw.lit(0)),
        _paid=now.then(nw.col("_paid")).otherwise(nw.lit(0.0)),
    )
    return crossed.group_by(*key).agg(
        nw.col("_size").max(),
        nw.col("_first_paid").max(),
        nw.col("_active").sum(),
        nw.col("_paid").sum(),
    )


def _figures(last: int, *, with_value: bool) -> dict[str, nw.Expr]:
    size, active = nw.col("_size"), nw.col("_active")
    known = nw.when(nw.col("_cohort") + nw.col(_AGE) <= last)
    figures = {
        "size": size.cast(nw.Int64),
        "active": known.then(active.cast(nw.Int64)),
        "retention": known.then(active.cast(nw.Float64) / size.cast(nw.Float64)),
    }
    if with_value:
        paid, at_first = denoise(nw.col("_paid")), denoise(nw.col("_first_paid"))
        share = known.then(paid / nw.when(at_first > 0).then(at_first))
        figures |= {"value": known.then(paid), "value_share": share}
    return figures
