"""Customers with records around every threshold, before and after a day, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from telcrm.churn.warnings.history import CustomerHistory
from telcrm.domain import (
    Complaint,
    Interaction,
    Invoice,
    Money,
    Payment,
    ServiceRequest,
    Subscription,
    UsageRecord,
)

Columns = dict[str, list[Any]]

AS_OF = date(2026, 3, 1)
COMPETITOR = "+4915200000"

RECORDS = {
    "subscriptions": Subscription,
    "usage": UsageRecord,
    "complaints": Complaint,
    "interactions": Interaction,
    "service_requests": ServiceRequest,
    "invoices": Invoice,
    "payments": Payment,
}
_COLUMNS = {
    "subscriptions": (
        "subscription_id",
        "customer_id",
        "account_id",
        "payment_mode",
        "status",
        "activated_on",
        "terminated_on",
        "commitment_end",
    ),
    "usage": (
        "usage_id",
        "subscription_id",
        "started_at",
        "kind",
        "direction",
        "zone",
        "duration_s",
        "volume_bytes",
        "other_party",
    ),
    "complaints": (
        "complaint_id",
        "customer_id",
        "received_at",
        "resolved_at",
        "category",
        "severity",
        "status",
    ),
    "interactions": ("interaction_id", "customer_id", "started_at", "direction", "reason"),
    "service_requests": (
        "service_request_id",
        "customer_id",
        "subscription_id",
        "kind",
        "status",
        "requested_at",
        "completed_at",
    ),
    "invoices": (
        "invoice_id",
        "account_id",
        "customer_id",
        "issued_on",
        "due_on",
        "total",
    ),
    "payments": ("payment_id", "account_id", "customer_id", "paid_on", "amount", "status"),
}


def day(age: int) -> date:
    """The day so many days before the one asked about; below 1 it lies in the future."""
    return AS_OF - timedelta(days=age)


def moment(age: int, hour: int = 0) -> datetime:
    return datetime.combine(day(age), datetime.min.time(), UTC) + timedelta(hours=hour)


def _moment(chance: Random, most: int) -> datetime:
    # Midnight is the first moment that is no longer seen, or the last day's first.
    age = chance.choice([-9, 0, 1, 8, most - 5, chance.randint(-5, most)])
    return moment(age, chance.choice([0, 9, 23]))


def history(chance: Random, customer: str) -> CustomerHistory:
    """Draw one customer with up to three lines."""
    lines = [_line(chance, customer, f"{customer}-{at}") for at in range(chance.randint(1, 3))]
    several = {
        "usage": [one for line in lines for one in _usage(chance, line)],
        "complaints": [_complaint(chance, customer, at) for at in range(chance.randint(0, 3))],
        "interactions": [_interaction(chance, customer, at) for at in range(chance.randint(0, 3))],
        "service_requests": [
            _request(chance, customer, chance.choice([None, *lines]), at)
            for at in range(chance.randint(0, 3))
        ],
        "invoices": [_invoice(chance, customer, at) for at in range(chance.randint(1, 5))],
        "payments": [_payment(chance, customer, at) for at in range(chance.randint(0, 4))],
    }
    return CustomerHistory(
        customer_id=customer,
        subscriptions=tuple(lines),
        **{name: tuple(records) for name, records in several.items()},  # type: ignore[arg-type]
    )


def _line(chance: Random, customer: str, own: str) -> Subscription:
    status = chance.choice(["active", "active", "active", "suspended", "terminated", "cancelled"])
    started = chance.choice([None, 0, 1, 20, 111, 112, 400])
    ended = chance.choice([-20, 0, 1]) if started != 0 else 0
    return Subscription(
        subscription_id=own,
        customer_id=customer,
        account_id=f"A-{customer}",
        payment_mode="postpaid",
        status=status,
        activated_on=None if started is None else day(started),
        terminated_on=day(ended) if status == "terminated" else None,
        commitment_end=day(chance.choice([-61, -60, -10, 0, 1, 30, 365, 366]))
        if chance.random() < 0.8
        else None,
    )


def _usage(chance: Random, line: Subscription) -> list[UsageRecord]:
    ages = [chance.randint(-3, 120) for _ in range(chance.randint(0, 12))]
    last = chance.choice([0, 1, 14, 15, 16, 22, 31, 85])
    return [
        UsageRecord(
            usage_id=f"U-{line.subscription_id}-{at}",
            subscription_id=line.subscription_id,
            started_at=moment(max(age, last) if age > 0 else age, chance.choice([0, 23])),
            kind=chance.choice(["voice", "voice", "sms", "data", "data"]),
            direction=chance.choice(["outgoing", "outgoing", "incoming"]),
            zone=chance.choices(["local", "roaming"], [15, 1])[0],
            duration_s=chance.choice([0, 900, 3600, 4000]),
            volume_bytes=chance.choice([0, 60_000_000, 300_000_000]),
            other_party=chance.choice([None, "+491600", COMPETITOR]),
        )
        for at, age in enumerate(ages)
    ]


def _complaint(chance: Random, customer: str, at: int) -> Complaint:
    received = _moment(chance, 45)
    answered = max(received, chance.choice([received, received + timedelta(days=3), moment(0)]))
    status = chance.choice(["acknowledged", "inProgress", "resolved", "cancelled"])
    return Complaint(
        complaint_id=f"K-{customer}-{at}",
        customer_id=customer,
        received_at=received,
        resolved_at=answered if status == "resolved" else None,
        category=chance.choice(["billing", "device", "other"]),
        severity=chance.choice([None, "low", "critical"]),
        status=status,
    )


def _interaction(chance: Random, customer: str, at: int) -> Interaction:
    return Interaction(
        interaction_id=f"N-{customer}-{at}",
        customer_id=customer,
        started_at=_moment(chance, 35),
        channel="call_centre",
        direction=chance.choice(["inbound", "inbound", "outbound"]),
        reason=chance.choice([None, "billing", "Cancellation", "suspension", "PAC"]),
    )


def _request(chance: Random, customer: str, line: Subscription | None, at: int) -> ServiceRequest:
    asked = _moment(chance, 35)
    status = chance.choice(["acknowledged", "completed", "cancelled"])
    done = asked + timedelta(days=chance.choice([0, 5])) if status == "completed" else None
    return ServiceRequest(
        service_request_id=f"R-{customer}-{at}",
        customer_id=customer,
        subscription_id=line.subscription_id if line else None,
        kind=chance.choice(["port_out", "termination", "plan_change", "other"]),
        status=status,
        requested_at=asked,
        completed_at=done,
    )


def _invoice(chance: Random, customer: str, at: int) -> Invoice:
    issued = chance.choice([0, chance.randint(-3, 100)])
    return Invoice(
        invoice_id=f"I-{customer}-{at}",
        account_id=f"A-{customer}-{chance.randint(0, 1)}",
        customer_id=customer,
        issued_on=day(issued),
        due_on=day(issued - chance.choice([0, 14])),
        total=Money(chance.choice(["20.00", "30.50", "0.99", "-10.00"]), "EUR"),
    )


def _payment(chance: Random, customer: str, at: int) -> Payment:
    return Payment(
        payment_id=f"P-{customer}-{at}",
        account_id=f"A-{customer}-{chance.randint(0, 1)}",
        customer_id=customer,
        paid_on=day(chance.choice([0, 1, chance.randint(-3, 90)])),
        amount=Money(chance.choice(["20.00", "5.25", "30.50"]), "EUR"),
        status=chance.choice(["done", "captured", "failed"]),
    )


def tables_of(histories: Sequence[CustomerHistory]) -> dict[str, Columns]:
    """Write the records of some customers as canonical tables; instants are UTC without a zone.

    A line that is nobody's shows that the table of usage lacks nothing.
    """
    tables = {}
    for name, columns in _COLUMNS.items():
        records = [one for history in histories for one in getattr(history, name) or ()]
        tables[name] = {column: [_plain(one, column) for one in records] for column in columns}
    for age in (*range(1, 113, 3), 112):
        beat: dict[str, Any] = {"usage_id": f"U-{age}", "subscription_id": "busy"}
        beat |= {"kind": "sms", "direction": "outgoing", "zone": "local", "other_party": None}
        beat |= {"started_at": moment(age).replace(tzinfo=None), "duration_s": 0, "volume_bytes": 0}
        for column, value in beat.items():
            tables["usage"][column].append(value)
    for name in ("invoices", "payments"):
        tables[name]["currency"] = ["EUR"] * len(tables[name]["customer_id"])
    return tables


def _plain(record: Any, column: str) -> Any:
    value = getattr(record, column)
    if isinstance(value, Money):
        return float(value.amount)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value.value if hasattr(value, "value") else value
