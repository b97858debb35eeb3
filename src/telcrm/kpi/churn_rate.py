"""Churn rates: the share of the base that leaves, in the variants that operators publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import (
    require_not_negative,
    require_positive,
    require_same_length,
    require_share,
)
from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import group_columns
from telcrm.kpi.flows import FlowColumns, flows, rate_base
from telcrm.kpi.movement_policy import MovementPolicy
from telcrm.kpi.window import over_months
from telcrm.tables.door import open_frame
from telcrm.tables.noise import denoise

__all__ = [
    "average_base_churn_rate",
    "churn_rate",
    "compound_churn_rate",
    "monthly_churn_rate",
    "opening_churn_rate",
]

FrameT = TypeVar("FrameT")

_RESULT = ("lost", "base", "churn_rate", "annual_churn_rate")


def churn_rate(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str | None = None,
    by: str | Sequence[str] | None = None,
    months: int = 1,
    policy: MovementPolicy | None = None,
) -> FrameT:
    """Return the average monthly share of the base that was lost, over one or several months.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months, as :func:`~telcrm.kpi.movement` takes them.
    customer, period : str
        As there; ``customer="subscription_id"`` counts lines.
    revenue : str, optional
        Only with ``by``, where a customer may stand in several groups in a month: it belongs to the
        one that carried most of this. Without it, to the first by name.
    by : str or sequence of str, optional
        Columns to break the rate down by. Who moves to another group is not lost.
    months : int, 1 to 120
        Months that each rate covers: 1 is monthly, 3 quarterly, 12 annual; each row looks back.
    policy : MovementPolicy, optional
        When a loss is counted, and the base of a month (``rate_base``).

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group, one row per group and month that
        has so many months to look back on:

        ``period`` and the columns of ``by``
            The last month that the rate covers.
        ``lost``
            Int64: lost in these months.
        ``base``
            Float64: the sum of the base over these months.
        ``churn_rate``
            Float64: ``lost / base``, a monthly rate however many months it covers; null if the base
            is 0.
        ``annual_churn_rate``
            Float64: the same compounded over 12 months, rounded to 12 decimals.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does.
    ParameterError
        ``months`` is out of range, or ``by`` clashes with the result.

    Notes
    -----
    With ``rate_base="opening"``: lost over customers at the start of the month. With ``"average"``
    and three months, what mobile operators report each quarter::

        sum of deactivations / sum over months of (opening + closing) / 2

    Rates of groups do not add up to the rate of all: weigh them with ``base``.

    References
    ----------
    Vodafone Group, annual report, glossary: gross disconnections over the average customer base.
    SoftBank (Sprint), data sheet: deactivations over the sum of the months' average bases.

    Examples
    --------
    >>> from datetime import date
    >>> import polars as pl
    >>> jan, feb, mar = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    >>> base = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "cid", "dee", "ann", "bob", "cid", "ann", "bob"],
    ...         "period": [jan] * 4 + [feb] * 3 + [mar] * 2,
    ...     }
    ... )
    >>> churn_rate(base).select("period", "lost", "base", "churn_rate").rows()[0]
    (datetime.date(2024, 2, 1), 1, 4.0, 0.25)
    >>> churn_rate(base, months=2, policy=MovementPolicy(rate_base="average")).row(0)[:4]
    (datetime.date(2024, 3, 1), 2, 6.0, 0.3333333333333333)
    """
    agreed = policy or MovementPolicy()
    groups = group_columns(by, keys=[period], results=_RESULT, what="churn_rate")
    opened = open_frame(frame, table="subscriber_months")
    columns = FlowColumns(customer, period, groups, revenue)
    counted = flows(opened, columns, agreed).select(
        period,
        *groups,
        lost=nw.col("lost").cast(nw.Float64),
        base=rate_base(agreed.rate_base),
    )
    summed = over_months(counted, ["lost", "base"], months, period=period, by=groups)
    rate = nw.col("lost") / nw.when(nw.col("base") > 0).then(nw.col("base"))
    rated = summed.with_columns(churn_rate=rate).with_columns(
        # Engines raise to a power with other last bits.
        annual_churn_rate=denoise(1.0 - (1.0 - nw.col("churn_rate")) ** 12, decimals=12)
    )
    result = rated.select(
        period, *groups, nw.col("lost").cast(nw.Int64), "base", "churn_rate", "annual_churn_rate"
    ).sort(period, *groups)
    return opened.close(result)  # type: ignore[no-any-return]


def opening_churn_rate(lost: float, opening: float) -> float:
    """Return those lost over those who were there at the start.

    Parameters
    ----------
    lost : float
        0 or more, and no more than ``opening``.
    opening : float
        Above 0.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> opening_churn_rate(5, 100)
    0.05
    """
    require_not_negative(lost=lost)
    require_positive(opening=opening)
    if lost > opening:
        raise ParameterError(
            f"lost is {lost} and opening {opening}: nobody can be lost who was not there. Count "
            "the losses of newcomers with another base.",
            lost=lost,
            opening=opening,
        )
    return lost / opening


def average_base_churn_rate(
    lost: Sequence[float], opening: Sequence[float], closing: Sequence[float]
) -> float:
    """Return the average monthly churn rate on the average base of one or several months.

    Parameters
    ----------
    lost, opening, closing : sequence of float
        One number per month, each 0 or more.

    Returns
    -------
    float
        ``sum(lost) / sum((opening + closing) / 2)``; 0 or more, above 1 only where newcomers leave.

    Raises
    ------
    ParameterError
        The sequences are empty or of unequal length, or nobody was there.

    References
    ----------
    SoftBank (Sprint), data sheet; Vodafone Group, annual report, glossary.

    Examples
    --------
    >>> round(average_base_churn_rate([10, 12, 14], [1000, 990, 978], [990, 978, 964]), 4)
    0.0122
    """
    require_same_length(lost=lost, opening=opening, closing=closing)
    for gone, before, after in zip(lost, opening, closing, strict=True):
        require_not_negative(lost=gone, opening=before, closing=after)
    base = (sum(opening) + sum(closing)) / 2
    require_positive(base=base)
    return sum(lost) / base


def compound_churn_rate(rate: float, *, periods: float) -> float:
    """Return the share lost after several periods of the same churn rate.

    Parameters
    ----------
    rate : float in [0, 1]
        Of one period.
    periods : float
        Above 0; 12 turns a monthly rate into an annual one.

    Returns
    -------
    float in [0, 1]
        ``1 - (1 - rate) ** periods``. Not ``rate * periods``, which forgets that who has left
        cannot leave again.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> round(compound_churn_rate(0.03, periods=12), 5)
    0.30616
    """
    require_share(rate=rate)
    require_positive(periods=periods)
    return float(1.0 - (1.0 - rate) ** periods)


def monthly_churn_rate(rate: float, *, months: float) -> float:
    """Return the monthly churn rate that compounds to a rate of several months.

    Parameters
    ----------
    rate : float in [0, 1]
        Share lost over the months.
    months : float
        Above 0.

    Returns
    -------
    float in [0, 1]
        ``1 - (1 - rate) ** (1 / months)``.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> round(monthly_churn_rate(0.30616, months=12), 4)
    0.03
    """
    require_positive(months=months)
    return compound_churn_rate(rate, periods=1.0 / months)
