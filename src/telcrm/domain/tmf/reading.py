"""What reading a payload gives: the record, the deviations met, and what found no place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from telcrm.domain.record import Record

__all__ = ["Deviation", "DeviationRule", "Reading", "Resource"]

R = TypeVar("R", bound=Record)


class Resource(StrEnum):
    """The TM Forum resources that telcrm reads and writes; the value is the ``@type``."""

    CUSTOMER = "Customer"
    INDIVIDUAL = "Individual"
    ORGANIZATION = "Organization"
    BILLING_ACCOUNT = "BillingAccount"
    CUSTOMER_BILL = "CustomerBill"
    PAYMENT = "Payment"
    PRODUCT = "Product"
    USAGE = "Usage"
    TROUBLE_TICKET = "TroubleTicket"
    PARTY_INTERACTION = "PartyInteraction"
    AGREEMENT = "Agreement"

    @property
    def api(self) -> str:
        """Number of the Open API that defines the resource.

        Examples
        --------
        >>> Resource.CUSTOMER.api
        'TMF629'
        """
        return _APIS[self]


_APIS = {
    Resource.CUSTOMER: "TMF629",
    Resource.INDIVIDUAL: "TMF632",
    Resource.ORGANIZATION: "TMF632",
    Resource.BILLING_ACCOUNT: "TMF666",
    Resource.CUSTOMER_BILL: "TMF678",
    Resource.PAYMENT: "TMF676",
    Resource.PRODUCT: "TMF637",
    Resource.USAGE: "TMF635",
    Resource.TROUBLE_TICKET: "TMF621",
    Resource.PARTY_INTERACTION: "TMF683",
    Resource.AGREEMENT: "TMF651",
}


class DeviationRule(StrEnum):
    """How a payload strayed from the standard, or from what the record can hold."""

    LIST_WRAPPED = "list_wrapped"
    """One object stands in a list."""
    NOT_A_LIST = "not_a_list"
    """One object stands where the standard has a list."""
    DUPLICATE_KEY = "duplicate_key"
    """A name occurs twice in one object of the JSON text; the last one counts."""
    FIELD_NAME = "field_name"
    """A field has another name, or its name another case."""
    ALIAS = "alias"
    """A value has another name for one that we know."""
    CASE = "case"
    """A value of a list of values is written with other capitals, blanks or hyphens."""
    TRAILING_BLANK = "trailing_blank"
    """A value has blanks before or after it."""
    EMPTY = "empty"
    """A field is there, but holds null or blank text."""
    MISSING_REQUIRED = "missing_required"
    """The standard requires a field that is not there."""
    ASSUMED_DEFAULT = "assumed_default"
    """The record needs a value that the standard leaves optional and the payload does not give."""
    UNKNOWN_VALUE = "unknown_value"
    """A value is none of those that we know; it stays in ``unknown``."""
    INVALID_VALUE = "invalid_value"
    """A value breaks a rule of the record; it stays in ``unknown``."""
    WRONG_TYPE = "wrong_type"
    """A value has another JSON type."""
    NUMBER_AS_STRING = "number_as_string"
    """A number is written as text."""
    TOO_LONG = "too_long"
    """A text was cut; the whole stays in ``unknown``."""
    MONEY_UNIT = "money_unit"
    """An amount names no ISO 4217 code, or no unit at all."""
    MONEY_ROUNDED = "money_rounded"
    """An amount is finer than its currency's minor unit, or too large for a JSON number."""
    DATE_FORMAT = "date_format"
    """A date or an instant is not written as RFC 3339 asks."""
    NAIVE_INSTANT = "naive_instant"
    """An instant has no offset; UTC is assumed."""
    TIME_DROPPED = "time_dropped"
    """The record keeps whole days or whole seconds only."""
    PARTY_ROLE = "party_role"
    """A party in another role stands for the customer."""
    INCONSISTENT = "inconsistent"
    """Values contradict each other; the weaker one was left out or replaced."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One place where a payload strayed, and what was made of it.

    Parameters
    ----------
    resource : Resource
    path : str
        JSON path such as ``$.billingPeriod.endDateTime``.
    rule : DeviationRule
    found : Any
        What stood there; None where nothing did.
    used : Any
        What the record holds instead.
    message : str
        The same in words.
    """

    resource: Resource
    path: str
    rule: DeviationRule
    found: Any
    used: Any
    message: str

    def __str__(self) -> str:
        return f"{self.resource} {self.path}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Reading(Generic[R]):
    """A record read from a payload, with all that was noticed on the way.

    Parameters
    ----------
    record : Record
    deviations : tuple of Deviation
        Empty for a payload that telcrm wrote itself.
    unknown : mapping of str to Any
        What the record has no room for, as it stood. ``write_...(record, unknown=...)`` puts it
        back. Extras of a list's element that became part of the record stand under a label: the
        element's position among those, as in ``contactMedium[0]``, or its name or role, as in
        ``relatedParty[customer]``.
    """

    record: R
    deviations: tuple[Deviation, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict)
