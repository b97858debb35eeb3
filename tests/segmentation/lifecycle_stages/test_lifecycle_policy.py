"""The policy of the lifecycle: what it takes, and that it writes itself as rules."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.rules import RuleSet, describe
from telcrm.segmentation import LifecyclePolicy, LifecycleStage
from telcrm.segmentation.lifecycle_stages.lifecycle_facts import LIFECYCLE_FACTS


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"new_months": 0}, "greater than or equal to 1"),
        ({"trend_months": 1.5}, "valid integer"),
        ({"growth_ratio": 1.0}, "greater than 1"),
        ({"decline_ratio": 1.0}, "less than 1"),
        ({"decline_ratio": float("nan")}, "greater than 0|finite"),
        ({"dormant_after_months": 4}, "who sleeps is not lost yet"),
        ({"growth": 2}, "Extra inputs"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        LifecyclePolicy(**changes)


def test_it_is_stored_and_its_rules_are_too() -> None:
    policy = LifecyclePolicy(new_months=6, lost_after_months=12)
    assert LifecyclePolicy.from_json(policy.to_json()) == policy
    rules = policy.rule_set()
    assert RuleSet.from_json(rules.to_json()) == rules


def test_the_rules_say_the_thresholds_and_look_at_the_facts_only() -> None:
    rules = LifecyclePolicy(new_months=6, decline_ratio=0.75).rule_set()
    said = describe(rules)
    assert "tenure_months is below 6: new" in said
    assert "recent_revenue is at most 0.75 times earlier_revenue: declining" in said
    assert "Otherwise: mature" in said
    assert set(rules.fields_used) == set(LIFECYCLE_FACTS) - {"active_months"}
    assert {rule.then for rule in rules.rules} | {rules.otherwise} == set(LifecycleStage)
