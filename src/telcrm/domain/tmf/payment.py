"""Payment (TMF676)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telcrm.domain.billing import Payment, PaymentMethod, PaymentStatus
from telcrm.domain.tmf.amounts import MONEY
from telcrm.domain.tmf.channels import REFERENCE, channel_at
from telcrm.domain.tmf.codecs import DAY, ID, Enumeration, Text
from telcrm.domain.tmf.cursor import Slot
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, FirstOf, plain
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_DAY, UNKNOWN_ID, always

__all__ = ["PAYMENT", "read_payment", "write_payment"]

# The types of TMF670, which manages payment methods.
_METHOD_TYPE = Enumeration(
    PaymentMethod,
    aliases={
        "card": PaymentMethod.CARD,
        "credit card": PaymentMethod.CARD,
        "credit card payment": PaymentMethod.CARD,
        "debit card": PaymentMethod.CARD,
        "tokenized card": PaymentMethod.CARD,
        "bank transfer": PaymentMethod.BANK_TRANSFER,
        "wire transfer": PaymentMethod.BANK_TRANSFER,
        "direct debit": PaymentMethod.DIRECT_DEBIT,
        "mobile money": PaymentMethod.MOBILE_MONEY,
        "wallet": PaymentMethod.MOBILE_MONEY,
        "cheque": PaymentMethod.CHEQUE,
    },
    spelling={
        PaymentMethod.CASH: "Cash",
        PaymentMethod.CARD: "BankCard",
        PaymentMethod.BANK_TRANSFER: "BankAccountTransfer",
        PaymentMethod.DIRECT_DEBIT: "BankAccountDebit",
        PaymentMethod.MOBILE_MONEY: "DigitalWallet",
        PaymentMethod.VOUCHER: "Voucher",
        PaymentMethod.CHEQUE: "Check",
    },
)

_ANY_METHOD = "PaymentMethod"
_SAYS_NOTHING = {plain(name) for name in (_ANY_METHOD, "PaymentMethodRef", "EntityRef")}

# TMF676 leaves the states free and gives those of the record as examples.
_STATUS = Enumeration(
    PaymentStatus,
    aliases={
        "pending": PaymentStatus.PENDING_AUTHORIZATION,
        "cancelled": PaymentStatus.CANCELED,
        "completed": PaymentStatus.DONE,
        "success": PaymentStatus.DONE,
        "successful": PaymentStatus.DONE,
        "settled": PaymentStatus.DONE,
        "paid": PaymentStatus.DONE,
        "rejected": PaymentStatus.DENIED,
        "error": PaymentStatus.FAILED,
    },
)


class _Method:
    """A payment method, by value or by reference: a type or a name tells which."""

    def read(self, slot: Slot) -> PaymentMethod | None:
        """Return the method; None where the payload names the general type only."""
        for name in ("@referredType", "@type", "name"):
            found = slot.cursor.slot(name)
            if found is not None and plain(found.value) not in _SAYS_NOTHING:
                return _METHOD_TYPE.read(found)
        if slot.value == _ANY_METHOD:
            slot.take()
        return None

    def write(self, value: PaymentMethod) -> str:
        """Return the type."""
        return _METHOD_TYPE.write(value)


class _Payer:
    """The related party that pays, and so the customer."""

    def read(self, slot: Slot) -> str:
        """Return the identifier."""
        party = slot.cursor.content
        said = party.get("@referredType")
        if "customer" not in (plain(said), plain(party.get("role"))):
            message = f"the payer, of type {said!r}, stands for the customer"
            slot.note(DeviationRule.PARTY_ROLE, slot.value, message)
        return ID.read(slot)

    def write(self, value: str) -> str:
        """Return the identifier."""
        return value


_PAYER = At("payer.id", beside={"role": "customer", "@referredType": "Customer"})

_METHOD = FirstOf(
    (
        At("paymentMethod.@referredType"),
        At("paymentMethod.@type"),
        At("paymentMethod.name"),
    )
)

PAYMENT = Form(
    Resource.PAYMENT,
    Shape(
        Payment,
        (
            Field("payment_id", At("id"), ID),
            Field("account_id", At("account.id"), ID, always(UNKNOWN_ID), due=True),
            Field("customer_id", _PAYER, _Payer(), always(UNKNOWN_ID)),
            Field("paid_on", At("paymentDate", ("statusDate",)), DAY, always(UNKNOWN_DAY)),
            # The record's amount is what was handed over: tax included.
            Field("amount", At("totalAmount", ("amount",)), MONEY),
            Field("method", _METHOD, _Method(), due=True),
            Field("status", At("status"), _STATUS),
            Field("channel", channel_at("channel"), REFERENCE),
            Field("reference", At("correlatorId"), Text(128)),
        ),
        extension="characteristic",
        beside={"paymentMethod": {"@type": _ANY_METHOD}},
    ),
)


def read_payment(payload: Payload, *, assume: Mapping[str, Any] | None = None) -> Reading[Payment]:
    """Read a TMF676 Payment.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"customer_id": "C-1", "currency": "EUR"}``.

    Returns
    -------
    Reading of Payment
        The payer stands for the customer. Without ``paymentDate`` the payment was made on
        1970-01-01, without ``status`` it is done; both are deviations.

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id`` or no amount.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_payment({
    ...     "id": "PAY-1", "paymentDate": "2026-02-10T00:00:00Z", "status": "done",
    ...     "totalAmount": {"unit": "EUR", "value": 11.6}, "account": {"id": "A-1"},
    ...     "paymentMethod": {"@type": "Voucher"},
    ...     "payer": {"id": "C-1", "@referredType": "Customer"},
    ... })
    >>> reading.record.amount, reading.record.method, reading.deviations
    (Money('11.60', 'EUR'), <PaymentMethod.VOUCHER: 'voucher'>, ())
    """
    return PAYMENT.read(payload, assume)


def write_payment(record: Payment, *, unknown: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a TMF676 Payment.

    Parameters
    ----------
    record : Payment
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
    return PAYMENT.write(record, unknown)
