"""What it costs to win a customer, and how soon that is earned back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_not_negative, require_positive, require_share
from telcrm.kpi.breakdown import break_down
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
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
from telcrm.tables.row_checks import amount_checks, check_rows, month_start, not_null
from telcrm.tables.second_table import open_beside, same_type

__all__ = ["acquisition_cost", "cost_per_acquisition", "payback_months"]

FrameT = TypeVar("FrameT")

_RESULT = ("gross_adds", "cost", "cost_per_add")


def acquisition_cost(
    frame: FrameT,
    costs: FrameT,
    *,
    since: str = "since",
    period: str = "period",
    cost: str = "cost",
    by: str | Sequence[str] | None = None,
) -> FrameT:
    """Return the cost of winning a customer or line, month by month and by channel.

    Parameters
    ----------
    frame : dataframe
        Customers or subscriptions, one row each: every one with a day of beginning is a gross
        addition of that month, whether it stayed or not.
    costs : dataframe
        Spending to win them, of the same engine: subsidies, commissions, advertising. Several rows
        of a month and channel are added up.
    since : str
        Date column of ``frame``: the day on which it began; rows where it is null are left out.
    period : str
        Date column of ``costs``, each the first day of its month.
    cost : str
        Numeric column of ``costs``, major units, one currency.
    by : str or sequence of str, optional
        Columns of both tables, for example ``"acquisition_channel"``.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by month and group; a row for each that has additions
        or costs:

        ``period`` and the columns of ``by``
            Under the names that ``costs`` has.
        ``gross_adds``
            Int64.
        ``cost``
            Float64.
        ``cost_per_add``
            Float64: null where nobody was won.

    Raises
    ------
    MissingColumnsError, ColumnTypeError, InvalidTableError, CurrencyMismatchError
        As :func:`~telcrm.kpi.movement` does; a key of ``by`` may not be null.
    UnsupportedFrameError
        The two frames are of different engines.
    ParameterError
        ``by`` clashes with the result.

    Notes
    -----
    Subscriber acquisition cost (SAC): cost over gross additions of the same month. Spending that
    wins customers only later is set against those of its own month.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> customers = pl.DataFrame({"since": [date(2024, 1, 5), date(2024, 1, 20)]})
    >>> spent = pl.DataFrame({"period": [date(2024, 1, 1)] * 2, "cost": [120.0, 80.0]})
    >>> acquisition_cost(customers, spent).rows()
    [(datetime.date(2024, 1, 1), 2, 200.0, 100.0)]
    """
    keys = break_down("acquisition_cost", by=by, period=None, at=since, result=[period, *_RESULT])
    groups = list(keys.groups)
    won = open_frame(frame, table="customers")
    spent = open_beside(won, costs, table="costs")
    won, spent = parse_objects(won, [since]), parse_objects(spent, [period])
    require_columns(won, {"since": since, "by": groups})
    require_columns(spent, {"period": period, "cost": cost, "by": groups})
    require_kinds(won, {since: ColumnKind.DATE, **keys.kinds})
    require_kinds(spent, {period: ColumnKind.DATE, cost: ColumnKind.NUMBER, **keys.kinds})
    for name in groups:
        same_type(won, spent, name)
    rules = [not_null(period), month_start(period), *amount_checks(spent, cost), *keys.rules()]
    spans = [
        check_rows(won, keys.rules(), keys=[since, *groups], ranges={"_at": month_index(since)}),
        check_rows(spent, rules, keys=[period, *groups], ranges={"_at": month_index(period)}),
    ]
    months = [int(month) for span in spans for month in span["_at"] if month is not None]
    first, last = (min(months), max(months)) if months else (1, 0)

    began = won.rows.filter(~nw.col(since).is_null())
    adds = began.select(_month=month_index(since).cast(nw.Int64), **_keyed(won, groups))
    paid = spent.rows.select(
        _month=month_index(period).cast(nw.Int64),
        _cost=nw.col(cost).cast(nw.Float64),
        **_keyed(spent, groups),
    )
    inner = [f"_group_{at}" for at in range(len(groups))]
    # Both as rows of one table: a full join would leave the keys of one side null.
    both = nw.concat(
        [
            adds.with_columns(_adds=nw.lit(1), _cost=nw.lit(0.0)),
            paid.with_columns(_adds=nw.lit(0)).select("_month", *inner, "_adds", "_cost"),
        ],
        how="vertical",
    )
    summed = both.group_by("_month", *inner).agg(nw.col("_adds").sum(), nw.col("_cost").sum())
    count = nw.col("_adds").cast(nw.Float64)
    own = {name: nw.col(place) for place, name in zip(inner, groups, strict=True)}
    total = denoise(nw.col("_cost"))
    dated = summed.join(calendar(spent, first, last, period=period), how="cross").filter(
        nw.col("_month") == nw.col(CALENDAR_MONTH)
    )
    result = dated.select(
        period,
        **own,
        gross_adds=nw.col("_adds").cast(nw.Int64),
        cost=total,
        cost_per_add=total / nw.when(count > 0).then(count),
    ).sort(period, *groups)
    return won.close(result)  # type: ignore[no-any-return]


def _keyed(opened: OpenFrame, groups: Sequence[str]) -> dict[str, nw.Expr]:
    return {f"_group_{at}": key_values(opened, name) for at, name in enumerate(groups)}


def cost_per_acquisition(cost: float, gross_adds: float) -> float:
    """Return the cost of winning one customer.

    Parameters
    ----------
    cost : float
        0 or more, major units.
    gross_adds : float
        Customers won, above 0.

    Returns
    -------
    float
        ``cost / gross_adds``.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> cost_per_acquisition(50_000, 400)
    125.0
    """
    require_not_negative(cost=cost)
    require_positive(gross_adds=gross_adds)
    return cost / gross_adds


def payback_months(acquisition_cost: float, *, arpa: float, margin_rate: float) -> float:
    """Return the months until a customer has earned back what it cost to win it.

    Parameters
    ----------
    acquisition_cost : float
        0 or more.
    arpa : float
        Revenue per account and month, above 0.
    margin_rate : float in [0, 1]
        Gross margin over revenue; infinite months at 0.

    Returns
    -------
    float
        ``acquisition_cost / (arpa * margin_rate)``: no churn, no discounting.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> payback_months(120, arpa=30, margin_rate=0.5)
    8.0
    """
    require_not_negative(acquisition_cost=acquisition_cost)
    require_positive(arpa=arpa)
    require_share(margin_rate=margin_rate)
    monthly = arpa * margin_rate
    return acquisition_cost / monthly if monthly else float("inf")
