"""Campaigns, the offers they make, and whom they reached."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain.channel import Channel
from telcrm.domain.identifiers import CampaignId, ContactId, CustomerId, OfferId
from telcrm.domain.moments import Instant, ValidFor
from telcrm.domain.money import Money
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import Text
from telcrm.domain.rate import NoFloat, Rate
from telcrm.domain.record import Record

__all__ = [
    "Campaign",
    "CampaignArm",
    "CampaignContact",
    "CampaignObjective",
    "CampaignStatus",
    "Offer",
]


class CampaignObjective(StrEnum):
    """What a campaign is for."""

    ACQUISITION = "acquisition"
    RETENTION = "retention"
    UPSELL = "upsell"
    CROSS_SELL = "cross_sell"
    WIN_BACK = "win_back"
    COLLECTION = "collection"
    SERVICE = "service"


class CampaignStatus(StrEnum):
    """Where a campaign stands."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Offer(Record):
    """What a campaign gives a customer who accepts."""

    offer_id: OfferId
    name: Text
    description: Annotated[str, Field(max_length=10_000)] | None = None
    plan_offer_id: OfferId | None = None
    """The tariff plan that it leads to, for an upgrade or a renewal."""
    discount_rate: Rate | None = None
    """Share taken off the plan's recurring price, 0 to 1."""
    cost: NonNegativeMoney | None = None
    """What one acceptance costs the operator."""
    valid_for: ValidFor = ValidFor()


class Campaign(Record):
    """A planned approach to many customers, with a share held out to measure it."""

    campaign_id: CampaignId
    name: Text
    objective: CampaignObjective
    status: CampaignStatus = CampaignStatus.PLANNED
    starts_on: date
    ends_on: date | None = None
    """Last day; None runs until further notice."""
    channels: tuple[Channel, ...] = ()
    offers: tuple[Offer, ...] = ()
    control_share: Annotated[Decimal, Field(ge=0, lt=1), NoFloat()] = Decimal("0.1")
    """Share of the target group that is left alone, drawn at random; 0 to below 1."""
    contact_cost: NonNegativeMoney | None = None
    """What one contact costs the operator."""
    budget: NonNegativeMoney | None = None

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        costs = (self.contact_cost, self.budget, *(offer.cost for offer in self.offers))
        currencies = sorted({cost.currency.code for cost in costs if cost is not None})
        if len(currencies) > 1:
            message = f"campaign {self.campaign_id} mixes currencies: {', '.join(currencies)}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_on and self.ends_on < self.starts_on:
            message = f"campaign {self.campaign_id} ends on {self.ends_on}, before it starts"
            raise ValueError(message)
        return self


class CampaignArm(StrEnum):
    """Whether a customer got the offer or was held out."""

    TREATMENT = "treatment"
    CONTROL = "control"


class CampaignContact(Record):
    """One customer's part in one campaign; a control was chosen and left alone."""

    contact_id: ContactId
    campaign_id: CampaignId
    customer_id: CustomerId
    contacted_at: Instant
    """When the offer went out; for a control, when it would have."""
    channel: Channel
    arm: CampaignArm
    responded: bool = Field(strict=True)
    value: Money | None = None
    """Margin that followed in the measured window, without the cost of the offer."""
