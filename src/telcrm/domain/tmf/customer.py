"""Customer (TMF629)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.customer import CreditProfile, Customer, CustomerStatus
from telcrm.domain.party import PartyType
from telcrm.domain.tmf.amounts import MONEY
from telcrm.domain.tmf.channels import CHANNEL
from telcrm.domain.tmf.codecs import DAY, ID, TEXT, Enumeration, Whole
from telcrm.domain.tmf.contact import CONTACT_MEDIA
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.periods import PERIOD
from telcrm.domain.tmf.places import At, Characteristic
from telcrm.domain.tmf.reading import Reading, Resource
from telcrm.domain.tmf.shape import Field, ListOf, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_DAY, UNKNOWN_ID, always, same_as

__all__ = ["CUSTOMER", "read_customer", "write_customer"]

# TMF629 leaves the states free; its sample says "Approved".
_STATUS = Enumeration(
    CustomerStatus,
    aliases={
        "approved": CustomerStatus.ACTIVE,
        "validated": CustomerStatus.ACTIVE,
        "initialized": CustomerStatus.PROSPECT,
        "created": CustomerStatus.PROSPECT,
        "new": CustomerStatus.PROSPECT,
        "lead": CustomerStatus.PROSPECT,
        "pending": CustomerStatus.PROSPECT,
        "blocked": CustomerStatus.SUSPENDED,
        "barred": CustomerStatus.SUSPENDED,
        "inactive": CustomerStatus.SUSPENDED,
        "terminated": CustomerStatus.CLOSED,
        "cancelled": CustomerStatus.CLOSED,
        "rejected": CustomerStatus.CLOSED,
    },
)

_PARTY = Enumeration(
    PartyType,
    aliases={
        "person": PartyType.INDIVIDUAL,
        "organisation": PartyType.ORGANIZATION,
        "company": PartyType.ORGANIZATION,
    },
    spelling={PartyType.INDIVIDUAL: "Individual", PartyType.ORGANIZATION: "Organization"},
)

_CREDIT = Shape(
    CreditProfile,
    (
        Field("assessed_on", At("creditProfileDate"), DAY, due=True),
        Field("score", At("creditScore"), Whole()),
        Field("risk_rating", At("creditRiskRating"), Whole()),
        Field("limit", At("creditLimit"), MONEY),
        Field("valid_for", At("validFor"), PERIOD, due=True),
    ),
)

CUSTOMER = Form(
    Resource.CUSTOMER,
    Shape(
        Customer,
        (
            Field("customer_id", At("id"), ID),
            Field("party_id", At("engagedParty.id"), ID, always(UNKNOWN_ID), due=True),
            Field(
                "party_type",
                At("engagedParty.@referredType", ("engagedParty.@type",)),
                _PARTY,
                always(PartyType.INDIVIDUAL),
                due=True,
            ),
            Field("name", At("name", ("engagedParty.name",)), TEXT, same_as("customer_id")),
            Field("status", At("status"), _STATUS, always(CustomerStatus.ACTIVE)),
            Field("since", At("validFor.startDateTime"), DAY, always(UNKNOWN_DAY)),
            Field("contact_media", At("contactMedium"), CONTACT_MEDIA),
            Field("credit_profiles", At("creditProfile"), ListOf(_CREDIT)),
            Field(
                "acquisition_channel",
                Characteristic("characteristic", "acquisition_channel", "acquisitionChannel"),
                CHANNEL,
            ),
        ),
        extension="characteristic",
        repairs=(Repair("status_history"),),
    ),
)


def read_customer(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Customer]:
    """Read a TMF629 Customer.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"since": date(2024, 5, 1)}``; ``currency`` for amounts without a unit.

    Returns
    -------
    Reading of Customer
        Without ``validFor`` the customer is since 1970-01-01, without ``status`` it is active;
        both are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_customer(
    ...     '{"id": "C-1", "name": "Ada", "status": "Active ", "href": "/customer/C-1",'
    ...     ' "validFor": {"startDateTime": "2024-05-01T00:00:00Z"},'
    ...     ' "engagedParty": {"id": "P-1", "@referredType": "Individual"}}'
    ... )
    >>> reading.record.status, reading.unknown
    (<CustomerStatus.ACTIVE: 'active'>, {'href': '/customer/C-1'})
    >>> [(each.path, each.rule.value) for each in reading.deviations]
    [('$.status', 'trailing_blank'), ('$.status', 'case')]
    """
    return CUSTOMER.read(payload, assume)


def write_customer(record: Customer, *, unknown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a TMF629 Customer.

    Parameters
    ----------
    record : Customer
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.

    Raises
    ------
    TmfError
        An amount has no exact JSON number.
    """
    return CUSTOMER.write(record, unknown)
