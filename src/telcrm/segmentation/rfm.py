"""Recency, frequency and monetary value: when a customer last bought, how often, how much."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from numbers import Integral
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.tables.calendar_index import day_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    parse_objects,
    require_columns,
    require_kinds,
)
from telcrm.tables.noise import denoise
from telcrm.tables.row_checks import (
    RowCheck,
    amount_checks,
    check_rows,
    not_null,
)

__all__ = ["RfmMethod", "rfm"]

FrameT = TypeVar("FrameT")

_MEASURES = ("recency_days", "frequency", "monetary")
_SCORES = ("recency_score", "frequency_score", "monetary_score")
_MAX_BINS = 9


class RfmMethod(StrEnum):
    """Among whom a customer is ranked.

    ``independent`` ranks each measure among all customers: scores compare across the base.
    ``nested`` ranks frequency among those of the same recency score, and monetary value among those
    of the same recency and frequency score: cells are more even, but a frequency score of 5 means
    another frequency in each recency score.
    """

    INDEPENDENT = "independent"
    NESTED = "nested"


def rfm(
    frame: FrameT,
    *,
    as_of: date,
    customer: str = "customer_id",
    at: str = "recharged_at",
    amount: str = "amount",
    bins: int = 5,
    method: RfmMethod = RfmMethod.INDEPENDENT,
) -> FrameT:
    """Score each customer by recency, frequency and monetary value.

    Parameters
    ----------
    frame : dataframe
        Transactions, one row each: recharges, purchases, paid bills. pandas, Polars (eager or
        lazy), a DuckDB relation, PySpark, or PyArrow.
    as_of : date
        The day that recency is counted back from. Later transactions are not looked at, so that the
        scores are those that could have been known on that day, and a customer who has no others
        gets no row.
    customer : str
        Column that names the customer.
    at : str
        Column of dates or datetimes. The day of a datetime is that of the clock it is kept in.
    amount : str
        Numeric column, major units, one currency, 0 or more.
    bins : int in [2, 9]
        Number of scores.
    method : RfmMethod
        Whether the three measures are ranked independently or nested.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``recency_days``
            Int64: days from the last transaction to ``as_of``; 0 is the day itself.
        ``frequency``
            Int64: number of transactions.
        ``monetary``
            Float64: sum of the amounts, rounded to 6 decimals.
        ``recency_score``, ``frequency_score``, ``monetary_score``
            Int64 from 1 to ``bins``; ``bins`` is best: most recent, most often, most.
        ``rfm_score``
            Int64: 100, 10 and 1 times the three scores, for example 555.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``at`` holds no dates, ``amount`` no numbers, or the key is a float or an object.
    InvalidTableError
        A customer, an instant or an amount is null, or an amount is negative or infinite.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``bins`` is out of range, ``method`` is none of the two, or ``as_of`` is no date, or a
        datetime: which day that falls on depends on the zone.

    Notes
    -----
    Customers are ranked from worst to best, ties at the lowest rank they share, and::

        score = 1 + floor(bins * (rank - 1) / n)

    Equal customers thus always get equal scores, on every engine. Where many are equal, as many are
    in the frequency of prepaid recharges, bins hold unequal numbers and some stay empty; no tie is
    broken by the order of rows to even them out.

    References
    ----------
    IBM SPSS Statistics, Direct Marketing, *RFM Analysis*: independent and nested binning, ties to
    the same bin, and the combined score 100 R + 10 F + M.

    Examples
    --------
    >>> import polars as pl
    >>> jan, may = date(2024, 1, 1), date(2024, 5, 1)
    >>> recharges = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "cid"],
    ...         "recharged_at": [may, date(2024, 5, 30), jan, may],
    ...         "amount": [10.0, 20.0, 5.0, 50.0],
    ...     }
    ... )
    >>> scored = rfm(recharges, as_of=date(2024, 5, 31), bins=3)
    >>> scored.select("customer_id", "recency_days", "frequency", "monetary", "rfm_score").rows()
    [('ann', 1, 2, 30.0, 332), ('bob', 151, 1, 5.0, 111), ('cid', 30, 1, 50.0, 213)]
    """
    _check_parameters(as_of, bins, method, customer)
    opened = open_frame(frame, table="transactions")
    require_columns(opened, {"customer": customer, "at": at, "amount": amount})
    opened = parse_objects(opened, [at])
    kinds = {customer: ColumnKind.KEY, at: ColumnKind.DATE, amount: ColumnKind.NUMBER}
    require_kinds(opened, kinds)
    _check(opened, customer, at, amount)

    measured = _measure(opened, customer, at, amount, as_of)
    scored = _score(measured, bins, method)
    parts = [nw.col(name).cast(nw.Int64) for name in _SCORES]
    total = parts[0] * 100 + parts[1] * 10 + parts[2]
    result = scored.select(
        nw.col("_customer").alias(customer), *_MEASURES, *parts, rfm_score=total
    ).sort(customer)
    return opened.close(result)  # type: ignore[no-any-return]


def _check_parameters(as_of: date, bins: int, method: RfmMethod, customer: str) -> None:
    if not _is_whole(bins) or not 2 <= bins <= _MAX_BINS:
        raise ParameterError(
            f"rfm: bins is {bins!r}, and has to be a whole number from 2 to {_MAX_BINS}, so that "
            "rfm_score keeps one digit for each part.",
            bins=bins,
        )
    if method not in tuple(RfmMethod):
        raise ParameterError(
            f"rfm: method is {method!r}. Choose from: {', '.join(RfmMethod)}.", method=method
        )
    if not isinstance(as_of, date):
        raise ParameterError(
            f"rfm: as_of is {as_of!r}, and has to be a date, for example date(2024, 5, 1).",
            as_of=as_of,
        )
    if isinstance(as_of, datetime):
        raise ParameterError(
            f"rfm: as_of is the datetime {as_of}, and has to be a date. Pass the day in the zone "
            "of your transactions, for example as_of.date().",
            as_of=as_of,
        )
    if customer.casefold() in {*_MEASURES, *_SCORES, "rfm_score"}:
        raise ParameterError(
            f"rfm: {customer!r} would stand twice in the result. Rename the column of customers.",
            customer=customer,
        )


def _is_whole(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def _check(opened: OpenFrame, customer: str, at: str, amount: str) -> None:
    rules = [
        not_null(customer),
        not_null(at),
        *amount_checks(opened, amount),
        RowCheck(
            "not_negative",
            amount,
            nw.col(amount) < 0,
            "is negative",
            "Net refunds against their purchases first: a refund is no transaction.",
        ),
    ]
    check_rows(opened, rules, keys=[customer, at])


def _measure(
    opened: OpenFrame, customer: str, at: str, amount: str, as_of: date
) -> nw.LazyFrame[Any]:
    last_day = as_of.toordinal()
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _day=day_index(at),
        _amount=nw.col(amount).cast(nw.Float64),
    ).filter(nw.col("_day") <= last_day)
    totals = rows.group_by("_customer").agg(
        nw.col("_day").max(), nw.col("_amount").sum(), frequency=nw.len()
    )
    return totals.select(
        "_customer",
        recency_days=last_day - nw.col("_day"),
        frequency=nw.col("frequency").cast(nw.Int64),
        monetary=denoise(nw.col("_amount")),
    )


def _score(measured: nw.LazyFrame[Any], bins: int, method: RfmMethod) -> nw.LazyFrame[Any]:
    # One constant column lets "among all" and "among those of equal score" be the same expression.
    scored = measured.with_columns(_all=nw.lit(1))
    among = ["_all"]
    for measure, score in zip(_MEASURES, _SCORES, strict=True):
        worst_last = measure == "recency_days"
        rank = nw.col(measure).rank("min", descending=worst_last).over(*among).cast(nw.Int64)
        size = nw.col(measure).count().over(*among).cast(nw.Int64)
        scored = scored.with_columns(**{score: (rank - 1) * bins // size + 1})
        if method == RfmMethod.NESTED:
            among = [*among, score]
    return scored
