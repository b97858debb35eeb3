"""Everything known of one customer on one day, as a typed record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from telcrm.domain import (
    CampaignContact,
    Complaint,
    ComplaintStatus,
    Consent,
    Currency,
    Customer,
    Equipment,
    EquipmentStatus,
    Interaction,
    Money,
    PaymentStatus,
    Recharge,
    Subscription,
    SubscriptionStatus,
    SurveyResponse,
    UsageDirection,
    UsageKind,
    month_start,
)
from telcrm.domain.arguments import require_day, whole_between
from telcrm.errors import MissingTableError, UnknownCustomerError
from telcrm.mart.customer_debt import debt_of
from telcrm.mart.customer_rows import (
    CustomerRows,
    Row,
    amount,
    day_of,
    one_currency,
    record_of,
)
from telcrm.mart.customer_view import Customer360, CustomerMonth
from telcrm.mart.month import Month

__all__ = ["customer_360"]

_LISTS: tuple[tuple[str, str, type[Any]], ...] = (
    ("recharges", "recharged_at", Recharge),
    ("interactions", "started_at", Interaction),
    ("surveys", "responded_at", SurveyResponse),
    ("campaign_contacts", "contacted_at", CampaignContact),
)


def customer_360(
    customer_id: str,
    tables: Mapping[str, Any],
    *,
    as_of: date,
    months: int = 12,
    latest: int = 20,
    consents: Iterable[Consent] = (),
) -> Customer360:
    """Put together what an agent wants to see of a customer.

    Parameters
    ----------
    customer_id : str
    tables : mapping of str to dataframe
        Canonical tables by name; each may be of another engine. ``customers`` or
        ``subscriptions`` has to be there. Revenue by month is read from ``subscriber_months``, such
        as :func:`to_subscriber_months` of the mart.
    as_of : date
        The day of the view, in UTC, included.
    months : int, 1 to 120
        Calendar months of usage and amounts to show, that of ``as_of`` included.
    latest : int, 0 or more
        Longest list of recharges, complaints, interactions, surveys and campaign contacts.
    consents : iterable of Consent
        The customer's, from wherever they are kept; no canonical table holds them.

    Returns
    -------
    Customer360
        ``to_json()`` writes it.

    Raises
    ------
    UnknownCustomerError
        No table knew such a customer on that day.
    MissingTableError
        Neither ``customers`` nor ``subscriptions`` is there.
    MissingColumnsError, InvalidTableError
        A table, or a row of the customer, is not as its contract has it.
    CurrencyMismatchError
        The customer's amounts are in several currencies.
    ParameterError
        ``as_of`` is no date, or ``months`` or ``latest`` is out of range.

    Notes
    -----
    Nothing dated after ``as_of`` shows. A line that was activated later is left out, one that ended
    later is active, a complaint that was resolved later is in progress, a device that came back
    later is assigned; the month of ``as_of`` is summed up to it, and has no revenue before it is
    over. Open invoices follow from invoices and payments as in :func:`subscriber_month`.

    Examples
    --------
    >>> from telcrm.synth import Operator
    >>> tables = Operator(subscribers=20, months=3).tables()
    >>> view = customer_360("C000000001", tables, as_of=date(2025, 3, 31), months=3)
    >>> view.subscriptions[0].subscription_id, len(view.months)
    ('S000000001', 3)
    """
    require_day("customer_360", as_of)
    shown = _periods(as_of, whole_between("months", months, 1, 120))
    limit = whole_between("latest", latest, 0, 100_000)
    rows = CustomerRows(tables, customer_id, as_of)
    master, lines = _identify(rows)
    ids = [str(row["subscription_id"]) for row in lines or ()]
    read: dict[str, list[Row] | None] = {
        "usage": rows.read("usage", at="started_at", lines=ids),
        "invoices": rows.read("invoices", at="issued_on"),
        "payments": rows.read("payments", at="paid_on"),
        "complaints": rows.read("complaints", at="received_at"),
        "equipment": rows.read("equipment"),
        "subscriber_months": rows.read("subscriber_months"),
        **{table: rows.read(table, at=at) for table, at, _ in _LISTS},
    }
    currency = one_currency(read)
    lists = {
        table: None
        if read[table] is None
        else tuple(record_of(kind, table, row, currency) for row in (read[table] or ())[:limit])
        for table, _, kind in _LISTS
    }
    complaints = read["complaints"]
    debt = None
    if read["invoices"] is not None and read["payments"] is not None and currency:
        debt = debt_of(
            read["invoices"],
            read["payments"],
            by_account=_accounts_pay(lines, read),
            currency=currency,
            as_of=as_of,
        )
    return Customer360(
        customer_id=customer_id,
        as_of=as_of,
        **master,
        subscriptions=tuple(_line_on(row, as_of) for row in lines or ()),
        equipment=_devices(read["equipment"], as_of, currency),
        months=tuple(_month(period, as_of, read, currency) for period in shown),
        balance=debt.balance if debt else None,
        overdue=debt.overdue if debt else None,
        open_invoices=debt.open_invoices if debt else None,
        payment_habits=debt.habits if debt else None,
        complaints=None
        if complaints is None
        else tuple(_complaint_on(row, as_of) for row in complaints[:limit]),
        consents=tuple(
            sorted(
                (one for one in consents if not rows.is_later(one.recorded_at)),
                key=lambda one: one.recorded_at,
                reverse=True,
            )
        ),
        **lists,
    )


def _accounts_pay(lines: list[Row] | None, read: Mapping[str, list[Row] | None]) -> bool:
    """Tell whether accounts are the payers: customers are, unless every table tells accounts."""
    billing = (lines, read["invoices"], read["payments"])
    return all("account_id" in row for found in billing for row in found or ())


def _periods(as_of: date, count: int) -> list[date]:
    month = Month(month_start(as_of))
    shown = []
    for _ in range(count):
        shown.append(month.first)
        if month.first.year == 1 and month.first.month == 1:
            break
        month = month.before
    return shown


def _identify(rows: CustomerRows) -> tuple[dict[str, Any], list[Row] | None]:
    """Find who the customer is, and the lines that were activated by the day."""
    customers = rows.read("customers", at="since")
    lines = rows.read("subscriptions")
    if customers is None and lines is None:
        raise MissingTableError(
            f"tables lacks 'customers' and 'subscriptions' (found: {', '.join(rows.tables)}). Add "
            "one of them: a view is of a customer that a table knows.",
            missing="customers",
        )
    if lines is not None:
        lines = [row for row in lines if not _starts_later(row, rows.as_of)]
        lines.sort(key=lambda row: str(row["subscription_id"]))
    if not (lines if customers is None else customers):
        raise UnknownCustomerError(
            f"there was no customer {rows.customer_id!r} on {rows.as_of}. Check the identifier, "
            "and that the day is not before the customer's first.",
            customer_id=rows.customer_id,
            as_of=rows.as_of,
        )
    names = set(Customer.model_fields) & set(Customer360.model_fields)
    found = customers[0] if customers else {}
    master = {name: value for name, value in found.items() if name in names - {"customer_id"}}
    return master, lines


def _starts_later(row: Row, as_of: date) -> bool:
    begins = row.get("activated_on")
    return begins is not None and begins > as_of


def _line_on(row: Row, as_of: date) -> Subscription:
    ends = row.get("terminated_on")
    changed: dict[str, Any] = {}
    if ends is not None and ends > as_of:
        changed = {"terminated_on": None, "termination_reason": None}
        changed["status"] = SubscriptionStatus.ACTIVE
    return record_of(Subscription, "subscriptions", row, None, **changed)


def _complaint_on(row: Row, as_of: date) -> Complaint:
    resolved = row.get("resolved_at")
    changed: dict[str, Any] = {}
    if resolved is not None and day_of(resolved) > as_of:
        changed = {"resolved_at": None, "status": ComplaintStatus.IN_PROGRESS}
    return record_of(Complaint, "complaints", row, None, **changed)


def _devices(
    rows: list[Row] | None, as_of: date, currency: Currency | None
) -> tuple[Equipment, ...] | None:
    if rows is None:
        return None
    held = []
    for row in rows:
        given, back = row.get("assigned_on"), row.get("returned_on")
        if (given is not None and given > as_of) or (back is not None and back <= as_of):
            continue
        changed: dict[str, Any] = {}
        if back is not None:
            changed = {"returned_on": None, "status": EquipmentStatus.ASSIGNED}
        held.append(record_of(Equipment, "equipment", row, currency, **changed))
    first = date.min
    held.sort(key=lambda one: one.equipment_id)
    return tuple(sorted(held, key=lambda one: one.assigned_on or first, reverse=True))


def _month(
    period: date, as_of: date, read: Mapping[str, list[Row] | None], currency: Currency | None
) -> CustomerMonth:
    def inside(table: str, at: str) -> list[Row] | None:
        rows = read[table]
        return None if rows is None else [r for r in rows if month_start(day_of(r[at])) == period]

    def total(rows: Sequence[Row] | None, column: str) -> Money | None:
        if rows is None or currency is None:
            return None
        amounts = [amount(row, column, currency) for row in rows]
        return Money.sum([one for one in amounts if one is not None], currency=currency)

    usage = inside("usage", "started_at")
    sums: defaultdict[str, int] = defaultdict(int)
    for row in usage or ():
        match row["kind"]:
            case UsageKind.VOICE:
                sums["voice_s"] += row["duration_s"]
            case UsageKind.DATA:
                sums["data_bytes"] += row["volume_bytes"]
            case UsageKind.SMS if row["direction"] == UsageDirection.OUTGOING:
                sums["sms_count"] += 1
    names = () if usage is None else ("voice_s", "data_bytes", "sms_count")
    payments = inside("payments", "paid_on")
    good = (None, PaymentStatus.DONE, PaymentStatus.CAPTURED)
    received = None if payments is None else [r for r in payments if r.get("status") in good]
    over = Month(period).last <= as_of
    return CustomerMonth(
        period=period,
        revenue=total(inside("subscriber_months", "period"), "revenue") if over else None,
        recharged=total(inside("recharges", "recharged_at"), "amount"),
        invoiced=total(inside("invoices", "issued_on"), "total"),
        paid=total(received, "amount"),
        **{name: sums[name] for name in names},
    )
