"""Product (TMF637), read into a Subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.account import PaymentMode
from telcrm.domain.product import Subscription, SubscriptionStatus
from telcrm.domain.tmf.billing_account import PAYMENT_MODE
from telcrm.domain.tmf.codecs import DAY, ID, LAST_DAY, Enumeration
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, Characteristic, Keyed, related_customer
from telcrm.domain.tmf.reading import Reading, Resource
from telcrm.domain.tmf.shape import Field, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, always

__all__ = ["PRODUCT", "read_product", "write_product"]

_MORE = "productCharacteristic"

PRODUCT = Form(
    Resource.PRODUCT,
    Shape(
        Subscription,
        (
            Field("subscription_id", At("id"), ID),
            Field("customer_id", related_customer(), ID, always(UNKNOWN_ID)),
            Field("account_id", At("billingAccount.id"), ID),
            Field("offer_id", At("productOffering.id"), ID),
            Field(
                "msisdn",
                Characteristic(_MORE, "msisdn", "number", "phone number", "telephone number"),
                ID,
            ),
            Field("imsi", Characteristic(_MORE, "imsi"), ID),
            Field("iccid", Characteristic(_MORE, "iccid", "sim", "sim number"), ID),
            Field(
                "payment_mode",
                Characteristic(_MORE, "payment_mode", "rating type"),
                PAYMENT_MODE,
                always(PaymentMode.POSTPAID),
            ),
            Field(
                "status",
                At("status"),
                Enumeration(SubscriptionStatus, aliases={"canceled": SubscriptionStatus.CANCELLED}),
                always(SubscriptionStatus.ACTIVE),
            ),
            Field("activated_on", At("startDate"), DAY),
            Field("terminated_on", At("terminationDate"), DAY),
            Field(
                "commitment_end",
                Keyed("productTerm", "name", "commitment", "validFor.endDateTime"),
                LAST_DAY,
            ),
        ),
        extension=_MORE,
        repairs=(
            Repair("status_history"),
            Repair("terminated_on"),
            Repair("termination_reason"),
            Repair("activated_on"),
        ),
    ),
)


def read_product(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Subscription]:
    """Read a TMF637 Product into :class:`~telcrm.domain.Subscription`.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"payment_mode": "prepaid"}``.

    Returns
    -------
    Reading of Subscription
        Without ``status`` the subscription is active, without a payment mode postpaid, without a
        customer the customer is ``unknown``; all three are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_product({
    ...     "id": "S-1", "status": "aborted ",
    ...     "relatedParty": [{"id": "C-1", "role": "customer", "@referredType": "Customer"}],
    ...     "productCharacteristic": [{"name": "payment_mode", "value": "prepaid"}],
    ... })
    >>> reading.record.status, [each.rule.value for each in reading.deviations]
    (<SubscriptionStatus.ABORTED: 'aborted'>, ['trailing_blank'])
    """
    return PRODUCT.read(payload, assume)


def write_product(
    record: Subscription, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF637 Product from a :class:`~telcrm.domain.Subscription`.

    Parameters
    ----------
    record : Subscription
    unknown : mapping, optional
        The ``unknown`` of the reading, to be written back around the record.

    Returns
    -------
    dict
        Ready for ``json.dumps``.
    """
    return PRODUCT.write(record, unknown)
