from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.churn.retention.contact_policy import ContactPolicy
from telcrm.churn.retention.offer import RetentionOffer
from telcrm.rules import describe, field


def offer(**changes: Any) -> RetentionOffer:
    return RetentionOffer(**{"offer_id": "o", "name": "O", "cost": 1, "acceptance": 0.3, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"cost": -1},
        {"cost": float("inf")},
        {"contact_cost": -0.01},
        {"acceptance": 1.5},
        {"acceptance": float("nan")},
        {"acceptance": ""},
        {"stayer_acceptance": -0.1},
        {"saved_share": 1.1},
        {"capacity": -1},
        {"channel": "pigeon"},
        {"offer_id": ""},
        {"colour": "red"},
    ],
)
def test_offers_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        offer(**changes)


def test_an_offer_is_frozen_and_comes_back_from_json() -> None:
    made = offer(acceptance="takes", eligible=field("region").one_of("north", "south"), capacity=5)
    assert RetentionOffer.from_json(made.to_json()) == made
    with pytest.raises(ValidationError):
        made.cost = 2.0  # type: ignore[misc]


def test_a_policy_refuses_negative_days_and_comes_back_from_json() -> None:
    with pytest.raises(ValidationError):
        ContactPolicy(cool_down_days=-1)
    policy = ContactPolicy(opted_out="no", last_contact="last", cool_down_days=14)
    assert ContactPolicy.from_json(policy.to_json()) == policy


def test_a_policy_without_columns_refuses_nobody() -> None:
    assert ContactPolicy().refuses_contact() is None
    assert ContactPolicy().cools_down(date(2024, 5, 31)) is None


def test_the_cool_down_ends_after_its_days() -> None:
    condition = ContactPolicy(last_contact="last", cool_down_days=1).cools_down(date(2024, 3, 1))
    assert condition is not None
    assert describe(condition) == "last is after 2024-02-29"
