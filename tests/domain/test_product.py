"""Prices say what their kind needs; a subscription moves along the state diagram."""

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import (
    SUBSCRIPTION_TRANSITIONS,
    Agreement,
    Allowance,
    Money,
    PlanOffer,
    Price,
    PriceType,
    StatusChange,
    Subscription,
    SubscriptionStatus,
    TerminationReason,
)
from telcrm.errors import ParameterError, TransitionError
from telcrm.testing import records, subscriptions

DAY = date(2026, 2, 17)
EUR = Money("1", "EUR")


def line(**fields: Any) -> Subscription:
    known = {"subscription_id": "S-1", "customer_id": "C-1", "payment_mode": "postpaid"}
    return Subscription.model_validate({"status": "active", **known, **fields})


# Prices and plans


@pytest.mark.parametrize("kind", PriceType)
@pytest.mark.parametrize("there", list(product((True, False), repeat=4)))
def test_a_price_has_the_fields_of_its_kind(kind: PriceType, there: tuple[bool, ...]) -> None:
    parts = {"recurring_months": 1, "usage_kind": "voice", "per_units": 60, "usage_zone": "local"}
    fields = {name: parts[name] for name, given_ in zip(parts, there, strict=True) if given_}
    needed = {"recurring": {"recurring_months"}, "usage": {"usage_kind", "per_units"}}.get(
        kind, set()
    )
    allowed = needed | ({"usage_zone"} if kind is PriceType.USAGE else set())
    price = {"kind": kind, "amount": EUR, **fields}
    if needed <= set(fields) <= allowed:
        assert Price.model_validate(price).kind is kind
        return
    with pytest.raises(ValidationError, match=r"usage price|recurring_months"):
        Price.model_validate(price)


@pytest.mark.parametrize("rate", ["-0.01", "1.01", "NaN", "Infinity", True])
def test_a_tax_rate_is_a_share(rate: object) -> None:
    with pytest.raises(ValidationError, match="tax_rate"):
        Price.model_validate({"kind": "oneTime", "amount": EUR, "tax_rate": rate})


def test_a_missing_status_history_and_activation_mean_that_nothing_is_known() -> None:
    assert line(status="active").activated_on is None


def test_an_allowance_says_how_much_or_that_there_is_no_limit() -> None:
    assert Allowance(usage_kind="sms", units=None).units is None
    with pytest.raises(ValidationError, match="units"):
        Allowance.model_validate({"usage_kind": "sms"})
    with pytest.raises(ValidationError, match="units"):
        Allowance(usage_kind="sms", units=0)


@settings(max_examples=50)
@given(st.lists(records(Price), max_size=4))
def test_a_plan_has_one_currency(prices: list[Price]) -> None:
    plan = {"offer_id": "O-1", "name": "Talk", "payment_mode": "prepaid", "prices": prices}
    currencies = sorted({price.amount.currency.code for price in prices})
    if len(currencies) < 2:
        assert PlanOffer.model_validate(plan).prices == tuple(prices)
        return
    with pytest.raises(ValidationError, match=f"O-1 mixes currencies: {', '.join(currencies)}"):
        PlanOffer.model_validate(plan)


# Subscriptions


@pytest.mark.parametrize("target", SubscriptionStatus)
@settings(max_examples=40)
@given(one=subscriptions(), days=st.integers(0, 40))
def test_moves_follow_the_diagram_and_histories_stay_ordered(
    target: SubscriptionStatus, one: Subscription, days: int
) -> None:
    known = [change.since for change in one.status_history] + [one.activated_on or DAY]
    last = max(known)
    assume(last < date.max - timedelta(days=40))
    on = last + timedelta(days=days)
    if target not in SUBSCRIPTION_TRANSITIONS[one.status]:
        with pytest.raises(TransitionError, match="subscription"):
            one.move_to(target, on=on)
        return
    why = "unavoidable" if target is SubscriptionStatus.TERMINATED else None
    moved = one.move_to(target, on=on, reason=why)
    assert moved.status == target
    step = StatusChange[SubscriptionStatus](status=target, since=on, reason=why)
    assert moved.status_history[-1] == step
    days_of = [change.since for change in moved.status_history]
    assert days_of == sorted(days_of)
    assert set(one.status_history) <= set(moved.status_history)
    ended = target is SubscriptionStatus.TERMINATED
    assert (moved.terminated_on == on) == ended
    begun = target is SubscriptionStatus.ACTIVE and one.activated_on is None
    assert moved.activated_on == (on if begun else one.activated_on)
    if one.status_history:
        early = one.status_history[-1].since - timedelta(days=1)
        with pytest.raises(TransitionError, match="goes back in time"):
            one.move_to(target, on=early, reason=why)


