"""The policy of customer status: what it takes, and the rules that it writes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.rules import describe
from telcrm.segmentation import CustomerMark, CustomerStatusPolicy, StatusClass
from telcrm.segmentation.customer_classes.status_facts import STATUS_FACTS


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"key_account_value_share": 1.0}, "less than 1"),
        ({"key_account_value_share": None}, "key accounts need"),
        ({"key_account_revenue": 0.0}, "greater than 0"),
        ({"reputable_share": float("nan")}, "greater than 0|less than or equal|finite"),
        ({"debtor_spells": 0}, "greater than or equal to 1"),
        ({"grace_days": -1}, "greater than or equal to 0"),
        ({"payment_months": "12"}, "valid integer"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        CustomerStatusPolicy(**changes)


def test_it_is_stored() -> None:
    policy = CustomerStatusPolicy(key_account_value_share=None, key_account_revenue=50_000.0)
    assert CustomerStatusPolicy.from_json(policy.to_json()) == policy


def test_the_rules_are_the_classes_and_the_marks() -> None:
    policy = CustomerStatusPolicy(key_account_revenue=1000.0)
    statuses, marks = policy.status_rules(), policy.mark_rules()
    assert {rule.then for rule in statuses.rules} | {statuses.otherwise} == set(StatusClass)
    assert [rule.name for rule in marks.rules] == list(CustomerMark)
    assert set(statuses.fields_used) | set(marks.fields_used) == set(STATUS_FACTS)


def test_the_rules_say_the_thresholds() -> None:
    said = describe(CustomerStatusPolicy(debtor_spells=5).mark_rules())
    assert "overdue_spells is at least 5 or overdue_days is at least 90" in said
    assert "revenue_share_above is below 0.2" in said
    by_revenue = CustomerStatusPolicy(key_account_value_share=None, key_account_revenue=500.0)
    assert "revenue is at least 500" in describe(by_revenue.mark_rules())
    assert "revenue_share_above" not in by_revenue.mark_rules().fields_used
