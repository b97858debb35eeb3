"""Contact media and identity documents, which customers, people and organisations share."""

from __future__ import annotations

from typing import Any

from telcrm.domain.party import ContactMedium, ContactMediumType, Identification, PostalAddress
from telcrm.domain.tmf.codecs import DAY, FLAG, ID, TEXT, Enumeration
from telcrm.domain.tmf.countries import COUNTRY
from telcrm.domain.tmf.cursor import Cursor, Unusable
from telcrm.domain.tmf.periods import PERIOD
from telcrm.domain.tmf.places import At, plain
from telcrm.domain.tmf.reading import DeviationRule
from telcrm.domain.tmf.shape import Field, ListOf, Nested, Shape
from telcrm.domain.tmf.stand_ins import always

__all__ = ["CONTACT_MEDIA", "IDENTIFICATIONS"]

_EMAIL, _PHONE, _POSTAL = ContactMediumType

MEDIUM = Enumeration(
    ContactMediumType,
    aliases={
        "email address": _EMAIL,
        "mail": _EMAIL,
        "phone": _PHONE,
        "phone number": _PHONE,
        "telephone number": _PHONE,
        "telephone": _PHONE,
        "mobile": _PHONE,
        "mobile number": _PHONE,
        "mobile phone": _PHONE,
        "cell phone": _PHONE,
        "postal": _POSTAL,
        "address": _POSTAL,
        "mailing address": _POSTAL,
        "geographic address": _POSTAL,
        "home address": _POSTAL,
    },
    # The swagger has free text; these are the commonest words in published payloads.
    spelling={_EMAIL: "email", _PHONE: "telephoneNumber", _POSTAL: "postalAddress"},
)

ADDRESS = Shape(
    PostalAddress,
    (
        Field("street", At("street1", ("street",)), TEXT),
        Field("street2", At("street2"), TEXT),
        Field("city", At("city"), TEXT),
        Field("region", At("stateOrProvince", ("state",)), TEXT),
        Field("post_code", At("postCode", ("postalCode",)), ID),
        Field("country", At("country"), COUNTRY),
    ),
)

_ADDRESSES = {
    _EMAIL: Field("email", At("characteristic.emailAddress"), ID, needed=True),
    _PHONE: Field("phone", At("characteristic.phoneNumber"), ID, needed=True),
    _POSTAL: Field("postal", At("characteristic"), Nested(ADDRESS), needed=True),
}


def _shape(medium: ContactMediumType) -> Shape[ContactMedium]:
    return Shape(
        ContactMedium,
        (
            Field("medium", At("mediumType"), MEDIUM, default=always(medium), due=True),
            _ADDRESSES[medium],
            Field("preferred", At("preferred"), FLAG),
            Field("valid_for", At("validFor"), PERIOD),
        ),
    )


_SHAPES = {medium: _shape(medium) for medium in ContactMediumType}

_WORDS = {plain(MEDIUM.write(medium)): medium for medium in ContactMediumType}
_WORDS |= {plain(word): medium for word, medium in MEDIUM.aliases.items()}

_SIGNS = {"emailAddress": _EMAIL, "phoneNumber": _PHONE, "street1": _POSTAL, "street": _POSTAL}


class _Medium:
    """The medium decides which characteristics count; where it is unclear, they decide it."""

    def read(self, cursor: Cursor) -> ContactMedium:
        """Return the contact medium, or raise ``Unusable``."""
        said = cursor.content.get("mediumType")
        medium = _WORDS.get(plain(said)) or _meant(cursor.content.get("characteristic"))
        if medium is None:
            why = f"mediumType {said!r} is none that the record knows"
            raise Unusable(DeviationRule.UNKNOWN_VALUE, why)
        return _SHAPES[medium].read(cursor)

    def write(self, record: ContactMedium) -> dict[str, Any]:
        """Return the JSON object."""
        return _SHAPES[record.medium].write(record)


def _meant(characteristic: object) -> ContactMediumType | None:
    held = characteristic if isinstance(characteristic, dict) else {}
    return next((medium for sign, medium in _SIGNS.items() if sign in held), None)


CONTACT_MEDIA = ListOf(_Medium())

IDENTIFICATIONS = ListOf(
    Shape(
        Identification,
        (
            Field("kind", At("identificationType"), TEXT),
            Field("number", At("identificationId"), ID),
            Field("issued_by", At("issuingAuthority"), TEXT),
            Field("issued_on", At("issuingDate"), DAY),
            Field("valid_for", At("validFor"), PERIOD),
        ),
    )
)
