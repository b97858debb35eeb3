"""Recency, frequency and monetary value: when a customer last bought, how often, how much."""

from __future__ import annotations

from datetime import date
from numbers import Integral
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_day
from telcrm.domain.choice import choose
from telcrm.errors import ParameterError
from telcrm.segmentation.rfm_policy import MAX_BINS, RfmBreaks, RfmMethod, RfmTies
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

__all__ = ["rfm", "rfm_breaks"]

FrameT = TypeVar("FrameT")

_MEASURES = ("recency_days", "frequency", "monetary")
_SCORES = ("recency_score", "frequency_score", "monetary_score")


def rfm(
    frame: FrameT,
    *,
    as_of: date,
    customer: str = "customer_id",
    at: str = "recharged_at",
    amount: str = "amount",
    bins: int = 5,
    method: RfmMethod | str = RfmMethod.INDEPENDENT,
    ties: RfmTies | str = RfmTies.LOW,
    breaks: RfmBreaks | None = None,
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
    ties : RfmTies
        What becomes of equal customers.
    breaks : RfmBreaks, optional
        Cuts to score by, instead of ranks: your own, or those that :func:`rfm_breaks` has learnt
        from an earlier month. ``bins``, ``method`` and ``ties`` are then not to be given.

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
        ``bins`` is out of range, ``method`` or ``ties`` is no choice, ``breaks`` come with one of
        them, or ``as_of`` is no date, or a datetime: which day that falls on depends on the zone.

    Notes
    -----
    Customers are ranked from worst to best, and::

        score = 1 + floor(bins * (rank - 1) / n)

    Ties stand by default at the lowest rank that they share, so that equal customers get equal
    scores, on every engine. Where many are equal, as many are in the frequency of prepaid
    recharges, bins hold unequal numbers and some stay empty. ``ties="spread"`` evens them out by
    the names of customers; never by the order of rows.

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
    _check_parameters(as_of, bins, customer)
    way, tied = choose(RfmMethod, method, "method"), choose(RfmTies, ties, "ties")
    if breaks is not None and (bins, way, tied) != (5, RfmMethod.INDEPENDENT, RfmTies.LOW):
        raise ParameterError(
            "rfm: breaks say which score a value has. Leave bins, method and ties out, or breaks.",
            breaks=breaks,
        )
    opened = open_frame(frame, table="transactions")
    require_columns(opened, {"customer": customer, "at": at, "amount": amount})
    opened = parse_objects(opened, [at])
    kinds = {customer: ColumnKind.KEY, at: ColumnKind.DATE, amount: ColumnKind.NUMBER}
    require_kinds(opened, kinds)
    _check(opened, customer, at, amount)

    measured = _measure(opened, customer, at, amount, as_of)
    scored = _score_by(measured, breaks) if breaks else _score(measured, bins, way, tied)
    parts = [nw.col(name).cast(nw.Int64) for name in _SCORES]
    total = parts[0] * 100 + parts[1] * 10 + parts[2]
    result = scored.select(
        nw.col("_customer").alias(customer), *_MEASURES, *parts, rfm_score=total
    ).sort(customer)
    return opened.close(result)  # type: ignore[no-any-return]


def rfm_breaks(
    frame: FrameT,
    *,
    as_of: date,
    customer: str = "customer_id",
    at: str = "recharged_at",
    amount: str = "amount",
    bins: int = 5,
    ties: RfmTies | str = RfmTies.LOW,
) -> RfmBreaks:
    """Learn the cuts by which :func:`rfm` scores these transactions, to score others alike.

    Parameters
    ----------
    frame, as_of, customer, at, amount, bins
        As of :func:`rfm`; the measures are ranked independently.
    ties : "low" or "high"
        Cuts cannot spread equal customers.

    Returns
    -------
    RfmBreaks
        ``rfm(frame, breaks=...)`` on the same transactions gives the same scores.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`rfm` does.
    ParameterError
        As :func:`rfm` does, or ``ties`` is ``"spread"``, or nobody has bought anything.

    Examples
    --------
    >>> import polars as pl
    >>> march = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob", "cid"],
    ...         "recharged_at": [date(2024, 3, day) for day in (1, 30, 5, 20)],
    ...         "amount": [10.0, 20.0, 5.0, 50.0],
    ...     }
    ... )
    >>> learnt = rfm_breaks(march, as_of=date(2024, 3, 31), bins=3)
    >>> learnt.recency_days, learnt.monetary
    ((11.0, 1.0), (30.0, 50.0))
    """
    tied = choose(RfmTies, ties, "ties")
    if tied is RfmTies.SPREAD:
        raise ParameterError(
            'rfm_breaks: ties="spread" gives equal customers different scores, which no cut can. '
            'Choose "low" or "high".',
            ties=tied,
        )
    scored = rfm(frame, as_of=as_of, customer=customer, at=at, amount=amount, bins=bins, ties=tied)
    came: Any = nw.from_native(scored)
    names = dict(zip(_MEASURES, _SCORES, strict=True))
    best = {
        measure: came.lazy()
        .group_by(score)
        .agg(nw.col(measure).min().alias("_low"), nw.col(measure).max().alias("_high"))
        .collect()
        .rows(named=True)
        for measure, score in names.items()
    }
    if not best["frequency"]:
        raise ParameterError("rfm_breaks: nobody has bought anything by then.", as_of=as_of)
    cuts = {}
    for measure, rows in best.items():
        end, pick = ("_high", max) if measure == "recency_days" else ("_low", min)
        score = names[measure]
        reached = [
            [row[end] for row in rows if row[score] >= least] for least in range(2, bins + 1)
        ]
        cuts[measure] = tuple(float(pick(values)) if values else None for values in reached)
    return RfmBreaks(**cuts)


def _check_parameters(as_of: date, bins: int, customer: str) -> None:
    if not _is_whole(bins) or not 2 <= bins <= MAX_BINS:
        raise ParameterError(
            f"rfm: bins is {bins!r}, and has to be a whole number from 2 to {MAX_BINS}, so that "
            "rfm_score keeps one digit for each part.",
            bins=bins,
        )
    require_day("rfm", as_of)
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


def _score(
    measured: nw.LazyFrame[Any], bins: int, method: RfmMethod, ties: RfmTies
) -> nw.LazyFrame[Any]:
    # One constant column lets "among all" and "among those of equal score" be the same expression.
    scored = measured.with_columns(_all=nw.lit(1))
    among = ["_all"]
    for measure, score in zip(_MEASURES, _SCORES, strict=True):
        worst_last = measure == "recency_days"
        if ties is RfmTies.SPREAD:
            worst_first = -nw.col(measure) if worst_last else nw.col(measure)
            scored = scored.with_columns(_order=worst_first, _one=nw.lit(1))
            # A running sum, because not every engine ranks by two columns, nor counts in order.
            rank = nw.col("_one").cum_sum().over(*among, order_by=["_order", "_customer"])
        else:
            way: Any = "min" if ties is RfmTies.LOW else "max"
            rank = nw.col(measure).rank(way, descending=worst_last).over(*among)
        size = nw.col(measure).count().over(*among).cast(nw.Int64)
        scored = scored.with_columns(**{score: (rank.cast(nw.Int64) - 1) * bins // size + 1})
        if method is RfmMethod.NESTED:
            among = [*among, score]
    return scored


def _score_by(measured: nw.LazyFrame[Any], breaks: RfmBreaks) -> nw.LazyFrame[Any]:
    scores = {}
    for measure, score in zip(_MEASURES, _SCORES, strict=True):
        value = nw.col(measure).cast(nw.Float64)
        total = nw.col("frequency") * 0 + 1
        for cut in getattr(breaks, measure):
            if cut is not None:
                reached = value <= cut if measure == "recency_days" else value >= cut
                total = total + nw.when(reached).then(nw.lit(1)).otherwise(nw.lit(0))
        scores[score] = total
    return measured.with_columns(**scores)
