"""How each customer pays: what fell due, what was paid in time, how often and how long it owed."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from telcrm.domain import PaymentStatus
from telcrm.domain.arguments import require_day, whole_between
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
from telcrm.tables.neighbours import with_neighbours
from telcrm.tables.noise import denoise
from telcrm.tables.refusals import refuse_twice
from telcrm.tables.row_checks import amount_checks, check_rows, not_null
from telcrm.tables.second_table import open_beside, same_type

__all__ = ["PAYMENT_FACTS", "payment_behaviour"]

FrameT = TypeVar("FrameT")

PAYMENT_FACTS: Final = (
    "bills_due",
    "paid_on_time_share",
    "overdue_spells",
    "overdue_days",
    "overdue_amount",
)
_RECEIVED: Final = (str(PaymentStatus.CAPTURED), str(PaymentStatus.DONE))
_STATUS: Final = "status"


def payment_behaviour(
    frame: FrameT,
    payments: Any,
    *,
    as_of: date,
    customer: str = "customer_id",
    due: str = "due_on",
    total: str = "total",
    paid: str = "paid_on",
    amount: str = "amount",
    months: int = 12,
    grace_days: int = 0,
) -> FrameT:
    """Measure how punctually each customer paid its bills in the last months.

    Parameters
    ----------
    frame : dataframe
        Invoices, a row each: the table ``invoices``. pandas, Polars (eager or lazy), a DuckDB
        relation, PySpark, or PyArrow.
    payments : dataframe
        Payments, a row each, on the same engine: the table ``payments``. Where it has a column
        ``status``, only those that are ``"captured"`` or ``"done"`` are money received.
    as_of : date
        The day looked back from. What falls due or is paid later is not looked at.
    customer : str
        Column that names the customer, in both tables.
    due, paid : str
        Date columns.
    total, amount : str
        Numeric columns, major units, one currency. A credit note has a negative total, a payment
        that went back a negative amount.
    months : int in [1, 120]
        How far to look back: so many months of 365/12 days, rounded.
    grace_days : int in [0, 365]
        A bill is late only so many days after it was due.

    Returns
    -------
    dataframe
        Of the same kind as ``frame``, one row for every customer with a bill or a payment by
        ``as_of``, sorted by customer:

        the column of ``customer``
            Under the name you gave.
        ``bills_due``
            Int64: bills above 0 that fell due in the window, the day ``as_of`` included.
        ``paid_on_time_share``
            Float64: part of them that were paid in full by then; null where none fell due.
        ``overdue_spells``
            Int64: stretches of days on end with something overdue, those that had begun before
            the window and reach into it included.
        ``overdue_days``
            Int64: days of the window, the day ``as_of`` included, at whose end something was
            overdue.
        ``overdue_amount``
            Float64: overdue at the end of ``as_of``, 0 or more.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    ColumnTypeError
        A day is no date, an amount no number, a key a float or an object, or the two tables have
        customers of different types.
    InvalidTableError
        A customer, a day or an amount is null, or an amount is infinite.
    CurrencyMismatchError
        A table has a column ``currency`` with more than one currency in it, or each another.
    ParameterError
        ``as_of`` is no date, ``months`` or ``grace_days`` out of range, or two columns of the
        result would share a name.
    UnsupportedFrameError
        The two tables are of different engines.

    Notes
    -----
    Money pays the bill that is due first, whatever the payer wrote on it: on the end of a day, with
    all that fell due (and its grace ended) and all that was paid by then,

        overdue = max(0, sum of totals due - sum of amounts paid)

    and the bills of a day are paid on time if nothing is overdue at its end. The ledger keeps to
    the allocation that was agreed on; here two plain tables are enough.

    The tables have to reach back to when a customer owed nothing. Payments for bills that are not
    in ``frame`` make later ones seem paid.

    Examples
    --------
    >>> import polars as pl
    >>> bills = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann", "bob"],
    ...         "due_on": [date(2024, 5, 10), date(2024, 6, 10), date(2024, 6, 10)],
    ...         "total": [20.0, 20.0, 30.0],
    ...     }
    ... )
    >>> paid = pl.DataFrame(
    ...     {
    ...         "customer_id": ["ann", "ann"],
    ...         "paid_on": [date(2024, 5, 10), date(2024, 6, 15)],
    ...         "amount": [20.0, 20.0],
    ...     }
    ... )
    >>> for row in payment_behaviour(bills, paid, as_of=date(2024, 6, 30)).rows():
    ...     print(row)
    ('ann', 2, 0.5, 1, 5, 0.0)
    ('bob', 1, 0.0, 1, 21, 30.0)
    """
    last = require_day("payment_behaviour", as_of).toordinal()
    whole_between("months", months, 1, 120)
    whole_between("grace_days", grace_days, 0, 365)
    refuse_twice("payment_behaviour", [customer], PAYMENT_FACTS)
    bills = _open(open_frame(frame, table="invoices"), customer, due, total)
    received = _open(open_beside(bills, payments, table="payments"), customer, paid, amount)
    same_type(bills, received, customer)
    _check_currencies(bills, received)
    if _STATUS in received.rows.collect_schema().names():
        done = nw.col(_STATUS).cast(nw.String).is_in(_RECEIVED)
        arrived = received.rows.filter(done)
    else:
        arrived = received.rows

    owed, was_paid = nw.col(total).cast(nw.Float64), nw.col(amount).cast(nw.Float64)
    one, none = nw.lit(1).cast(nw.Int64), nw.lit(0).cast(nw.Int64)
    events = nw.concat(
        [
            bills.rows.select(
                _customer=key_values(bills, customer),
                _day=day_index(due) + grace_days,
                _net=-owed,
                _bills=nw.when(owed > 0).then(one).otherwise(none),
            ),
            arrived.select(
                _customer=key_values(received, customer),
                _day=day_index(paid),
                _net=was_paid,
                _bills=none,
            ),
        ]
    )
    result = _behaviour(events.filter(nw.col("_day") <= last), last, _days(months))
    named = result.select(nw.col("_customer").alias(customer), *PAYMENT_FACTS)
    return bills.close(named.sort(customer))  # type: ignore[no-any-return]


def _days(months: int) -> int:
    return round(months * 365 / 12)


def _open(opened: OpenFrame, customer: str, day: str, amount: str) -> OpenFrame:
    require_columns(opened, {"customer": customer, "due": day, "total": amount})
    parsed = parse_objects(opened, [customer, day, _STATUS])
    kinds = {customer: ColumnKind.KEY, day: ColumnKind.DATE, amount: ColumnKind.NUMBER}
    require_kinds(parsed, kinds)
    rules = [not_null(customer), not_null(day), *amount_checks(parsed, amount)]
    check_rows(parsed, rules, keys=[customer, day])
    return parsed


def _check_currencies(*tables: OpenFrame) -> None:
    """Refuse tables of one currency each, if they are not the same."""
    parts = [
        table.rows.select(currency=key_values(table, "currency"))
        for table in tables
        if "currency" in table.rows.collect_schema().names()
    ]
    if len(parts) > 1:
        both = OpenFrame(nw.concat(parts), "invoices and payments", tables[0].given)
        check_rows(both, [], keys=["currency"])


def _behaviour(events: nw.LazyFrame[Any], last: int, window: int) -> nw.LazyFrame[Any]:
    days = events.group_by("_customer", "_day").agg(nw.col("_net").sum(), nw.col("_bills").sum())
    balances = days.with_columns(
        _balance=denoise(nw.col("_net").cum_sum().over("_customer", order_by="_day"))
    )
    beside = {"_before": ("_balance", 1), "_next": ("_day", -1)}
    balance = with_neighbours(balances, beside, among=["_customer"], order_by=["_day"])
    first = last - window + 1
    day, none = nw.col("_day"), nw.lit(0).cast(nw.Int64)
    owes, owed = nw.col("_balance") < 0, nw.col("_before").fill_null(0.0) < 0
    ends = nw.col("_next").fill_null(last + 1).cast(nw.Int64)
    begins = nw.when(day < first).then(nw.lit(first).cast(nw.Int64)).otherwise(day)
    within, reaches = day >= first, ends > first

    def count(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(value).otherwise(none)

    one, bills = nw.lit(1).cast(nw.Int64), nw.col("_bills").cast(nw.Int64)
    # A spell counts where it begins, or where it stands when the window opens.
    begins_owing = owes & (~owed | (day == first))
    crosses = (day < first) & reaches & owes
    told = balance.select(
        "_customer",
        bills_due=count(within, bills),
        _on_time=count(within & ~owes, bills),
        overdue_spells=count((within & begins_owing) | crosses, one),
        overdue_days=count(owes & reaches, ends - begins),
        _owing=nw.when(nw.col("_next").is_null() & owes)
        .then(-nw.col("_balance"))
        .otherwise(nw.lit(0.0)),
    )
    sums = ["bills_due", "_on_time", "overdue_spells", "overdue_days", "_owing"]
    summed = told.group_by("_customer").agg(*[nw.col(name).sum() for name in sums])
    some = nw.col("bills_due").cast(nw.Float64)
    return summed.select(
        "_customer",
        *[nw.col(name).cast(nw.Int64) for name in ("bills_due", "overdue_spells", "overdue_days")],
        paid_on_time_share=nw.col("_on_time").cast(nw.Float64) / nw.when(some > 0).then(some),
        overdue_amount=denoise(nw.col("_owing")),
    )
