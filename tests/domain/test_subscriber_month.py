"""A subscriber-month is named by the first of its month and has one currency."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from telcrm.domain import Money, SubscriberMonth
from telcrm.testing import money


def month(**fields: Any) -> SubscriberMonth:
    known = {"subscription_id": "S-1", "customer_id": "C-1", "revenue": Money("20", "EUR")}
    return SubscriberMonth.model_validate({"period": date(2026, 2, 1), **known, **fields})


@given(money(), money())
def test_revenue_and_cost_are_in_one_currency(revenue: Money, cost: Money) -> None:
    if revenue.currency == cost.currency:
        assert month(revenue=revenue, direct_cost=cost).direct_cost == cost
        return
    codes = f"in {revenue.currency.code}, its direct cost in {cost.currency.code}"
    with pytest.raises(ValidationError, match=codes):
        month(revenue=revenue, direct_cost=cost)


def test_credits_may_exceed_charges() -> None:
    assert month(revenue=Money("-3", "EUR")).revenue == Money("-3", "EUR")


def test_the_period_is_the_first_of_the_month() -> None:
    with pytest.raises(ValidationError, match="2026-02-17 is not, 2026-02-01 is"):
        month(period=date(2026, 2, 17))


@pytest.mark.parametrize("field", ["voice_s", "data_bytes", "sms_count", "tenure_months"])
def test_counts_are_not_negative(field: str) -> None:
    assert getattr(month(**{field: 0}), field) == 0
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        month(**{field: -1})
