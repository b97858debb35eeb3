"""A bounded amount is checked where it is read, and its bound can be read from the field."""

from typing import Annotated

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from telcrm.domain.money import Money
from telcrm.domain.money_bounds import (
    MoneyAbove,
    MoneyAtLeast,
    NonNegativeMoney,
    PositiveMoney,
)


class Bill(BaseModel):
    paid: NonNegativeMoney | None = None
    fee: PositiveMoney | None = None
    deposit: Annotated[Money, MoneyAtLeast(5)] | None = None
    credit: Annotated[Money, MoneyAbove(-5)] | None = None


@pytest.mark.parametrize(
    ("field", "amount"),
    [
        ("paid", "0"),
        ("paid", "0.01"),
        ("fee", "0.01"),
        ("deposit", "5"),
        ("credit", "-4.99"),
    ],
)
def test_what_keeps_the_bound_passes(field: str, amount: str) -> None:
    bill = Bill.model_validate({field: {"amount": amount, "currency": "EUR"}})
    assert getattr(bill, field) == Money(amount, "EUR")


@pytest.mark.parametrize(
    ("field", "amount", "says"),
    [
        ("paid", "-0.01", r"-0\.01 EUR is below 0\."),
        ("fee", "0", r"0\.00 EUR is not above 0\."),
        ("fee", "-1", r"-1\.00 EUR is not above 0\."),
        ("deposit", "4.99", r"4\.99 EUR is below 5\."),
        ("credit", "-5", r"-5\.00 EUR is not above -5\."),
    ],
)
def test_what_breaks_the_bound_is_refused(field: str, amount: str, says: str) -> None:
    with pytest.raises(ValidationError, match=rf"{field}\n.*TC-MONEY-001.* {says}"):
        Bill.model_validate({field: {"amount": amount, "currency": "EUR"}})


def test_bounds_can_be_read_from_the_field() -> None:
    assert NonNegativeMoney.__metadata__ == (MoneyAtLeast(0),)  # type: ignore[attr-defined]
    assert PositiveMoney.__metadata__ == (MoneyAbove(0),)  # type: ignore[attr-defined]


def test_a_bound_leaves_the_json_schema_of_money_as_it_is() -> None:
    for mode in ("validation", "serialization"):
        assert TypeAdapter(PositiveMoney).json_schema(mode=mode) == TypeAdapter(Money).json_schema(
            mode=mode
        )
