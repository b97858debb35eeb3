"""Features of one line, worked out by hand."""

from __future__ import annotations

from datetime import date
from math import log
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.churn.features.one_line import BEGINS, DAY, LINE, before, features, moment
from tests.churn.snapshots.drawn_tables import Row, frames

from telcrm.churn.snapshots.panel import build_panel


def usage(kind: str, days: int, amount: float, direction: str = "outgoing") -> Row:
    row = {"kind": kind, "started_at": moment(days, 86_399), "direction": direction}
    return row | {"voice": {"duration_s": amount * 60}, "data": {"volume_bytes": amount * 1e6}}.get(
        kind, {}
    )


def test_tenure_and_contract() -> None:
    found = features(line={"commitment_end": date(2025, 10, 30)})
    assert found["tenure_months"] == pytest.approx((DAY - date(2024, 3, 1)).days / 30.4375)
    # Bound up to the evening of the last day.
    assert found["months_to_contract_end"] == pytest.approx(30 / 30.4375)


@pytest.mark.parametrize(
    ("end", "phase"),
    [
        (None, "none"),
        (date(2025, 11, 30), "bound"),
        (date(2025, 11, 29), "ending"),
        (date(2025, 10, 1), "ending"),
        (date(2025, 9, 30), "just_ended"),
        (date(2025, 8, 2), "just_ended"),
        (date(2025, 8, 1), "ended"),
    ],
)
def test_phases_of_a_commitment(end: date | None, phase: str) -> None:
    assert features(line={"commitment_end": end})["commitment_phase"] == phase


@settings(max_examples=5)
@given(
    amounts=st.lists(
        st.tuples(
            st.sampled_from([1, 28, 29, 30, 31, 56, 57, 60, 61, 84, 85, 90, 91, 112, 113]),
            st.integers(1, 500),
        ),
        min_size=1,
        max_size=12,
    ),
    kind=st.sampled_from(["voice", "data", "sms"]),
)
def test_trends_and_anomalies_follow_their_formulas(
    amounts: list[tuple[int, int]], kind: str
) -> None:
    if kind == "sms":
        amounts = [(days, 1) for days, _ in amounts]
    found = features(usage=[usage(kind, days, amount) for days, amount in amounts])

    def used(first: int, last: int) -> float:
        return float(sum(amount for days, amount in amounts if first <= days <= last))

    months = [used(1, 30), used(31, 60), used(61, 90)]
    assert found[f"{kind}_30d"] == pytest.approx(months[0])
    trend = log((months[0] + 1) / ((months[1] + months[2]) / 2 + 1))
    assert found[f"{kind}_trend"] == pytest.approx(trend)
    now, *past = (used(28 * at + 1, 28 * at + 28) for at in range(4))
    middle = median(past)
    spread = median(abs(span - middle) for span in past)
    score = (now - middle) / (1.4826 * spread + 0.05 * middle + 1)
    assert found[f"{kind}_anomaly"] == pytest.approx(score)


def test_messages_received_are_no_usage_of_the_line() -> None:
    found = features(usage=[usage("sms", 2, 1, "incoming"), usage("voice", 3, 5, "incoming")])
    assert (found["sms_30d"], found["voice_30d"]) == (0.0, 5.0)


def test_a_young_line_has_no_trend() -> None:
    found = features(line={"activated_on": before(89)}, usage=[usage("voice", 2, 10)])
    assert found["voice_30d"] == 10.0
    assert found["voice_trend"] is None
    assert features(line={"activated_on": before(90)}, usage=[usage("voice", 2, 10)])["voice_trend"]


def test_days_since() -> None:
    found = features(
        usage=[
            usage("voice", 400, 1),
            usage("sms", 7, 1),
            usage("voice", 5, 1, "incoming"),
            usage("data", 1, 1),
        ],
        recharges=[
            {"recharged_at": moment(2), "amount": 0.0},
            {"recharged_at": moment(9), "amount": 5.0},
        ],
        interactions=[{"started_at": moment(3), "direction": "outbound"}],
    )
    told = {name: days for name, days in found.items() if name.startswith("days_since")}
    assert told == {
        "days_since_outgoing": 7.0,
        "days_since_incoming": 5.0,
        "days_since_data": 1.0,
        "days_since_recharge": 9.0,
        "days_since_contact": 3.0,
    }


