"""Read and write any resource, found by its ``@type`` or by the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.record import Record
from telcrm.domain.tmf.agreement import AGREEMENT
from telcrm.domain.tmf.billing_account import BILLING_ACCOUNT
from telcrm.domain.tmf.customer import CUSTOMER
from telcrm.domain.tmf.customer_bill import CUSTOMER_BILL
from telcrm.domain.tmf.party import INDIVIDUAL, ORGANIZATION
from telcrm.domain.tmf.party_interaction import PARTY_INTERACTION
from telcrm.domain.tmf.payload import Form, Payload, parse
from telcrm.domain.tmf.payment import PAYMENT
from telcrm.domain.tmf.places import plain
from telcrm.domain.tmf.product import PRODUCT
from telcrm.domain.tmf.reading import Reading, Resource
from telcrm.domain.tmf.trouble_ticket import TROUBLE_TICKET
from telcrm.domain.tmf.usage import USAGE
from telcrm.errors import TmfError

__all__ = ["read", "read_many", "write"]

_FORMS: dict[Resource, Form[Any]] = {
    form.resource: form
    for form in (
        CUSTOMER,
        INDIVIDUAL,
        ORGANIZATION,
        BILLING_ACCOUNT,
        CUSTOMER_BILL,
        PAYMENT,
        PRODUCT,
        USAGE,
        TROUBLE_TICKET,
        PARTY_INTERACTION,
        AGREEMENT,
    )
}

_BY_TYPE = {plain(resource): form for resource, form in _FORMS.items()}
_BY_RECORD = {form.shape.record: form for form in _FORMS.values()}


def read(
    payload: Payload,
    resource: Resource | str | None = None,
    *,
    assume: Mapping[str, Any] | None = None,
) -> Reading[Any]:
    """Read one TM Forum resource into its record.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    resource : Resource, optional
        By default the payload's own ``@type`` tells, or its ``@baseType``.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading

    Raises
    ------
    TmfError
        The payload is no JSON, says no type that we know, or cannot be read.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> read({"@type": "Individual", "id": "P-1", "fullName": "Ada Okafor"}).record.name
    'Ada Okafor'
    """
    if resource is not None:
        return _form(resource).read(payload, assume)
    value, _ = parse(payload)
    first = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    return _found(first).read(payload, assume)


def read_many(
    payload: Payload,
    resource: Resource | str | None = None,
    *,
    assume: Mapping[str, Any] | None = None,
) -> tuple[Reading[Any], ...]:
    """Read a list of TM Forum resources, all or none.

    Parameters
    ----------
    payload : list of mappings, str or bytes
        A single object is a list of one.
    resource : Resource, optional
        By default each element's own ``@type`` tells.
    assume : mapping, optional
        As for :func:`read`, the same for all.

    Returns
    -------
    tuple of Reading

    Raises
    ------
    TmfError
        An element cannot be read; ``context["index"]`` says which.

    Examples
    --------
    >>> people = [{"id": "P-1", "fullName": "Ada"}, {"id": "P-2", "fullName": "Ben"}]
    >>> [reading.record.party_id for reading in read_many(people, Resource.INDIVIDUAL)]
    ['P-1', 'P-2']
    """
    value, twice = parse(payload)
    if twice:
        message = f"The list holds {twice[0]!r} twice in one object: write each name once."
        raise TmfError(message, names=twice)
    elements = value if isinstance(value, list | tuple) else [value]
    readings = []
    for index, element in enumerate(elements):
        if not isinstance(element, Mapping):
            message = f"Element {index} is no JSON object, but {type(element).__name__}."
            raise TmfError(message, index=index)
        try:
            readings.append(read(element, resource, assume=assume))
        except TmfError as error:
            message = f"Element {index}: {error.message}"
            raise TmfError(message, **{**error.context, "index": index}) from None
    return tuple(readings)


def write(record: Record, *, unknown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a record as its TM Forum resource.

    Parameters
    ----------
    record : Customer, Individual, Organization, BillingAccount, Invoice, Payment, Subscription, \
UsageRecord, Complaint, Interaction or Agreement
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.

    Raises
    ------
    TmfError
        The record has no resource, or holds what JSON numbers cannot.

    Examples
    --------
    >>> from telcrm.domain import Individual
    >>> write(Individual(party_id="P-1", full_name="Ada Okafor"))
    {'id': 'P-1', 'fullName': 'Ada Okafor', 'status': 'initialized', '@type': 'Individual'}
    """
    form = _BY_RECORD.get(type(record))
    if form is None:
        known = ", ".join(sorted(kind.__name__ for kind in _BY_RECORD))
        message = f"{type(record).__name__} has no TM Forum resource here; these have: {known}."
        raise TmfError(message, record=type(record).__name__)
    return form.write(record, unknown)


def _form(said: object) -> Form[Any]:
    form = _BY_TYPE.get(plain(said))
    if form is None:
        known = ", ".join(_FORMS)
        message = f"{said!r} is none of the resources that telcrm reads: {known}."
        raise TmfError(message, resource=said)
    return form


def _found(value: object) -> Form[Any]:
    """Return the form that a payload asks for by its type, or by what its type derives from."""
    said = value if isinstance(value, Mapping) else {}
    for key in ("@type", "@baseType"):
        if plain(said.get(key)) in _BY_TYPE:
            return _form(said[key])
    message = (
        f"The payload's @type is {said.get('@type')!r}, which names no resource that telcrm reads. "
        f"Pass resource= one of {', '.join(_FORMS)}."
    )
    raise TmfError(message, found=said.get("@type"))
