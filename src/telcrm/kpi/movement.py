"""How the customer base moved from one month to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.errors import ParameterError
from telcrm.kpi.breakdown import group_columns
from telcrm.kpi.flows import FlowColumns, flows, rate_base
from telcrm.kpi.movement_policy import ChangeBasis, MovementPolicy
from telcrm.tables.door import open_frame
from telcrm.tables.noise import denoise

__all__ = ["movement"]

FrameT = TypeVar("FrameT")

_COUNTS = (
    "opening",
    "new",
    "reactivated",
    "transferred_in",
    "lost",
    "transferred_out",
    "closing",
    "retained",
    "upgraded",
    "downgraded",
)
_STOCKS = ("opening", "closing")
_AMOUNTS = (
    "opening_revenue",
    "new_revenue",
    "reactivated_revenue",
    "transferred_in_revenue",
    "expansion_revenue",
    "contraction_revenue",
    "lost_revenue",
    "transferred_out_revenue",
    "closing_revenue",
)


def movement(
    frame: FrameT,
    *,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    rank: str | None = None,
    by: str | Sequence[str] | None = None,
    policy: MovementPolicy | None = None,
) -> FrameT:
    """Count who came, came back, left, paid more and paid less, month by month.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months: a row for every month in which a subscription was active. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow. A customer may have several rows in
        a month; they are summed.
    customer : str
        Column that names the customer; ``"subscription_id"`` or ``"account_id"`` counts lines or
        accounts instead.
    period : str
        Column of dates, each the first day of its month.
    revenue : str
        Numeric column, major units, one currency.
    rank : str, optional
        Column of whole numbers, the place of the plan among plans: only for a policy whose
        ``change_basis`` is ``"plan_rank"``. A customer has the rank of its highest plan.
    by : str or sequence of str, optional
        Columns to break the movement down by, for example ``"segment"``. In each month a customer
        belongs to one group: the one that carried most of its revenue, the first by name if equal.
    policy : MovementPolicy, optional
        When a loss is counted, how late a return may come, what rates are shares of, what is an
        upgrade. The default says what is written below.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by period and group. One row for every month from the
        second to the last that ``frame`` holds, months without any row included, and for every
        group seen in any month. Counts are Int64, rates and amounts Float64:

        ``period`` and the columns of ``by``, under the names you gave. pandas holds ``period`` as
            ``datetime64``, even if it came as objects of ``date``: convert yours with
            ``pd.to_datetime`` before you merge the two.
        ``opening``
            Customers active in the month before.
        ``new``
            Active now and never before in ``frame``.
        ``reactivated``
            Active now, not in the month before, but earlier.
        ``transferred_in``, ``transferred_out``
            Only with ``by``: active in both months, come from or gone to another group.
        ``lost``
            Active in the month before, not now.
        ``closing``
            Active now.
        ``retained``
            Active in both months, in the same group.
        ``upgraded``, ``downgraded``
            Those of ``retained`` whose revenue, all groups together, rose or fell at all, be it by
            a change of plan or by one call more; a change
            that rounds to 0.000000 is the noise of adding floats, and is none.
        ``new_rate``, ``reactivated_rate``, ``lost_rate``, ``retained_rate``, ...
            Each flow over ``opening``; null if ``opening`` is 0 (NaN in NumPy-backed pandas, whose
            floats know no other null).
        ``opening_revenue``, ``closing_revenue``
            Revenue of the opening customers in the month before, of the closing ones now.
        ``new_revenue``, ``reactivated_revenue``
            What those customers paid now.
        ``expansion_revenue``, ``contraction_revenue``
            By how much those who were there before paid more, or less, than then; 0 or more.
        ``lost_revenue``, ``transferred_in_revenue``, ``transferred_out_revenue``
            What those customers had paid in the month before.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``revenue`` no numbers, or a key is a float or an object.
    InvalidTableError
        A key or a revenue is null, a revenue is infinite, a period is not the first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``by`` repeats a column, or names one that the result needs for itself; ``rank`` is given
        and the policy does not ask for it, or the other way round.
    UnsupportedFrameError, MissingExtraError
        The frame is of no engine that telcrm reaches.

    Notes
    -----
    In every row, exactly::

        opening + new + reactivated + transferred_in - lost - transferred_out = closing

    and in amounts, to 6 decimals, with ``expansion - contraction`` on the left side. By default
    also ``retained + new + reactivated + transferred_in = closing``.

    With ``loss_month="last_active"`` a customer is lost in the last month with a row, so
    ``closing`` are those active now who stay, ``opening`` those who stayed before, ``retained``
    both. ``lost_revenue`` is then what they paid in that last month. The last month of ``frame``
    has no row: who of it stays is not known.

    The first month has no row. Who was there in it may have joined in it or years before, the table
    cannot tell, and calling all of them new would be an invention; they are the ``opening`` of the
    second month. For the same reason ``new`` means new *to this table*: hand over as much history
    as there is. The month after the last has no row either: nobody is lost for want of data.

    Who leaves during a month was active in it and has its row, so is ``closing`` in that month and
    ``lost`` in the next. As ``terminated_on`` is the first day out of service, one from the 2nd of
    March to the 1st of April is lost in April: counted by ``terminated_on``, all but those on the
    first of a month stand a month earlier.

    A pandas column of ``Period`` is converted with ``frame["period"].dt.to_timestamp()``.

    A lazy frame stays lazy, but one query runs at once to check the keys and find the first and the
    last month, and with ``by`` another that counts all flows and sees whether anyone stands in
    several groups in one month. If so, the counting is left to your query, after all. The table
    must not change between these queries and yours.

    References
    ----------
    dbt Labs, MRR playbook, ``models/mrr.sql``: new, churn, reactivation, upgrade, downgrade by the
    previous month and the first active month. Gaps count as churn and return as reactivation.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> jan, feb, mar = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob", "ann", "cid", "ann", "bob"],
    ...         "period": [jan, jan, feb, feb, mar, mar],
    ...         "revenue": [10.0, 20.0, 15.0, 5.0, 15.0, 20.0],
    ...     }
    ... )
    >>> moved = movement(months)
    >>> moved.select("period", "opening", "new", "reactivated", "lost", "closing").rows()
    [(datetime.date(2024, 2, 1), 2, 1, 0, 1, 2), (datetime.date(2024, 3, 1), 2, 0, 1, 1, 2)]
    >>> moved["upgraded"].to_list(), moved["lost_rate"].to_list()
    ([1, 0], [0.5, 0.5])
    """
    agreed = policy or MovementPolicy()
    _check_rank(rank, agreed)
    rates = [f"{flow}_rate" for flow in _COUNTS if flow not in _STOCKS]
    groups = group_columns(
        by, keys=[period], results=[*_COUNTS, *rates, *_AMOUNTS], what="movement"
    )
    opened = open_frame(frame, table="subscriber_months")
    columns = FlowColumns(customer, period, groups, revenue, rank)
    moved = flows(opened, columns, agreed)

    def known(names: Sequence[str]) -> list[str]:
        return [name for name in names if groups or not name.startswith("transferred")]

    base = rate_base(agreed.rate_base)
    some = nw.when(base > 0).then(base)
    counts = known(_COUNTS)
    result = moved.select(
        period,
        *groups,
        *[nw.col(name).cast(nw.Int64) for name in counts],
        **{
            f"{name}_rate": nw.col(name).cast(nw.Float64) / some
            for name in counts
            if name not in _STOCKS
        },
        **{name: denoise(nw.col(name)) for name in known(_AMOUNTS)},
    ).sort(period, *groups)
    return opened.close(result)  # type: ignore[no-any-return]


def _check_rank(rank: str | None, policy: MovementPolicy) -> None:
    by_rank = policy.change_basis is ChangeBasis.PLAN_RANK
    if by_rank and rank is None:
        raise ParameterError(
            "movement: the policy tells upgrades by the rank of the plan. Pass rank=<your column>, "
            'or a policy with change_basis="revenue".',
            rank=rank,
        )
    if rank is not None and not by_rank:
        raise ParameterError(
            f"movement: rank={rank!r} is given, and the policy tells upgrades by revenue. Pass "
            'policy=MovementPolicy(change_basis="plan_rank"), or leave rank out.',
            rank=rank,
        )
