"""What one customer owes and how it pays, from its invoices and payments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from telcrm.domain import Currency, Money, PaymentStatus
from telcrm.mart.customer_rows import Row, amount
from telcrm.mart.customer_view import OpenInvoice, PaymentHabits

__all__ = ["Debt", "debt_of"]

_RECEIVED = (None, PaymentStatus.DONE, PaymentStatus.CAPTURED)
_FAILED = (PaymentStatus.FAILED, PaymentStatus.DENIED, PaymentStatus.CANCELED)


@dataclass(frozen=True)
class Debt:
    """What is owed on a day, and how what was owed before was paid."""

    balance: Money
    overdue: Money
    open_invoices: tuple[OpenInvoice, ...]
    habits: PaymentHabits


@dataclass
class _Payer:
    owed: list[Row] = field(default_factory=list)
    received: list[tuple[date, int]] = field(default_factory=list)


def debt_of(
    invoices: Sequence[Row],
    payments: Sequence[Row],
    *,
    by_account: bool,
    currency: Currency,
    as_of: date,
) -> Debt:
    """Match payments with invoices, the first due first, as the mart does for every payer.

    Payments of an account settle its own invoices, those that name none what the customer owes
    without an account.
    """
    payers: defaultdict[str | None, _Payer] = defaultdict(_Payer)
    for row in invoices:
        payer = payers[row["account_id"] if by_account else None]
        units = _units(row, "total", currency)
        if units > 0:
            payer.owed.append({**row, "_units": units})
        else:
            payer.received.append((row["issued_on"], -units))
    good = [row for row in payments if row.get("status") in _RECEIVED]
    for row in good:
        payer = payers[row["account_id"] if by_account else None]
        payer.received.append((row["paid_on"], _units(row, "amount", currency)))
    left: list[OpenInvoice] = []
    days_late: list[int] = []
    for payer in payers.values():
        _settle(payer, left, days_late, currency=currency, as_of=as_of)
    left.sort(key=lambda one: (one.due_on, one.invoice_id))
    owed = sum(row["_units"] for payer in payers.values() for row in payer.owed)
    received = sum(units for payer in payers.values() for _, units in payer.received)
    mean = Decimal(sum(days_late)) / len(days_late) if days_late else None
    habits = PaymentHabits(
        payments=len(good),
        last_paid_on=max((row["paid_on"] for row in good), default=None),
        failed=sum(row.get("status") in _FAILED for row in payments),
        settled_invoices=len(days_late),
        settled_late=sum(days > 0 for days in days_late),
        mean_days_late=None if mean is None else mean.quantize(Decimal("0.1")),
    )
    late = [one.open_amount for one in left if one.overdue_days]
    return Debt(
        balance=Money.from_minor(owed - received, currency),
        overdue=Money.sum(late, currency=currency),
        open_invoices=tuple(left),
        habits=habits,
    )


def _units(row: Row, column: str, currency: Currency) -> int:
    found = amount(row, column, currency)
    return found.minor_units if found else 0


def _settle(
    payer: _Payer,
    left: list[OpenInvoice],
    days_late: list[int],
    *,
    currency: Currency,
    as_of: date,
) -> None:
    received = sorted(payer.received)
    at, pool = -1, 0
    for row in sorted(payer.owed, key=lambda row: (row["due_on"], row["invoice_id"])):
        while pool < row["_units"] and at + 1 < len(received):
            at += 1
            pool += received[at][1]
        if pool >= row["_units"]:
            pool -= row["_units"]
            settled_on = max(received[at][0], row["issued_on"])
            days_late.append((settled_on - row["due_on"]).days)
            continue
        left.append(
            OpenInvoice(
                invoice_id=row["invoice_id"],
                account_id=row.get("account_id"),
                issued_on=row["issued_on"],
                due_on=row["due_on"],
                total=Money.from_minor(row["_units"], currency),
                open_amount=Money.from_minor(row["_units"] - pool, currency),
                overdue_days=max(0, (as_of - row["due_on"]).days),
            )
        )
        pool = 0
