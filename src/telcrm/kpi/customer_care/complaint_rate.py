"""How many complaints come from a thousand customers in a month."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.choice import choose
from telcrm.kpi.breakdown import Breakdown, break_down, column_names, row_names
from telcrm.kpi.instants import read_objects
from telcrm.tables.calendar_index import CALENDAR_MONTH, calendar, month_index
from telcrm.tables.door import (
    ColumnKind,
    OpenFrame,
    key_values,
    open_frame,
    require_columns,
    require_kinds,
)
from telcrm.tables.row_checks import check_rows, month_start, not_null
from telcrm.tables.second_table import open_beside, same_type

__all__ = ["CustomerBase", "complaint_rate"]

FrameT = TypeVar("FrameT")

_RESULT = ("complaints", "customers", "complaints_per_1000")


class CustomerBase(StrEnum):
    """How many customers a month has, for a rate."""

    AVERAGE = "average"
    """The mean of those active in the month before and those active in the month."""
    OPENING = "opening"
    """Those active in the month before."""
    ACTIVE = "active"
    """Those active in the month."""


def complaint_rate(
    frame: FrameT,
    base: FrameT,
    *,
    at: str = "received_at",
    customer: str = "customer_id",
    period: str = "period",
    by: str | Sequence[str] | None = None,
    complaint_by: str | Sequence[str] | None = None,
    customers: CustomerBase | str = CustomerBase.AVERAGE,
) -> FrameT:
    """Count complaints per thousand customers, month by month.

    Parameters
    ----------
    frame : dataframe
        Complaints, one row each. pandas, Polars (eager or lazy), a DuckDB relation, PySpark, or
        PyArrow.
    base : dataframe
        Subscriber-months, of the same engine as ``frame`` (and the same connection or session): a
        row for every month in which a subscription was active.
    at : str
        Column of ``frame``: dates or datetimes of receipt. The month of a datetime is that of the
        clock it is kept in.
    customer : str
        Column of ``base`` that names the customer; ``"subscription_id"`` gives complaints per
        thousand lines instead.
    period : str
        Column of ``base``: dates, each the first day of its month.
    by : str or sequence of str, optional
        Columns of both tables to break complaints and customers down by, for example ``"segment"``.
        A customer with subscriptions in several groups counts in each.
    complaint_by : str or sequence of str, optional
        Columns of ``frame`` alone, for example ``"category"``: the complaints of each are set
        against all customers (of the group).
    customers : CustomerBase
        Which customers a month has.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, sorted by month and group. A row for every month from the
        first to the last of both tables together, for every group seen in either, and for every
        combination of ``complaint_by`` seen in ``frame``:

        the column of ``period`` and those of ``by`` and ``complaint_by``
            Under the names you gave. pandas holds ``period`` as ``datetime64``.
        ``complaints``
            Int64: complaints received in the month.
        ``customers``
            Float64: customers of the month; null where ``base`` does not tell, see below.
        ``complaints_per_1000``
            Float64: ``1000 * complaints / customers``; null if that is null or 0 (NaN in
            NumPy-backed pandas, whose floats know no other null).

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A column of time holds no dates, a key is a float or an object, or a column of ``by`` holds
        another type in the one table than in the other.
    InvalidTableError
        A key or an instant is null, or a period is not the first of its month.
    CurrencyMismatchError
        ``base`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``customers`` is no such base, or a column would stand twice in the result.
    UnsupportedFrameError
        The two tables are of different engines.

    Notes
    -----
    Who was active before the first month of ``base`` is not known, so that month has no ``opening``
    and no ``average``; months outside ``base`` have no customers at all. Complaints in them are
    counted, and have no rate.

    Rates of one month add up over ``complaint_by``. Over ``by`` neither rates nor customers do.

    References
    ----------
    Vodafone Group, Annual Report, definitions: rates over the average of customers at the start and
    the end.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date, datetime
    >>> jan, feb = date(2024, 1, 1), date(2024, 2, 1)
    >>> base = pl.DataFrame({"customer_id": ["ann", "bob", "ann"], "period": [jan, jan, feb]})
    >>> complaints = pl.DataFrame({"received_at": [datetime(2024, 1, 9), datetime(2024, 2, 9)]})
    >>> complaint_rate(complaints, base).drop("period").rows()
    [(1, None, None), (1, 1.5, 666.6666666666666)]
    """
    kind = choose(CustomerBase, customers, "customers")
    shared = column_names(by)
    groups = [*shared, *column_names(complaint_by)]
    keys = break_down("complaint_rate", by=groups, period=None, at=at, result=[period, *_RESULT])
    opened, its_base = _open(
        frame, base, keys, at=at, customer=customer, period=period, shared=shared
    )

    rules = [not_null(at), *keys.rules()]
    names = row_names(opened, "complaint_id", "customer_id", at)
    found = check_rows(opened, rules, keys=names, ranges={"_month": month_index(at)})
    received = _whole(found["_month"])
    rules = [not_null(customer), not_null(period), month_start(period), *map(not_null, shared)]
    months = {"_month": month_index(period)}
    told = _whole(check_rows(its_base, rules, keys=[customer, period], ranges=months)["_month"])
    span = [month for both in (received, told) if both for month in both]

    inner = keys.inner
    counts = _counts(opened, its_base, keys, at=at, customer=customer, period=period, shared=shared)
    dates = calendar(its_base, min(span, default=1), max(span, default=0), period=period)
    laid = _on_every_month(counts, dates, period, inner)
    number = _customers(kind, told)
    result = laid.select(
        period,
        **{name: nw.col(own) for name, own in zip(groups, inner, strict=True)},
        complaints=nw.col("_complaints").cast(nw.Int64),
        customers=number,
        complaints_per_1000=nw.col("_complaints").cast(nw.Float64)
        * 1000
        / nw.when(number > 0).then(number),
    )
    return opened.close(result.sort(period, *groups))  # type: ignore[no-any-return]


def _open(
    frame: Any,
    base: Any,
    keys: Breakdown,
    *,
    at: str,
    customer: str,
    period: str,
    shared: Sequence[str],
) -> tuple[OpenFrame, OpenFrame]:
    opened = open_frame(frame, table="complaints")
    its_base = open_beside(opened, base, table="subscriber_months")
    require_columns(opened, {"at": at, "by": list(keys.groups)})
    require_columns(its_base, {"customer": customer, "period": period, "by": list(shared)})
    opened = read_objects(opened, [at, *keys.groups])
    its_base = read_objects(its_base, [period, *shared])
    require_kinds(opened, {**keys.kinds, at: ColumnKind.DATE})
    kinds = dict.fromkeys([customer, *shared], ColumnKind.KEY)
    require_kinds(its_base, {**kinds, period: ColumnKind.DATE})
    for name in shared:
        same_type(its_base, opened, name)
    return opened, its_base


def _whole(found: tuple[Any, Any]) -> tuple[int, int] | None:
    first, last = found
    return None if first is None else (int(first), int(last))


def _counts(
    opened: OpenFrame,
    its_base: OpenFrame,
    keys: Breakdown,
    *,
    at: str,
    customer: str,
    period: str,
    shared: Sequence[str],
) -> nw.LazyFrame[Any]:
    """Count complaints and active customers per month and group, one row for both."""
    inner, own = keys.inner[: len(shared)], keys.inner[len(shared) :]
    came = opened.rows.select(_month=month_index(at).cast(nw.Int64), **keys.keys(opened))
    complaints = came.group_by("_month", *keys.inner).agg(nw.len().alias("_complaints"))
    named = dict(zip(inner, shared, strict=True))
    groups = {name: key_values(its_base, column) for name, column in named.items()}
    rows = its_base.rows.select(
        _customer=key_values(its_base, customer),
        _month=month_index(period).cast(nw.Int64),
        **groups,
    )
    active = rows.unique().group_by("_month", *inner).agg(nw.len().alias("_active"))
    parts = [complaints.with_columns(_complaints=_count("_complaints"), _active=_none())]
    if own:
        kinds = _distinct(complaints, own)
        active = active.join(kinds, how="cross")
        if inner:
            # A group that never had anybody has its kinds too: in a month that never was.
            strangers = _distinct(complaints, inner).join(kinds, how="cross")
            parts.append(
                strangers.with_columns(_month=_none(), _complaints=_none(), _active=_none())
            )
    parts.append(active.with_columns(_complaints=_none(), _active=_count("_active")))
    order = ["_month", *keys.inner, "_complaints", "_active"]
    stacked = nw.concat([part.select(*order) for part in parts])
    return stacked.group_by("_month", *keys.inner).agg(
        nw.col("_complaints").sum(), nw.col("_active").sum()
    )


def _distinct(rows: nw.LazyFrame[Any], columns: list[str]) -> nw.LazyFrame[Any]:
    # Spark cannot tell apart columns of one origin in two places: made under other names.
    made = rows.select(**{f"_own{name}": nw.col(name) for name in columns}).unique()
    return made.rename({f"_own{name}": name for name in columns})


def _count(column: str) -> nw.Expr:
    return nw.col(column).cast(nw.Int64)


def _none() -> nw.Expr:
    return nw.lit(0).cast(nw.Int64)


def _on_every_month(
    counts: nw.LazyFrame[Any], dates: nw.LazyFrame[Any], period: str, groups: list[str]
) -> nw.LazyFrame[Any]:
    """Lay the counts on every month, with each month's customers as the next one's opening."""
    on, month = nw.col(CALENDAR_MONTH), nw.col("_month")

    def laid(when: nw.Expr, name: str) -> nw.Expr:
        return nw.when(when).then(_count(name)).otherwise(_none())

    crossed = counts.join(dates, how="cross").select(
        period,
        CALENDAR_MONTH,
        *groups,
        _complaints=laid(on == month, "_complaints"),
        _active=laid(on == month, "_active"),
        _opening=laid(on == month + 1, "_active"),
    )
    flows = ("_complaints", "_active", "_opening")
    return crossed.group_by(period, CALENDAR_MONTH, *groups).agg(*[nw.col(n).sum() for n in flows])


def _customers(kind: CustomerBase, told: tuple[int, int] | None) -> nw.Expr:
    """Express the customers of a month, null where the table of months does not tell."""
    # Without rows no month is told of: none lies between 1 and 0.
    first, last = told or (1, 0)
    opening, active = nw.col("_opening").cast(nw.Float64), nw.col("_active").cast(nw.Float64)
    month = nw.col(CALENDAR_MONTH)
    match kind:
        case CustomerBase.OPENING:
            return nw.when((month > first) & (month <= last + 1)).then(opening)
        case CustomerBase.ACTIVE:
            return nw.when((month >= first) & (month <= last)).then(active)
        case CustomerBase.AVERAGE:
            known = nw.when((month > first) & (month <= last))
            return known.then((opening + active) / 2)