def test_never_is_not_known() -> None:
    found = features(
        usage=[usage("sms", 7, 1)],
        interactions=[{"started_at": moment(3), "direction": "inbound", "customer_id": "other"}],
    )
    assert found["days_since_data"] is None
    assert found["days_since_contact"] is None
    assert found["contact_count"] == 0.0


def test_recharges() -> None:
    found = features(
        recharges=[
            {"recharged_at": moment(91), "amount": 50.0, "validity_days": 120},
            {"recharged_at": moment(90), "amount": 5.0, "validity_days": 0},
            {"recharged_at": moment(40), "amount": 7.0, "validity_days": 30},
            {"recharged_at": moment(10), "amount": 0.0, "validity_days": 3},
            {"recharged_at": moment(20), "amount": 8.0, "validity_days": 3},
            {"recharged_at": moment(0), "amount": 99.0, "validity_days": 400},
        ]
    )
    assert found["recharge_count"] == 3.0
    assert found["recharge_amount"] == 20.0
    assert found["recharge_interval_days"] == pytest.approx(70 / 2)
    assert found["validity_left_days"] == 29.0


def test_credit_that_never_expires_has_no_days_left() -> None:
    rows = [
        {"recharged_at": moment(5), "amount": 5.0, "validity_days": 9},
        {"recharged_at": moment(50), "amount": 5.0, "validity_days": None},
    ]
    assert features(recharges=rows)["validity_left_days"] is None
    assert features(recharges=rows[:1])["validity_left_days"] == 4.0


def test_a_recharge_without_a_line_counts_for_each_of_the_customer() -> None:
    loose = {"recharged_at": moment(5), "amount": 5.0, "subscription_id": None}
    own = {"recharged_at": moment(4), "amount": 3.0}
    found = features(recharges=[loose, own, loose | {"customer_id": "other"}])
    assert found["recharge_amount"] == 8.0


def test_bill_shock() -> None:
    def bill(days: int, total: float) -> Row:
        return {"issued_on": before(days), "due_on": before(days - 14), "total": total}

    found = features(
        invoices=[
            bill(0, 500.0),
            bill(10, 40.0),
            bill(10, 20.0),
            bill(12, -30.0),
            bill(40, 20.0),
            bill(70, 30.0),
            bill(100, 40.0),
            bill(130, 1000.0),
        ]
    )
    assert found["last_bill"] == 60.0
    assert found["bill_shock"] == pytest.approx(2.0)
    assert features(invoices=[bill(10, 5.0)])["bill_shock"] is None


def test_arrears() -> None:
    def bill(due: int, total: float) -> Row:
        return {"issued_on": before(due + 14), "due_on": before(due), "total": total}

    def paid(days: int, amount: float, status: str = "done") -> Row:
        return {"paid_on": before(days), "amount": amount, "status": status}

    found = features(
        # Paid on the day, late by a day, in part, and not due yet.
        invoices=[bill(80, 10.0), bill(50, 20.0), bill(20, 30.0), bill(0, 70.0)],
        payments=[paid(80, 10.0), paid(49, 20.0), paid(3, 12.0), paid(2, 99.0, "failed")],
    )
    assert found["overdue_amount"] == 18.0
    assert found["overdue_days"] == 20.0
    assert found["late_payments"] == 2.0
    credited = features(
        invoices=[bill(80, 10.0), bill(50, -10.0) | {"issued_on": before(60)}],
        payments=[paid(200, 1.0)],
    )
    assert (credited["overdue_amount"], credited["overdue_days"]) == (0.0, 0.0)
    assert credited["late_payments"] == 1.0


