"""What a subscription was worth and did in one month: the row that most KPIs start from."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

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
    """The month, named by its first day."""
    customer_id: CustomerId
    payment_mode: PaymentMode | None = None
    offer_id: OfferId | None = None
    segment: Text | None = None
    revenue: Money
    """Tax excluded; negative when credits exceed charges."""
    direct_cost: Money | None = None
    """What serving the subscription cost: interconnection, roaming, commissions."""
    voice_s: _Count | None = None
    """Seconds of voice."""
    data_bytes: _Count | None = None
    """Bytes up and down together."""
    sms_count: _Count | None = None
    """Messages sent."""
    tenure_months: _Count | None = None
    """Whole months since activation; 0 in the month of activation."""

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.direct_cost is not None and self.direct_cost.currency != self.revenue.currency:
            message = (
                f"the month {self.period} of subscription {self.subscription_id} has its revenue "
                f"in {self.revenue.currency.code}, its direct cost in "
                f"{self.direct_cost.currency.code}"
            )
            raise ValueError(message)
        return self
