"""What a subscription used: one record per call, message or data session (TMF635)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from telcrm.domain.identifiers import CountryCode, Imei, SubscriptionId, UsageId
from telcrm.domain.moments import Instant
from telcrm.domain.money import NonNegativeMoney
from telcrm.domain.record import Record

__all__ = ["UsageDirection", "UsageKind", "UsageRecord", "UsageStatus", "UsageZone"]


class UsageKind(StrEnum):
    """What was used."""

    VOICE = "voice"
    SMS = "sms"
    DATA = "data"


class UsageDirection(StrEnum):
    """Who began it, seen from the subscription."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class UsageZone(StrEnum):
    """Where the other side was, or the customer itself when roaming."""

    LOCAL = "local"
    NATIONAL = "national"
    INTERNATIONAL = "international"
    PREMIUM = "premium"
    ROAMING = "roaming"


class UsageStatus(StrEnum):
    """TMF635 states of a usage record on its way to the bill."""

    RECEIVED = "received"
    REJECTED = "rejected"
    RECYCLED = "recycled"
    GUIDED = "guided"
    RATED = "rated"
    RERATED = "rerated"
    BILLED = "billed"


class UsageRecord(Record):
    """One call, message or data session."""

    usage_id: UsageId
    subscription_id: SubscriptionId
    started_at: Instant
    kind: UsageKind
    direction: UsageDirection = UsageDirection.OUTGOING
    zone: UsageZone = UsageZone.LOCAL
    duration_s: Annotated[int, Field(strict=True, ge=0)] = 0
    volume_bytes: Annotated[int, Field(strict=True, ge=0)] = 0
    other_party: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    """The number at the other end as the network saw it: often no valid E.164 number."""
    country: CountryCode | None = None
    cell_id: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    imei: Imei | None = None
    charge: NonNegativeMoney | None = None
    status: UsageStatus = UsageStatus.RECEIVED