def test_complaints() -> None:
    def said(days: int, resolved: int | None, severity: str = "low") -> Row:
        when = None if resolved is None else moment(resolved)
        return {"received_at": moment(days), "resolved_at": when, "severity": severity}

    found = features(
        complaints=[said(200, None), said(90, 80, "critical"), said(91, 90, "high"), said(5, 0)]
    )
    assert found["complaint_count"] == 2.0
    assert found["severe_complaint_count"] == 1.0
    assert found["open_complaints"] == 2.0
    assert found["days_since_complaint"] == 5.0


def test_contacts() -> None:
    def met(days: int, reason: str | None, wait: int | None, who: str = "inbound") -> Row:
        row = {"started_at": moment(days), "reason": reason, "wait_s": wait}
        return row | {"direction": who}

    found = features(
        interactions=[
            met(30, "Contract CANCELLATION", 100),
            met(31, "terminate the line", 200),
            met(2, "port-out code", None),
            met(1, "bill", 30),
            met(1, "leaving", 30, "outbound"),
            met(91, None, 999),
        ]
    )
    assert found["contacts_30d"] == 3.0
    assert found["contact_count"] == 4.0
    assert found["termination_contacts_30d"] == 2.0
    assert found["mean_wait_s"] == pytest.approx(110.0)


def test_network() -> None:
    def call(party: str | None, days: int = 3, direction: str = "outgoing") -> Row:
        return usage("voice", days, 1, direction) | {"other_party": party}

    others: list[Row] = [
        {"subscription_id": "here", "msisdn": "+999001"},
        {
            "subscription_id": "gone",
            "msisdn": "+999002",
            "status": "terminated",
            "terminated_on": before(1),
        },
        # Gone on the day itself: not seen yet. And a number that has another line since.
        {
            "subscription_id": "soon",
            "msisdn": "+999003",
            "status": "terminated",
            "terminated_on": DAY,
        },
        {
            "subscription_id": "old",
            "msisdn": "+999001",
            "activated_on": date(2024, 1, 1),
            "status": "terminated",
            "terminated_on": date(2024, 6, 1),
        },
    ]
    found = features(
        lines=others,
        data_end=date(2026, 1, 1),
        usage=[
            call("+999001"),
            call("+999001", 4, "incoming"),
            call("+999002"),
            call("+999003"),
            call("+1555"),
            call(None),
            call("+999004", 31),
        ],
    )
    assert found["distinct_parties_30d"] == 4.0
    assert found["departed_party_share"] == pytest.approx(1 / 3)
    # The line itself and that of the others that are there; they are all of one customer.
    assert found["line_count"] == 3.0


def test_months() -> None:
    def month(number: int, revenue: float, voice_s: float) -> Row:
        return {"period": date(2025, number, 1), "revenue": revenue, "voice_s": voice_s}

    rows = [month(10, 500.0, 9e4), month(9, 12.0, 600), month(8, 10.0, 1200), month(7, 20.0, 0)]
    found = features(subscriber_months=rows)
    assert found["revenue_last_month"] == 12.0
    assert found["revenue_change"] == -3.0
    assert found["monthly_voice"] == 10.0
    assert found["monthly_voice_trend"] == pytest.approx(log(11 / 11))
    gap = features(subscriber_months=[month(9, 12.0, 600), month(7, 20.0, 0)])
    assert gap["revenue_last_month"] == 12.0
    assert gap["revenue_change"] is None


def test_what_the_tables_do_not_tell_of_is_not_known() -> None:
    rows = [
        {"complaint_id": "K", "customer_id": "C", "category": "billing", "status": "closed"}
        | {"received_at": moment(50)}
    ]
    tables = frames({"subscriptions": [LINE], "complaints": rows})
    found = build_panel(tables, snapshots=DAY, data_end=DAY).frame.row(0, named=True)
    assert found["complaint_count"] is None
    assert found["days_since_complaint"] == 50.0
    told = build_panel(tables, snapshots=DAY, data_end=DAY, data_start={"complaints": BEGINS})
    assert told.frame.row(0, named=True)["complaint_count"] == 1.0
