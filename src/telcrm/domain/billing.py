"""What is owed and what was paid: invoices, payments, recharges (TMF678, 676, 654)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from telcrm.domain.channel import Channel
from telcrm.domain.identifiers import (
    AccountId,
    CustomerId,
    InvoiceId,
    PaymentId,
    RechargeId,
    SubscriptionId,
)
from telcrm.domain.moments import Instant, ValidFor
from telcrm.domain.money import Money
from telcrm.domain.money_bounds import NonNegativeMoney, PositiveMoney
from telcrm.domain.party import Text
from telcrm.domain.rate import Rate
from telcrm.domain.record import Record

__all__ = [
    "Invoice",
    "InvoiceLine",
    "InvoiceLineKind",
    "InvoiceStatus",
    "Payment",
    "PaymentMethod",
    "PaymentStatus",
    "Recharge",
]


class InvoiceStatus(StrEnum):
    """TMF678 states of a customer bill."""

    NEW = "new"
    ON_HOLD = "onHold"
    VALIDATED = "validated"
    SENT = "sent"
    SETTLED = "settled"
    PARTIALLY_PAID = "partiallyPaid"


class InvoiceLineKind(StrEnum):
    """What a line charges for."""

    RECURRING = "recurring"
    USAGE = "usage"
    ONE_TIME = "oneTime"
    EQUIPMENT = "equipment"
    FEE = "fee"
    INTEREST = "interest"
    DISCOUNT = "discount"
    ADJUSTMENT = "adjustment"


class InvoiceLine(Record):
    """One line of an invoice; a discount or a credit is negative."""

    kind: InvoiceLineKind
    description: Text
    net: Money
    """Tax excluded."""
    tax: Money
    tax_rate: Rate | None = None
    """Share of ``net``, 0 to 1: ``Decimal("0.2")`` is 20 %.

    ``tax`` is what counts. It is not computed anew from the rate: some tax codes round each line,
    others the sum of all lines of one rate.
    """
    subscription_id: SubscriptionId | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.net.currency != self.tax.currency:
            message = (
                f"the net of line {self.description!r} is in {self.net.currency.code}, "
                f"its tax in {self.tax.currency.code}"
            )
            raise ValueError(message)
        return self


class Invoice(Record):
    """A bill. ``total`` includes ``tax``; lines, where given, add up to both.

    What is open lies between nothing and ``total``, and nothing of a settled bill is open.

    Examples
    --------
    >>> invoice = Invoice(
    ...     invoice_id="I-1", account_id="A-1", customer_id="C-1", status="sent",
    ...     issued_on=date(2026, 2, 1), due_on=date(2026, 2, 15),
    ...     total=Money("24.00", "EUR"), tax=Money("4.00", "EUR"),
    ... )
    >>> invoice.net
    Money('20.00', 'EUR')
    """

    invoice_id: InvoiceId
    account_id: AccountId | None = None
    customer_id: CustomerId
    issued_on: date
    due_on: date
    total: Money
    """Tax included; negative for a credit note."""
    tax: Money | None = None
    """What ``total`` holds of tax; None where the source does not tell it."""
    open_amount: Money | None = None
    """What is still unpaid, where the source tells it: 0 to ``total``."""
    status: InvoiceStatus | None = None
    billing_period: ValidFor = ValidFor()
    """The days whose charges are billed."""
    lines: tuple[InvoiceLine, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        subject = f"invoice {self.invoice_id}"
        if self.due_on < self.issued_on:
            message = f"{subject} is due on {self.due_on}, before it was issued"
            raise ValueError(message)
        parts = [part for part in (self.tax, self.open_amount) if part is not None]
        parts += [line.net for line in self.lines]
        if any(part.currency != self.total.currency for part in parts):
            message = f"{subject} mixes currencies: all its amounts are in that of its total"
            raise ValueError(message)
        if self.lines:
            net = Money.sum((line.net for line in self.lines), currency=self.total.currency)
            tax = Money.sum((line.tax for line in self.lines), currency=self.total.currency)
            if net + tax != self.total or self.tax not in (None, tax):
                message = (
                    f"{subject} says {self.total} with tax {self.tax}, "
                    f"its lines add up to {net + tax} with tax {tax}"
                )
                raise ValueError(message)
        self._check_open_amount(subject)
        return self

    def _check_open_amount(self, subject: str) -> None:
        if self.open_amount is None:
            return
        nothing = Money.zero(self.total.currency)
        low, high = min(nothing, self.total), max(nothing, self.total)
        if not low <= self.open_amount <= high:
            message = (
                f"{subject} has {self.open_amount} open of {self.total}: "
                f"what is open lies from {low} to {high}"
            )
            raise ValueError(message)
        if self.status is InvoiceStatus.SETTLED and self.open_amount:
            message = f"{subject} is settled, but {self.open_amount} is open"
            raise ValueError(message)

    @property
    def net(self) -> Money | None:
        """Total less tax; None where neither ``tax`` nor the lines tell the tax."""
        if self.lines:
            return Money.sum((line.net for line in self.lines), currency=self.total.currency)
        return None if self.tax is None else self.total - self.tax


class PaymentMethod(StrEnum):
    """How money was handed over."""

    CASH = "cash"
    CARD = "card"
    BANK_TRANSFER = "bank_transfer"
    DIRECT_DEBIT = "direct_debit"
    MOBILE_MONEY = "mobile_money"
    VOUCHER = "voucher"
    CHEQUE = "cheque"


class PaymentStatus(StrEnum):
    """The states that TMF676 gives as examples."""

    PENDING_AUTHORIZATION = "pendingAuthorization"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"
    DENIED = "denied"
    DONE = "done"


class Payment(Record):
    """Money received for an account."""

    payment_id: PaymentId
    account_id: AccountId
    customer_id: CustomerId
    paid_on: date
    amount: PositiveMoney
    method: PaymentMethod | None = None
    status: PaymentStatus = PaymentStatus.DONE
    channel: Channel | None = None
    reference: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    """What the payer or the bank wrote."""


class Recharge(Record):
    """A prepaid top-up."""

    recharge_id: RechargeId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None = None
    recharged_at: Instant
    amount: NonNegativeMoney
    """What the customer paid; 0 for a top-up that was given."""
    channel: Channel | None = None
    validity_days: Annotated[int, Field(strict=True, ge=0)] | None = None
    """Days until what is left of it expires; None where it does not."""
