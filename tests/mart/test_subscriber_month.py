"""One month of the mart: an oracle in plain Python, laws, every engine, bad input."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from random import Random
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.domain import ActivityRule, Channel, Money, UsageKind, UsageZone
from telcrm.errors import (
    ColumnTypeError,
    CurrencyMismatchError,
    InvalidTableError,
    MartMismatchError,
    MissingColumnsError,
    MissingTableError,
    ParameterError,
    UnsupportedFrameError,
)
from telcrm.kpi import movement
from telcrm.mart import (
    MART_COLUMNS,
    Attribution,
    MartPolicy,
    UnitCost,
    build,
    months,
    subscriber_month,
    to_subscriber_months,
)
from telcrm.synth import Operator
from telcrm.tables import TABLES, validate

FEBRUARY = date(2026, 2, 1)
MARCH = date(2026, 3, 1)
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

COSTS = (
    UnitCost(usage_kind="voice", cost=Money("1.00", "EUR"), per_units=6000),
    UnitCost(usage_kind="voice", usage_zone="roaming", cost=Money("0.50", "EUR"), per_units=60),
    UnitCost(usage_kind="data", cost=Money("2.00", "EUR"), per_units=10**9),
)
POLICIES = (
    MartPolicy(),
    MartPolicy(
        prepaid_activity=ActivityRule(window_days=30, kinds=("recharge", "outgoing")),
        postpaid_activity="usage",
        prepaid_revenue="usage",
        attribution="usage_charge",
        arrears_grace_days=5,
        unit_costs=COSTS,
        revenue_cost_share="0.1",
    ),
    MartPolicy(
        prepaid_activity=ActivityRule(window_days=60, kinds=("recharge",)),
        postpaid_activity="in_service",
        attribution="first_line",
        arrears_basis="open_amount",
        unstated_tax_rate="0.25",
        recharge_cost_share="0.05",
    ),
)

SCHEMAS: dict[str, dict[str, Any]] = {
    name: {
        column.name: {
            "text": pl.String(),
            "integer": pl.Int64(),
            "number": pl.Float64(),
            "boolean": pl.Boolean(),
            "day": pl.Date(),
            "month": pl.Date(),
            "instant": pl.Datetime("us", "UTC"),
        }[column.type.value]
        for column in TABLES[name].columns
    }
    for name in TABLES
}


def awkward(seed: int, *, lines: int = 12) -> Tables:
    """Shared accounts, lines without any, credits, gaps, orphans: what a real base holds."""
    random = Random(seed)  # noqa: S311 (a fixture, not a secret)

    def day(least: int = -150, most: int = 80) -> date:
        return FEBRUARY + timedelta(days=random.randint(least, most))

    def at() -> datetime:
        when = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=random.randint(-100, 40))
        return when + timedelta(seconds=random.choice([0, 1, 86_399, 40_000]))

    def maybe(value: Any, share: float = 0.8) -> Any:
        return value if random.random() < share else None

    def cents(most: int) -> float:
        return random.randint(0, most) / 100

    customers = [f"C{n}" for n in range(lines // 3 + 2)]
    accounts = {who: f"A{n // 2}" for n, who in enumerate(customers)}
    ids = [f"S{n:02}" for n in range(lines)]
    subscriptions = []
    for one in ids:
        who = random.choice(customers[:-1])
        began = maybe(day(-200, 50))
        ended = maybe(day(-60, 60), 0.4)
        if ended and began and ended < began:
            ended = began
        status = "terminated" if ended else random.choice(["active", "suspended", "pendingActive"])
        row = {"subscription_id": one, "customer_id": who, "account_id": maybe(accounts[who])}
        row |= {"payment_mode": random.choice(["prepaid", "postpaid"]), "status": status}
        row |= {"offer_id": maybe("P1"), "activated_on": began, "terminated_on": ended}
        row |= {"termination_reason": maybe("voluntary") if ended else None}
        subscriptions.append(row | {"commitment_end": maybe(day(-30, 90), 0.4)})
    usage = [
        {
            "subscription_id": random.choice([*ids, "S-unknown"]),
            "started_at": at(),
            "kind": (kind := str(random.choice(list(UsageKind)))),
            "direction": random.choice(["outgoing", "incoming"]),
            "zone": str(random.choice(list(UsageZone))),
            "duration_s": random.randint(0, 4000) if kind == "voice" else 0,
            "volume_bytes": random.randint(0, 10**10) if kind == "data" else 0,
            "charge": maybe(cents(500)),
        }
        for _ in range(lines * 6)
    ]
    recharges = [
        {
            "subscription_id": maybe(random.choice(ids)),
            "customer_id": random.choice(customers),
            "recharged_at": at(),
            "amount": random.choice([0.0, 5.0, 10.01]),
        }
        for _ in range(lines * 2)
    ]
    invoices = []
    for _ in range(lines * 2):
        who, issued, total = random.choice(customers), day(-120, 40), cents(9000) - 10
        row = {"customer_id": who, "account_id": maybe(accounts[who]), "issued_on": issued}
        row |= {"due_on": issued + timedelta(days=random.randint(0, 20)), "total": round(total, 2)}
        row |= {"tax": maybe(round(total / 6, 2)), "open_amount": maybe(round(total, 2), 0.5)}
        invoices.append(row)
    payments = []
    for _ in range(lines * 2):
        who = random.choice(customers)
        row = {"customer_id": who, "account_id": accounts[who], "paid_on": day(-120, 40)}
        row |= {"amount": cents(6000) + 0.01}
        payments.append(row | {"status": random.choice(["done", "captured", "failed"])})
    complaints = [
        {
            "customer_id": random.choice(customers),
            "received_at": (received := at()),
            "resolved_at": maybe(received + timedelta(days=random.randint(0, 30)), 0.5),
            "status": random.choice(["inProgress", "closed", "resolved", "rejected"]),
        }
        for _ in range(lines)
    ]
    interactions = [
        {
            "customer_id": random.choice(customers),
            "started_at": at(),
            "channel": str(random.choice(list(Channel))),
            "direction": random.choice(["inbound", "outbound"]),
        }
        for _ in range(lines * 3)
    ]
    equipment = [
        {
            "equipment_id": f"E{n}",
            "subscription_id": maybe(random.choice(ids)),
            "kind": random.choice(["handset", "router"]),
            "ownership": "sold",
            "imei": maybe("490154203237518"),
            "assigned_on": maybe(day(-100, 40)),
            "returned_on": maybe(day(-10, 60), 0.3),
            "status": "assigned",
        }
        for n in range(lines)
    ]
    segments = [{"customer_id": who, "segment": maybe("mass")} for who in customers[1:]]
    found = {
        "subscriptions": subscriptions,
        "usage": usage,
        "recharges": recharges,
        "invoices": invoices,
        "payments": payments,
        "complaints": complaints,
        "interactions": interactions,
        "equipment": equipment,
        "customers": segments,
    }
    fixed: dict[str, dict[str, Any]] = {
        "usage": {"currency": "EUR"},
        "complaints": {"category": "billing"},
        "customers": {"party_type": "individual", "status": "active", "since": date(2020, 1, 1)},
    }
    for name, rows in found.items():
        for n, row in enumerate(rows):
            row.update(fixed.get(name, {}))
            row.setdefault(TABLES[name].key[0], f"{name}{n}")
    return found


def frames(tables: Tables) -> dict[str, pl.DataFrame]:
    made = {}
    for name, rows in tables.items():
        columns = [one for one in SCHEMAS[name] if any(one in row for row in rows)]
        schema = {one: SCHEMAS[name][one] for one in columns}
        made[name] = pl.DataFrame([{one: row.get(one) for one in columns} for row in rows], schema)
    return made


def micro(amount: float | None) -> int:
    return round((amount or 0.0) * 1_000_000)


def month_end(period: date) -> date:
    return (period + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def split(total: int, weights: list[int]) -> list[int]:
    """Cumulative rounding to the cent; the last takes what is over."""
    whole, upto, given, parts = sum(weights), 0, 0, []
    for weight in weights:
        upto += weight
        unit = 10_000
        near = floor(Fraction(total * upto, whole * unit) + Fraction(1, 2)) * unit
        now = total if upto == whole else near
        parts.append(now - given)
        given = now
    return parts


class Oracle:
    """The definitions, row by row."""

    def __init__(self, tables: Tables, period: date, policy: MartPolicy) -> None:
        self.tables, self.policy = tables, policy
        self.first, self.last = period, month_end(period)
        self.lines = {row["subscription_id"]: row for row in tables["subscriptions"]}

    def in_month(self, when: date | None) -> bool:
        day = when.date() if isinstance(when, datetime) else when
        return day is not None and self.first <= day <= self.last

    def began(self, row: dict[str, Any]) -> date:
        if row["activated_on"] is None:
            return date.max if row["status"] == "pendingActive" else date.min
        return row["activated_on"]  # type: ignore[no-any-return]

    def ended(self, row: dict[str, Any]) -> date:
        if row["terminated_on"] is None:
            return date.min if row["status"] == "terminated" else date.max
        return row["terminated_on"]  # type: ignore[no-any-return]

    def served(self, row: dict[str, Any]) -> bool:
        began, ended = self.began(row), self.ended(row)
        one_day = ended >= self.first and began >= self.first
        return began <= self.last and (ended > self.first or one_day)

    def charge(self, line: str) -> int:
        rows = [r for r in self.tables["usage"] if r["subscription_id"] == line]
        return sum(micro(r["charge"]) for r in rows if self.in_month(r["started_at"]))

    def bearers(self, column: str, payer: str, mode: str) -> list[tuple[str, int]]:
        known = [r for r in self.lines.values() if r[column] == payer]
        known = [r for r in known if self.began(r) <= self.last]

        def tier(row: dict[str, Any]) -> tuple[int, int]:
            if self.served(row):
                return (0 if row["payment_mode"] == mode else 1), 0
            return 2, -self.ended(row).toordinal() if self.ended(row) != date.min else 0

        least = min(map(tier, known), default=None)
        bearing = [r for r in known if tier(r) == least]

        def order(row: dict[str, Any]) -> tuple[date, str]:
            return self.began(row), row["subscription_id"]

        ids = [r["subscription_id"] for r in sorted(bearing, key=order)]
        match self.policy.attribution:
            case Attribution.EQUAL:
                return [(one, 1) for one in ids]
            case Attribution.FIRST_LINE:
                return [(one, int(n == 0)) for n, one in enumerate(ids)]
        charges = [self.charge(one) for one in ids]
        return list(zip(ids, charges if sum(charges) else [1] * len(ids), strict=True))

    def bills(self) -> dict[str, dict[str, int]]:
        """Amounts and counts of each line, from those of the payers."""
        payers: defaultdict[tuple[str, str], Rows] = defaultdict(list)
        for name, dated in (("invoices", "issued_on"), ("payments", "paid_on")):
            for row in self.tables[name]:
                if row[dated] <= self.last:
                    by = "account_id" if row["account_id"] else "customer_id"
                    payers[by, row[by]].append(row)
        lines: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for (by, payer), rows in payers.items():
            told = self.payer(rows)
            shares = self.bearers(by, payer, "postpaid")
            for name in ("billed", "invoiced", "paid", "open", "overdue"):
                parts = split(told[name], [w for _, w in shares]) if shares else []
                for (line, _), part in zip(shares, parts, strict=True):
                    lines[line][name] += part
            for line, _ in shares:
                lines[line]["invoices"] += told["invoices"]
                lines[line]["payments"] += told["payments"]
                lines[line]["late"] = max(lines[line]["late"], told["late"])
                lines[line]["moved"] = 1
        return {line: dict(found) for line, found in lines.items()}

    def payer(self, rows: Rows) -> dict[str, int]:
        stated = self.policy.arrears_basis == "open_amount"
        told: defaultdict[str, int] = defaultdict(int)
        items, settled = [], 0
        for row in rows:
            if "total" in row:
                tax = row["tax"]
                rate = float(self.policy.unstated_tax_rate)
                net = row["total"] / (1 + rate) if tax is None else row["total"] - tax
                if self.in_month(row["issued_on"]):
                    told["billed"] += micro(net)
                    told["invoiced"] += micro(row["total"])
                    told["invoices"] += 1
                left = micro(row["open_amount"] if stated else row["total"])
                if left > 0:
                    items.append((row["due_on"], left))
                settled += max(0, -left)
            elif row["status"] in ("done", "captured"):
                settled += 0 if stated else micro(row["amount"])
                if self.in_month(row["paid_on"]):
                    told["paid"] += micro(row["amount"])
                    told["payments"] += 1
        told["open"] = sum(left for _, left in items) - settled
        limit = self.last - timedelta(days=self.policy.arrears_grace_days)
        for due, left in sorted(items):
            if due < limit:
                rest = max(0, left - settled)
                settled = max(0, settled - left)
                told["overdue"] += rest
                if rest and not told["late"]:
                    told["late"] = (self.last - due).days
        return told

    def recharged(self) -> dict[str, list[int]]:
        """Count, amount and last day (as an ordinal) of each line."""
        found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        loose: defaultdict[str, Rows] = defaultdict(list)
        for row in self.tables["recharges"]:
            if row["recharged_at"].date() > self.last:
                continue
            if row["subscription_id"] is None:
                loose[row["customer_id"]].append(row)
                continue
            self._add(found[row["subscription_id"]], [row])
        for who, rows in loose.items():
            told = [0, 0, 0]
            self._add(told, rows)
            shares = self.bearers("customer_id", who, "prepaid")
            weights = [w for _, w in shares]
            counts = split(told[0] * 10_000, weights) if shares else []
            amounts = split(told[1], weights) if shares else []
            for (line, _), count, part in zip(shares, counts, amounts, strict=True):
                own = found[line]
                own[0], own[1] = own[0] + count // 10_000, own[1] + part
                own[2] = max(own[2], told[2])
        return found

    def _add(self, told: list[int], rows: Rows) -> None:
        for row in rows:
            if self.in_month(row["recharged_at"]):
                told[0], told[1] = told[0] + 1, told[1] + micro(row["amount"])
            if row["amount"] > 0 and "recharge" in self.policy.prepaid_activity.kinds:
                told[2] = max(told[2], row["recharged_at"].date().toordinal())

    def usage(self, line: str) -> dict[str, int]:
        told: defaultdict[str, int] = defaultdict(int)
        for row in self.tables["usage"]:
            if row["subscription_id"] != line or not self.in_month(row["started_at"]):
                continue
            kind, out, zone = row["kind"], row["direction"] == "outgoing", row["zone"]
            if kind == "voice":
                told["voice_s"] += row["duration_s"]
                told[f"voice_{row['direction']}_count"] += 1
                told[f"voice_{zone}_s" if out else "voice_incoming_s"] += row["duration_s"]
            elif kind == "data":
                told["data_bytes"] += row["volume_bytes"]
                told["data_count"] += 1
                told[f"data_{zone}_bytes"] += row["volume_bytes"]
            elif out:
                told["sms_count"] += 1
                told[f"sms_{zone}_count"] += 1
            else:
                told["sms_incoming_count"] += 1
            told["_any"] = 1
        return told

    def last_activity(self, row: dict[str, Any], topped_up: int) -> date | None:
        kinds = self.policy.prepaid_activity.kinds
        days = [
            r["started_at"].date().toordinal()
            for r in self.tables["usage"]
            if r["subscription_id"] == row["subscription_id"] and r["direction"] in kinds
        ]
        latest = max([d for d in [*days, topped_up] if d <= self.last.toordinal()], default=0)
        start = self.last - timedelta(days=self.policy.prepaid_activity.window_days - 1)
        counts = self.served(row) and latest >= start.toordinal()
        if not counts or (row["activated_on"] and latest < row["activated_on"].toordinal()):
            return None
        return date.fromordinal(latest)

    def rows(self) -> Rows:
        bills, recharged = self.bills(), self.recharged()
        told = [
            self.row(line, bills.get(line, {}), recharged.get(line, [0, 0, 0]))
            for line in sorted(self.lines)
        ]
        return [row for row in told if row]

    def row(self, line: str, bill: dict[str, int], topped: list[int]) -> dict[str, Any]:
        row, used = self.lines[line], self.usage(line)
        bears = bill.get("invoices") or bill.get("payments") or bill.get("open")
        if not (self.served(row) or used["_any"] or self.topped_up(line, topped) or bears):
            return {}
        began, ended, policy = row["activated_on"], self.ended(row), self.policy
        over = ended <= self.last and self.began(row) <= self.last
        then = "active" if row["status"] == "terminated" else row["status"]
        last = self.last_activity(row, topped[2])
        prepaid = row["payment_mode"] == "prepaid"
        postpaid = {
            "billed": bill.get("invoices", 0) > 0,
            "usage": last is not None,
            "in_service": True,
        }[policy.postpaid_activity]
        by_usage = policy.prepaid_revenue == "usage"
        revenue = bill.get("billed", 0) + (topped[1] if not by_usage else 0)
        revenue += self.charge(line) if by_usage and prepaid else 0
        cost = self.cost(used, topped[1], revenue)
        bound = row["commitment_end"]
        customer = row["customer_id"]
        segment = [r["segment"] for r in self.tables["customers"] if r["customer_id"] == customer]
        amounts = {
            "recharge_amount": topped[1],
            "usage_charge": self.charge(line),
            "billed_amount": bill.get("billed", 0),
            "revenue": revenue,
            "invoiced_amount": bill.get("invoiced", 0),
            "paid_amount": bill.get("paid", 0),
            "open_balance": bill.get("open", 0),
            "overdue_amount": bill.get("overdue", 0),
        }
        found: dict[str, Any] = {
            "subscription_id": line,
            "period": self.first,
            **{n: row[n] for n in ("customer_id", "account_id", "payment_mode", "offer_id")},
            "segment": segment[0] if segment else None,
            "region": None,
            "status": "terminated" if over else then,
            "in_service": self.served(row),
            "active": self.served(row) and (last is not None if prepaid else postpaid),
            "last_activity_on": last,
            "tenure_months": None
            if began is None or began > self.last
            else 12 * (self.first.year - began.year) + self.first.month - began.month,
            "termination_reason": row["termination_reason"] if over else None,
            "commitment_end": bound,
            "in_commitment": None if bound is None else bound > self.last,
            "commitment_days_left": None if bound is None else max(0, (bound - self.last).days),
            "recharge_count": topped[0],
            **{name: amount / 1_000_000 for name, amount in amounts.items()},
            "direct_cost": None if cost is None else pytest.approx(cost / 1e6, abs=2e-6),
            "margin": None if cost is None else pytest.approx((revenue - cost) / 1e6, abs=2e-6),
            "invoice_count": bill.get("invoices", 0),
            "payment_count": bill.get("payments", 0),
            "overdue_days": bill.get("late", 0) if bill.get("overdue", 0) > 0 else None,
            **self.contacts(customer),
            **self.device(line),
            "currency": "EUR",
            "policy": policy.digest,
        }
        return {name: found.get(name, used[name]) for name in MART_COLUMNS}

    def topped_up(self, line: str, topped: list[int]) -> bool:
        return topped[0] > 0 or self._shares_a_recharge(line)

    def _shares_a_recharge(self, line: str) -> bool:
        who = self.lines[line]["customer_id"]
        loose = [
            r
            for r in self.tables["recharges"]
            if r["subscription_id"] is None and r["customer_id"] == who
        ]
        here = any(self.in_month(r["recharged_at"]) for r in loose)
        return here and line in [one for one, _ in self.bearers("customer_id", who, "prepaid")]

    def cost(self, used: dict[str, int], recharged: int, revenue: int) -> float | None:
        policy = self.policy
        if not policy.tells_cost:
            return None
        total = 0.0
        if policy.unit_costs:
            roaming = used["voice_roaming_s"]
            calls = sum(used[f"voice_{zone}_s"] for zone in UsageZone) - roaming
            total += calls * 1e6 / 6000 + roaming * 0.5e6 / 60 + used["data_bytes"] * 2e6 / 1e9
        total += recharged * float(policy.recharge_cost_share or 0)
        return total + revenue * float(policy.revenue_cost_share or 0)

    def contacts(self, who: str) -> dict[str, int]:
        def own(name: str) -> Rows:
            return [row for row in self.tables[name] if row["customer_id"] == who]

        received = [r for r in own("complaints") if r["received_at"].date() <= self.last]
        ended = ("closed", "resolved", "rejected")
        waits = [
            r
            for r in received
            if (
                r["resolved_at"].date() > self.last
                if r["resolved_at"]
                else r["status"] not in ended
            )
        ]
        met = [r for r in own("interactions") if self.in_month(r["started_at"])]
        return {
            "customer_complaints_opened": sum(self.in_month(r["received_at"]) for r in received),
            "customer_complaints_open": len(waits),
            "customer_contacts_inbound": sum(r["direction"] == "inbound" for r in met),
            "customer_contacts_outbound": sum(r["direction"] == "outbound" for r in met),
            **{
                f"customer_contacts_{channel}": sum(r["channel"] == channel for r in met)
                for channel in Channel
            },
        }

    def device(self, line: str) -> dict[str, Any]:
        held = [
            row
            for row in self.tables["equipment"]
            if row["subscription_id"] == line
            and (row["assigned_on"] or date.min) <= self.last
            and (row["returned_on"] or date.max) > self.last
        ]
        held.sort(key=lambda row: row["equipment_id"])
        held.sort(key=lambda row: row["assigned_on"] or date.min, reverse=True)
        one = held[0] if held else {}
        return {
            "device_kind": one.get("kind"),
            "device_ownership": one.get("ownership"),
            "device_model": None,
            "device_tac": (one.get("imei") or "")[:8] or None,
            "device_count": len(held),
        }


seeds = st.integers(0, 10**6)
policies = st.sampled_from(POLICIES)


@given(seed=seeds, policy=policies)
@settings(max_examples=4)
def test_the_definitions_in_plain_python_agree(seed: int, policy: MartPolicy) -> None:
    tables = awkward(seed)
    found = subscriber_month(frames(tables), FEBRUARY, policy=policy)
    assert found.columns == list(MART_COLUMNS)
    assert found.to_dicts() == Oracle(tables, FEBRUARY, policy).rows()


def engine_tables(backend: Any, tables: Tables) -> dict[str, Any]:
    """Frames of an engine; DuckDB joins only what stands on one connection."""
    made = frames(tables)
    if backend.name == "polars":
        return dict(made)
    if backend.name == "polars_lazy":
        return {name: frame.lazy() for name, frame in made.items()}
    if backend.name == "duckdb":
        connection = duckdb.connect()
        for name, frame in made.items():
            connection.register(name, frame.to_arrow())
        return {name: connection.table(name) for name in made}
    if backend.name == "pandas":
        return {name: frame.to_pandas() for name, frame in made.items()}
    return {name: backend.frame(frame.to_dict(as_series=False)) for name, frame in made.items()}


def test_every_engine_gives_the_same_rows_in_its_own_frame(quick_backend: Any) -> None:
    tables = awkward(31)
    policy = POLICIES[1]
    result = subscriber_month(engine_tables(quick_backend, tables), FEBRUARY, policy=policy)
    assert quick_backend.is_own(result)
    assert quick_backend.rows(result) == Oracle(tables, FEBRUARY, policy).rows()
    schema = nw.from_native(result).collect_schema()
    assert (schema["voice_s"], schema["revenue"]) == (nw.Int64, nw.Float64)
    assert {schema[name] for name in ("active", "in_commitment")} == {nw.Boolean}


def test_spark_gives_the_same_rows(spark_backend: Any) -> None:
    """Of few tables: Spark plans each join for seconds, however few the rows."""
    tables = awkward(31)
    few = {name: tables[name] for name in ("subscriptions", "invoices")}
    policy = MartPolicy(
        prepaid_activity=ActivityRule(kinds=("recharge",)), revenue_cost_share="0.1"
    )
    few["recharges"] = [row for row in tables["recharges"] if row["subscription_id"]]
    result = subscriber_month(engine_tables(spark_backend, few), FEBRUARY, policy=policy)
    assert spark_backend.is_own(result)
    expected = subscriber_month(frames(few), FEBRUARY, policy=policy)
    assert spark_backend.rows(result) == expected.to_dicts()


def test_without_optional_tables_columns_are_null_on_every_engine(quick_backend: Any) -> None:
    tables = awkward(5)
    kept = {name: tables[name] for name in ("subscriptions", "usage", "invoices")}
    for row in kept["subscriptions"]:
        del row["commitment_end"]
    policy = MartPolicy(prepaid_revenue="usage")
    result = subscriber_month(engine_tables(quick_backend, kept), FEBRUARY, policy=policy)
    rows = quick_backend.rows(result)
    nulls = [
        "recharge_count",
        "recharge_amount",
        "paid_amount",
        "payment_count",
        "open_balance",
        "overdue_amount",
        "overdue_days",
        "customer_complaints_open",
        "customer_contacts_app",
        "device_kind",
        "device_count",
        "segment",
        "in_commitment",
        "commitment_days_left",
        "direct_cost",
    ]
    assert rows
    assert {row[name] for row in rows for name in nulls} == {None}
    known = ["voice_s", "usage_charge", "billed_amount", "revenue", "invoice_count"]
    assert None not in {row[name] for row in rows for name in known}
    schema = nw.from_native(result).collect_schema()
    assert schema["recharge_count"] == nw.Int64
    assert schema["open_balance"].is_numeric()


@given(seed=seeds, policy=policies)
@settings(max_examples=3)
def test_parts_add_up_to_what_payers_were_billed_paid_and_owe(
    seed: int, policy: MartPolicy
) -> None:
    tables = awkward(seed, lines=8)
    lines = {
        key: {r[key] for r in tables["subscriptions"]} for key in ("account_id", "customer_id")
    }
    # Every payer has a line that was there: nothing is left without one.
    for row in tables["subscriptions"]:
        row |= {"activated_on": None, "status": "active", "terminated_on": None}
        row |= {"termination_reason": None}
    for name in ("invoices", "payments"):
        tables[name] = [
            row
            for row in tables[name]
            if (row["account_id"] or row["customer_id"])
            in (lines["account_id"] if row["account_id"] else lines["customer_id"])
        ]
    found = subscriber_month(frames(tables), FEBRUARY, policy=policy)
    here = [r for r in tables["payments"] if r["status"] in ("done", "captured")]
    february = [r for r in here if FEBRUARY <= r["paid_on"] < MARCH]
    issued = [r for r in tables["invoices"] if r["issued_on"] < MARCH]
    paid = sum(round(r["amount"] * 100) for r in here if r["paid_on"] < MARCH)
    owed = sum(round((r["total"]) * 100) for r in issued) - paid
    if policy.arrears_basis == "open_amount":
        owed = sum(round((r["open_amount"] or 0) * 100) for r in issued)

    def cents(name: str) -> float:
        return float(found[name].sum() * 100)

    assert cents("paid_amount") == pytest.approx(sum(round(r["amount"] * 100) for r in february))
    assert cents("open_balance") == pytest.approx(owed)
    assert (found["overdue_amount"] >= 0).all()
    assert ((found["overdue_amount"] > 0) == found["overdue_days"].is_not_null()).all()


@given(seed=seeds, policy=policies)
@settings(max_examples=3)
def test_nothing_after_the_month_has_any_effect(seed: int, policy: MartPolicy) -> None:
    tables = awkward(seed, lines=8)
    if policy.arrears_basis == "open_amount":
        policy = policy.replace(arrears_basis="payments")
    known = {
        name: [row for row in rows if not later(row)]
        for name, rows in tables.items()
        if name not in ("equipment", "subscriptions")
    }
    lines = []
    for row in tables["subscriptions"]:
        ends = row["terminated_on"]
        then = {"status": "active", "terminated_on": None, "termination_reason": None}
        lines.append(row | then if ends and ends >= MARCH else row)
    past = {**tables, **known, "subscriptions": lines}
    for row in past["complaints"]:
        if row["resolved_at"] and row["resolved_at"].date() >= MARCH:
            row |= {"resolved_at": None, "status": "inProgress"}
    whole = subscriber_month(frames(tables), FEBRUARY, policy=policy)
    assert subscriber_month(frames(past), FEBRUARY, policy=policy).equals(whole)


def later(row: dict[str, Any]) -> bool:
    names = ("started_at", "recharged_at", "issued_on", "paid_on", "received_at")
    days = [row[name] for name in names if name in row]
    return any((d.date() if isinstance(d, datetime) else d) >= MARCH for d in days)


@given(seed=seeds, policy=policies, cut=st.integers(1, 2))
@settings(max_examples=2)
def test_any_split_of_months_into_builds_is_the_same_mart(
    seed: int, policy: MartPolicy, cut: int
) -> None:
    tables = frames(awkward(seed, lines=8))
    periods = months(date(2026, 1, 1), MARCH)
    whole = build(tables, periods, policy=policy)
    made = [build(tables, periods[:cut], policy=policy)]
    # Then one by one, each from its own month's usage and recharges and the month before alone.
    for period in periods[cut:]:
        own = {
            "usage": tables["usage"].filter(pl.col("started_at").dt.date() >= period),
            "recharges": tables["recharges"].filter(pl.col("recharged_at").dt.date() >= period),
        }
        before = made[-1].filter(pl.col("period") == made[-1]["period"].max())
        made.append(subscriber_month({**tables, **own}, period, policy=policy, previous=before))
    assert pl.concat(made).equals(whole)


def test_order_of_rows_and_columns_does_not_matter() -> None:
    tables = frames(awkward(3))
    turned = {name: frame.reverse().select(frame.columns[::-1]) for name, frame in tables.items()}
    assert subscriber_month(turned, FEBRUARY).equals(subscriber_month(tables, FEBRUARY))


def one_line(**changes: Any) -> dict[str, Any]:
    row = {"subscription_id": "S", "customer_id": "C", "payment_mode": "postpaid"}
    return {**row, "status": "active", "activated_on": date(2025, 1, 10), **changes}


def test_amounts_of_an_account_are_split_to_the_cent() -> None:
    lines = [one_line(subscription_id=f"S{n}", account_id="A") for n in range(3)]
    bill = {"invoice_id": "I", "customer_id": "C", "account_id": "A", "total": 10.0, "tax": 0.0}
    bill |= {"issued_on": date(2026, 2, 3), "due_on": date(2026, 2, 10)}
    tables = frames({"subscriptions": lines, "usage": [], "invoices": [bill], "payments": []})
    tables["usage"] = pl.DataFrame(schema=SCHEMAS["usage"])
    tables["payments"] = pl.DataFrame(schema=SCHEMAS["payments"])
    found = subscriber_month(tables, FEBRUARY)
    assert found["revenue"].to_list() == [3.33, 3.34, 3.33]
    assert found["overdue_days"].to_list() == [18] * 3
    first = subscriber_month(tables, FEBRUARY, policy=MartPolicy(attribution="first_line"))
    assert first["revenue"].to_list() == [10.0, 0.0, 0.0]
    yen = tables["invoices"].with_columns(currency=pl.lit("JPY"))
    found = subscriber_month({**tables, "invoices": yen}, FEBRUARY)
    assert found["revenue"].to_list() == [3.0, 4.0, 3.0]
    # The account got a bill: all its lines are active, whatever part they bear.
    assert first["active"].all()


def test_a_debt_stays_with_the_line_that_ended_last() -> None:
    ended = {"status": "terminated", "account_id": "A"}
    lines = [
        one_line(subscription_id="S1", terminated_on=date(2025, 11, 1), **ended),
        one_line(subscription_id="S2", terminated_on=date(2025, 12, 1), **ended),
    ]
    bill = {"invoice_id": "I", "customer_id": "C", "account_id": "A", "total": -30.0, "tax": -5.0}
    bill |= {"issued_on": date(2026, 2, 3), "due_on": date(2026, 2, 10)}
    tables = frames({"subscriptions": lines, "invoices": [bill], "usage": [], "payments": []})
    tables["usage"] = pl.DataFrame(schema=SCHEMAS["usage"])
    tables["payments"] = pl.DataFrame(schema=SCHEMAS["payments"])
    [row] = subscriber_month(tables, FEBRUARY).to_dicts()
    assert (row["subscription_id"], row["revenue"], row["open_balance"]) == ("S2", -25.0, -30.0)
    assert (row["in_service"], row["active"], row["status"]) == (False, False, "terminated")
    assert subscriber_month(tables, FEBRUARY)["overdue_amount"].to_list() == [0.0]


def test_synthetic_operator_activity_and_canonical_table() -> None:
    tables = Operator(subscribers=300, months=3, seed=4).tables()
    period = date(2025, 3, 1)
    month = subscriber_month(tables, period)
    theirs = tables["subscriber_months"].filter(pl.col("period") == period)
    postpaid = pl.col("payment_mode") == "postpaid"
    # The operator bills every postpaid line of a month, and no other.
    active = month.filter(pl.col("active") & postpaid)["subscription_id"]
    assert active.to_list() == theirs.filter(postpaid)["subscription_id"].sort().to_list()
    billed = month.filter(postpaid)["revenue"].sum()
    assert billed == pytest.approx(theirs.filter(postpaid)["revenue"].sum(), abs=0.01)
    canonical = to_subscriber_months(build(tables, months(date(2025, 1, 1), period)))
    validate(canonical, "subscriber_months").raise_if_invalid()
    assert (
        movement(canonical, customer="subscription_id")["closing"].to_list()[-1]
        == month["active"].sum()
    )


def test_a_mart_without_revenue_is_no_canonical_table() -> None:
    tables = frames(awkward(1))
    del tables["recharges"]
    policy = MartPolicy(postpaid_activity="in_service")
    month = subscriber_month(tables, FEBRUARY, policy=policy)
    with pytest.raises(InvalidTableError, match="'revenue' is null"):
        to_subscriber_months(month)
    with pytest.raises(MissingColumnsError, match="active"):
        to_subscriber_months(month.drop("active"))


@pytest.mark.parametrize("name", ["polars", "pandas", "duckdb", "pyarrow"])
def test_no_lines_are_no_rows(name: str) -> None:
    empty = {one: pl.DataFrame(schema=SCHEMAS[one]) for one in ("subscriptions", "usage")}
    empty["invoices"] = pl.DataFrame(schema=SCHEMAS["invoices"])
    connection = duckdb.connect()
    own: dict[str, Any] = {
        "polars": lambda frame: frame,
        "pandas": pl.DataFrame.to_pandas,
        "duckdb": lambda frame: connection.from_arrow(frame.to_arrow()),
        "pyarrow": pl.DataFrame.to_arrow,
    }
    month = subscriber_month({one: own[name](frame) for one, frame in empty.items()}, FEBRUARY)
    found = nw.from_native(month).lazy().collect()
    assert found.shape == (0, len(MART_COLUMNS))
    assert found.columns == list(MART_COLUMNS)


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_columns_of_nothing_but_nulls_are_nulls(make: Any) -> None:
    tables = awkward(8)
    for row in tables["subscriptions"]:
        row |= {"terminated_on": None, "commitment_end": None, "offer_id": None}
        row |= {"status": "active", "termination_reason": None}
    given = {"subscriptions": make(tables["subscriptions"])}
    for name in ("usage", "invoices"):
        given[name] = make(frames(tables)[name].to_dict(as_series=False))
    typed = {name: frames(tables)[name] for name in given}
    found = nw.from_native(subscriber_month(given, FEBRUARY)).to_polars()
    expected = subscriber_month(typed, FEBRUARY)
    names = ["status", "active", "revenue", "voice_s", "commitment_days_left"]
    assert found.select(names).equals(expected.select(names), null_equal=True)
    assert found["offer_id"].null_count() == found.height
    assert found["commitment_end"].null_count() == found.height
    lost = given["subscriptions"].copy() if make is pd.DataFrame else given["subscriptions"].clone()
    missing = {
        **given,
        "subscriptions": nw.from_native(lost).with_columns(customer_id=nw.lit(None)).to_native(),
    }
    with pytest.raises(InvalidTableError, match="'customer_id' is null"):
        subscriber_month(missing, FEBRUARY)


def test_nan_is_null_in_pandas_and_refused_elsewhere() -> None:
    tables = frames(awkward(2))
    nothing = tables["usage"].with_columns(charge=pl.lit(None, pl.Float64))
    expected = subscriber_month({**tables, "usage": nothing}, FEBRUARY).to_dicts()
    given = {name: frame.to_pandas() for name, frame in tables.items()}
    given["usage"]["charge"] = float("nan")
    found = subscriber_month(given, FEBRUARY)
    assert found["usage_charge"].tolist() == [row["usage_charge"] for row in expected]
    nan = tables["usage"].with_columns(charge=pl.lit(float("nan")))
    with pytest.raises(InvalidTableError, match="'charge' is not a finite number"):
        subscriber_month({**tables, "usage": nan}, FEBRUARY)


def test_instants_of_one_clock_only() -> None:
    tables = frames(awkward(2))
    lagos = {
        name: tables[name].with_columns(pl.col(at).dt.convert_time_zone("Africa/Lagos"))
        for name, at in (("usage", "started_at"), ("recharges", "recharged_at"))
    }
    lagos |= {
        "complaints": tables["complaints"].with_columns(
            pl.col("received_at", "resolved_at").dt.convert_time_zone("Africa/Lagos")
        ),
        "interactions": tables["interactions"].with_columns(
            pl.col("started_at").dt.convert_time_zone("Africa/Lagos")
        ),
    }
    with pytest.raises(ColumnTypeError, match="different time zones"):
        subscriber_month({**tables, "usage": lagos["usage"]}, FEBRUARY)
    # An hour before midnight in UTC is the next day there.
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    last = {**tables, **lagos}
    last["usage"] = lagos["usage"].with_columns(
        started_at=pl.lit(late).dt.convert_time_zone("Africa/Lagos")
    )
    assert subscriber_month(last, FEBRUARY)["voice_s"].sum() > 0
    utc = {**tables, "usage": tables["usage"].with_columns(started_at=pl.lit(late))}
    assert subscriber_month(utc, FEBRUARY)["voice_s"].sum() == 0
    naive = tables["usage"].with_columns(pl.col("started_at").dt.replace_time_zone(None))
    found = subscriber_month({**tables, "usage": naive}, FEBRUARY)
    assert found.equals(subscriber_month(tables, FEBRUARY))


def refused(error: type[Exception], words: str, **tables: Any) -> None:
    with pytest.raises(error, match=words):
        subscriber_month({**frames(awkward(4)), **tables}, FEBRUARY)


def test_bad_tables_are_refused() -> None:
    tables = frames(awkward(4))
    lines, usage, bills = tables["subscriptions"], tables["usage"], tables["invoices"]
    refused(
        InvalidTableError,
        "subscription_id comes more than once",
        subscriptions=pl.concat([lines] * 2),
    )
    refused(
        InvalidTableError,
        "'payment_mode' is none of",
        subscriptions=lines.with_columns(payment_mode=pl.lit("hybrid")),
    )
    refused(
        InvalidTableError,
        "'customer_id' is null",
        subscriptions=lines.with_columns(customer_id=pl.lit(None, pl.String)),
    )
    refused(InvalidTableError, "'zone' is none of", usage=usage.with_columns(zone=pl.lit("moon")))
    refused(InvalidTableError, "'duration_s' is below 0", usage=usage.with_columns(duration_s=-1))
    refused(
        InvalidTableError,
        "'total' is null",
        invoices=bills.with_columns(total=pl.lit(None, pl.Float64)),
    )
    refused(
        ColumnTypeError, "'issued_on' holds String", invoices=bills.cast({"issued_on": pl.String})
    )
    refused(MissingColumnsError, "usage lacks 'kind'", usage=usage.drop("kind"))
    refused(CurrencyMismatchError, "USD", invoices=bills.with_columns(currency=pl.lit("USD")))
    refused(ParameterError, "no canonical table 'cdr'", cdr=usage)
    refused(UnsupportedFrameError, "different engines", usage=usage.to_pandas())
    # What lies outside the days that are read is not looked at.
    old = usage.with_columns(zone=pl.lit("moon"), started_at=datetime(2020, 1, 1, tzinfo=UTC))
    subscriber_month({**tables, "usage": old}, FEBRUARY)


def test_tables_that_the_policy_goes_by_have_to_be_there() -> None:
    tables = frames(awkward(4))
    for name in ("subscriptions", "usage", "invoices"):
        less = {key: frame for key, frame in tables.items() if key != name}
        with pytest.raises(MissingTableError, match=f"lacks '{name}'"):
            subscriber_month(less, FEBRUARY)
    bare = {**tables, "invoices": tables["invoices"].drop("open_amount")}
    with pytest.raises(MissingColumnsError, match="open_amount"):
        subscriber_month(bare, FEBRUARY, policy=POLICIES[2])


@pytest.mark.parametrize("period", [date(2026, 2, 2), datetime(2026, 2, 1), "2026-02-01", None])
def test_a_period_is_the_first_day_of_a_month(period: Any) -> None:
    with pytest.raises(ParameterError, match="period is"):
        subscriber_month(frames(awkward(4)), period)


@pytest.mark.parametrize("periods", [[], [MARCH, MARCH]])
def test_periods_are_named_each_once(periods: list[date]) -> None:
    with pytest.raises(ParameterError, match="periods names"):
        build(frames(awkward(4)), periods)


def test_gaps_between_months_are_allowed() -> None:
    tables = frames(awkward(4))
    found = build(tables, [MARCH, date(2025, 12, 1)])
    assert found["period"].unique().sort().to_list() == [date(2025, 12, 1), MARCH]


def test_previous_is_the_month_before_of_the_same_policy() -> None:
    tables = frames(awkward(4))
    january = subscriber_month(tables, date(2026, 1, 1))
    with pytest.raises(ParameterError, match="has to be the month before 2026-03-01"):
        subscriber_month(tables, MARCH, previous=january)
    with pytest.raises(MartMismatchError, match="under the policy"):
        subscriber_month(tables, FEBRUARY, previous=january, policy=POLICIES[1])
    with pytest.raises(UnsupportedFrameError, match="previous of pandas"):
        subscriber_month(tables, FEBRUARY, previous=january.to_pandas())


def test_lazy_tables_stay_lazy_and_are_not_collected() -> None:
    tables = {name: frame.lazy() for name, frame in frames(awkward(4)).items()}
    month = subscriber_month(tables, FEBRUARY)
    assert isinstance(month, pl.LazyFrame)
    assert isinstance(build(tables, [FEBRUARY, MARCH]), pl.LazyFrame)
