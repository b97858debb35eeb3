"""What is known of one customer, as records: what an agent's screen shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from telcrm.domain import (
    AccountId,
    CampaignContact,
    Channel,
    Complaint,
    Consent,
    CustomerId,
    CustomerStatus,
    Equipment,
    Interaction,
    InvoiceId,
    Money,
    PartyType,
    Period,
    Recharge,
    Record,
    Subscription,
    SurveyResponse,
)

__all__ = ["Customer360", "CustomerMonth", "OpenInvoice", "PaymentHabits"]

_Count = Annotated[int, Field(strict=True, ge=0)]


class CustomerMonth(Record):
    """What all lines of a customer did in one month, up to the day of the view."""

    period: Period
    revenue: Money | None = None
    """From the subscriber-months of the mart; None without them, or while the month runs."""
    voice_s: _Count | None = None
    data_bytes: _Count | None = None
    sms_count: _Count | None = None
    """Messages sent."""
    recharged: Money | None = None
    invoiced: Money | None = None
    paid: Money | None = None


class OpenInvoice(Record):
    """An invoice that is not, or not fully, settled."""

    invoice_id: InvoiceId
    account_id: AccountId | None = None
    issued_on: date
    due_on: date
    total: Money
    open_amount: Money
    overdue_days: _Count
    """Days since it fell due; 0 until then."""


class PaymentHabits(Record):
    """How a customer pays."""

    payments: _Count
    """Payments received."""
    last_paid_on: date | None = None
    failed: _Count
    """Payments that failed, or were denied or canceled."""
    settled_invoices: _Count
    settled_late: _Count
    """Of these, settled after the due date."""
    mean_days_late: Decimal | None = None
    """Mean days from due date to settlement, early ones below 0; None without a settled one."""


class Customer360(Record):
    """One customer on one day. Lists begin with the latest; None says that a table was not there.

    Every list is of what was dated on the day or before. What tables hold of the present alone,
    such as the segment or the status of a line that runs, is as the tables have it.
    """

    customer_id: CustomerId
    as_of: date
    party_type: PartyType | None = None
    name: str | None = None
    status: CustomerStatus | None = None
    since: date | None = None
    segment: str | None = None
    region: str | None = None
    acquisition_channel: Channel | None = None
    key_account: bool | None = None
    subscriptions: tuple[Subscription, ...] = ()
    """By identifier. One that ended later is shown as active."""
    equipment: tuple[Equipment, ...] | None = None
    """Devices in the customer's hands."""
    months: tuple[CustomerMonth, ...] = ()
    balance: Money | None = None
    """Owed; below zero it is a credit."""
    overdue: Money | None = None
    open_invoices: tuple[OpenInvoice, ...] | None = None
    """The oldest due first."""
    payment_habits: PaymentHabits | None = None
    recharges: tuple[Recharge, ...] | None = None
    complaints: tuple[Complaint, ...] | None = None
    interactions: tuple[Interaction, ...] | None = None
    surveys: tuple[SurveyResponse, ...] | None = None
    campaign_contacts: tuple[CampaignContact, ...] | None = None
    consents: tuple[Consent, ...] = ()
