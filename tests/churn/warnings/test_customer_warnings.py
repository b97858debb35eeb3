"""Warnings of one customer: thresholds of every signal, and views."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError
from tests.churn.warnings.drawn_histories import AS_OF, COMPETITOR, day, moment

from telcrm.churn.warnings.competitor_calls import CompetitorCallsPolicy
from telcrm.churn.warnings.consumption_anomaly import ConsumptionAnomalyPolicy
from telcrm.churn.warnings.customer_warnings import customer_warnings
from telcrm.churn.warnings.early_warnings import early_warnings
from telcrm.churn.warnings.history import CustomerHistory
from telcrm.churn.warnings.payment_stress import PaymentStressPolicy
from telcrm.churn.warnings.policy import WarningPolicy
from telcrm.churn.warnings.silent_customer import SilenceStep, SilentCustomerPolicy
from telcrm.domain import (
    Complaint,
    Interaction,
    Invoice,
    Money,
    Payment,
    ServiceRequest,
    Subscription,
    TerminationReason,
    UsageRecord,
)
from telcrm.errors import ParameterError
from telcrm.mart import customer_360
from telcrm.synth import Operator


def ask(policy: WarningPolicy | None = None, **records: Any) -> list[Any]:
    history = CustomerHistory(customer_id="C-1", **{n: tuple(r) for n, r in records.items()})
    return customer_warnings(history, as_of=AS_OF, policy=policy)


def line(**changed: Any) -> Subscription:
    told = {"activated_on": day(400), "payment_mode": "postpaid", "status": "active"}
    return Subscription(subscription_id="S-1", customer_id="C-1", **{**told, **changed})


def use(age: int, **changed: Any) -> UsageRecord:
    told = {"kind": "voice", "duration_s": 60, "started_at": moment(age, 12)}
    return UsageRecord(usage_id=f"U-{age}", subscription_id="S-1", **{**told, **changed})


def complaint(age: int, **changed: Any) -> Complaint:
    told = {"complaint_id": f"K-{age}", "category": "device", "status": "acknowledged"}
    return Complaint(customer_id="C-1", received_at=moment(age, 12), **{**told, **changed})


def contact(age: int, reason: str | None, **changed: Any) -> Interaction:
    told = {"interaction_id": f"N-{age}", "channel": "shop", "direction": "inbound"}
    return Interaction(
        customer_id="C-1", started_at=moment(age, 12), reason=reason, **{**told, **changed}
    )


def request(age: int, kind: str, **changed: Any) -> ServiceRequest:
    told = {"service_request_id": f"R-{age}", "subscription_id": "S-1"}
    return ServiceRequest(
        customer_id="C-1", kind=kind, requested_at=moment(age, 12), **{**told, **changed}
    )


@pytest.mark.parametrize(
    ("ends", "severity", "weight"),
    [
        (-61, None, None),
        (-60, 0.2, 0.2),
        (-15, 0.5, 0.5),
        (0, 0.6, 0.6),
        (60, 0.6, 0.3),
        (366, None, None),
    ],
)
def test_a_contract_warns_before_and_after_its_end(
    ends: int, severity: float | None, weight: float | None
) -> None:
    found = ask(subscriptions=[line(commitment_end=day(ends))])
    assert [(one.severity, one.weight) for one in found] == (
        [] if severity is None else [(pytest.approx(severity), pytest.approx(weight))]
    )


def test_a_renewal_that_is_ordered_calms() -> None:
    lines = [line(commitment_end=day(0))]
    [plain] = ask(subscriptions=lines)
    [renewed] = ask(subscriptions=lines, service_requests=[request(3, "plan_change")])
    assert renewed.severity == pytest.approx(0.3 * plain.severity)
    assert renewed.evidence == "The contract ends today; a renewal is ordered."
    [other] = ask(
        subscriptions=lines, service_requests=[request(3, "plan_change", subscription_id="S-2")]
    )
    assert other == plain


@pytest.mark.parametrize(
    ("last", "severity"), [(14, None), (15, 0.3), (22, 0.45), (31, 0.6), (91, 0.6)]
)
def test_silence_grows_in_steps(last: int, severity: float | None) -> None:
    found = ask(subscriptions=[line()], usage=[use(last), use(1, direction="incoming")])
    assert [one.severity for one in found] == ([] if severity is None else [severity])


def test_a_line_that_is_suspended_or_abroad_is_not_silent() -> None:
    assert ask(subscriptions=[line(status="suspended")], usage=[use(40)]) == []
    abroad = use(10, direction="incoming", zone="roaming")
    assert ask(subscriptions=[line()], usage=[use(40), abroad]) == []
    assert ask(subscriptions=[line(activated_on=day(13))], usage=[]) == []
    [never] = ask(subscriptions=[line(activated_on=day(14))], usage=[])
    assert never.evidence == "No outgoing call, message or data for 14 days."
    assert ask(subscriptions=[line()]) == []


ANOMALY = WarningPolicy(silent_customer=None)


def months(*minutes: int) -> list[UsageRecord]:
    """Calls of the last period and of those before, in minutes."""
    return [use(28 * at + 1, duration_s=60 * each) for at, each in enumerate(minutes)]


@pytest.mark.parametrize(
    ("minutes", "fall"),
    [
        ((50, 100, 100, 100), 0.5),  # half
        ((86, 100, 100, 100), None),  # alike before: the scale is 5, z is -2.8
        ((84, 100, 100, 100), 0.16),  # z is -3.2
        ((60, 80, 100, 120), None),  # MAD 20, so the scale is 34.65 and z is -1.2
        ((0, 80, 100, 120), 1.0),
        ((10, 29, 29, 29), None),  # too little to say
        ((100, 50, 60, 70), None),
    ],
)
def test_consumption_that_falls_warns(minutes: tuple[int, ...], fall: float | None) -> None:
    found = ask(ANOMALY, subscriptions=[line()], usage=months(*minutes))
    assert [one.severity for one in found] == ([] if fall is None else [pytest.approx(0.6 * fall)])


def test_consumption_needs_four_periods_of_service() -> None:
    usage = months(10, 100, 100, 100)
    assert ask(ANOMALY, subscriptions=[line(activated_on=day(111))], usage=usage) == []
    [found] = ask(ANOMALY, subscriptions=[line(activated_on=day(112))], usage=usage)
    assert found.evidence == (
        "Outgoing calls fell to 10 minutes in the last 28 days, from a usual 100."
    )
    assert (
        ask(
            ANOMALY.replace(consumption_anomaly=ConsumptionAnomalyPolicy(least_voice_s=None)),
            subscriptions=[line()],
            usage=usage,
        )
        == []
    )


@pytest.mark.parametrize(
    ("complaints", "severity", "weight"),
    [
        ([complaint(5)], None, None),
        ([complaint(6)], 0.312, 0.312),
        ([complaint(40)], 0.6, 0.6),
        ([complaint(40, resolved_at=moment(1), status="resolved")], None, None),
        ([complaint(40, resolved_at=moment(0), status="resolved")], 0.6, 0.6),
        ([complaint(40, status="cancelled")], None, None),
        ([complaint(3), complaint(2)], 0.5, 0.5 * 0.5 ** (2 / 30)),
        ([complaint(2), complaint(3, category="other")], None, None),
        ([complaint(3, category="billing")], 0.3, 0.3 * 0.5**0.1),
        ([complaint(3, severity="critical")], 0.3, 0.3 * 0.5**0.1),
        ([complaint(31, category="billing", status="closed")], None, None),
        ([complaint(0, category="billing")], None, None),
    ],
)
def test_complaints_warn(
    complaints: list[Complaint], severity: float | None, weight: float | None
) -> None:
    found = ask(complaints=complaints)
    assert [(one.severity, one.weight) for one in found] == (
        [] if severity is None else [(pytest.approx(severity), pytest.approx(weight))]
    )


def test_an_enquiry_fades_with_a_half_life_of_30_days() -> None:
    [found] = ask(interactions=[contact(30, "Cancellation"), contact(12, "billing")])
    assert (found.weight, found.evidence_id) == (pytest.approx(0.3), "N-30")
    assert found.evidence == "The customer asked about cancellation 30 days ago."
    assert ask(interactions=[contact(31, "cancellation")]) == []
    assert ask(interactions=[contact(9, "cancellation", direction="outbound")]) == []
    [ordered] = ask(service_requests=[request(1, "termination")])
    assert (ordered.severity, ordered.subscription_id) == (0.9, "S-1")


def test_a_port_that_is_asked_for_warns_and_one_that_is_done_does_not() -> None:
    [found] = ask(service_requests=[request(14, "port_out")])
    assert (found.churn_kind, found.weight) == (TerminationReason.PORT_OUT, pytest.approx(0.475))
    for closed in (
        {"status": "completed", "completed_at": moment(1)},
        {"status": "completed"},
        {"status": "cancelled"},
    ):
        assert ask(service_requests=[request(14, "port_out", **closed)]) == []
    later = {"status": "completed", "completed_at": moment(0)}
    assert ask(service_requests=[request(14, "port_out", **later)]) == [found]
    gone = line(status="terminated", terminated_on=day(1), termination_reason="port_out")
    assert ask(subscriptions=[gone], service_requests=[request(14, "port_out")]) == []
    assert (
        ask(interactions=[contact(2, "PAC")])[0].evidence == "A port-out was asked for 2 days ago."
    )


def test_competitor_calls_are_off_until_a_basis_is_stated() -> None:
    calls = [use(age, other_party=COMPETITOR) for age in (2, 9)]
    assert ask(subscriptions=[line()], usage=calls) == []
    numbers = CompetitorCallsPolicy(numbers=(COMPETITOR,))
    with pytest.raises(ParameterError, match="no lawful_basis"):
        ask(WarningPolicy(competitor_calls=numbers), subscriptions=[line()])
    lawful = WarningPolicy(competitor_calls=numbers.replace(lawful_basis="consent"))
    [found] = ask(lawful, subscriptions=[line()], usage=[*calls, use(40, other_party=COMPETITOR)])
    assert found.severity == pytest.approx(0.45)
    assert found.evidence == (
        "A competitor's number was called on 2 days of the last 30, last 2 days ago."
    )


def invoice(number: int, due: int, total: str = "30.00", account: str | None = None) -> Invoice:
    return Invoice(
        invoice_id=f"I-{number}",
        account_id=account,
        customer_id="C-1",
        issued_on=day(due + 14),
        due_on=day(due),
        total=Money(total, "EUR"),
    )


def paid(amount: str, age: int, account: str = "A-1", status: str = "done") -> Payment:
    return Payment(
        payment_id=f"P-{age}",
        account_id=account,
        customer_id="C-1",
        paid_on=day(age),
        amount=Money(amount, "EUR"),
        status=status,
    )


@pytest.mark.parametrize(
    ("payments", "severity", "evidence"),
    [
        ([], 0.8, "An invoice is 75 days overdue; overdue in all: 90 EUR."),
        ([paid("30.00", 5)], 0.6, "An invoice is 45 days overdue; overdue in all: 60 EUR."),
        ([paid("60.00", 5)], None, ""),
        ([paid("60.00", 0)], 0.8, "An invoice is 75 days overdue; overdue in all: 90 EUR."),
        (
            [paid("60.00", 5, status="failed")],
            0.8,
            "An invoice is 75 days overdue; overdue in all: 90 EUR.",
        ),
        ([paid("20.50", 5)], 0.8, "An invoice is 75 days overdue; overdue in all: 70 EUR."),
    ],
)
def test_debts_warn_of_an_involuntary_end(
    payments: list[Payment], severity: float | None, evidence: str
) -> None:
    invoices = [invoice(3, 29), invoice(2, 45), invoice(1, 75), invoice(4, -5)]
    found = ask(invoices=invoices, payments=payments)
    assert [(one.severity, one.evidence, one.churn_kind) for one in found] == (
        []
        if severity is None
        else [(pytest.approx(severity), evidence, TerminationReason.INVOLUNTARY)]
    )


def test_small_debts_can_be_passed_over() -> None:
    policy = WarningPolicy(payment_stress=PaymentStressPolicy(least_overdue=30))
    assert ask(policy, invoices=[invoice(1, 40, "29.99")], payments=[]) == []
    assert len(ask(policy, invoices=[invoice(1, 40)], payments=[])) == 1


def test_payments_settle_their_own_account() -> None:
    invoices = [invoice(1, 75, account="A-1"), invoice(2, 45, account="A-2")]
    [found] = ask(invoices=invoices, payments=[paid("30.00", 5, account="A-2")])
    assert (found.evidence_id, found.severity) == ("I-1", pytest.approx(0.8))


def test_the_weightiest_comes_first() -> None:
    found = ask(
        subscriptions=[line(commitment_end=day(-50))],
        interactions=[contact(3, "pac")],
        complaints=[complaint(9)],
    )
    assert [str(one.signal) for one in found] == [
        "porting_request",
        "high_risk_complaint",
        "contract_expiry",
    ]


def test_steps_that_fall_are_refused() -> None:
    with pytest.raises(ValidationError, match="rising days"):
        SilentCustomerPolicy(
            steps=(SilenceStep(days=14, severity=0.3), SilenceStep(days=14, severity=0.4))
        )
    with pytest.raises(ValidationError, match="look_back_days 20 is shorter"):
        SilentCustomerPolicy(look_back_days=20)


def test_a_fall_in_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="no measure is looked at"):
        ConsumptionAnomalyPolicy(least_voice_s=None, least_data_bytes=None)


def test_a_history_is_of_one_customer() -> None:
    with pytest.raises(ValidationError, match="history of C-2 holds records of C-1"):
        CustomerHistory(customer_id="C-2", subscriptions=(line(),))
    with pytest.raises(ValidationError, match="and not both"):
        CustomerHistory(customer_id="C-1", invoices=(invoice(1, 1),), open_invoices=())


def test_a_day_has_to_be_told() -> None:
    history = CustomerHistory(customer_id="C-1")
    with pytest.raises(ParameterError, match="as_of is None"):
        customer_warnings(history)
    with pytest.raises(ParameterError, match="as_of is the datetime"):
        customer_warnings(history, as_of=datetime(2026, 3, 1))


def test_a_view_tells_what_the_tables_do() -> None:
    tables: dict[str, pl.DataFrame] = Operator(subscribers=300, months=8, seed=3).tables()
    as_of = date(2025, 8, 15)
    # A view tells nothing of single calls.
    policy = WarningPolicy(silent_customer=None, consumption_anomaly=None)
    found = early_warnings(tables, as_of=as_of, policy=policy)
    customers = found["customer_id"].unique().to_list()
    assert found["signal"].n_unique() >= 4
    for customer in [*customers, "C000000001"]:
        view = customer_360(customer, tables, as_of=as_of - timedelta(days=1), latest=1000)
        told = customer_warnings(view, policy=policy)
        assert customer_warnings(view, as_of=as_of, policy=policy) == told
        rows = found.filter(customer_id=customer).sort("weight", descending=True)
        assert {(one.signal.value, one.evidence, one.evidence_id) for one in told} == set(
            rows.select("signal", "evidence", "evidence_id").rows()
        )
        assert [one.weight for one in told] == pytest.approx(rows["weight"].to_list())
    with pytest.raises(ParameterError, match="make the view of 2025-08-15"):
        customer_warnings(view, as_of=as_of + timedelta(days=1))
    with pytest.raises(ParameterError, match="Leave as_of out, which is 2025-08-15"):
        customer_warnings(view, as_of=view.as_of)


def test_a_view_can_be_given_its_usage() -> None:
    tables: dict[str, pl.DataFrame] = Operator(subscribers=60, months=8, seed=3).tables()
    as_of = date(2025, 8, 25)
    travels = (pl.col("zone") == "roaming").any().over("subscription_id")
    at_home = tables["usage"].filter(~travels).group_by("subscription_id").len()
    counts = at_home.sort("len", "subscription_id")
    own = pl.col("subscription_id") == counts["subscription_id"][-1]
    late = pl.col("started_at").dt.date() >= as_of - timedelta(days=16)
    tables["usage"] = tables["usage"].filter(~(own & late))
    customer = tables["subscriptions"].filter(own)["customer_id"].item()
    found = early_warnings(tables, as_of=as_of).filter(customer_id=customer)
    assert "silent_customer" in found["signal"]
    view = customer_360(customer, tables, as_of=as_of - timedelta(days=1))
    lines = [one.subscription_id for one in view.subscriptions]
    rows = tables["usage"].filter(pl.col("subscription_id").is_in(lines)).rows(named=True)
    names = set(UsageRecord.model_fields) - {"charge"}
    usage = [UsageRecord(**{n: row[n] for n in names if n in row}) for row in rows]
    told = customer_warnings(CustomerHistory.of_view(view, usage=usage), as_of=as_of)
    assert "silent_customer" not in [one.signal for one in customer_warnings(view)]
    assert {one.evidence for one in told} == set(found["evidence"])
