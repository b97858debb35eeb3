"""Money of all kinds of senders."""

from typing import Any

import pytest

from telcrm.domain import Money, tmf
from telcrm.domain.tmf.amounts import currency_code, tmf_money
from telcrm.errors import TmfError


def read(total: Any, currency: str | None = None) -> tmf.Reading[Any]:
    bill = {"id": "I-1", "billDate": "2026-01-01T00:00:00Z", "taxIncludedAmount": total}
    assume = {"customer_id": "C-1", "due_on": "2026-01-01"}
    if currency is not None:
        assume["currency"] = currency
    return tmf.read_customer_bill(bill, assume=assume)


def rules(reading: tmf.Reading[Any]) -> list[str]:
    return [each.rule.value for each in reading.deviations if "Amount" in each.path]


@pytest.mark.parametrize(
    ("total", "amount", "met"),
    [
        ({"unit": "EUR", "value": 12.5}, "12.50", []),
        ({"unit": "EUR", "value": 12.1}, "12.10", []),
        ({"unit": "EUR", "value": -3}, "-3.00", []),
        ({"unit": "eur", "value": 1}, "1.00", ["money_unit"]),
        ({"unit": " EUR", "value": 1}, "1.00", ["money_unit"]),
        ({"unit": "€", "value": 1}, "1.00", ["money_unit"]),
        ({"unit": "EUR", "value": "1.5"}, "1.50", ["number_as_string"]),
        ({"unit": "EUR", "value": 1.005}, "1.01", ["money_rounded"]),
        ({"unit": "EUR", "amount": 1}, "1.00", ["field_name"]),
        ({"currencyCode": "EUR", "value": 1}, "1.00", ["field_name"]),
        ({"Unit": "EUR", "value": 1}, "1.00", ["field_name", "field_name"]),
    ],
)
def test_what_is_understood(total: Any, amount: str, met: list[str]) -> None:
    reading = read(total)
    assert reading.record.total == Money(amount, "EUR")
    assert rules(reading) == met
    assert reading.unknown == {}


@pytest.mark.parametrize(
    ("total", "met"),
    [
        ({"value": 1.5}, ["money_unit"]),
        ({"unit": "doubloon", "value": 1.5}, ["money_unit"]),
        (1.5, ["wrong_type"]),
        ("1.5", ["number_as_string", "wrong_type"]),
    ],
)
def test_a_unit_may_be_assumed(total: Any, met: list[str]) -> None:
    reading = read(total, "EUR")
    assert reading.record.total == Money("1.50", "EUR")
    assert rules(reading) == met
    with pytest.raises(TmfError, match="assume="):
        read(total)


@pytest.mark.parametrize(
    ("total", "words"),
    [
        ([1], "{unit, value}"),
        ({"unit": "EUR"}, "no value"),
        ({"unit": "EUR", "value": True}, "not True"),
        ({"unit": "EUR", "value": "much"}, "no number"),
        ({"unit": "EUR", "value": float("nan")}, "finite number"),
        ({"unit": "XAU", "value": 1}, "no minor unit"),
    ],
)
def test_what_is_no_amount_is_refused(total: Any, words: str) -> None:
    with pytest.raises(TmfError) as caught:
        read(total)
    assert words in str(caught.value)


def test_a_bill_without_an_amount_is_refused() -> None:
    with pytest.raises(TmfError, match="taxIncludedAmount: not given"):
        tmf.read_customer_bill({"id": "I-1", "billDate": "2026-01-01T00:00:00Z"})


def test_an_unusable_amount_stays_in_unknown() -> None:
    amount = {"unit": "doubloon", "value": 5}
    reading = tmf.read_billing_account({"id": "A-1", "name": "Home", "creditLimit": amount})
    assert reading.record.credit_limit is None
    assert reading.unknown == {"creditLimit": amount}


def test_a_float_too_large_to_be_exact_is_reported() -> None:
    reading = read({"unit": "EUR", "value": 90071992547409.91})
    assert rules(reading) == ["money_rounded"]


def test_an_amount_that_no_float_holds_is_not_written() -> None:
    with pytest.raises(TmfError, match="no float holds"):
        tmf_money(Money("90071992547409.91", "EUR"))
    assert tmf_money(Money(10**40, "EUR"))["value"] == 10**40


def test_units_by_their_names() -> None:
    assert currency_code("Kenyan Shilling") == "KES"
    assert currency_code("£") is None
