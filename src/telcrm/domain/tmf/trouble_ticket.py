"""TroubleTicket (TMF621), read into a Complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.care import Complaint, ComplaintCategory, ComplaintStatus, Severity
from telcrm.domain.tmf.channels import REFERENCE, channel_at
from telcrm.domain.tmf.codecs import ID, INSTANT, Enumeration, Text
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, Keyed, related_customer
from telcrm.domain.tmf.reading import Reading, Resource
from telcrm.domain.tmf.shape import Field, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, UNKNOWN_INSTANT, always

__all__ = ["TROUBLE_TICKET", "read_trouble_ticket", "write_trouble_ticket"]

_C = ComplaintCategory

# TMF621 leaves type and severity free.
_CATEGORY = Enumeration(
    ComplaintCategory,
    aliases={
        "bill dispute": _C.BILLING,
        "bill": _C.BILLING,
        "invoice": _C.BILLING,
        "payment": _C.BILLING,
        "charge": _C.BILLING,
        "coverage": _C.NETWORK,
        "network coverage": _C.NETWORK,
        "connectivity": _C.NETWORK,
        "technical": _C.NETWORK,
        "outage": _C.NETWORK,
        "customer service": _C.SERVICE,
        "service quality": _C.SERVICE,
        "equipment": _C.DEVICE,
        "handset": _C.DEVICE,
        "data protection": _C.PRIVACY,
    },
)

_SEVERITY = Enumeration(
    Severity,
    aliases={
        "minor": Severity.LOW,
        "normal": Severity.MEDIUM,
        "moderate": Severity.MEDIUM,
        "major": Severity.HIGH,
        "urgent": Severity.CRITICAL,
        "blocker": Severity.CRITICAL,
    },
)

_STATUS = Enumeration(
    ComplaintStatus,
    aliases={
        "open": ComplaintStatus.ACKNOWLEDGED,
        "new": ComplaintStatus.ACKNOWLEDGED,
        "submitted": ComplaintStatus.ACKNOWLEDGED,
        "canceled": ComplaintStatus.CANCELLED,
    },
)

TROUBLE_TICKET = Form(
    Resource.TROUBLE_TICKET,
    Shape(
        Complaint,
        (
            Field("complaint_id", At("id"), ID),
            Field("customer_id", related_customer(), ID, always(UNKNOWN_ID)),
            Field(
                "subscription_id",
                Keyed(
                    "relatedEntity",
                    "@referredType",
                    "Product",
                    "id",
                    beside={"role": "subscription"},
                ),
                ID,
            ),
            Field("received_at", At("creationDate"), INSTANT, always(UNKNOWN_INSTANT)),
            Field("resolved_at", At("resolutionDate"), INSTANT),
            Field("category", At("ticketType"), _CATEGORY, always(ComplaintCategory.OTHER)),
            Field("severity", At("severity"), _SEVERITY),
            Field("status", At("status"), _STATUS, always(ComplaintStatus.ACKNOWLEDGED)),
            Field("channel", channel_at("channel"), REFERENCE),
            Field("description", At("description"), Text(10_000)),
        ),
        extension="characteristic",
        repairs=(Repair("resolved_at"),),
    ),
)


def read_trouble_ticket(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Complaint]:
    """Read a TMF621 TroubleTicket into :class:`~telcrm.domain.Complaint`.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading of Complaint
        Without ``creationDate`` it was received on 1970-01-01, without ``status`` it is
        acknowledged, without ``ticketType`` its category is other; all are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_trouble_ticket({
    ...     "id": "T-1", "creationDate": "2026-02-10T10:00:00Z", "status": "Pending",
    ...     "ticketType": "Bill Dispute", "severity": "high", "description": "Charged twice",
    ...     "relatedParty": [{"id": "C-1", "role": "customer", "@referredType": "Customer"}],
    ... })
    >>> reading.record.status, reading.record.category
    (<ComplaintStatus.PENDING: 'pending'>, <ComplaintCategory.BILLING: 'billing'>)
    """
    return TROUBLE_TICKET.read(payload, assume)


def write_trouble_ticket(
    record: Complaint, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF621 TroubleTicket from a :class:`~telcrm.domain.Complaint`.

    Parameters
    ----------
    record : Complaint
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.
    """
    return TROUBLE_TICKET.write(record, unknown)
