"""One postpaid line and what it did: features of a day, to be worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.churn.snapshots.drawn_tables import Row, at, frames

from telcrm.churn.snapshots.panel import build_panel
from telcrm.churn.window import ChurnWindow, PrepaidRule

DAY = date(2025, 10, 1)
BEGINS = date(2024, 1, 1)
LINE: Row = {
    "subscription_id": "S",
    "customer_id": "C",
    "payment_mode": "postpaid",
    "status": "active",
    "activated_on": date(2024, 3, 1),
}
_FIXED: dict[str, Row] = {
    "usage": {"subscription_id": "S", "zone": "local", "duration_s": 0, "volume_bytes": 0},
    "recharges": {"subscription_id": "S", "customer_id": "C"},
    "invoices": {"customer_id": "C"},
    "payments": {"customer_id": "C", "account_id": "A"},
    "complaints": {"customer_id": "C", "category": "billing", "status": "closed"},
    "interactions": {"customer_id": "C", "channel": "app"},
    "subscriber_months": {"subscription_id": "S", "customer_id": "C", "revenue": 0.0},
}


def before(days: int) -> date:
    """So many days before the snapshot; 1 is the last day that is seen."""
    return DAY - timedelta(days=days)


def moment(days: int, second: int = 0) -> Any:
    return at(before(days), second)


def features(
    *,
    line: Row | None = None,
    lines: list[Row] | None = None,
    data_end: date = DAY,
    **rows: list[Row],
) -> dict[str, Any]:
    """The features of the first line at ``DAY``; the tables tell of everything since ``BEGINS``."""
    held = [LINE | (line or {}), *(LINE | other for other in lines or [])]
    tables = {
        name: [
            _FIXED[name] | {_key(name): f"{name}{number}"} | row for number, row in enumerate(given)
        ]
        for name, given in rows.items()
    }
    panel = build_panel(
        frames({"subscriptions": held, **tables}),
        window=ChurnWindow(prepaid=PrepaidRule(inactivity_days=3000), absent_months=None),
        snapshots=DAY,
        data_end=data_end,
        data_start=dict.fromkeys(tables, BEGINS),
    )
    [found] = [row for row in panel.frame.rows(named=True) if row["subscription_id"] == "S"]
    return {name: found[name] for name in panel.features}


def _key(table: str) -> str:
    return "period" if table == "subscriber_months" else f"{table.removesuffix('s')}_id"
