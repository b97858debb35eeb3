"""When a subscription counts as active: one rule for the mart and the KPIs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from telcrm.domain.record import Record

__all__ = ["ActivityKind", "ActivityRule"]


class ActivityKind(StrEnum):
    """What a subscription did, or what was done with it."""

    RECHARGE = "recharge"
    """A top-up was paid for."""
    OUTGOING = "outgoing"
    """A call, message or data session that it began."""
    INCOMING = "incoming"
    """A call or message that it received."""
    REGISTRATION = "registration"
    """The network saw its SIM: it was in a visitor location register (VLR)."""


class ActivityRule(Record):
    """What makes a subscription active, and for how many days.

    :func:`telcrm.kpi.prepaid_activity` and :func:`telcrm.mart.subscriber_month` go by it.

    Examples
    --------
    ITU, whose three months are 90 days here, is the default. Others:

    >>> paying = ActivityRule(window_days=30, kinds=["recharge", "outgoing"])
    >>> in_vlr = ActivityRule(window_days=3, kinds=["registration"])

    References
    ----------
    ITU, Handbook for the Collection of Administrative Data on Telecommunications/ICT, indicator
    I271: of prepaid subscriptions, those used in the last three months. TRAI, Telecom Subscription
    Data: active wireless subscribers are those in the visitor location registers on the day of the
    month with most; a register drops a SIM that gives no sign for 72 hours at the latest.
    """

    window_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 90
    """Days that an activity counts for, its own included."""
    kinds: tuple[ActivityKind, ...] = (ActivityKind.OUTGOING, ActivityKind.INCOMING)
    """The activities that count."""

    @field_validator("kinds")
    @classmethod
    def _some_of_each_once(cls, kinds: tuple[ActivityKind, ...]) -> tuple[ActivityKind, ...]:
        if not kinds or len(set(kinds)) < len(kinds):
            message = "kinds names one activity or more, each once"
            raise ValueError(message)
        return kinds
