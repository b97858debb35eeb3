"""A party in its role as a customer: status, consent, credit (TMF629)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain.channel import Channel
from telcrm.domain.choice import choose
from telcrm.domain.identifiers import CustomerId, PartyId
from telcrm.domain.lifecycle import StatusChange, check_history, check_transition
from telcrm.domain.moments import Instant, ValidFor
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import ContactMedium, PartyType, Text
from telcrm.domain.record import Record

__all__ = [
    "CUSTOMER_TRANSITIONS",
    "Consent",
    "ConsentPurpose",
    "CreditProfile",
    "Customer",
    "CustomerStatus",
]


class CustomerStatus(StrEnum):
    """Where a party stands as a customer. TMF629 leaves the states free; these are ours."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


CUSTOMER_TRANSITIONS: Mapping[CustomerStatus, frozenset[CustomerStatus]] = MappingProxyType(
    {
        CustomerStatus.PROSPECT: frozenset({CustomerStatus.ACTIVE, CustomerStatus.CLOSED}),
        CustomerStatus.ACTIVE: frozenset({CustomerStatus.SUSPENDED, CustomerStatus.CLOSED}),
        CustomerStatus.SUSPENDED: frozenset({CustomerStatus.ACTIVE, CustomerStatus.CLOSED}),
        # A win-back keeps its history: the closed customer becomes active again.
        CustomerStatus.CLOSED: frozenset({CustomerStatus.ACTIVE}),
    }
)
"""Allowed status changes of a customer. ``closed`` leads back to ``active``: a win-back."""


class ConsentPurpose(StrEnum):
    """What personal data may be used for."""

    SERVICE = "service"
    MARKETING = "marketing"
    PROFILING = "profiling"
    THIRD_PARTY = "third_party"


class Consent(Record):
    """A customer's yes or no to one purpose, on one channel or on all."""

    purpose: ConsentPurpose
    channel: Channel | None = None
    """None speaks of every channel."""
    granted: bool = Field(strict=True)
    recorded_at: Instant
    valid_until: date | None = None
    """Last day, in UTC; None holds until the customer says otherwise."""
    evidence: Text | None = None
    """Where the proof lies: a form, a call recording."""


class CreditProfile(Record):
    """One assessment of a customer's credit."""

    assessed_on: date
    score: Annotated[int, Field(strict=True)] | None = None
    """On the scale of the bureau that gave it."""
    risk_rating: Annotated[int, Field(strict=True)] | None = None
    """Class of risk, on the operator's own scale."""
    limit: NonNegativeMoney | None = None
    """What the customer may owe at most, by this assessment."""
    valid_for: ValidFor = ValidFor()


# Made by name in a module, so that pickle, and with it Spark and multiprocessing, can find it.
_Change = StatusChange[CustomerStatus]


class Customer(Record):
    """A party that buys, or may buy, from the operator.

    ``status`` states the present; ``status_history``, where kept, must lead to it.

    Examples
    --------
    >>> customer = Customer(
    ...     customer_id="C-1", party_id="P-1", party_type="individual", name="Ada Okafor",
    ...     status="active", since=date(2024, 5, 1),
    ... )
    >>> customer.move_to("suspended", on=date(2026, 2, 1), reason="arrears").status_on(
    ...     date(2026, 1, 31))
    <CustomerStatus.ACTIVE: 'active'>
    """

    customer_id: CustomerId
    party_id: PartyId
    party_type: PartyType
    name: Text
    status: CustomerStatus
    since: date
    """Day on which the party became a customer or prospect; a win-back keeps it."""
    segment: Text | None = None
    region: Text | None = None
    acquisition_channel: Channel | None = None
    """Where the customer was won."""
    key_account: bool = Field(default=False, strict=True)
    """Looked after by a manager of its own."""
    status_history: tuple[_Change, ...] = ()
    """Oldest first; empty where nothing is known of the past."""
    contact_media: tuple[ContactMedium, ...] = ()
    consents: tuple[Consent, ...] = ()
    credit_profiles: tuple[CreditProfile, ...] = ()

    @model_validator(mode="after")
    def _history_leads_to_status(self) -> Self:
        subject = f"customer {self.customer_id}"
        check_history(subject, self.status, self.status_history, CUSTOMER_TRANSITIONS)
        return self

    def move_to(
        self, status: CustomerStatus | str, *, on: date, reason: str | None = None
    ) -> Customer:
        """Return the customer in its next status, with the step added to the history.

        Parameters
        ----------
        status : CustomerStatus
        on : date
            First day of the new status; not before the last change.
        reason : str, optional

        Returns
        -------
        Customer

        Raises
        ------
        ParameterError
            ``status`` names none.
        TransitionError
            The present status does not lead there, or ``on`` lies before the last change.
        """
        target = choose(CustomerStatus, status, "status")
        subject = f"customer {self.customer_id}"
        check_transition(subject, self.status, target, CUSTOMER_TRANSITIONS)
        known = self.status_history or (_Change(status=self.status, since=self.since),)
        history = (*known, _Change(status=target, since=on, reason=reason))
        check_history(subject, target, history, CUSTOMER_TRANSITIONS)
        return self.replace(status=target, status_history=history)

    def status_on(self, day: date) -> CustomerStatus | None:
        """Return the status that held on a day, or None before the first known one.

        Parameters
        ----------
        day : date

        Returns
        -------
        CustomerStatus or None
        """
        if not self.status_history:
            return self.status if day >= self.since else None
        held = [change.status for change in self.status_history if change.since <= day]
        return held[-1] if held else None

    def may_contact(
        self, purpose: ConsentPurpose | str, *, channel: Channel | str, on: date
    ) -> bool:
        """Tell whether the latest recorded consent allows a contact.

        A consent for the channel and one for all channels count alike, and the latest rules; of
        several at the same instant, each must allow it. Without any record, and after
        ``valid_until`` of the latest, the answer is no, except for the purpose ``service``.

        Parameters
        ----------
        purpose : ConsentPurpose
        channel : Channel
        on : date
            UTC day of the contact.

        Returns
        -------
        bool

        Raises
        ------
        ParameterError
            ``purpose`` or ``channel`` names none.
        """
        wanted = choose(ConsentPurpose, purpose, "purpose")
        medium = choose(Channel, channel, "channel")
        spoken = [
            consent
            for consent in self.consents
            if consent.purpose == wanted
            and consent.channel in (None, medium)
            and consent.recorded_at.date() <= on
        ]
        latest = max((consent.recorded_at for consent in spoken), default=None)
        standing = [
            consent.granted
            for consent in spoken
            if consent.recorded_at == latest
            and (consent.valid_until is None or on <= consent.valid_until)
        ]
        return all(standing) if standing else wanted is ConsentPurpose.SERVICE
