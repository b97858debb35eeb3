"""What a subscription was worth and did in one month: the row that most KPIs start from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from telcrm.domain.account import PaymentMode
from telcrm.domain.identifiers import CustomerId, OfferId, SubscriptionId
from telcrm.domain.moments import Period
from telcrm.domain.money import Money
from telcrm.domain.party import Text
from telcrm.domain.record import Record

__all__ = ["SubscriberMonth"]

_Count = Annotated[int, Field(strict=True, ge=0)]


class SubscriberMonth(Record):
    """One active subscription in one month; no record says that it was not active."""

    subscription_id: SubscriptionId
    period: Period
    customer_id: CustomerId
    payment_mode: PaymentMode | None = None
    offer_id: OfferId | None = None
    segment: Text | None = None
    revenue: Money
    """Tax excluded; negative when credits exceed charges."""
    direct_cost: Money | None = None
    voice_s: _Count | None = None
    data_bytes: _Count | None = None
    sms_count: _Count | None = None
    tenure_months: _Count | None = None
    """Whole months since activation; 0 in the month of activation."""
