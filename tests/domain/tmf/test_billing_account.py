"""A billing account's currency and bill cycle, which TMF666 tells in its own way."""

from typing import Any

import pytest

from telcrm.domain import BillCycle, Currency, tmf

PARTY = [{"id": "C-1", "role": "customer", "@referredType": "Customer"}]


def read(**fields: Any) -> tmf.Reading[Any]:
    account = {"id": "A-1", "name": "Home", "ratingType": "prepaid", "relatedParty": PARTY}
    return tmf.read_billing_account({**account, **fields})


def met(reading: tmf.Reading[Any]) -> list[str]:
    return [each.rule.value for each in reading.deviations]


@pytest.mark.parametrize(
    ("fields", "code", "rules"),
    [
        ({"characteristic": [{"name": "currency", "value": "KES"}]}, "KES", []),
        ({"characteristic": [{"name": "currency", "value": "kes"}]}, "KES", ["money_unit"]),
        ({"characteristic": [{"name": "currency", "value": "shells"}]}, "XXX", ["money_unit"]),
        ({"creditLimit": {"unit": "JPY", "value": 5}}, "JPY", []),
        ({"accountBalance": [{"amount": {"unit": "USD", "value": 5}}]}, "USD", []),
        ({}, "XXX", ["assumed_default"]),
    ],
)
def test_the_currency(fields: dict[str, Any], code: str, rules: list[str]) -> None:
    reading = read(**fields)
    assert reading.record.currency == Currency(code)
    assert met(reading) == rules


def test_a_credit_limit_in_another_currency_is_given_up() -> None:
    limit = {"unit": "USD", "value": 5}
    reading = read(creditLimit=limit, characteristic=[{"name": "currency", "value": "EUR"}])
    assert (reading.record.credit_limit, met(reading)) == (None, ["inconsistent"])
    assert reading.unknown == {"creditLimit": limit}


@pytest.mark.parametrize(
    ("said", "months", "rules"),
    [
        ("monthly", 1, []),
        ("every 5 months", 5, []),
        ("Monthly", 1, ["case"]),
        ("yearly", 12, ["alias"]),
        ("fortnightly", 1, ["unknown_value"]),
    ],
)
def test_the_frequency_of_bills(said: str, months: int, rules: list[str]) -> None:
    cycle = {"billingDateShift": 4, "frequency": said, "paymentDueDateOffset": 10}
    reading = read(
        billStructure={"cycleSpecification": cycle},
        characteristic=[{"name": "currency", "value": "EUR"}],
    )
    assert reading.record.bill_cycle == BillCycle(
        day_of_month=5, months=months, payment_due_days=10
    )
    assert met(reading) == rules
