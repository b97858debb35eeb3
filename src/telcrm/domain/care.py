"""Contacts, complaints, requests and what customers say of them (TMF621, 683)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, model_validator

from telcrm.domain.channel import Channel
from telcrm.domain.choice import choose
from telcrm.domain.identifiers import (
    ComplaintId,
    CustomerId,
    InteractionId,
    ServiceRequestId,
    SubscriptionId,
    SurveyId,
)
from telcrm.domain.lifecycle import check_transition
from telcrm.domain.moments import Instant
from telcrm.domain.party import Text
from telcrm.domain.record import Record
from telcrm.errors import TransitionError

__all__ = [
    "COMPLAINT_TRANSITIONS",
    "Complaint",
    "ComplaintCategory",
    "ComplaintStatus",
    "Interaction",
    "InteractionDirection",
    "InteractionOutcome",
    "ServiceRequest",
    "ServiceRequestKind",
    "ServiceRequestStatus",
    "Severity",
    "SurveyKind",
    "SurveyResponse",
]


_INSTANT: TypeAdapter[Instant] = TypeAdapter(Instant)


class ComplaintCategory(StrEnum):
    """What a complaint is about."""

    BILLING = "billing"
    NETWORK = "network"
    SERVICE = "service"
    DEVICE = "device"
    FRAUD = "fraud"
    PRIVACY = "privacy"
    OTHER = "other"


class Severity(StrEnum):
    """How much it matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ComplaintStatus(StrEnum):
    """The states of a trouble ticket in TMF621."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    RESOLVED = "resolved"


_S = ComplaintStatus

COMPLAINT_TRANSITIONS: Mapping[ComplaintStatus, frozenset[ComplaintStatus]] = MappingProxyType(
    {
        _S.ACKNOWLEDGED: frozenset({_S.IN_PROGRESS, _S.REJECTED, _S.CANCELLED}),
        _S.IN_PROGRESS: frozenset({_S.HELD, _S.PENDING, _S.RESOLVED, _S.CANCELLED}),
        _S.HELD: frozenset({_S.IN_PROGRESS}),
        _S.PENDING: frozenset({_S.IN_PROGRESS, _S.CANCELLED}),
        _S.RESOLVED: frozenset({_S.CLOSED, _S.IN_PROGRESS}),
        _S.CLOSED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.CANCELLED: frozenset(),
    }
)
"""Allowed status changes of a complaint: the TMF621 v4 state diagram.

``pending`` waits for the customer, ``held`` for the operator. ``resolved`` leads back to
``inProgress`` when the customer does not accept the answer.
"""


class Complaint(Record):
    """A customer's complaint, from receipt to close."""

    complaint_id: ComplaintId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None = None
    received_at: Instant
    resolved_at: Instant | None = None
    """When the customer got an answer that still stands."""
    category: ComplaintCategory
    severity: Severity | None = None
    status: ComplaintStatus
    channel: Channel | None = None
    description: Annotated[str, Field(max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _resolved_after_receipt(self) -> Self:
        if self.resolved_at and self.resolved_at < self.received_at:
            message = f"complaint {self.complaint_id} is resolved before it was received"
            raise ValueError(message)
        return self

    def move_to(self, status: ComplaintStatus | str, *, at: Instant) -> Complaint:
        """Return the complaint in its next status.

        Resolving sets ``resolved_at``; taking it up again clears it.

        Parameters
        ----------
        status : ComplaintStatus
        at : datetime
            Aware instant of the change; not before the complaint was received or resolved.

        Returns
        -------
        Complaint

        Raises
        ------
        ParameterError
            ``status`` names none.
        TransitionError
            The present status does not lead there, or ``at`` lies too early.
        pydantic.ValidationError
            ``at`` is naive.
        """
        target = choose(ComplaintStatus, status, "status")
        subject = f"complaint {self.complaint_id}"
        check_transition(subject, self.status, target, COMPLAINT_TRANSITIONS)
        latest = self.resolved_at or self.received_at
        if _INSTANT.validate_python(at) < latest:
            message = f"{subject} changed last at {latest}: it cannot become {target!s} at {at}."
            raise TransitionError(message, subject=subject, at=at, latest=latest)
        changed: dict[str, object] = {"status": target}
        if target is ComplaintStatus.RESOLVED:
            changed["resolved_at"] = at
        elif target is ComplaintStatus.IN_PROGRESS:
            changed["resolved_at"] = None
        return self.replace(**changed)


class InteractionDirection(StrEnum):
    """Who turned to whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class InteractionOutcome(StrEnum):
    """How a contact ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    RESOLVED = "resolved"
    TRANSFERRED = "transferred"
    CALLBACK = "callback"


class Interaction(Record):
    """One contact, whatever the channel: all of them make one history."""

    interaction_id: InteractionId
    customer_id: CustomerId
    started_at: Instant
    channel: Channel
    direction: InteractionDirection
    reason: Text | None = None
    """Why there was a contact, in the operator's own words."""
    duration_s: Annotated[int, Field(strict=True, ge=0)] | None = None
    """Time with an agent, without the wait."""
    wait_s: Annotated[int, Field(strict=True, ge=0)] | None = None
    """Time in the queue before an agent answered, or until the customer gave up."""
    outcome: InteractionOutcome | None = None
    agent: Text | None = None
    note: Annotated[str, Field(max_length=10_000)] | None = None


class SurveyKind(StrEnum):
    """Which question was asked, and so on which scale it was answered."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"

    @property
    def scale(self) -> tuple[int, int]:
        """Lowest and highest score: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7."""
        return {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}[self.value]


class SurveyResponse(Record):
    """One answer to one question."""

    survey_id: SurveyId
    customer_id: CustomerId
    responded_at: Instant
    kind: SurveyKind
    score: Annotated[int, Field(strict=True, ge=0, le=10)]
    """Within the scale of ``kind``: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7."""
    comment: Annotated[str, Field(max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        low, high = self.kind.scale
        if not low <= self.score <= high:
            message = f"{self.kind!s} is scored from {low} to {high}, found {self.score}"
            raise ValueError(message)
        return self


class ServiceRequestKind(StrEnum):
    """What the customer asks to be done."""

    ACTIVATION = "activation"
    PLAN_CHANGE = "plan_change"
    SIM_REPLACEMENT = "sim_replacement"
    PORT_IN = "port_in"
    PORT_OUT = "port_out"
    SUSPENSION = "suspension"
    RESTORATION = "restoration"
    TERMINATION = "termination"
    DETAILS_CHANGE = "details_change"
    OTHER = "other"


class ServiceRequestStatus(StrEnum):
    """The states of a product order in TMF622 that a single request can be in."""

    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"


class ServiceRequest(Record):
    """Something the customer wants done, such as a plan change or a port-out."""

    service_request_id: ServiceRequestId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None = None
    kind: ServiceRequestKind
    status: ServiceRequestStatus = ServiceRequestStatus.ACKNOWLEDGED
    requested_at: Instant
    completed_at: Instant | None = None
    channel: Channel | None = None

    @model_validator(mode="after")
    def _completed_after_request(self) -> Self:
        if self.completed_at and self.completed_at < self.requested_at:
            message = f"request {self.service_request_id} is completed before it was made"
            raise ValueError(message)
        return self
