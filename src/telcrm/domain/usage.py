"""What a subscription used: one record per call, message or data session (TMF635)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from telcrm.domain.identifiers import CountryCode, Imei, SubscriptionId, UsageId
from telcrm.domain.moments import Instant
from telcrm.domain.money_bounds import NonNegativeMoney
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
    """Seconds from answer to release; 0 for a message or a call without answer."""
    volume_bytes: Annotated[int, Field(strict=True, ge=0)] = 0
    """Bytes up and down together."""
    other_party: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    """The number at the other end as the network saw it: often no valid E.164 number."""
    country: CountryCode | None = None
    """ISO 3166-1 alpha-2 country of the other end, or the visited one when roaming."""
    cell_id: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    """The cell in which the usage began."""
    imei: Imei | None = None
    """The device that was used."""
    charge: NonNegativeMoney | None = None
    """Price, tax excluded; None until it is rated."""
    status: UsageStatus = UsageStatus.RECEIVED
