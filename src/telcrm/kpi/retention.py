"""Revenue retention: how much of last month's recurring revenue is still there."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Self, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import Record
from telcrm.domain.arguments import require_not_negative, require_positive
from telcrm.domain.choice import choose
from telcrm.kpi.breakdown import group_columns
from telcrm.kpi.flows import FlowColumns, flows
from telcrm.kpi.movement_policy import LossMonth, MovementPolicy, SameMonth
from telcrm.tables.door import open_frame
from telcrm.tables.noise import denoise

__all__ = [
    "RetentionConvention",
    "RetentionPolicy",
    "RevenueBase",
    "gross_revenue_churn_rate",
    "net_revenue_churn_rate",
    "revenue_retention",
]

FrameT = TypeVar("FrameT")

_AMOUNTS = (
    "opening_revenue",
    "new_revenue",
    "reactivated_revenue",
    "expansion_revenue",
    "contraction_revenue",
    "lost_revenue",
    "closing_revenue",
)
_TRANSFERS = ("transferred_in_revenue", "transferred_out_revenue")
_RATES = ("gross_churn_rate", "net_churn_rate", "gross_retention", "net_retention")


class RevenueBase(StrEnum):
    """What revenue churn is a share of."""

    OPENING = "opening"
    """Revenue of the customers at the start of the month."""
    OPENING_AND_NEW = "opening_and_new"
    """The same and what new and reactivated customers brought in the month."""


class RetentionConvention(StrEnum):
    """Services whose published convention can be followed by name."""

    CHARTMOGUL = "chartmogul"
    BAREMETRICS = "baremetrics"
    STRIPE = "stripe"
    PROFITWELL = "profitwell"


class RetentionPolicy(Record):
    """What counts as revenue lost and won back.

    Examples
    --------
    >>> RetentionPolicy.of("baremetrics").net_includes_reactivation
    False
    """

    movement: MovementPolicy = MovementPolicy()
    """Who is lost, back and new, and when."""
    base: RevenueBase = RevenueBase.OPENING
    net_includes_reactivation: bool = True
    """Whether revenue of those who came back makes up for losses in the net rate."""

    @classmethod
    def of(cls, convention: RetentionConvention | str) -> Self:
        """Return the policy of a service, as far as it has published its convention.

        Parameters
        ----------
        convention : RetentionConvention or str

        Returns
        -------
        RetentionPolicy

        Raises
        ------
        ParameterError
            There is no such convention.

        Notes
        -----
        ``chartmogul``
            Gross: churn and contraction over the start of the month. Net: less expansion and
            reactivation.
        ``baremetrics``
            Net retention is 100 % less churned revenue, plus expansion, over the revenue 30 days
            before; reactivation does not stand in the formula. Their one word *churned* is read as
            lost and contracted.
        ``stripe``
            Churned over those who were there and those who came. Stripe publishes that base for
            subscribers; it is used for revenue too.
        ``profitwell``
            Who comes and goes within a month is left out, any return is a reactivation, and revenue
            is held to the end of the month in which it was cancelled.

        These services roll over 30 days, and compute in their own currency of record. Here a month
        is a calendar month.

        References
        ----------
        ChartMogul help, *Net MRR churn rate*; Baremetrics academy, *Net revenue retention*; Stripe
        Billing documentation, *Churn*; Paddle (ProfitWell Metrics) help, *MRR*.

        Examples
        --------
        >>> RetentionPolicy.of("profitwell").movement.same_month
        <SameMonth.IGNORE: 'ignore'>
        """
        match choose(RetentionConvention, convention, "convention"):
            case RetentionConvention.CHARTMOGUL:
                return cls()
            case RetentionConvention.BAREMETRICS:
                return cls(net_includes_reactivation=False)
            case RetentionConvention.STRIPE:
                return cls(base=RevenueBase.OPENING_AND_NEW)
            case RetentionConvention.PROFITWELL:
                early = MovementPolicy(
                    loss_month=LossMonth.LAST_ACTIVE, same_month=SameMonth.IGNORE
                )
                return cls(movement=early)


def revenue_retention(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    by: str | Sequence[str] | None = None,
    policy: RetentionPolicy | None = None,
) -> FrameT:
    """Split each month's recurring revenue into what stayed, came and went, and rate it.

    Parameters
    ----------
    frame : dataframe
        Customer-months with recurring revenue, as :func:`~telcrm.kpi.movement` takes them;
        :func:`~telcrm.kpi.recurring_revenue` makes them of subscriptions.
    customer, period : str
        As there.
    revenue : str
        Numeric column, major units, one currency, 0 or more in sum for a customer and month.
    by : str or sequence of str, optional
        As there.
    policy : RetentionPolicy, optional
        ChartMogul's convention by default.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per month and group, Float64:

        ``opening_revenue``, ``new_revenue``, ``reactivated_revenue``, ``expansion_revenue``,
        ``contraction_revenue``, ``lost_revenue``, ``closing_revenue``
            As of :func:`~telcrm.kpi.movement`; with ``by`` also ``transferred_in_revenue`` and
            ``transferred_out_revenue``, which no rate counts.
        ``gross_churn_rate``
            Lost and contracted, over the base.
        ``net_churn_rate``
            The same less expanded (and reactivated); below 0 where that is more.
        ``gross_retention``, ``net_retention``
            1 less these rates. All four are null where the base is 0.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError, ParameterError
        As :func:`~telcrm.kpi.movement` does.

    Notes
    -----
    ::

        gross = (lost + contraction) / base
        net   = (lost + contraction - expansion [- reactivated]) / base

    To cancel one of two subscriptions is contraction and not loss, because customers are what is
    counted; pass ``customer="subscription_id"`` to count lines.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["a", "b", "c", "d", "b", "c", "d"],
    ...         "period": [jan] * 4 + [feb] * 3,
    ...         "revenue": [10.0, 30.0, 30.0, 30.0, 20.0, 40.0, 30.0],
    ...     }
    ... )
    >>> revenue_retention(months).select("gross_churn_rate", "net_churn_rate").row(0)
    (0.2, 0.1)
    """
    agreed = policy or RetentionPolicy()
    groups = group_columns(
        by, keys=[period], results=[*_AMOUNTS, *_TRANSFERS, *_RATES], what="revenue_retention"
    )
    opened = open_frame(frame, table="subscriber_months")
    columns = FlowColumns(customer, period, groups, revenue)
    counted = flows(opened, columns, agreed.movement)
    amounts = [*_AMOUNTS, *_TRANSFERS] if groups else list(_AMOUNTS)
    clean = counted.select(period, *groups, **{name: denoise(nw.col(name)) for name in amounts})
    base = nw.col("opening_revenue")
    if agreed.base is RevenueBase.OPENING_AND_NEW:
        base = base + nw.col("new_revenue") + nw.col("reactivated_revenue")
    some = nw.when(base > 0).then(base)
    gone = nw.col("lost_revenue") + nw.col("contraction_revenue")
    made_up = nw.col("expansion_revenue")
    if agreed.net_includes_reactivation:
        made_up = made_up + nw.col("reactivated_revenue")
    gross, net = gone / some, (gone - made_up) / some
    result = clean.with_columns(
        gross_churn_rate=gross,
        net_churn_rate=net,
        gross_retention=1.0 - gross,
        net_retention=1.0 - net,
    ).sort(period, *groups)
    return opened.close(result)  # type: ignore[no-any-return]


def gross_revenue_churn_rate(*, base: float, lost: float, contraction: float) -> float:
    """Return the share of recurring revenue that was lost or contracted.

    Parameters
    ----------
    base : float
        Revenue at the start, above 0.
    lost, contraction : float
        0 or more.

    Returns
    -------
    float
        ``(lost + contraction) / base``.

    Raises
    ------
    ParameterError

    References
    ----------
    ChartMogul help, *Gross MRR churn rate*.

    Examples
    --------
    >>> gross_revenue_churn_rate(base=100, lost=10, contraction=10)
    0.2
    """
    require_positive(base=base)
    require_not_negative(lost=lost, contraction=contraction)
    return (lost + contraction) / base


def net_revenue_churn_rate(
    *, base: float, lost: float, contraction: float, expansion: float, reactivated: float = 0.0
) -> float:
    """Return the share of recurring revenue that was lost and not made up for.

    Parameters
    ----------
    base : float
        Revenue at the start, above 0.
    lost, contraction, expansion, reactivated : float
        0 or more.

    Returns
    -------
    float
        ``(lost + contraction - expansion - reactivated) / base``; below 0 is growth.

    Raises
    ------
    ParameterError

    References
    ----------
    ChartMogul help, *Net MRR churn rate*.

    Examples
    --------
    >>> net_revenue_churn_rate(base=100, lost=10, contraction=10, expansion=10)
    0.1
    """
    require_positive(base=base)
    require_not_negative(
        lost=lost, contraction=contraction, expansion=expansion, reactivated=reactivated
    )
    return (lost + contraction - expansion - reactivated) / base
