"""What a policy refuses, and that it can be stored."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.kpi import MovementPolicy


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"same_month": "ignore"}, "needs loss_month='last_active'"),
        ({"change_basis": "plan_rank", "tolerance": 1.0}, "give one of the two"),
        ({"change_basis": "plan_rank", "tolerance_share": 0.1}, "give one of the two"),
        ({"reactivation_window_months": 0}, "greater than or equal to 1"),
        ({"tolerance": float("nan")}, "finite"),
        ({"tolerance_share": -0.1}, "greater than or equal to 0"),
        ({"rate_base": "closing"}, "opening"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        MovementPolicy(**fields)


def test_a_policy_is_stored_and_read() -> None:
    policy = MovementPolicy(loss_month="last_active", same_month="ignore", tolerance=0.5)
    assert MovementPolicy.from_json(policy.to_json()) == policy