def test_only_the_recorded_deviation_differs_from_tmf637() -> None:
    """TMF637 v4, state diagram of a product: transitions drawn there."""
    diagram = {
        ("created", "pendingActive"), ("created", "active"),
        ("pendingActive", "active"), ("pendingActive", "aborted"), ("pendingActive", "cancelled"),
        ("active", "suspended"), ("suspended", "active"),
        ("active", "pendingTerminate"), ("active", "terminated"),
        ("pendingTerminate", "terminated"),
    }  # fmt: skip
    ours = {(a.value, b.value) for a, ways in SUBSCRIPTION_TRANSITIONS.items() for b in ways}
    assert ours - diagram == {("suspended", "terminated")}
    assert diagram <= ours


@pytest.mark.parametrize("reason", TerminationReason)
def test_a_barred_line_ends_for_debt(reason: TerminationReason) -> None:
    barred = line(activated_on=DAY).move_to("suspended", on=DAY + timedelta(days=30))
    ended = barred.move_to("terminated", on=DAY + timedelta(days=60), reason=reason)
    assert (ended.terminated_on, ended.termination_reason) == (DAY + timedelta(days=60), reason)
    assert [change.status.value for change in ended.status_history] == [
        "active",
        "suspended",
        "terminated",
    ]


@pytest.mark.parametrize("reason", ["because", "Voluntary", None])
def test_a_line_ends_for_a_known_reason(reason: str | None) -> None:
    with pytest.raises(ParameterError, match="Choose from: voluntary, involuntary, port_out"):
        line().move_to("terminated", on=DAY, reason=reason)


def test_a_line_read_from_outside_may_lack_the_reason() -> None:
    assert line(status="terminated", terminated_on=DAY).termination_reason is None


@pytest.mark.parametrize("status", ["barred", "", "Active", None])
def test_an_unknown_status_is_refused(status: Any) -> None:
    with pytest.raises(ParameterError, match="Choose from: created, pendingActive"):
        line().move_to(status, on=DAY)


def test_a_line_does_not_end_before_it_began() -> None:
    with pytest.raises(ValidationError, match="ends on 2026-02-16, before 2026-02-17"):
        line(status="terminated", activated_on=DAY, terminated_on=DAY - timedelta(days=1))
    barred = line(status="suspended", activated_on=DAY)
    with pytest.raises(ValidationError, match="before 2026-02-17"):
        barred.move_to("terminated", on=DAY - timedelta(days=1), reason="port_out")


@pytest.mark.parametrize(
    "status", sorted(set(SubscriptionStatus) - {SubscriptionStatus.TERMINATED})
)
@pytest.mark.parametrize("end", [{"terminated_on": DAY}, {"termination_reason": "voluntary"}])
def test_only_a_terminated_line_says_when_and_why(
    status: SubscriptionStatus, end: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match="only a terminated one says when and why"):
        line(status=status, **end)


def test_the_last_day_is_that_of_the_history() -> None:
    ended = line(activated_on=DAY).move_to(
        "terminated", on=DAY + timedelta(days=9), reason="port_out"
    )
    assert ended.replace(terminated_on=None).terminated_on is None
    with pytest.raises(ValidationError, match="ends on 2026-02-27, by its history on 2026-02-26"):
        ended.replace(terminated_on=DAY + timedelta(days=10))


def test_activation_is_dated_once() -> None:
    ordered = line(status="created").move_to("pendingActive", on=DAY)
    active = ordered.move_to("active", on=DAY + timedelta(days=2))
    again = active.move_to("suspended", on=DAY + timedelta(days=5)).move_to(
        "active", on=DAY + timedelta(days=7)
    )
    assert active.activated_on == again.activated_on == DAY + timedelta(days=2)


# Agreements


def test_nobody_is_bound_after_the_term() -> None:
    known = {"agreement_id": "AG-1", "customer_id": "C-1", "name": "Two years"}
    term = {"start": DAY, "end": DAY + timedelta(days=729)}
    bound = {**known, "term": term, "commitment_end": term["end"]}
    assert Agreement.model_validate(bound).commitment_end == term["end"]
    late = term["end"] + timedelta(days=1)
    with pytest.raises(ValidationError, match=f"AG-1 binds until {late}, after its term ends"):
        Agreement.model_validate({**bound, "commitment_end": late})
    open_ended = {**bound, "term": {"start": DAY}, "commitment_end": late}
    assert Agreement.model_validate(open_ended).commitment_end == late
