"""A campaign has one currency, ends after it starts, and leaves somebody to reach."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Campaign, Money, Offer
from telcrm.testing import money, records

DAY = date(2026, 2, 17)


def campaign(**fields: Any) -> Campaign:
    known = {"campaign_id": "K-1", "name": "Spring", "objective": "retention"}
    return Campaign.model_validate({"starts_on": DAY, **known, **fields})


@settings(max_examples=50)
@given(
    st.none() | money(min_minor=0),
    st.none() | money(min_minor=0),
    st.lists(records(Offer), max_size=2),
)
def test_costs_and_budget_are_in_one_currency(
    contact_cost: Money | None, budget: Money | None, offers: list[Offer]
) -> None:
    costs = [contact_cost, budget, *(offer.cost for offer in offers)]
    currencies = sorted({cost.currency.code for cost in costs if cost is not None})
    fields = {"contact_cost": contact_cost, "budget": budget, "offers": offers}
    if len(currencies) < 2:
        assert campaign(**fields).budget == budget
        return
    with pytest.raises(ValidationError, match=f"K-1 mixes currencies: {', '.join(currencies)}"):
        campaign(**fields)


def test_a_campaign_does_not_end_before_it_starts() -> None:
    assert campaign(ends_on=DAY).ends_on == DAY
    with pytest.raises(ValidationError, match="ends on 2026-02-16, before it starts"):
        campaign(ends_on=DAY - timedelta(days=1))


def test_not_everybody_is_left_alone() -> None:
    assert campaign(control_share="0").control_share == 0
    assert campaign().control_share == Decimal("0.1")
    for share in ("1", "-0.1", "NaN"):
        with pytest.raises(ValidationError, match="control_share"):
            campaign(control_share=share)


@pytest.mark.parametrize("rate", ["1.01", "-0.01"])
def test_a_discount_is_a_share(rate: str) -> None:
    with pytest.raises(ValidationError, match="discount_rate"):
        Offer(offer_id="O-1", name="Renewal", discount_rate=Decimal(rate))
