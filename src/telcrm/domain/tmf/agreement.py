"""Agreement (TMF651)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.product import Agreement, AgreementStatus
from telcrm.domain.tmf.amounts import MONEY
from telcrm.domain.tmf.codecs import DAY, ID, TEXT, Enumeration
from telcrm.domain.tmf.cursor import Slot
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.periods import PERIOD
from telcrm.domain.tmf.places import At, Characteristic, FirstOf, related_customer
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, always, same_as

__all__ = ["AGREEMENT", "read_agreement", "write_agreement"]

# The swagger's text: "in process, approved and rejected"; its sample says "Pending".
_STATUS = Enumeration(
    AgreementStatus,
    aliases={
        "pending": AgreementStatus.IN_PROCESS,
        "initialized": AgreementStatus.IN_PROCESS,
        "active": AgreementStatus.APPROVED,
        "validated": AgreementStatus.APPROVED,
    },
    spelling={AgreementStatus.IN_PROCESS: "in process"},
)


class _Products:
    """The products that the items of an agreement refer to, one item each when written."""

    def read(self, slot: Slot) -> tuple[str, ...]:
        """Return the identifiers."""
        identifiers: list[str] = []
        for item in slot.cursor.elements(slot.name):
            first = len(identifiers)
            item.label = str(first)
            for product in item.elements("product"):
                if (found := product.slot("id")) is not None:
                    product.label = str(len(identifiers) - first)
                    identifiers.append(ID.read(found))
        return tuple(identifiers)

    def write(self, value: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the items."""
        return [{"product": [{"id": identifier}]} for identifier in value]


AGREEMENT = Form(
    Resource.AGREEMENT,
    Shape(
        Agreement,
        (
            Field("agreement_id", At("id"), ID),
            Field(
                "customer_id",
                FirstOf(
                    (related_customer("engagedParty"), At("engagedParty[0].id")),
                    DeviationRule.PARTY_ROLE,
                ),
                ID,
                always(UNKNOWN_ID),
                due=True,
            ),
            Field("name", At("name"), TEXT, same_as("agreement_id"), due=True),
            Field("agreement_type", At("agreementType"), TEXT, due=True),
            Field("status", At("status"), _STATUS),
            Field("subscription_ids", At("agreementItem"), _Products(), due=True),
            Field("signed_on", At("initialDate"), DAY),
            Field("term", At("agreementPeriod", ("validFor",)), PERIOD),
            Field(
                "early_termination_fee",
                Characteristic("characteristic", "early_termination_fee"),
                MONEY,
            ),
        ),
        extension="characteristic",
        # An agreement has at least one item.
        beside={"agreementItem": [{}]},
        repairs=(Repair("commitment_end"),),
    ),
)


def read_agreement(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Agreement]:
    """Read a TMF651 Agreement.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say.

    Returns
    -------
    Reading of Agreement
        Without ``name`` it is named by its ``id``, without ``status`` it is approved, without
        ``engagedParty`` the customer is ``unknown``; all are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_agreement({
    ...     "id": "G-1", "name": "Moon", "agreementType": "commercial", "status": "Pending",
    ...     "engagedParty": [{"id": "C-1", "role": "customer", "@referredType": "Customer"}],
    ...     "agreementItem": [{"product": [{"id": "S-1"}]}],
    ... })
    >>> reading.record.status, reading.record.subscription_ids
    (<AgreementStatus.IN_PROCESS: 'inProcess'>, ('S-1',))
    """
    return AGREEMENT.read(payload, assume)


def write_agreement(
    record: Agreement, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF651 Agreement.

    Parameters
    ----------
    record : Agreement
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
    return AGREEMENT.write(record, unknown)
