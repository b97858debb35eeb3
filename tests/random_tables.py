"""Small tables with nulls, ties, gaps and strangers, drawn from any source of chance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

Columns = dict[str, list[Any]]

MONTHS = [date(2024, month, 1) for month in range(1, 7)]
END = datetime(2024, 7, 1, tzinfo=UTC)
_PRICES = [0.0, 9.99, 9.99, 15.0, 20.0, -5.0]


def _table(rows: list[dict[str, Any]], columns: list[str]) -> Columns:
    return {name: [row[name] for row in rows] for name in columns}


def _instant(chance: Random) -> datetime:
    # Whole hours, so that some fall together.
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(24 * 180))


def subscriber_months(chance: Random) -> Columns:
    """A few customers with one or two subscriptions, some with gaps; one row at least."""
    rows: list[dict[str, Any]] = []
    for line in range(chance.randint(1, 7)):
        customer = chance.choice("abcde")
        first = chance.randrange(len(MONTHS))
        for period in MONTHS[first : first + chance.randint(1, 6)]:
            if chance.random() < 0.2 and rows:
                continue
            rows.append(
                {
                    "subscription_id": f"{customer}{line}",
                    "customer_id": customer,
                    "account_id": f"acc-{customer}",
                    "period": period,
                    "segment": chance.choice(["mass", "mass", "premium"]),
                    "revenue": chance.choice(_PRICES),
                    "equipment_revenue": chance.choice([0.0, 100.0]),
                    "direct_cost": chance.choice([0.0, 4.5, 12.25]),
                    "plan_rank": chance.randint(1, 3),
                    "voice_s": chance.choice([0, 61, 3600]),
                    "data_bytes": chance.choice([0, 10**9, 3_500_000_000]),
                }
            )
    return _table(rows, list(rows[0]))


def subscriptions(chance: Random) -> Columns:
    """Some still run, some ended, some of those for a reason that nobody knows."""
    rows = []
    for line in range(chance.randint(1, 9)):
        start = date(2023, 11, 1) + timedelta(days=chance.randrange(200))
        end = start + timedelta(days=chance.randrange(200))
        gone = chance.random() < 0.6
        rows.append(
            {
                "subscription_id": f"s{line}",
                "customer_id": chance.choice("abcde"),
                "segment": chance.choice(["mass", "premium"]),
                "activated_on": start,
                "terminated_on": end if gone else None,
                "termination_reason": chance.choice(["voluntary", "port_out", None])
                if gone
                else None,
                "recipient": chance.choice(["Blue", "Red", None]) if gone else None,
                "amount": chance.choice([10.0, 120.0, 9.99]),
                "interval_months": chance.choice([1, 3, 12]),
            }
        )
    if not any(row["terminated_on"] for row in rows):
        # Engines cannot tell a type from nulls alone; tests of all-null columns give one.
        rows[0] |= {
            "terminated_on": rows[0]["activated_on"],
            "termination_reason": "voluntary",
            "recipient": "Blue",
        }
    texts = ("termination_reason", "recipient")
    for name in texts:
        if not any(row[name] for row in rows):
            ended = next(row for row in rows if row["terminated_on"])
            ended[name] = "voluntary" if name == "termination_reason" else "Blue"
    return _table(rows, list(rows[0]))


def recharges(chance: Random) -> Columns:
    """Prepaid money of a few customers, many of them equal."""
    rows = [
        {
            "recharge_id": f"r{number}",
            "customer_id": chance.choice("abcdefg"),
            "recharged_at": _instant(chance),
            "amount": chance.choice([0.0, 5.0, 10.0, 10.0, 19.99]),
            "channel": chance.choice(["app", "shop"]),
        }
        for number in range(chance.randint(1, 15))
    ]
    return _table(rows, list(rows[0]))


def activities(chance: Random) -> Columns:
    """What prepaid subscriptions did."""
    rows = [
        {
            "subscription_id": chance.choice("abcd"),
            "at": _instant(chance),
            "kind": chance.choice(["recharge", "outgoing", "incoming", "registration"]),
        }
        for _ in range(chance.randint(1, 15))
    ]
    return _table(rows, list(rows[0]))


def invoices(chance: Random) -> Columns:
    """Bills, paid in full, in part or not at all."""
    rows = []
    for number in range(chance.randint(1, 10)):
        issued = date(2024, 1, 1) + timedelta(days=chance.randrange(170))
        total = chance.choice([20.0, 20.0, 35.5, 0.0])
        rows.append(
            {
                "invoice_id": f"i{number}",
                "customer_id": chance.choice("abcd"),
                "segment": chance.choice(["mass", "premium"]),
                "issued_on": issued,
                "due_on": issued + timedelta(days=14),
                "total": total,
                "open_amount": chance.choice([0.0, total, total / 2]),
            }
        )
    return _table(rows, list(rows[0]))


def complaints(chance: Random) -> Columns:
    """Resolved, ended on an unknown day, or open."""
    rows = []
    for number in range(chance.randint(1, 9)):
        received = _instant(chance)
        took = timedelta(hours=chance.randrange(200))
        resolved = chance.random() < 0.6 or number == 0
        rows.append(
            {
                "complaint_id": f"c{number}",
                "customer_id": chance.choice("abc"),
                "category": chance.choice(["billing", "network"]),
                "segment": chance.choice(["mass", "premium"]),
                "received_at": received,
                "resolved_at": received + took if resolved else None,
                "status": "resolved" if resolved else chance.choice(["closed", "pending"]),
            }
        )
    return _table(rows, list(rows[0]))


def interactions(chance: Random) -> Columns:
    """Contacts, some of which nobody knows how long they waited."""
    rows = [
        {
            "customer_id": chance.choice("abcd"),
            "started_at": _instant(chance),
            "channel": chance.choice(["call_centre", "web"]),
            "direction": chance.choice(["inbound", "inbound", "outbound"]),
            "outcome": chance.choice(["resolved", "abandoned", None]) if number else "resolved",
            "wait_s": chance.choice([0, 20, 21, None]) if number else 5,
            "duration_s": chance.choice([60, 300, None]) if number else 90,
        }
        for number in range(chance.randint(1, 12))
    ]
    return _table(rows, list(rows[0]))


def surveys(chance: Random) -> Columns:
    """Answers to three questions, each on its scale."""
    rows = []
    for _ in range(chance.randint(1, 15)):
        kind, lowest, highest = chance.choice([("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7)])
        rows.append(
            {
                "customer_id": chance.choice("abcd"),
                "kind": kind,
                "score": chance.randint(lowest, highest),
                "segment": chance.choice(["mass", "premium"]),
                "responded_at": _instant(chance),
            }
        )
    return _table(rows, list(rows[0]))


def ports(chance: Random) -> Columns:
    """Numbers that went from one operator to another."""
    rows = []
    for _ in range(chance.randint(1, 10)):
        donor, recipient = chance.sample(["us", "Blue", "Red"], 2)
        day = date(2024, 1, 1) + timedelta(days=chance.randrange(170))
        rows.append({"ported_on": day, "donor": donor, "recipient": recipient})
    return _table(rows, list(rows[0]))


def market(chance: Random) -> Columns:
    """Subscriptions by operator and quarter, as a regulator publishes them."""
    rows = [
        {
            "quarter": chance.choice(["Q1", "Q2"]),
            "operator": chance.choice(["us", "Blue", "Red"]),
            "subscriptions": chance.choice([0, 10, 25, 25]),
        }
        for _ in range(chance.randint(1, 8))
    ]
    return _table(rows, list(rows[0]))


def spending(chance: Random) -> Columns:
    """What it cost to win customers."""
    rows = [
        {
            "period": chance.choice(MONTHS),
            "segment": chance.choice(["mass", "premium"]),
            "cost": chance.choice([0.0, 50.0, 120.5]),
        }
        for _ in range(chance.randint(1, 8))
    ]
    return _table(rows, list(rows[0]))
