"""Classes of debtors: worse behaviour never helps, and the reasons are true and complete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.ledger.measures.debt_class import (
    DebtClass,
    DebtClassification,
    DebtClassPolicy,
    DebtLimits,
    DebtReason,
    DebtRule,
    PaymentBehaviour,
    debt_class,
)

POLICY = DebtClassPolicy()
RANK = {DebtClass.REPUTABLE: 0, DebtClass.SLOW: 1, DebtClass.CHRONIC: 2}
MEASURED = [rule for rule in DebtRule if rule is not DebtRule.WRITTEN_OFF]
limits = st.fixed_dictionaries({rule.value: st.integers(1, 100) for rule in MEASURED})


def behaviour(**values: Any) -> PaymentBehaviour:
    return PaymentBehaviour(account_id="A-1", **values)


@st.composite
def behaviours(draw: st.DrawFn) -> PaymentBehaviour:
    paid = draw(st.integers(0, 12))
    most = draw(st.integers(0, 150)) if paid else 0
    return behaviour(
        invoices_paid=paid,
        days_late_max=most,
        days_beyond_terms=draw(st.decimals(-30, most, places=1)) if paid else 0,
        oldest_open_days=draw(st.integers(0, 150)),
        times_dunned=draw(st.integers(0, 10)),
        promises_broken=draw(st.integers(0, 5)),
        written_off=draw(st.booleans()),
    )


@st.composite
def policies(draw: st.DrawFn) -> DebtClassPolicy:
    slow, extra = draw(limits), draw(limits)
    return DebtClassPolicy(
        slow=DebtLimits(**slow),
        chronic=DebtLimits(**{name: value + extra[name] - 1 for name, value in slow.items()}),
        min_invoices_paid=draw(st.integers(1, 6)),
        chronic_if_written_off=draw(st.booleans()),
    )


@pytest.mark.parametrize(
    ("values", "expected", "rule"),
    [
        ({"oldest_open_days": 30}, DebtClass.SLOW, DebtRule.OLDEST_OPEN_DAYS),
        ({"oldest_open_days": 90}, DebtClass.CHRONIC, DebtRule.OLDEST_OPEN_DAYS),
        ({"invoices_paid": 1, "days_late_max": 30}, DebtClass.SLOW, DebtRule.DAYS_LATE_MAX),
        ({"invoices_paid": 1, "days_late_max": 90}, DebtClass.CHRONIC, DebtRule.DAYS_LATE_MAX),
        (
            {"invoices_paid": 3, "days_late_max": 20, "days_beyond_terms": "10.0"},
            DebtClass.SLOW,
            DebtRule.DAYS_BEYOND_TERMS,
        ),
        ({"promises_broken": 1}, DebtClass.SLOW, DebtRule.PROMISES_BROKEN),
        ({"promises_broken": 3}, DebtClass.CHRONIC, DebtRule.PROMISES_BROKEN),
        ({"times_dunned": 2}, DebtClass.SLOW, DebtRule.TIMES_DUNNED),
        ({"times_dunned": 6}, DebtClass.CHRONIC, DebtRule.TIMES_DUNNED),
        ({"written_off": True}, DebtClass.CHRONIC, DebtRule.WRITTEN_OFF),
    ],
)
def test_each_rule_decides_from_its_limit_on(
    values: dict[str, Any], expected: DebtClass, rule: DebtRule
) -> None:
    result = debt_class(behaviour(**values), POLICY)
    assert (result.debt_class, [reason.rule for reason in result.reasons]) == (expected, [rule])


def test_just_below_every_limit_is_reputable() -> None:
    good = behaviour(
        invoices_paid=12,
        days_late_max=29,
        days_beyond_terms="9.9",
        oldest_open_days=29,
        times_dunned=1,
    )
    assert debt_class(good, POLICY) == DebtClassification(
        account_id="A-1", debt_class=DebtClass.REPUTABLE
    )


def test_a_mean_of_few_invoices_decides_nothing() -> None:
    few = behaviour(invoices_paid=2, days_late_max=25, days_beyond_terms=25)
    assert debt_class(few, POLICY).debt_class is DebtClass.REPUTABLE
    assert debt_class(few.replace(invoices_paid=3), POLICY).debt_class is DebtClass.SLOW


def test_a_write_off_counts_only_if_the_policy_says_so() -> None:
    lenient = POLICY.replace(chronic_if_written_off=False)
    assert debt_class(behaviour(written_off=True), lenient).debt_class is DebtClass.REPUTABLE


def test_all_reasons_of_the_class_are_told_in_order() -> None:
    bad = behaviour(times_dunned=9, oldest_open_days=91, promises_broken=1, written_off=True)
    result = debt_class(bad, POLICY)
    assert result.reasons == (
        DebtReason(rule=DebtRule.WRITTEN_OFF, value=Decimal(1), limit=Decimal(1)),
        DebtReason(rule=DebtRule.OLDEST_OPEN_DAYS, value=Decimal(91), limit=Decimal(90)),
        DebtReason(rule=DebtRule.TIMES_DUNNED, value=Decimal(9), limit=Decimal(6)),
    )
    told = "chronic: written_off 1 >= 1, oldest_open_days 91 >= 90, times_dunned 9 >= 6"
    assert result.explain() == told


@given(behaviours(), policies())
def test_reasons_are_true_and_only_the_reputable_have_none(
    paid: PaymentBehaviour, policy: DebtClassPolicy
) -> None:
    result = debt_class(paid, policy)
    assert (result.debt_class is DebtClass.REPUTABLE) == (not result.reasons)
    for reason in result.reasons:
        assert reason.value == getattr(paid, reason.rule)
        assert reason.value >= reason.limit


@given(behaviours(), policies(), st.sampled_from(list(DebtRule)), st.integers(1, 100))
def test_worse_behaviour_never_leads_to_a_better_class(
    paid: PaymentBehaviour, policy: DebtClassPolicy, rule: DebtRule, more: int
) -> None:
    if rule is DebtRule.WRITTEN_OFF:
        worse = paid.replace(written_off=True)
    elif rule is DebtRule.DAYS_BEYOND_TERMS and paid.invoices_paid:
        worse = paid.replace(
            days_beyond_terms=paid.days_beyond_terms + more, days_late_max=paid.days_late_max + more
        )
    elif rule is DebtRule.DAYS_LATE_MAX and paid.invoices_paid:
        worse = paid.replace(days_late_max=paid.days_late_max + more)
    else:
        worse = paid.replace(oldest_open_days=paid.oldest_open_days + more)
    before, after = (debt_class(each, policy).debt_class for each in (paid, worse))
    assert RANK[after] >= RANK[before]


@given(behaviours(), policies())
def test_records_survive_their_json(paid: PaymentBehaviour, policy: DebtClassPolicy) -> None:
    result = debt_class(paid, policy)
    assert PaymentBehaviour.from_json(paid.to_json()) == paid
    assert DebtClassPolicy.from_json(policy.to_json()) == policy
    assert DebtClassification.from_json(result.to_json()) == result


def test_every_measured_rule_has_a_limit_and_a_value() -> None:
    assert sorted(DebtLimits.model_fields) == sorted(MEASURED)
    assert set(DebtRule) <= set(PaymentBehaviour.model_fields)


def test_chronic_is_not_milder_than_slow() -> None:
    with pytest.raises(ValidationError, match="times_dunned is 1 for chronic and 2 for slow"):
        DebtClassPolicy(chronic=POLICY.chronic.replace(times_dunned=1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"invoices_paid": 5, "days_beyond_terms": 8, "days_late_max": 7}, "never more than 7"),
        ({"days_late_max": 7}, "has paid no invoice"),
        ({"days_beyond_terms": -7}, "has paid no invoice"),
        ({"days_beyond_terms": 0.5, "invoices_paid": 3, "days_late_max": 7}, "is a float"),
        ({"oldest_open_days": -1}, "greater than or equal to 0"),
    ],
)
def test_behaviour_that_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        behaviour(**values)
