"""Individual and Organization (TMF632)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.party import Individual, IndividualStatus, Organization, OrganizationStatus
from telcrm.domain.tmf.codecs import DAY, FLAG, ID, TEXT, Converted, Enumeration
from telcrm.domain.tmf.contact import CONTACT_MEDIA, IDENTIFICATIONS
from telcrm.domain.tmf.countries import COUNTRY
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At
from telcrm.domain.tmf.reading import Reading, Resource
from telcrm.domain.tmf.shape import Field, Shape

__all__ = [
    "INDIVIDUAL",
    "ORGANIZATION",
    "read_individual",
    "read_organization",
    "write_individual",
    "write_organization",
]


def _language(said: str) -> str:
    """Return a language tag with its first part in small letters, as BCP 47 recommends."""
    first, dash, rest = said.replace("_", "-").partition("-")
    return f"{first.lower()}{dash}{rest}"


def _unnamed(values: dict[str, Any]) -> str | None:
    named = values.get("given_name") or values.get("family_name")
    return None if named else values.get("party_id")


def _trading_name(values: dict[str, Any]) -> str | None:
    return values.get("trading_name") or values.get("party_id")


INDIVIDUAL = Form(
    Resource.INDIVIDUAL,
    Shape(
        Individual,
        (
            Field("party_id", At("id"), ID),
            Field("given_name", At("givenName"), TEXT),
            Field("middle_name", At("middleName"), TEXT),
            Field("family_name", At("familyName"), TEXT),
            Field("full_name", At("fullName", ("formattedName", "legalName")), TEXT, _unnamed),
            Field("title", At("title"), TEXT),
            Field("gender", At("gender"), TEXT),
            Field("birth_date", At("birthDate"), DAY),
            Field("nationality", At("nationality"), COUNTRY),
            Field(
                "language",
                At("languageAbility[0].languageCode"),
                Converted(_language, "language"),
            ),
            Field("status", At("status"), Enumeration(IndividualStatus)),
            Field("contact_media", At("contactMedium"), CONTACT_MEDIA),
            Field("identifications", At("individualIdentification"), IDENTIFICATIONS),
        ),
    ),
)

ORGANIZATION = Form(
    Resource.ORGANIZATION,
    Shape(
        Organization,
        (
            Field("party_id", At("id"), ID),
            Field("trading_name", At("tradingName"), TEXT),
            Field("name", At("name"), TEXT, _trading_name),
            Field("organization_type", At("organizationType"), TEXT),
            Field("is_legal_entity", At("isLegalEntity"), FLAG),
            Field("is_head_office", At("isHeadOffice"), FLAG),
            Field("parent_id", At("organizationParentRelationship.organization.id"), ID),
            Field("status", At("status"), Enumeration(OrganizationStatus)),
            Field("contact_media", At("contactMedium"), CONTACT_MEDIA),
            Field("identifications", At("organizationIdentification"), IDENTIFICATIONS),
        ),
        extension="partyCharacteristic",
    ),
)


def read_individual(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Individual]:
    """Read a TMF632 Individual.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading of Individual
        A person without any name is named by its ``id``, which is a deviation.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_individual({"id": "P-1", "givenName": "Ada", "nationality": "Kenya"})
    >>> reading.record.nationality
    'KE'
    """
    return INDIVIDUAL.read(payload, assume)


def write_individual(
    record: Individual, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF632 Individual.

    Parameters
    ----------
    record : Individual
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.
    """
    return INDIVIDUAL.write(record, unknown)


def read_organization(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Organization]:
    """Read a TMF632 Organization.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading of Organization
        Without ``name`` the trading name is used, or the ``id``; that is a deviation.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_organization({"id": "P-2", "tradingName": "Acme", "isHeadOffice": True})
    >>> reading.record.name, reading.deviations[0].rule.value
    ('Acme', 'assumed_default')
    """
    return ORGANIZATION.read(payload, assume)


def write_organization(
    record: Organization, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF632 Organization.

    Parameters
    ----------
    record : Organization
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.
    """
    return ORGANIZATION.write(record, unknown)
