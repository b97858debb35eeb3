"""What can be offered to customers so that they stay, what it costs and how often it works."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from telcrm.domain import Channel, Record
from telcrm.domain.identifiers import OfferId
from telcrm.domain.party import Text
from telcrm.rules import Condition

__all__ = ["RetentionOffer"]

_Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_ColumnName = Annotated[str, Field(min_length=1)]


class RetentionOffer(Record):
    """An incentive to stay. Costs are in major units of the operator's currency.

    A share is a number from 0 to 1, or the name of a column that holds one for each customer.

    Examples
    --------
    >>> from telcrm.rules import field
    >>> offer = RetentionOffer(
    ...     offer_id="half-price",
    ...     name="Three months at half price",
    ...     cost=30.0,
    ...     contact_cost=2.5,
    ...     acceptance=0.3,
    ...     channel="call_centre",
    ...     capacity=2_000,
    ...     eligible=field("tenure_months") >= 12,
    ... )
    >>> RetentionOffer.from_json(offer.to_json()) == offer
    True
    """

    offer_id: OfferId
    name: Text
    cost: _Cost
    """The incentive: paid for each customer who accepts, whether or not they would have left."""
    contact_cost: _Cost = 0.0
    """Paid for each contact, whatever comes of it."""
    acceptance: _Share | _ColumnName
    """Share of would-be churners who accept and stay: gamma in the literature."""
    stayer_acceptance: _Share | _ColumnName = 1.0
    """Share of those who would have stayed anyway and take the incentive all the same. In the
    published model all do: 1."""
    saved_share: _Share = 1.0
    """Share of the lifetime value that a customer who is saved still brings."""
    channel: Channel | None = None
    capacity: Annotated[int, Field(ge=0)] | None = None
    """Contacts that can be made with this offer; None sets no limit."""
    eligible: Condition | None = None
    """Who may get it; None is everybody. A test on a missing value does not hold."""
