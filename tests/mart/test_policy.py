"""What can be agreed on, and what cannot."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from telcrm.domain import ActivityRule, Money
from telcrm.mart import MartPolicy, UnitCost

CALL = UnitCost(usage_kind="voice", cost=Money("1", "EUR"), per_units=60)


def test_a_policy_is_stored_and_its_digest_tells_it_apart() -> None:
    policy = MartPolicy(attribution="usage_charge", unit_costs=(CALL,))
    assert MartPolicy.from_json(policy.to_json()) == policy
    assert MartPolicy.from_json(policy.to_json()).digest == policy.digest
    others = [MartPolicy(), policy, MartPolicy(attribution="usage_charge")]
    assert len({other.digest for other in others}) == 3
    # What an earlier release wrote in a month must still be its policy.
    assert MartPolicy().digest == "44136fa355b3678a"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prepaid_activity": ActivityRule(kinds=("registration",))}, "no canonical table"),
        ({"unit_costs": (CALL, CALL)}, "one kind and zone twice"),
        (
            {"unit_costs": (CALL, CALL.replace(usage_kind="sms", cost=Money("1", "USD")))},
            "mixes currencies",
        ),
        ({"arrears_grace_days": -1}, "greater than or equal to 0"),
        ({"revenue_cost_share": 0.1}, "is a float"),
        ({"recharge_cost_share": "1.1"}, "less than or equal to 1"),
        ({"attribution": "by_mood"}, "equal"),
    ],
)
def test_what_cannot_be_agreed_on(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=words):
        MartPolicy(**changed)


def test_costs_are_told_only_where_there_are_rates() -> None:
    assert not MartPolicy().tells_cost
    assert MartPolicy(revenue_cost_share="0").tells_cost
    assert MartPolicy(unit_costs=(CALL,)).tells_cost
    needs = MartPolicy(prepaid_activity=ActivityRule(kinds=("recharge",))).needs()
    assert [table for table, _ in needs] == ["recharges", "invoices"]
    assert (
        MartPolicy(attribution="usage_charge", postpaid_activity="usage").needs()[-1][0] == "usage"
    )
