"""How a payment was made, and by whom."""

from typing import Any

import pytest

from telcrm.domain import PaymentMethod, tmf

PAYMENT = {
    "id": "PAY-1",
    "paymentDate": "2026-02-03T00:00:00Z",
    "totalAmount": {"unit": "EUR", "value": 5},
    "account": {"id": "A-1"},
    "payer": {"id": "C-1", "role": "customer", "@referredType": "Customer"},
}


@pytest.mark.parametrize(
    ("method", "expected", "rules"),
    [
        ({"@type": "BankCard"}, PaymentMethod.CARD, []),
        ({"@type": "PaymentMethodRef", "@referredType": "Cash"}, PaymentMethod.CASH, []),
        ({"@type": "PaymentMethodRef", "name": "Cash"}, PaymentMethod.CASH, []),
        ({"@referredType": "CreditCardPayment"}, PaymentMethod.CARD, ["alias"]),
        ({"@type": "PaymentMethod"}, None, []),
        ({"@type": "LoyaltyAccount"}, None, ["unknown_value"]),
        ({}, None, ["missing_required"]),
        ("cash", None, ["wrong_type", "missing_required"]),
    ],
)
def test_method(method: Any, expected: PaymentMethod | None, rules: list[str]) -> None:
    reading = tmf.read_payment({**PAYMENT, "paymentMethod": method})
    assert reading.record.method == expected
    assert [each.rule.value for each in reading.deviations] == rules


@pytest.mark.parametrize(
    ("payer", "rules"),
    [
        ({"id": "C-1", "@referredType": "Customer"}, []),
        ({"id": "C-1", "role": "customer", "@referredType": "Individual"}, []),
        ({"id": "C-1", "@referredType": "Individual"}, ["party_role"]),
        ("C-1", ["wrong_type", "party_role"]),
    ],
)
def test_payer(payer: Any, rules: list[str]) -> None:
    reading = tmf.read_payment({**PAYMENT, "payer": payer, "paymentMethod": {"@type": "Cash"}})
    assert reading.record.customer_id == "C-1"
    assert [each.rule.value for each in reading.deviations] == rules


def test_without_a_payer_the_customer_is_unknown() -> None:
    payment = {name: value for name, value in PAYMENT.items() if name != "payer"}
    reading = tmf.read_payment({**payment, "paymentMethod": {"@type": "Cash"}})
    assert reading.record.customer_id == tmf.UNKNOWN_ID
    assert [each.path for each in reading.deviations] == ["$.payer.id"]
