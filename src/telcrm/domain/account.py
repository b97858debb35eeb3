"""What is billed together: billing accounts (TMF666)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain.currency import Currency
from telcrm.domain.identifiers import AccountId, CustomerId
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import Text
from telcrm.domain.record import Record

__all__ = ["AccountState", "BillCycle", "BillingAccount", "PaymentMode"]


class PaymentMode(StrEnum):
    """Whether the customer pays before use or after (TMF666 ``ratingType``)."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class AccountState(StrEnum):
    """TMF666 names these states in prose and gives no enumeration."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class BillCycle(Record):
    """When bills are cut and when they fall due.

    ``day_of_month`` stops at 28, so that every month has the day.
    """

    day_of_month: Annotated[int, Field(strict=True, ge=1, le=28)] = 1
    """Day on which the bill is cut, 1 to 28."""
    months: Annotated[int, Field(strict=True, ge=1, le=24)] = 1
    """Months from one bill to the next, 1 to 24."""
    payment_due_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 14
    """Days from the bill's date to its due date, 0 to 365."""


class BillingAccount(Record):
    """An account in one currency, to which charges and payments are booked."""

    account_id: AccountId
    customer_id: CustomerId
    name: Text
    payment_mode: PaymentMode
    currency: Currency
    state: AccountState = AccountState.ACTIVE
    credit_limit: NonNegativeMoney | None = None
    """What may be owed at most; None sets no limit."""
    bill_cycle: BillCycle | None = None
    opened_on: date | None = None
    closed_on: date | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.credit_limit is not None and self.credit_limit.currency != self.currency:
            message = (
                f"account {self.account_id} is in {self.currency.code}, "
                f"its credit limit in {self.credit_limit.currency.code}"
            )
            raise ValueError(message)
        if self.opened_on and self.closed_on and self.closed_on < self.opened_on:
            message = f"account {self.account_id} closes on {self.closed_on}, before it opens"
            raise ValueError(message)
        if self.closed_on and self.state is not AccountState.CLOSED:
            message = f"account {self.account_id} has a closed_on, so its state must be closed"
            raise ValueError(message)
        return self
