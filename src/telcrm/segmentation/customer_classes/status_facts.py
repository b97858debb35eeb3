"""What a customer's status and marks are told by, from the canonical tables."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import TerminationReason
from telcrm.domain.arguments import require_day
from telcrm.domain.moments import month_number
from telcrm.errors import ParameterError
from telcrm.segmentation.customer_classes.customer_status_policy import CustomerStatusPolicy
from telcrm.segmentation.customer_classes.payment_behaviour import PAYMENT_FACTS, payment_behaviour
from telcrm.tables.calendar_index import day_index, month_index
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
from telcrm.tables.refusals import refuse_repeated, refuse_twice
from telcrm.tables.row_checks import RowCheck, amount_checks, check_rows, month_start, not_null
from telcrm.tables.second_table import open_beside, same_type

__all__ = ["STATUS_FACTS", "status_facts"]

FrameT = TypeVar("FrameT")

STATUS_FACTS: Final = (
    "active_subscriptions",
    "past_subscriptions",
    "ported_out",
    "revenue",
    "revenue_share_above",
    *PAYMENT_FACTS,
)
_SHARE_DECIMALS: Final = 9


def status_facts(
    frame: FrameT,
    subscriptions: Any,
    *,
    as_of: date,
    months: Any = None,
    invoices: Any = None,
    payments: Any = None,
    customer: str = "customer_id",
    policy: CustomerStatusPolicy | None = None,
) -> FrameT:
    """Sum up what is known of each customer into the facts that :func:`customer_status` asks for.

    Parameters
    ----------
    frame : dataframe
        All customers, prospects among them, a row each: the table ``customers``. pandas, Polars
        (eager or lazy), a DuckDB relation, PySpark, or PyArrow; the other tables have to be on the
        same engine. Their rows of customers who are not in ``frame`` are not looked at.
    subscriptions : dataframe
        The table ``subscriptions``: ``activated_on``, ``terminated_on``, ``termination_reason``.
    as_of : date
        The day looked back from. What came later is not looked at.
    months : dataframe, optional
        The table ``subscriber_months``, for revenue: ``period``, ``revenue``.
    invoices, payments : dataframe, optional
        The tables of these names, for :func:`payment_behaviour`; both or none.
    customer : str
        Column that names the customer, in all tables.
    policy : CustomerStatusPolicy, optional
        Says how far to look back, and the days of grace.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row per customer, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``active_subscriptions``
            Int64: activated by ``as_of`` and not ended by then. The day in ``terminated_on`` is the
            first out of service.
        ``past_subscriptions``
            Int64: activated and ended by then.
        ``ported_out``
            Boolean: of those that ended last, one went by ``"port_out"``.
        ``revenue``
            Float64: sum of the last ``revenue_months``, rounded to 6 decimals; 0 without rows, null
            without ``months``.
        ``revenue_share_above``
            Float64: part of all positive revenue that customers of more revenue hold; null without
            any.
        ``bills_due``, ``paid_on_time_share``, ``overdue_spells``, ``overdue_days``,
        ``overdue_amount``
            As :func:`payment_behaviour` returns them; nothing due and nothing overdue for those
            without a bill. All null without ``invoices``.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A column holds another type than is needed, or a key another than in ``frame``.
    InvalidTableError
        A customer of ``frame`` is null or stands in two rows, a subscription ended before it was
        activated, or an amount is null or infinite.
    CurrencyMismatchError
        A table has a column ``currency`` with more than one currency in it.
    ParameterError
        ``as_of`` is no date, only one of ``invoices`` and ``payments`` is given, or two columns of
        the result would share a name.
    UnsupportedFrameError
        A table is of another engine.

    Examples
    --------
    >>> import polars as pl
    >>> customers = pl.DataFrame({"customer_id": ["ann", "bob", "cid"]})
    >>> lines = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "bob"],
    ...         "activated_on": [date(2023, 1, 9), date(2023, 5, 2)],
    ...         "terminated_on": [None, date(2024, 2, 1)],
    ...         "termination_reason": [None, "port_out"],
    ...     }
    ... )
    >>> facts = status_facts(customers, lines, as_of=date(2024, 6, 30))
    >>> facts.select("customer_id", "active_subscriptions", "ported_out").rows()
    [('ann', 1, False), ('bob', 0, True), ('cid', 0, False)]
    """
    last = require_day("status_facts", as_of)
    agreed = policy or CustomerStatusPolicy()
    refuse_twice("status_facts", [customer], STATUS_FACTS)
    if (invoices is None) != (payments is None):
        raise ParameterError(
            "status_facts: how a customer pays is told by invoices and payments together. Pass "
            "both, or none.",
            given="payments" if invoices is None else "invoices",
        )
    opened = parse_objects(open_frame(frame, table="customers"), [customer])
    require_columns(opened, {"customer": customer})
    require_kinds(opened, {customer: ColumnKind.KEY})
    check_rows(opened, [not_null(customer)], keys=[customer])
    refuse_repeated(opened, [customer])

    known = opened.rows.select(_customer=key_values(opened, customer))
    parts = [_subscriptions(opened, subscriptions, customer, last)]
    if months is not None:
        parts.append(_revenue(opened, months, customer, last, agreed.revenue_months))
    if invoices is not None:
        parts.append(
            _payments(opened, invoices, payments, customer=customer, as_of=last, policy=agreed)
        )
    facts = known
    for part in parts:
        facts = _beside(facts, part)
    result = _filled(facts, has_revenue=months is not None, has_bills=invoices is not None)
    named = result.select(nw.col("_customer").alias(customer), *STATUS_FACTS)
    return opened.close(named.sort(customer))  # type: ignore[no-any-return]


def _beside(facts: nw.LazyFrame[Any], part: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    joined = facts.join(part, how="left", left_on="_customer", right_on="_who")
    return joined.drop("_who") if "_who" in joined.collect_schema().names() else joined


def _subscriptions(
    opened: OpenFrame, subscriptions: Any, customer: str, as_of: date
) -> nw.LazyFrame[Any]:
    """Count each customer's lines: active, past, and of those that ended last, the ported ones."""
    names = {"activated_on": ColumnKind.DATE, "terminated_on": ColumnKind.DATE}
    reason = "termination_reason"
    lines = open_beside(opened, subscriptions, table="subscriptions")
    require_columns(lines, {name: name for name in (customer, *names, reason)})
    lines = parse_objects(lines, [customer, *names, reason])
    require_kinds(lines, {customer: ColumnKind.KEY, reason: ColumnKind.KEY, **names})
    same_type(opened, lines, customer)
    backwards = RowCheck(
        "terminated_before_activated",
        "activated_on,terminated_on",
        ~nw.col("activated_on").is_null() & (nw.col("terminated_on") < nw.col("activated_on")),
        "ends before it begins",
        "Correct those rows.",
    )
    check_rows(lines, [backwards], keys=[customer])

    today = as_of.toordinal()
    days = lines.rows.filter(~nw.col(customer).is_null()).select(
        _who=key_values(lines, customer),
        _began=day_index("activated_on"),
        _ended=day_index("terminated_on"),
        _reason=key_values(lines, reason).cast(nw.String),
    )
    one, none = nw.lit(1).cast(nw.Int64), nw.lit(0).cast(nw.Int64)
    # Nulls answer no test, and their opposite neither: flags are whole numbers before they meet.
    flagged = days.with_columns(
        _has_begun=nw.when(nw.col("_began") <= today).then(one).otherwise(none),
        _is_over=nw.when(nw.col("_ended") <= today).then(one).otherwise(none),
        _went=nw.when(nw.col("_reason") == str(TerminationReason.PORT_OUT))
        .then(one)
        .otherwise(none),
    ).with_columns(_past=nw.col("_has_begun") * nw.col("_is_over"))
    flagged = flagged.with_columns(
        active_subscriptions=nw.col("_has_begun") - nw.col("_past"),
        _end=nw.when(nw.col("_past") == 1).then(nw.col("_ended")).otherwise(none),
    )
    latest = flagged.with_columns(_last_end=nw.col("_end").max().over("_who")).with_columns(
        _ported=nw.when((nw.col("_past") == 1) & (nw.col("_end") == nw.col("_last_end")))
        .then(nw.col("_went"))
        .otherwise(none)
    )
    summed = latest.group_by("_who").agg(
        nw.col("active_subscriptions").sum(), nw.col("_past").sum(), nw.col("_ported").sum()
    )
    return summed.rename({"_past": "past_subscriptions"})


