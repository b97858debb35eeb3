"""BillingAccount (TMF666)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from telcrm.domain.account import AccountState, BillCycle, BillingAccount, PaymentMode
from telcrm.domain.currency import Currency
from telcrm.domain.tmf.amounts import MONEY, currency_code
from telcrm.domain.tmf.codecs import ID, TEXT, Enumeration, Whole, text
from telcrm.domain.tmf.cursor import Slot, Unusable
from telcrm.domain.tmf.payload import Form, Payload
from telcrm.domain.tmf.places import At, Characteristic, FirstOf, plain, related_customer
from telcrm.domain.tmf.reading import DeviationRule, Reading, Resource
from telcrm.domain.tmf.shape import Field, Nested, Repair, Shape
from telcrm.domain.tmf.stand_ins import UNKNOWN_ID, always, same_as

__all__ = ["BILLING_ACCOUNT", "PAYMENT_MODE", "read_billing_account", "write_billing_account"]

PAYMENT_MODE = Enumeration(
    PaymentMode,
    aliases={
        "prepay": PaymentMode.PREPAID,
        "pay as you go": PaymentMode.PREPAID,
        "postpay": PaymentMode.POSTPAID,
        "contract": PaymentMode.POSTPAID,
    },
)

# The swagger says "Active, Closed, Suspended and so on".
_STATE = Enumeration(
    AccountState,
    aliases={
        "open": AccountState.ACTIVE,
        "opened": AccountState.ACTIVE,
        "defined": AccountState.ACTIVE,
        "inactive": AccountState.SUSPENDED,
        "blocked": AccountState.SUSPENDED,
        "terminated": AccountState.CLOSED,
        "cancelled": AccountState.CLOSED,
    },
)

_MONTHS = {"monthly": 1, "bimonthly": 2, "quarterly": 3, "semiannually": 6, "annually": 12}

_WORDS = {
    "month": 1,
    "bimonthly": 2,
    "quarter": 3,
    "semiannual": 6,
    "halfyearly": 6,
    "annual": 12,
    "year": 12,
    "yearly": 12,
}


class _Frequency:
    """Months between bills, in words."""

    def read(self, slot: Slot) -> int:
        """Return the number of months."""
        said = text(slot)
        every = re.fullmatch(r"every ([0-9]{1,2}) months", said)
        months = int(every[1]) if every else _MONTHS.get(said) or self._loose(slot, said)
        slot.take()
        return months

    @staticmethod
    def _loose(slot: Slot, said: str) -> int:
        months = {**_WORDS, **_MONTHS}.get(plain(said))
        if months is None:
            why = f"{said!r} is no frequency in months"
            raise Unusable(DeviationRule.UNKNOWN_VALUE, why)
        rule = DeviationRule.CASE if plain(said) in _MONTHS else DeviationRule.ALIAS
        slot.note(rule, months, f"{said!r} is read as {months} months")
        return months

    def write(self, value: int) -> str:
        """Return the words."""
        words = {months: word for word, months in _MONTHS.items()}
        return words.get(value, f"every {value} months")


class _DayOfMonth(Whole):
    """The standard counts days from the start of the period, the record days of the month."""

    def read(self, slot: Slot) -> int:
        """Return the day of the month."""
        return super().read(slot) + 1

    def write(self, value: int) -> int:
        """Return the days after the first one."""
        return value - 1


class _Unit:
    """The account's currency, by its own characteristic or borrowed from an amount."""

    def read(self, slot: Slot) -> str:
        """Return the code; the amount itself reports how it is written."""
        code = currency_code(text(slot))
        if code is None:
            raise Unusable(DeviationRule.MONEY_UNIT, f"{slot.value!r} is no ISO 4217 code")
        if slot.element is not None:
            if code != slot.value:
                slot.note(DeviationRule.MONEY_UNIT, code, f"{slot.value!r} stands for {code!r}")
            slot.take()
        return code

    def write(self, value: Currency) -> str:
        """Return the code."""
        return value.code


_CYCLE = Nested(
    Shape(
        BillCycle,
        (
            Field("day_of_month", At("billingDateShift", ("dateShift",)), _DayOfMonth()),
            Field("months", At("frequency"), _Frequency()),
            Field("payment_due_days", At("paymentDueDateOffset"), Whole()),
        ),
    )
)

BILLING_ACCOUNT = Form(
    Resource.BILLING_ACCOUNT,
    Shape(
        BillingAccount,
        (
            Field("account_id", At("id"), ID),
            Field("customer_id", related_customer(), ID, always(UNKNOWN_ID), due=True),
            Field("name", At("name"), TEXT, same_as("account_id"), due=True),
            Field("payment_mode", At("ratingType"), PAYMENT_MODE, always(PaymentMode.POSTPAID)),
            Field(
                "currency",
                FirstOf(
                    (
                        Characteristic("characteristic", "currency", "currencyCode"),
                        At("creditLimit.unit"),
                        At("accountBalance[0].amount.unit"),
                    )
                ),
                _Unit(),
                always(Currency("XXX")),
            ),
            Field("state", At("state", ("status",)), _STATE),
            Field("credit_limit", At("creditLimit"), MONEY),
            Field("bill_cycle", At("billStructure.cycleSpecification"), _CYCLE),
        ),
        extension="characteristic",
        repairs=(Repair("credit_limit"), Repair("closed_on"), Repair("opened_on")),
    ),
)


def read_billing_account(
    payload: Payload, *, assume: Mapping[str, Any] | None = None
) -> Reading[BillingAccount]:
    """Read a TMF666 BillingAccount.

    Parameters
    ----------
    payload : mapping, list of one mapping, str or bytes
        A JSON object, or JSON text in UTF-8.
    assume : mapping, optional
        Values by field name of the record for what the payload does not say, for instance
        ``{"customer_id": "C-1", "currency": "EUR"}``.

    Returns
    -------
    Reading of BillingAccount
        TMF666 has no currency: it is the credit limit's, else the first balance's, else ``XXX``
        (ISO 4217: no currency), which is a deviation. So are a missing customer (``unknown``) and
        payment mode (postpaid).

    Raises
    ------
    TmfError
        The payload is no JSON, is another resource, or has no ``id``.
    ParameterError
        ``assume`` names no field, or a value that the field refuses.

    Examples
    --------
    >>> reading = read_billing_account({
    ...     "id": "A-1", "name": "Home", "state": "Active", "ratingType": "prepaid",
    ...     "creditLimit": {"unit": "Euro", "value": 50},
    ...     "relatedParty": [{"id": "C-1", "role": "customer", "@referredType": "Customer"}],
    ... })
    >>> reading.record.credit_limit
    Money('50.00', 'EUR')
    >>> [(each.path, each.rule.value) for each in reading.deviations]
    [('$.state', 'case'), ('$.creditLimit.unit', 'money_unit')]
    """
    return BILLING_ACCOUNT.read(payload, assume)


def write_billing_account(
    record: BillingAccount, *, unknown: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write a TMF666 BillingAccount.

    Parameters
    ----------
    record : BillingAccount
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
    return BILLING_ACCOUNT.write(record, unknown)
