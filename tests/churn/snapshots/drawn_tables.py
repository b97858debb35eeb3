"""Tables around the edges of windows: late recordings, returns, silence, gaps, unknown days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pandas as pd
import polars as pl
from tests.conftest import Backend, duckdb_connection

from telcrm.tables import TABLES

Row = dict[str, Any]
Rows = list[Row]
Drawn = dict[str, Rows]

START = date(2025, 1, 1)
END = date(2025, 12, 1)
SNAPSHOTS = (date(2025, 5, 1), date(2025, 6, 15), date(2025, 8, 1), date(2025, 11, 1))

_TYPES: dict[str, Any] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "day": pl.Date(),
    "month": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
}
_SCHEMAS = {
    name: {
        **{column.name: _TYPES[column.type.value] for column in TABLES[name].columns},
        "recorded_at": pl.Datetime("us", "UTC"),
    }
    for name in (
        "subscriptions",
        "customers",
        "subscriber_months",
        "usage",
        "recharges",
        "invoices",
        "payments",
        "complaints",
        "interactions",
    )
}


_TIMES = {
    "usage": "started_at",
    "recharges": "recharged_at",
    "complaints": "received_at",
    "interactions": "started_at",
    "invoices": "issued_on",
    "payments": "paid_on",
}


def at(day: date, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)


class _Chance(Random):
    """Draws rows one at a time."""

    def day(self, first: date = START, last: date = END) -> date:
        # Many fall on the same days, and on the edges of windows.
        if self.random() < 0.3:
            edge = self.choice(SNAPSHOTS) + timedelta(days=self.choice([-1, 0, 29, 30, 60]))
            return min(max(edge, first), last)
        return first + timedelta(days=self.randrange((last - first).days + 1))

    def instant(self) -> datetime:
        return at(self.day(), self.choice([0, 1, 40_000, 86_399]))

    def maybe(self, value: Any, share: float = 0.8) -> Any:
        return value if self.random() < share else None

    def recorded(self, when: date) -> datetime:
        moment = when if isinstance(when, datetime) else at(when)
        late = self.choice([0, 0, 0, 3_600, 86_400 * 20, 86_400 * 75])
        return moment + timedelta(seconds=late)

    def subscription(self, line: str, owner: str) -> Row:
        began = self.maybe(self.day(START - timedelta(days=300), END), 0.9)
        ended = self.maybe(self.day(began or START, END), 0.5)
        row: Row = {"subscription_id": line, "customer_id": owner, "activated_on": began}
        row |= {"payment_mode": self.choice(["prepaid", "postpaid"])}
        row |= {"msisdn": f"+9990000{line[1:]:>03}", "offer_id": self.maybe(self.choice("PQ"))}
        row |= {"commitment_end": self.maybe(self.day(START, date(2026, 6, 1)), 0.5)}
        waits = self.random() < 0.1
        row |= {"status": self.choice(["pendingActive", "suspended"]) if waits else "active"}
        if ended:
            reason = self.choice(["voluntary", "involuntary", "port_out", "unavoidable", None])
            row |= {"status": "terminated", "terminated_on": self.maybe(ended, 0.95)}
            row |= {"termination_reason": reason}
        return row | {"recorded_at": self.recorded(ended or began or START)}

    def months(self, line: Row) -> Rows:
        """Months in service, some of them left out."""
        rows = []
        ended, began = line.get("terminated_on"), line["activated_on"] or START
        for month in range(1, 12):
            period, after = date(2025, month, 1), date(2025, month + 1, 1)
            if (ended and ended < period) or began >= after or self.random() < 0.15:
                continue
            row: Row = {name: line[name] for name in ("subscription_id", "customer_id")}
            row |= {"period": period, "revenue": self.randint(-500, 5000) / 100}
            row |= {"offer_id": self.choice("PQ"), "voice_s": self.randint(0, 9000)}
            rows.append(row | {"recorded_at": self.recorded(after)})
        return rows

    def usage(self, ids: list[str]) -> Row:
        row: Row = {"subscription_id": self.choice([*ids, "S-unknown"]), "zone": "local"}
        row |= {"started_at": self.instant(), "kind": self.choice(["voice", "sms", "data"])}
        row |= {"direction": self.choice(["outgoing", "incoming"])}
        row |= {"other_party": self.maybe(f"+9990000{self.randrange(len(ids)):03}")}
        return row | {"duration_s": self.randint(0, 4000), "volume_bytes": self.randint(0, 10**9)}

    def recharge(self, ids: list[str], customers: list[str]) -> Row:
        row: Row = {"subscription_id": self.maybe(self.choice(ids))}
        row |= {"customer_id": self.choice(customers), "recharged_at": self.instant()}
        row |= {"amount": self.choice([0.0, 5.0, 10.01])}
        return row | {"validity_days": self.maybe(self.choice([0, 7, 30]), 0.9)}

    def invoice(self, customers: list[str]) -> Row:
        issued = self.day()
        row: Row = {"customer_id": self.choice(customers), "issued_on": issued}
        row |= {"due_on": issued + timedelta(days=self.randint(0, 20))}
        return row | {"total": self.choice([-5.0, 0.0, 10.0, 25.5, 60.0])}

    def payment(self, customers: list[str]) -> Row:
        row: Row = {"customer_id": self.choice(customers), "account_id": "A", "paid_on": self.day()}
        row |= {"amount": self.choice([10.0, 25.5, 60.0])}
        return row | {"status": self.choice(["done", "captured", "failed"])}

    def complaint(self, customers: list[str]) -> Row:
        received = self.instant()
        row: Row = {"customer_id": self.choice(customers), "received_at": received}
        row |= {"resolved_at": self.maybe(received + timedelta(days=self.randint(0, 60)))}
        row |= {"category": "billing", "status": "closed"}
        return row | {"severity": self.maybe(self.choice(["low", "critical"]))}

    def interaction(self, customers: list[str]) -> Row:
        row: Row = {"customer_id": self.choice(customers), "started_at": self.instant()}
        row |= {"channel": "app", "direction": self.choice(["inbound", "outbound"])}
        row |= {"reason": self.maybe(self.choice(["Cancellation", "porting out", "bill"]))}
        return row | {"wait_s": self.maybe(self.randint(0, 300))}

    def customer(self, who: str) -> Row:
        row: Row = {"customer_id": who, "party_type": "individual", "status": "active"}
        row |= {"since": START, "segment": self.maybe("mass"), "region": self.maybe("north")}
        return row | {"recorded_at": self.recorded(START)}


def drawn(seed: int, *, lines: int = 10, dated: bool = True) -> Drawn:
    """Draw all tables; where they are dated, some rows were recorded late."""
    chance = _Chance(seed)
    customers = [f"C{n}" for n in range(lines // 2 + 1)]
    ids = [f"S{n}" for n in range(lines)]
    held = [chance.subscription(line, chance.choice(customers)) for line in ids]
    tables: Drawn = {
        "subscriptions": held,
        "subscriber_months": [row for line in held for row in chance.months(line)],
        "usage": [chance.usage(ids) for _ in range(lines * 8)],
        "recharges": [chance.recharge(ids, customers) for _ in range(lines * 5)],
        "invoices": [chance.invoice(customers) for _ in range(lines * 4)],
        "payments": [chance.payment(customers) for _ in range(lines * 4)],
        "complaints": [chance.complaint(customers) for _ in range(lines)],
        "interactions": [chance.interaction(customers) for _ in range(lines * 3)],
        "customers": [chance.customer(who) for who in customers[1:]],
    }
    for name, rows in tables.items():
        for number, row in enumerate(rows):
            row.setdefault(TABLES[name].key[0], f"{name}{number}")
            if name in _TIMES:
                row["recorded_at"] = chance.recorded(row[_TIMES[name]])
            if not dated:
                del row["recorded_at"]
    return tables


def frames(tables: Drawn, engine: Backend | None = None) -> dict[str, Any]:
    """Make frames with their types; Polars if no engine is asked for."""
    made = {}
    for name, rows in tables.items():
        columns = [one for one in _SCHEMAS[name] if any(one in row for row in rows)]
        schema = {one: _SCHEMAS[name][one] for one in columns}
        made[name] = pl.DataFrame([{one: row.get(one) for one in columns} for row in rows], schema)
    return made if engine is None else on(made, engine)


def on(tables: dict[str, pl.DataFrame], engine: Backend) -> dict[str, Any]:
    """Bring Polars frames to an engine; in DuckDB they share a connection."""
    if engine.name == "duckdb":
        connection = duckdb_connection()
        connection.execute("SET timezone = 'UTC'")
        for name, frame in tables.items():
            connection.register(name, frame.to_arrow())
        return {name: connection.table(name) for name in tables}
    return {name: _one(frame, engine) for name, frame in tables.items()}


def _one(frame: pl.DataFrame, engine: Backend) -> Any:
    match engine.name:
        case "polars":
            return frame
        case "polars_lazy":
            return frame.lazy()
        case "pandas":
            return frame.to_arrow().to_pandas(date_as_object=False)
        case "pandas_pyarrow":
            return frame.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
        case "pyspark":
            return engine.frame({"any": [1]}).sparkSession.createDataFrame(frame.to_arrow())
    return frame.to_arrow()