def _revenue(
    opened: OpenFrame, months: Any, customer: str, as_of: date, window: int
) -> nw.LazyFrame[Any]:
    rows = open_beside(opened, months, table="subscriber_months")
    require_columns(rows, {name: name for name in (customer, "period", "revenue")})
    rows = parse_objects(rows, [customer, "period"])
    kinds = {"period": ColumnKind.DATE, "revenue": ColumnKind.NUMBER}
    require_kinds(rows, {customer: ColumnKind.KEY, **kinds})
    same_type(opened, rows, customer)
    rules = [not_null(customer), not_null("period"), month_start("period")]
    check_rows(rows, [*rules, *amount_checks(rows, "revenue")], keys=[customer, "period"])
    last = month_number(as_of)
    recent = rows.rows.select(
        _who=key_values(rows, customer),
        _month=month_index("period"),
        revenue=nw.col("revenue").cast(nw.Float64),
    ).filter((nw.col("_month") <= last) & (nw.col("_month") > last - window))
    return recent.group_by("_who").agg(nw.col("revenue").sum())


def _payments(
    opened: OpenFrame,
    invoices: Any,
    payments: Any,
    *,
    customer: str,
    as_of: date,
    policy: CustomerStatusPolicy,
) -> nw.LazyFrame[Any]:
    open_beside(opened, invoices, table="invoices")
    paid = payment_behaviour(
        invoices,
        payments,
        as_of=as_of,
        customer=customer,
        months=policy.payment_months,
        grace_days=policy.grace_days,
    )
    behaviour = open_frame(paid, table="payment behaviour")
    same_type(opened, behaviour, customer)
    return behaviour.rows.rename({customer: "_who"})


