"""Who a customer is: people and organisations, and how to reach them (TMF632)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from telcrm.domain.identifiers import CountryCode, Msisdn, PartyId
from telcrm.domain.moments import ValidFor
from telcrm.domain.record import Record

__all__ = [
    "ContactMedium",
    "ContactMediumType",
    "EmailAddress",
    "Identification",
    "Individual",
    "IndividualStatus",
    "LanguageTag",
    "Organization",
    "OrganizationStatus",
    "PartyType",
    "PostalAddress",
    "Text",
]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
"""Free text that says something: 1 to 256 characters, blanks around it taken off."""

EmailAddress = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
]
"""Shaped like an address; only a message that arrives proves one."""

LanguageTag = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$", max_length=35)
]
"""A BCP 47 tag such as ``en`` or ``pt-BR``."""


class PartyType(StrEnum):
    """Whether a party is a person or an organisation."""

    INDIVIDUAL = "individual"
    ORGANIZATION = "organization"


class IndividualStatus(StrEnum):
    """TMF632 states of an individual."""

    INITIALIZED = "initialized"
    VALIDATED = "validated"
    DECEASED = "deceased"


class OrganizationStatus(StrEnum):
    """TMF632 states of an organisation."""

    INITIALIZED = "initialized"
    VALIDATED = "validated"
    CLOSED = "closed"


class ContactMediumType(StrEnum):
    """What kind of address a contact medium holds."""

    EMAIL = "email"
    PHONE = "phone"
    POSTAL = "postal"


class PostalAddress(Record):
    """Where a letter goes."""

    street: Text
    street2: Text | None = None
    city: Text
    region: Text | None = None
    post_code: Annotated[str, StringConstraints(min_length=1, max_length=16)] | None = None
    country: CountryCode
    """ISO 3166-1 alpha-2, such as ``KE``."""


class ContactMedium(Record):
    """One way to reach a party: exactly one address, of the stated type.

    Examples
    --------
    >>> ContactMedium(medium="email", email="ada@example.org", preferred=True).value
    'ada@example.org'
    """

    medium: ContactMediumType
    email: EmailAddress | None = None
    phone: Msisdn | None = None
    postal: PostalAddress | None = None
    preferred: bool = Field(default=False, strict=True)
    valid_for: ValidFor = ValidFor()

    @model_validator(mode="after")
    def _one_address_of_its_type(self) -> Self:
        given = [kind.value for kind in ContactMediumType if getattr(self, kind.value) is not None]
        if given != [self.medium.value]:
            message = f"medium {self.medium!s} needs the field {self.medium!s} alone, found {given}"
            raise ValueError(message)
        return self

    @property
    def value(self) -> str | PostalAddress:
        """The address itself."""
        address: str | PostalAddress = getattr(self, self.medium.value)
        return address


class Identification(Record):
    """A document or register entry that proves who a party is."""

    kind: Text
    """Such as ``passport`` or ``trade register``."""
    number: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    issued_by: Text | None = None
    issued_on: date | None = None
    valid_for: ValidFor = ValidFor()


class Individual(Record):
    """A person.

    Examples
    --------
    >>> Individual(party_id="P-1", given_name="Ada", family_name="Okafor").name
    'Ada Okafor'
    """

    party_type: Literal[PartyType.INDIVIDUAL] = PartyType.INDIVIDUAL
    party_id: PartyId
    given_name: Text | None = None
    middle_name: Text | None = None
    family_name: Text | None = None
    full_name: Text | None = None
    """The name as it is written, where it is not given, middle and family name in this order."""
    title: Text | None = None
    """Form of address: ``Dr``, ``Mrs``."""
    gender: Text | None = None
    birth_date: date | None = None
    nationality: CountryCode | None = None
    """ISO 3166-1 alpha-2, such as ``KE``."""
    language: LanguageTag | None = None
    status: IndividualStatus = IndividualStatus.INITIALIZED
    contact_media: tuple[ContactMedium, ...] = ()
    identifications: tuple[Identification, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.given_name or self.family_name or self.full_name):
            message = "an individual needs a given_name, a family_name or a full_name"
            raise ValueError(message)
        return self

    @property
    def name(self) -> str:
        """The full name, or the parts in the order given, middle, family."""
        parts = (self.given_name, self.middle_name, self.family_name)
        return self.full_name or " ".join(part for part in parts if part)


class Organization(Record):
    """A company, an authority, an association."""

    party_type: Literal[PartyType.ORGANIZATION] = PartyType.ORGANIZATION
    party_id: PartyId
    name: Text
    trading_name: Text | None = None
    organization_type: Text | None = None
    """Such as ``company`` or ``ministry``."""
    industry: Text | None = None
    is_legal_entity: bool = Field(default=True, strict=True)
    is_head_office: bool = Field(default=False, strict=True)
    parent_id: PartyId | None = None
    """The organisation that this one is a part of."""
    status: OrganizationStatus = OrganizationStatus.INITIALIZED
    contact_media: tuple[ContactMedium, ...] = ()
    identifications: tuple[Identification, ...] = ()
