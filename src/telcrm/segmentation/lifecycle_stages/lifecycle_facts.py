"""What the stage of a customer is told by, from the table of subscriber-months."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain.arguments import require_day
from telcrm.domain.moments import month_number
from telcrm.segmentation.lifecycle_stages.lifecycle_policy import LifecyclePolicy
from telcrm.tables.calendar_index import month_index
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
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import (
    RowCheck,
    amount_checks,
    check_rows,
    finite,
    month_start,
    not_null,
)
from telcrm.tables.second_table import known_keys

__all__ = ["LIFECYCLE_FACTS", "lifecycle_facts"]

FrameT = TypeVar("FrameT")

LIFECYCLE_FACTS: Final = (
    "active_months",
    "tenure_months",
    "months_since_active",
    "months_without_revenue",
    "recent_revenue",
    "earlier_revenue",
)
_NEVER: Final = 1_000_000


def lifecycle_facts(
    frame: FrameT,
    *,
    as_of: date,
    customers: Any = None,
    customer: str = "customer_id",
    period: str = "period",
    revenue: str = "revenue",
    tenure: str | None = None,
    policy: LifecyclePolicy | None = None,
) -> FrameT:
    """Sum up each customer's history into the facts that :func:`lifecycle` sorts by.

    Parameters
    ----------
    frame : dataframe
        Subscriber-months: a row for every month in which a subscription was active. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow. A customer may have several rows in
        a month; they are summed.
    as_of : date
        A day of the last month to look at; later rows are not looked at.
    customers : dataframe, optional
        All customers, prospects among them, on the same engine: the table ``customers``. Those
        without a month of activity get a row of their own.
    customer : str
        Column that names the customer, in both tables.
    period : str
        Column of dates, each the first day of its month.
    revenue : str
        Numeric column, major units, one currency.
    tenure : str, optional
        Column of whole months since activation, such as ``"tenure_months"`` of the canonical
        table. Without it a customer is as old as its first row, so that all of the first month of
        ``frame`` seem to have joined then.
    policy : LifecyclePolicy, optional
        Says over how many months revenue is compared: ``trend_months``.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer. All facts but the
        first are null for a customer who was never active (NaN in NumPy-backed pandas):

        the column of ``customer``
            Under the name you gave.
        ``active_months``
            Int64: months with a row.
        ``tenure_months``
            Int64: whole months since the customer joined; 0 in the month itself.
        ``months_since_active``
            Int64: months since the last row; 0 is active in the month of ``as_of``.
        ``months_without_revenue``
            Int64: months on end, to the month of ``as_of``, without revenue above 0; of one who
            never paid, all months since the first row.
        ``recent_revenue``
            Float64, major units per month, rounded to 6 decimals: the last ``trend_months``.
        ``earlier_revenue``
            Float64: the same for as many months before those; null where none of them can be
            compared.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        ``period`` holds no dates, ``revenue`` or ``tenure`` no numbers, a key is a float or an
        object, or the two tables have customers of different types.
    InvalidTableError
        A key or a revenue is null, a revenue is infinite, a tenure is negative or infinite, a
        period is not the first of its month.
    CurrencyMismatchError
        ``frame`` has a column ``currency`` with more than one currency in it.
    ParameterError
        ``as_of`` is no date, or two columns of the result would share a name.
    UnsupportedFrameError
        The two tables are of different engines.

    Notes
    -----
    Revenue per month is the sum divided by those months of the window in which the customer could
    have paid: not before it joined, nor before the first month of ``frame``. A month without a row
    in between counts, with 0. The month of joining counts in full, although it seldom was one.

    A customer of several subscriptions is as old as the oldest.

    One query runs at once, to check the rows and to find the first month.

    Examples
    --------
    >>> import polars as pl
    >>> months = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann"] * 6 + ["bob"],
    ...         "period": [date(2024, month, 1) for month in (1, 2, 3, 4, 5, 6, 3)],
    ...         "revenue": [10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 9.0],
    ...     }
    ... )
    >>> known = pl.DataFrame({"customer_id": ["ann", "bob", "cid"]})
    >>> facts = lifecycle_facts(months, as_of=date(2024, 6, 30), customers=known)
    >>> for row in facts.rows():
    ...     print(row)
    ('ann', 6, 5, 0, 0, 20.0, 10.0)
    ('bob', 1, 3, 3, 3, 0.0, 9.0)
    ('cid', 0, None, None, None, None, None)
    """
    last = month_number(require_day("lifecycle_facts", as_of))
    trend = (policy or LifecyclePolicy()).trend_months
    refuse_twice("lifecycle_facts", [customer], LIFECYCLE_FACTS)
    opened = open_frame(frame, table="subscriber_months")
    measures = {"revenue": revenue, **({} if tenure is None else {"tenure": tenure})}
    require_columns(opened, {"customer": customer, "period": period, **measures})
    opened = parse_objects(opened, [period])
    numbers = dict.fromkeys(measures.values(), ColumnKind.NUMBER)
    require_kinds(opened, {customer: ColumnKind.KEY, period: ColumnKind.DATE, **numbers})
    first = _check(opened, customer, period, revenue, tenure)

    months = _months(opened, last, customer=customer, period=period, revenue=revenue, tenure=tenure)
    if customers is not None:
        prospects = known_keys(opened, customers, customer, table="customers")
        blank = prospects.select(
            nw.col("_customer"),
            _age=nw.lit(0).cast(nw.Int64),
            _revenue=nw.lit(0.0),
            _tenure=nw.lit(0).cast(nw.Int64),
            _active=nw.lit(0).cast(nw.Int64),
        )
        months = nw.concat([months, blank])
    seen = last if first is None else first
    result = _facts(_sum_up(months, trend), trend, last - seen)
    return opened.close(  # type: ignore[no-any-return]
        result.select(nw.col("_customer").alias(customer), *LIFECYCLE_FACTS).sort(customer)
    )


def _check(
    opened: OpenFrame, customer: str, period: str, revenue: str, tenure: str | None
) -> int | None:
    rules = [
        not_null(customer),
        not_null(period),
        month_start(period),
        *amount_checks(opened, revenue),
    ]
    if tenure is not None:
        negative = RowCheck(
            "not_negative", tenure, nw.col(tenure) < 0, "is negative", "Clear those values."
        )
        rules.append(negative)
        if isinstance(opened.rows.collect_schema()[tenure], nw.dtypes.FloatType):
            rules.append(finite(tenure))
    months = {"_month": month_index(period)}
    first, _ = check_rows(opened, rules, keys=[customer, period], ranges=months)["_month"]
    return None if first is None else int(first)


def _months(
    opened: OpenFrame, last: int, *, customer: str, period: str, revenue: str, tenure: str | None
) -> nw.LazyFrame[Any]:
    """One row per customer and month, up to the last: its age in months, revenue, tenure then."""
    then: nw.Expr = nw.lit(0) if tenure is None else nw.col(tenure).fill_null(0)
    rows = opened.rows.select(
        _customer=key_values(opened, customer),
        _age=last - month_index(period).cast(nw.Int64),
        _revenue=nw.col(revenue).cast(nw.Float64),
        _tenure=then.cast(nw.Int64),
    ).filter(nw.col("_age") >= 0)
    summed = rows.group_by("_customer", "_age").agg(
        nw.col("_revenue").sum(), nw.col("_tenure").max()
    )
    return summed.select(
        "_customer",
        "_age",
        _revenue=denoise(nw.col("_revenue")),
        _tenure=nw.col("_age") + nw.col("_tenure"),
        _active=nw.lit(1).cast(nw.Int64),
    )


def _sum_up(months: nw.LazyFrame[Any], trend: int) -> nw.LazyFrame[Any]:
    age, paid = nw.col("_age"), nw.col("_revenue")
    active = nw.col("_active") == 1
    nothing, never = nw.lit(0.0), nw.lit(_NEVER).cast(nw.Int64)
    flagged = months.select(
        "_customer",
        "_active",
        "_tenure",
        _first=age,
        _last=nw.when(active).then(age).otherwise(never),
        _last_paid=nw.when(paid > 0).then(age).otherwise(never),
        _recent=nw.when(age < trend).then(paid).otherwise(nothing),
        _earlier=nw.when((age >= trend) & (age < 2 * trend)).then(paid).otherwise(nothing),
    )
    sums = [nw.col(name).sum() for name in ("_active", "_recent", "_earlier")]
    greatest = [nw.col(name).max() for name in ("_tenure", "_first")]
    least = [nw.col(name).min() for name in ("_last", "_last_paid")]
    return flagged.group_by("_customer").agg(*sums, *greatest, *least)


def _facts(summed: nw.LazyFrame[Any], trend: int, history: int) -> nw.LazyFrame[Any]:
    """Turn sums into facts; ``history`` is the age of the first month of the table."""
    joined = nw.col("_tenure")

    def months_to(oldest: int) -> nw.Expr:
        reach = min(oldest, history)
        return nw.when(joined < reach).then(joined).otherwise(nw.lit(reach).cast(nw.Int64)) + 1

    active = nw.col("_active") > 0
    recent = months_to(trend - 1).cast(nw.Float64)
    earlier = (months_to(2 * trend - 1) - trend).cast(nw.Float64)
    paid_ever = nw.col("_last_paid") < _NEVER
    unpaid = nw.when(paid_ever).then(nw.col("_last_paid")).otherwise(nw.col("_first") + 1)
    return summed.select(
        "_customer",
        active_months=nw.col("_active").cast(nw.Int64),
        tenure_months=nw.when(active).then(joined.cast(nw.Int64)),
        months_since_active=nw.when(active).then(nw.col("_last").cast(nw.Int64)),
        months_without_revenue=nw.when(active).then(unpaid.cast(nw.Int64)),
        recent_revenue=nw.when(active).then(denoise(nw.col("_recent") / recent)),
        earlier_revenue=nw.when(active & (earlier > 0)).then(
            denoise(nw.col("_earlier") / nw.when(earlier > 0).then(earlier))
        ),
    )
