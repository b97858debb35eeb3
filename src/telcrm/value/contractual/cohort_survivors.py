"""A table of survivors, as annual reports print it, turned into lifetimes."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.door import (
    ColumnKind,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, not_null

__all__ = ["cohort_survivors"]

FrameT = TypeVar("FrameT")

_RESULTS = ("age", "lost", "customers")


def cohort_survivors(
    frame: FrameT,
    *,
    cohort: str | None = None,
    period: str = "period",
    survivors: str = "survivors",
) -> FrameT:
    """Turn counts of customers who are left into lifetimes that models learn from.

    Parameters
    ----------
    frame : dataframe
        One row per period, of each cohort, from period 0 on without a gap.
    cohort : str, optional
        Column that tells cohorts apart; one cohort by default. The result keeps it.
    period : str
        Column of whole periods since the start.
    survivors : str
        Column of customers still there; it never rises. Shares will do for the parameters, but
        then standard errors, AIC and BIC are those of so many customers.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by cohort, age and loss: ``cohort`` if it is given,

        ``age``
            Int64: periods.
        ``lost``
            Boolean: true for those lost at this age, false for those there at the end.
        ``customers``
            Float64.

    Raises
    ------
    MissingColumnsError, ColumnTypeError
    InvalidTableError
        A period is missing, comes twice, or has more survivors than the one before.
    ParameterError
        The column of cohorts is called like one of the result.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"period": [0, 1, 2], "survivors": [1000, 869, 743]})
    >>> cohort_survivors(table).rows()
    [(1, True, 131.0), (2, False, 743.0), (2, True, 126.0)]
    """
    if cohort is not None and cohort.casefold() in _RESULTS:
        raise ParameterError(
            f"cohort_survivors: {cohort!r} would stand twice in the result. Rename the column.",
            columns=[cohort],
        )
    opened = open_frame(frame, table="survivors")
    own = [] if cohort is None else [cohort]
    named = {"period": period, "survivors": survivors}
    require_columns(opened, named if cohort is None else {**named, "cohort": cohort})
    opened = parse_objects(opened, [period, survivors, *own])
    keys = dict.fromkeys(own, ColumnKind.KEY)
    require_kinds(opened, {**keys, **dict.fromkeys(named.values(), ColumnKind.NUMBER)})
    rules = [*amount_checks(opened, period), *amount_checks(opened, survivors)]
    check_rows(opened, [*rules, *map(not_null, own)], keys=[*own, period])
    among = nw.lit(0) if cohort is None else key_values(opened, cohort)
    rows = opened.rows.select(
        *own,
        period,
        _cohort=among,
        _period=nw.col(period).cast(nw.Float64),
        _left=nw.col(survivors).cast(nw.Float64),
    )
    beside = {"_before": ("_period", 1), "_had": ("_left", 1), "_after": ("_period", -1)}
    linked = with_neighbours(rows, beside, among=["_cohort"], order_by=["_period"])
    survived = replace(opened, rows=linked)
    check_rows(survived, _table_checks(period, survivors), keys=[*own, period])
    age = nw.col("_period").cast(nw.Int64)
    lost = linked.filter(nw.col("_period") > 0).select(
        *own, age=age, lost=nw.lit(value=True), customers=nw.col("_had") - nw.col("_left")
    )
    there = linked.filter(nw.col("_after").is_null()).select(
        *own, age=age, lost=nw.lit(value=False), customers=nw.col("_left")
    )
    found = nw.concat([lost, there], how="vertical").sort(*own, "age", "lost")
    return opened.close(found)  # type: ignore[no-any-return]


def _table_checks(period: str, survivors: str) -> list[RowCheck]:
    at, before = nw.col("_period"), nw.col("_before")
    begins = before.is_null() & (at != 0)
    jumps = ~before.is_null() & (at != before + 1)
    rises = ~nw.col("_had").is_null() & (nw.col("_left") > nw.col("_had"))
    return [
        RowCheck(
            "starts", period, begins, "is the first of its cohort and is not 0", "Count from 0."
        ),
        RowCheck(
            "consecutive",
            period,
            jumps,
            "does not follow the period before by one",
            "Give each period of a cohort one row; name the cohorts with cohort=.",
        ),
        RowCheck("falls", survivors, rises, "is above that of the period before", "Mend it."),
        RowCheck("not_negative", survivors, nw.col("_left") < 0, "is negative", "Mend it."),
    ]
