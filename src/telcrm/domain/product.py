"""What is sold and what is held: offers, prices, subscriptions, agreements (TMF620, 637, 651)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field, model_validator

from telcrm.domain.account import PaymentMode
from telcrm.domain.choice import choose
from telcrm.domain.identifiers import (
    AccountId,
    AgreementId,
    CustomerId,
    Iccid,
    Imsi,
    Msisdn,
    OfferId,
    SubscriptionId,
)
from telcrm.domain.lifecycle import StatusChange, check_history, check_transition
from telcrm.domain.moments import ValidFor
from telcrm.domain.money_bounds import NonNegativeMoney
from telcrm.domain.party import Text
from telcrm.domain.rate import Rate
from telcrm.domain.record import Record
from telcrm.domain.usage import UsageKind, UsageZone

__all__ = [
    "SUBSCRIPTION_TRANSITIONS",
    "Agreement",
    "AgreementStatus",
    "Allowance",
    "PlanOffer",
    "Price",
    "PriceType",
    "Subscription",
    "SubscriptionStatus",
    "TerminationReason",
]


class PriceType(StrEnum):
    """How a price is incurred (the SID's three kinds)."""

    RECURRING = "recurring"
    ONE_TIME = "oneTime"
    USAGE = "usage"


class Price(Record):
    """One price of an offer, tax excluded.

    A recurring price states its months, a usage price states what it charges for.
    """

    kind: PriceType
    amount: NonNegativeMoney
    name: Text | None = None
    recurring_months: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Months that ``amount`` pays for, 1 or more."""
    usage_kind: UsageKind | None = None
    usage_zone: UsageZone | None = None
    """None is every zone that no other price of the offer names."""
    per_units: Annotated[int, Field(strict=True, ge=1)] | None = None
    """Seconds of voice, messages, or bytes of data that ``amount`` buys."""
    tax_rate: Rate = Decimal(0)
    """Share of ``amount`` that tax adds, 0 to 1: ``Decimal("0.2")`` is 20 %."""

    @model_validator(mode="after")
    def _complete_for_its_kind(self) -> Self:
        if (self.kind is PriceType.RECURRING) != (self.recurring_months is not None):
            message = "recurring_months belongs to a recurring price, and to no other"
            raise ValueError(message)
        usage = (self.usage_kind, self.per_units)
        if self.kind is PriceType.USAGE and None in usage:
            message = "a usage price needs usage_kind and per_units"
            raise ValueError(message)
        if self.kind is not PriceType.USAGE and (*usage, self.usage_zone) != (None, None, None):
            message = "usage_kind, usage_zone and per_units belong to a usage price"
            raise ValueError(message)
        return self


class Allowance(Record):
    """Usage included in an offer's recurring price, per recurring period."""

    usage_kind: UsageKind
    units: Annotated[int, Field(strict=True, ge=1)] | None
    """Seconds of voice, messages, or bytes of data, 1 or more; None is without limit."""
    usage_zone: UsageZone | None = None
    """None is every zone."""


class PlanOffer(Record):
    """A tariff plan as it is sold.

    ``rank`` orders the plans of one market from low to high: a move up is an upgrade.
    """

    offer_id: OfferId
    name: Text
    payment_mode: PaymentMode
    rank: Annotated[int, Field(strict=True, ge=0)] = 0
    prices: tuple[Price, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    commitment_months: Annotated[int, Field(strict=True, ge=0)] = 0
    """Months that a customer who takes the plan is bound."""
    valid_for: ValidFor = ValidFor()

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        currencies = sorted({price.amount.currency.code for price in self.prices})
        if len(currencies) > 1:
            message = f"offer {self.offer_id} mixes currencies: {', '.join(currencies)}"
            raise ValueError(message)
        return self


class SubscriptionStatus(StrEnum):
    """The eight states of a product in TMF637."""

    CREATED = "created"
    PENDING_ACTIVE = "pendingActive"
    CANCELLED = "cancelled"
    ACTIVE = "active"
    PENDING_TERMINATE = "pendingTerminate"
    TERMINATED = "terminated"
    SUSPENDED = "suspended"
    ABORTED = "aborted"


_S = SubscriptionStatus

SUBSCRIPTION_TRANSITIONS: Mapping[SubscriptionStatus, frozenset[SubscriptionStatus]] = (
    MappingProxyType(
        {
            _S.CREATED: frozenset({_S.PENDING_ACTIVE, _S.ACTIVE}),
            _S.PENDING_ACTIVE: frozenset({_S.ACTIVE, _S.ABORTED, _S.CANCELLED}),
            _S.ACTIVE: frozenset({_S.SUSPENDED, _S.PENDING_TERMINATE, _S.TERMINATED}),
            _S.SUSPENDED: frozenset({_S.ACTIVE, _S.TERMINATED}),
            _S.PENDING_TERMINATE: frozenset({_S.TERMINATED}),
            _S.CANCELLED: frozenset(),
            _S.ABORTED: frozenset(),
            _S.TERMINATED: frozenset(),
        }
    )
)
"""Allowed status changes of a subscription: the TMF637 state diagram, with one deviation.

The diagram leads from ``suspended`` to ``active`` only. Collections end an unpaid line while it is
barred, so ``suspended`` leads to ``terminated`` here as well. A system that must follow the diagram
to the letter books ``suspended -> active -> terminated`` on one day.
"""


class TerminationReason(StrEnum):
    """Why a subscription ended; each counts apart in churn."""

    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    PORT_OUT = "port_out"
    UNAVOIDABLE = "unavoidable"


# Made by name in a module, so that pickle, and with it Spark and multiprocessing, can find it.
_Change = StatusChange[SubscriptionStatus]


class Subscription(Record):
    """One line or service that a customer holds.

    Examples
    --------
    >>> line = Subscription(
    ...     subscription_id="S-1", customer_id="C-1", payment_mode="postpaid",
    ...     status="suspended", activated_on=date(2025, 1, 10),
    ... )
    >>> line.move_to("terminated", on=date(2026, 3, 1), reason="involuntary").terminated_on
    datetime.date(2026, 3, 1)
    """

    subscription_id: SubscriptionId
    customer_id: CustomerId
    account_id: AccountId | None = None
    offer_id: OfferId | None = None
    msisdn: Msisdn | None = None
    imsi: Imsi | None = None
    iccid: Iccid | None = None
    payment_mode: PaymentMode
    status: SubscriptionStatus
    activated_on: date | None = None
    """First day in service; None where it is not known, whatever the status."""
    terminated_on: date | None = None
    """Day on which service ended for good."""
    termination_reason: TerminationReason | None = None
    """None where the source does not tell it."""
    commitment_end: date | None = None
    """Last day on which the customer is bound by contract."""
    status_history: tuple[_Change, ...] = ()
    """Oldest first; empty where nothing is known of the past."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        subject = f"subscription {self.subscription_id}"
        check_history(subject, self.status, self.status_history, SUBSCRIPTION_TRANSITIONS)
        ended = self.status is SubscriptionStatus.TERMINATED
        if not ended and (self.terminated_on or self.termination_reason):
            message = f"{subject} is {self.status!s}: only a terminated one says when and why"
            raise ValueError(message)
        if self.activated_on and self.terminated_on and self.terminated_on < self.activated_on:
            message = f"{subject} ends on {self.terminated_on}, before {self.activated_on}"
            raise ValueError(message)
        last_change = self.status_history[-1].since if self.status_history else None
        if self.terminated_on and last_change and self.terminated_on != last_change:
            message = f"{subject} ends on {self.terminated_on}, by its history on {last_change}"
            raise ValueError(message)
        return self

    def move_to(
        self, status: SubscriptionStatus | str, *, on: date, reason: str | None = None
    ) -> Subscription:
        """Return the subscription in its next status, with the step added to the history.

        Becoming active for the first time sets ``activated_on``; ending sets ``terminated_on``.

        Parameters
        ----------
        status : SubscriptionStatus
        on : date
            First day of the new status; not before the last change.
        reason : str, optional
            Kept in the history. ``terminated`` needs one, a :class:`TerminationReason`: churn is
            counted by it.

        Returns
        -------
        Subscription

        Raises
        ------
        ParameterError
            ``status`` names none, or a termination lacks its :class:`TerminationReason`.
        TransitionError
            The present status does not lead there, or ``on`` lies before the last change.
        pydantic.ValidationError
            A termination lies before ``activated_on``.
        """
        target = choose(SubscriptionStatus, status, "status")
        subject = f"subscription {self.subscription_id}"
        check_transition(subject, self.status, target, SUBSCRIPTION_TRANSITIONS)
        known = self.status_history
        if not known and self.activated_on and self.status is SubscriptionStatus.ACTIVE:
            known = (_Change(status=self.status, since=self.activated_on),)
        history = (*known, _Change(status=target, since=on, reason=reason))
        check_history(subject, target, history, SUBSCRIPTION_TRANSITIONS)
        changed: dict[str, object] = {"status": target, "status_history": history}
        if target is SubscriptionStatus.ACTIVE and self.activated_on is None:
            changed["activated_on"] = on
        if target is SubscriptionStatus.TERMINATED:
            changed["terminated_on"] = on
            changed["termination_reason"] = choose(TerminationReason, reason, "reason")
        return self.replace(**changed)


class AgreementStatus(StrEnum):
    """TMF651 names these states in prose."""

    IN_PROCESS = "inProcess"
    APPROVED = "approved"
    REJECTED = "rejected"


class Agreement(Record):
    """A contract: what it covers and for how long the customer is bound."""

    agreement_id: AgreementId
    customer_id: CustomerId
    name: Text
    agreement_type: Text = "commercial"
    status: AgreementStatus = AgreementStatus.APPROVED
    subscription_ids: tuple[SubscriptionId, ...] = ()
    signed_on: date | None = None
    term: ValidFor = ValidFor()
    commitment_end: date | None = None
    """Last day on which the customer is bound; not after the term."""
    early_termination_fee: NonNegativeMoney | None = None
    """Owed by a customer who leaves before ``commitment_end``."""

    @model_validator(mode="after")
    def _commitment_within_term(self) -> Self:
        if self.commitment_end and self.term.end and self.commitment_end > self.term.end:
            message = (
                f"agreement {self.agreement_id} binds until {self.commitment_end}, "
                f"after its term ends on {self.term.end}"
            )
            raise ValueError(message)
        return self
