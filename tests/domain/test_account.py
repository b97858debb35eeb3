"""An account has one currency, ends after it began, and says so in its state."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from telcrm.domain import BillCycle, BillingAccount, Money


def account(**fields: Any) -> BillingAccount:
    known = {"customer_id": "C-1", "name": "Main", "payment_mode": "postpaid", "currency": "EUR"}
    return BillingAccount.model_validate({"account_id": "A-1", **known, **fields})


def test_the_credit_limit_is_in_the_currency_of_the_account() -> None:
    assert account(credit_limit=Money("0", "EUR")).credit_limit == Money("0", "EUR")
    with pytest.raises(ValidationError, match="account A-1 is in EUR, its credit limit in USD"):
        account(credit_limit=Money("100", "USD"))
    with pytest.raises(ValidationError, match="below 0"):
        account(credit_limit=Money("-1", "EUR"))


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "XXQ", 978])
def test_the_currency_is_one_of_iso_4217(currency: object) -> None:
    with pytest.raises(ValidationError):
        account(currency=currency)


def test_an_account_closes_when_it_has_been_opened() -> None:
    opened = date(2026, 2, 1)
    assert account(opened_on=opened, closed_on=opened, state="closed").closed_on == opened
    with pytest.raises(ValidationError, match="closes on 2026-01-31, before it opens"):
        account(opened_on=opened, closed_on=date(2026, 1, 31), state="closed")


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_an_account_with_a_last_day_is_closed(state: str) -> None:
    with pytest.raises(ValidationError, match="its state must be closed"):
        account(closed_on=date(2026, 2, 1), state=state)


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [("day_of_month", 1, 28), ("months", 1, 24), ("payment_due_days", 0, 365)],
)
def test_a_bill_cycle_keeps_to_its_limits(field: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        assert getattr(BillCycle.model_validate({field: value}), field) == value
    for value in (lowest - 1, highest + 1):
        with pytest.raises(ValidationError, match=field):
            BillCycle.model_validate({field: value})