def _filled(facts: nw.LazyFrame[Any], *, has_revenue: bool, has_bills: bool) -> nw.LazyFrame[Any]:
    """Say 0 of those without a row, and null of what no table was given for."""
    counts = ["active_subscriptions", "past_subscriptions", "_ported"]
    blanks: dict[str, nw.Expr] = {}
    unknown = nw.lit(None).cast(nw.Float64)
    if has_bills:
        counts += ["bills_due", "overdue_spells", "overdue_days"]
        blanks["overdue_amount"] = nw.col("overdue_amount").fill_null(0.0)
    else:
        blanks |= dict.fromkeys(PAYMENT_FACTS, unknown)
    if has_revenue:
        blanks["revenue"] = denoise(nw.col("revenue").fill_null(0.0))
    else:
        blanks |= dict.fromkeys(("revenue", "revenue_share_above"), unknown)
    whole = {name: nw.col(name).fill_null(0).cast(nw.Int64) for name in counts}
    filled = facts.with_columns(**whole, **blanks).with_columns(ported_out=nw.col("_ported") > 0)
    return _share_above(filled) if has_revenue else filled


def _share_above(facts: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Add the part of all revenue that customers of strictly more revenue hold."""
    revenue = nw.col("revenue")
    ordered = facts.with_columns(
        _held=nw.when(revenue > 0).then(revenue).otherwise(nw.lit(0.0)),
        _descending=-revenue,
    ).with_columns(
        _total=nw.col("_held").sum(),
        _running=nw.col("_held").cum_sum().over(order_by=["_descending", "_customer"]),
    )
    # The first of equal customers has all of those above it, and none of its equals, before it.
    some = nw.when(nw.col("_total") > 0).then(nw.col("_total"))
    shared = ordered.with_columns(_before=nw.col("_running") - nw.col("_held")).with_columns(
        _above=nw.col("_before").min().over("revenue")
    )
    return shared.with_columns(
        revenue_share_above=denoise(nw.col("_above") / some, decimals=_SHARE_DECIMALS)
    )
