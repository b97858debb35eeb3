"""CustomerBill (TMF678), read into an Invoice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.billing import Invoice, InvoiceStatus
from telcrm.domain.money import Money
from telcrm.domain.tmf.amounts import MONEY
from telcrm.domain.tmf.codecs import DAY, ID, Enumeration
from telcrm.domain.tmf.cursor import Cursor, Slot, Unusable
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.periods import PERIOD
from telcrm.domain.tmf.places import At, related_customer
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_DAY, UNKNOWN_ID, always, same_as
from telcrm.errors import CurrencyMismatchError

__all__ = ["CUSTOMER_BILL", "read_customer_bill", "write_customer_bill"]

# The swagger's text says partiallySettled where its enumeration says partiallyPaid.
_STATE = Enumeration(
    InvoiceStatus,
    aliases={
        "partiallySettled": InvoiceStatus.PARTIALLY_PAID,
        "paid": InvoiceStatus.SETTLED,
        "held": InvoiceStatus.ON_HOLD,
    },
)


class _Tax:
    """The tax items' sum; without items, what a bill's two totals leave between them."""

    def read(self, slot: Slot) -> Money:
        """Return the tax."""
        try:
            if slot.name == "taxExcludedAmount":
                return self._between(slot)
            return self._sum(slot.cursor.elements(slot.name))
        except CurrencyMismatchError as error:
            raise Unusable(DeviationRule.INCONSISTENT, error.message) from None

    def _sum(self, items: list[Cursor]) -> Money:
        amounts = []
        for item in items:
            slot = item.slot("taxAmount")
            if slot is not None:
                amounts.append(MONEY.read(slot))
                item.label = str(len(amounts) - 1)
        if not amounts:
            raise Unusable(DeviationRule.EMPTY, "no tax item has a taxAmount")
        return Money.sum(amounts, currency=amounts[0].currency)

    def _between(self, slot: Slot) -> Money:
        gross = slot.cursor.slot("taxIncludedAmount")
        if gross is None:
            raise Unusable(DeviationRule.INCONSISTENT, "there is no taxIncludedAmount to compare")
        return MONEY.read(gross) - MONEY.read(slot)

    def write(self, value: Money) -> list[dict[str, Any]]:
        """Return one tax item."""
        return [{"taxAmount": MONEY.write(value)}]


CUSTOMER_BILL = Form(
    Resource.CUSTOMER_BILL,
    Shape(
        Invoice,
        (
            Field("invoice_id", At("id"), ID),
            Field("account_id", At("billingAccount.id"), ID),
            Field("customer_id", related_customer(), ID, always(UNKNOWN_ID)),
            Field("issued_on", At("billDate"), DAY, always(UNKNOWN_DAY)),
            Field("due_on", At("paymentDueDate"), DAY, same_as("issued_on")),
            Field("total", At("taxIncludedAmount", ("amountDue",)), MONEY),
            Field("tax", At("taxItem", ("taxExcludedAmount",)), _Tax()),
            Field("open_amount", At("remainingAmount"), MONEY),
            Field("status", At("state", ("status",)), _STATE),
            Field("billing_period", At("billingPeriod"), PERIOD),
        ),
        extension="characteristic",
        repairs=(
            Repair("due_on", instead=same_as("issued_on")),
            Repair("lines"),
            Repair("tax"),
            Repair("open_amount"),
        ),
    ),
)


def read_customer_bill(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[Invoice]:
    """Read a TMF678 CustomerBill into :class:`~telcrm.domain.Invoice`.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"customer_id": "C-1", "currency": "EUR"}``.

    Returns
    -------
    Reading of Invoice
        A bill without ``billDate`` is issued on 1970-01-01, one without ``paymentDueDate`` is due
        on the day of issue, one without a customer has the customer ``unknown``; all three are
        deviations. ``amountDue`` stands in for a missing ``taxIncludedAmount``.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id`` or no amount.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_customer_bill({
    ...     "id": "I-1", "state": "sent",
    ...     "billDate": "2026-02-01T00:00:00Z", "paymentDueDate": "2026-02-15T00:00:00Z",
    ...     "taxIncludedAmount": {"unit": "EUR", "value": 24.0},
    ...     "taxItem": [{"taxCategory": "VAT", "taxAmount": {"unit": "EUR", "value": 4}}],
    ... }, assume={"customer_id": "C-1"})
    >>> reading.record.net
    Money('20.00', 'EUR')
    >>> [each.message for each in reading.deviations]
    ["not given: 'C-1' is used"]
    """
    return CUSTOMER_BILL.read(payload, assume)


def write_customer_bill(
    record: Invoice, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF678 CustomerBill from a :class:`~telcrm.domain.Invoice`.

    Parameters
    ----------
    record : Invoice
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
    return CUSTOMER_BILL.write(record, unknown)
