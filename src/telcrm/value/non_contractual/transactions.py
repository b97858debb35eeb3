"""From single transactions to what the models need: frequency, recency, age, monetary value."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_day
from telcrm.errors import ParameterError
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.noise import denoise
from telcrm.value.non_contractual.purchase_periods import (
    Clock,
    Granularity,
    open_transactions,
    purchases_of,
)
from telcrm.value.time import TimeUnit

__all__ = ["summarize_transactions"]

FrameT = TypeVar("FrameT")


def summarize_transactions(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    at: str = "at",
    amount: str | None = None,
    until: date,
    calibration_until: date | None = None,
    unit: TimeUnit | str = TimeUnit.WEEK,
    granularity: Granularity | str = Granularity.DAY,
    intervals: bool = False,
) -> FrameT:
    """Summarise transactions into one row per customer, as the models of purchases take them.

    Parameters
    ----------
    frame : dataframe
        Transactions, one row each: recharges, purchases. pandas, Polars (eager or lazy), a DuckDB
        relation, PySpark, or PyArrow.
    customer : str
        Column that names the customer.
    at : str
        Column of dates or datetimes; of a datetime, the day by the clock that it is kept in.
    amount : str, optional
        Numeric column, major units, one currency. Without it there is no monetary value.
    until : date
        Last day of observation; later transactions are left out.
    calibration_until : date, optional
        Splits the observation: the summary is of the transactions up to this day, and columns of
        the holdout tell what came after it, up to ``until``.
    unit : {"week", "day", "month", "year"}
        What times are counted in: a week has 7 days, a month 30.4375, a year 365.25.
    granularity : {"day", "week", "month", "year"}
        Transactions of a customer within one calendar day (week, month, year) are one purchase, of
        their summed amount. Coarser than a day, times are whole calendar periods, and ``unit`` has
        to be the same.
    intervals : bool
        Also return ``log_interval_sum``, the sum of the logarithms of the times between purchases,
        which :class:`~telcrm.value.RegularBetaGeoModel` asks for.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by customer, a row for each who bought up to the end
        of the calibration:

        ``frequency``
            Int64: purchases after the first.
        ``recency``
            Float64: time from the first purchase to the last; 0 for who bought once.
        ``age``
            Float64: time from the first purchase to the end of the calibration.
        ``monetary_value``
            Float64: mean amount of the purchases after the first; null for who bought once. With
            ``amount`` only.
        ``log_interval_sum``
            Float64: 0 for who bought once. With ``intervals`` only.
        ``holdout_frequency``
            Int64: purchases after the calibration. With ``calibration_until`` only, as is
        ``holdout_age``
            Float64: length of the holdout.
        ``holdout_monetary_value``
            Float64: mean amount of those purchases; null without any. With ``amount`` too.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``at`` holds no dates, ``amount`` no numbers, or the key is a float or an object.
    InvalidTableError
        A key, date or amount is null, or an amount is infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it, and an amount is
        asked for.
    ParameterError
        A day is none, ``calibration_until`` is not before ``until``, ``unit`` and ``granularity``
        do not go together, or the customer column is called like one of the result.

    Notes
    -----
    The first purchase of each customer is left out of the frequency and of the monetary value: it
    is where the clock starts. Refunds are amounts below 0; models of spending refuse a mean that is
    not above 0.

    References
    ----------
    P. S. Fader, B. G. S. Hardie (2005), "Creating an RFM Summary Using Excel",
    brucehardie.com/notes/022.

    Examples
    --------
    >>> import polars as pl
    >>> recharges = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "ann", "bob"],
    ...         "at": [date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 22), date(2024, 1, 15)],
    ...         "amount": [5.0, 10.0, 20.0, 5.0],
    ...     }
    ... )
    >>> summary = summarize_transactions(recharges, amount="amount", until=date(2024, 1, 29))
    >>> summary.rows()
    [('ann', 2, 3.0, 4.0, 15.0), ('bob', 0, 0.0, 2.0, None)]
    """
    clock = Clock.of(unit, granularity)
    last = clock.place(require_day("summarize_transactions", until))
    split = last
    if calibration_until is not None:
        split = clock.place(require_day("summarize_transactions", calibration_until))
        if not split < last:
            raise ParameterError(
                f"calibration_until is {calibration_until}, and has to be before the period of "
                f"until ({until}).",
                calibration_until=calibration_until,
            )
    if customer.casefold() in _RESULT:
        raise ParameterError(
            f"summarize_transactions: {customer!r} would stand twice in the result. Rename the "
            "column.",
            columns=[customer],
        )
    opened = open_transactions(frame, customer=customer, at=at, amount=amount)
    purchases = purchases_of(opened, clock, customer=customer, at=at, amount=amount, until=until)
    if intervals:
        purchases = _with_intervals(purchases, clock.per_unit)
    summed = _summed(purchases, split, with_amount=amount is not None, intervals=intervals)
    known = summed.filter(nw.col("_first") <= split)
    columns = _columns(
        clock.per_unit,
        split,
        last,
        holdout=calibration_until is not None,
        with_amount=amount is not None,
        intervals=intervals,
    )
    result = known.select(**{customer: nw.col("_customer")}, **columns)
    return opened.close(result.sort(customer))  # type: ignore[no-any-return]


_RESULT = {
    "frequency",
    "recency",
    "age",
    "monetary_value",
    "log_interval_sum",
    "holdout_frequency",
    "holdout_age",
    "holdout_monetary_value",
}


def _with_intervals(purchases: nw.LazyFrame[Any], per_unit: float) -> nw.LazyFrame[Any]:
    beside = with_neighbours(
        purchases, {"_before": ("_place", 1)}, among=["_customer"], order_by=["_place"]
    )
    gap = (nw.col("_place") - nw.col("_before")).cast(nw.Float64) / per_unit
    # The logarithm of a gap that is not there would be one of null, which not every engine knows.
    known = nw.when(~nw.col("_before").is_null()).then(gap).otherwise(nw.lit(1.0))
    return beside.with_columns(_log_gap=known.log())


def _summed(
    purchases: nw.LazyFrame[Any], split: int, *, with_amount: bool, intervals: bool
) -> nw.LazyFrame[Any]:
    place = nw.col("_place")
    repeated = (place > nw.col("_first")) & (place <= split)
    parts: dict[str, tuple[nw.Expr, nw.Expr]] = {
        "_repeats": (repeated, nw.lit(1)),
        "_held_out": (place > split, nw.lit(1)),
    }
    if with_amount:
        parts["_repeat_amount"] = (repeated, nw.col("_amount"))
        parts["_held_out_amount"] = (place > split, nw.col("_amount"))
    if intervals:
        parts["_log_gaps"] = (repeated, nw.col("_log_gap"))
    flagged = purchases.with_columns(
        _calibrated=nw.when(place <= split).then(place).otherwise(nw.col("_first")),
        **{
            name: nw.when(chosen).then(value).otherwise(nw.lit(0))
            for name, (chosen, value) in parts.items()
        },
    )
    return flagged.group_by("_customer").agg(
        nw.col("_first").min(),
        nw.col("_calibrated").max(),
        *[nw.col(name).sum() for name in parts],
    )


def _columns(
    per_unit: float, split: int, last: int, *, holdout: bool, with_amount: bool, intervals: bool
) -> dict[str, nw.Expr]:
    first, repeats = nw.col("_first"), nw.col("_repeats")

    def units(periods: nw.Expr) -> nw.Expr:
        # Divided by a column: Polars multiplies by the inverse of a constant, which is not exact.
        return periods.cast(nw.Float64) / (periods.cast(nw.Float64) * 0.0 + per_unit)

    def mean(amount: str, count: str) -> nw.Expr:
        number = nw.col(count)
        return denoise(nw.col(amount) / nw.when(number > 0).then(number.cast(nw.Float64)))

    columns = {
        "frequency": repeats.cast(nw.Int64),
        "recency": units(nw.col("_calibrated") - first),
        "age": units(split - first),
    }
    if with_amount:
        columns["monetary_value"] = mean("_repeat_amount", "_repeats")
    if intervals:
        columns["log_interval_sum"] = denoise(nw.col("_log_gaps"), decimals=9)
    if holdout:
        columns["holdout_frequency"] = nw.col("_held_out").cast(nw.Int64)
        columns["holdout_age"] = units(first * 0 + (last - split))
        if with_amount:
            columns["holdout_monetary_value"] = mean("_held_out_amount", "_held_out")
    return columns
