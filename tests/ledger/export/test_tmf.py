"""Bills, payments and accounts as TM Forum JSON: strict enough to be read back without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from telcrm.domain import Money
from telcrm.domain.tmf import read_billing_account, read_customer_bill, read_payment
from telcrm.errors import (
    ParameterError,
    UnknownAccountError,
    UnknownEntryError,
    UnknownItemError,
)
from telcrm.ledger import commands as asked
from telcrm.ledger.export import account_balance, bill, payment
from telcrm.ledger.journal import EntryKind, ItemKind
from telcrm.ledger.ledger import Ledger

BusyLedger = Callable[[int], Ledger]


def day(month: int, number: int) -> date:
    return date(2026, month, number)


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def ledger() -> Ledger:
    """One invoice, paid in part by a payment, a deposit and a credit note."""
    books = Ledger.open("memory://")
    books.open_account(
        "A", currency="EUR", on=day(1, 1), party_id="P", credit_limit=Money("200", "EUR")
    )
    books.charge(
        "A", eur("120"), tax=eur("20"), on=day(1, 2), due=day(1, 16), key="c", document="INV"
    )
    books.pay("A", eur("30"), on=day(1, 4), key="p", method="card", document="bank 7")
    books.post(asked.TakeDeposit(key="d", account_id="A", on=day(1, 5), amount=eur("50")))
    books.post(asked.UseDeposit(key="u", account_id="A", on=day(1, 6), amount=eur("20")))
    books.post(asked.CreditNote(key="n", account_id="A", on=day(1, 7), amount=eur("6")))
    return books


def test_a_bill(ledger: Ledger) -> None:
    assert bill(ledger.store, "A:2") == {
        "@type": "CustomerBill",
        "id": "A:2",
        "billNo": "INV",
        "billingAccount": {"id": "A"},
        "relatedParty": [{"id": "P", "role": "customer", "@referredType": "Customer"}],
        "billDate": "2026-01-02T00:00:00Z",
        "paymentDueDate": "2026-01-16T00:00:00Z",
        "taxIncludedAmount": {"unit": "EUR", "value": 120},
        "taxItem": [{"taxAmount": {"unit": "EUR", "value": 20}}],
        "remainingAmount": {"unit": "EUR", "value": 64},
        "state": "partiallyPaid",
        "appliedPayment": [
            {
                "appliedAmount": {"unit": "EUR", "value": 30},
                "payment": {"id": "A:3", "@referredType": "Payment"},
            },
            {
                "appliedAmount": {"unit": "EUR", "value": 20},
                "payment": {"id": "A:4", "@referredType": "Payment"},
            },
        ],
    }


def test_a_bill_of_an_earlier_day(ledger: Ledger) -> None:
    written = bill(ledger.store, "A:2", as_of=day(1, 3))
    assert written["state"] == "sent"
    assert "appliedPayment" not in written
    with pytest.raises(UnknownItemError):
        bill(ledger.store, "A:2", as_of=day(1, 1))


def test_a_bill_says_what_it_came_to_whatever_was_moved_since(ledger: Ledger) -> None:
    ledger.open_account("B", currency="EUR", on=day(1, 1), party_id="P")
    moved = (asked.Target(item="INV"),)
    ledger.post(
        asked.Transfer(key="t", account_id="A", to_account_id="B", on=day(1, 8), items=moved)
    )
    written = bill(ledger.store, "A:2")
    assert written["taxIncludedAmount"]["value"] == 120
    assert written["state"] == "settled"
    assert bill(ledger.store, "B:2")["remainingAmount"]["value"] == 64


def test_a_credit_note_is_negative(ledger: Ledger) -> None:
    written = bill(ledger.store, "A:6")
    assert written["taxIncludedAmount"] == {"unit": "EUR", "value": -6}
    assert written["state"] == "settled"


def test_a_payment(ledger: Ledger) -> None:
    assert payment(ledger.store, "A:3") == {
        "@type": "Payment",
        "id": "A:3",
        "correlatorId": "bank 7",
        "account": {"id": "A"},
        "payer": {"id": "P", "role": "customer", "@referredType": "Customer"},
        "paymentDate": "2026-01-04T00:00:00Z",
        "totalAmount": {"unit": "EUR", "value": 30},
        "paymentMethod": {"@referredType": "BankCard"},
        "status": "done",
        "paymentItem": [
            {
                "amount": {"unit": "EUR", "value": 30},
                "item": {"id": "A:2", "@referredType": "CustomerBill"},
            }
        ],
    }


def test_a_bounced_payment_is_canceled_and_settles_nothing(ledger: Ledger) -> None:
    ledger.post(asked.Reverse(key="r", on=day(1, 9), entry_id="A:3"))
    written = payment(ledger.store, "A:3")
    assert written["status"] == "canceled"
    assert "paymentItem" not in written
    bounced = bill(ledger.store, "A:2")
    assert [part["payment"]["id"] for part in bounced["appliedPayment"]] == ["A:4"]
    assert payment(ledger.store, "A:3", as_of=day(1, 8))["status"] == "done"


def test_a_recovery_is_a_payment(ledger: Ledger) -> None:
    ledger.post(
        asked.WriteOff(key="w", account_id="A", on=day(1, 9), reason="gone", approver="boss")
    )
    got = ledger.post(asked.Recover(key="v", account_id="A", on=day(1, 10), amount=eur("4.50")))
    assert payment(ledger.store, got.entry_id)["totalAmount"] == {"unit": "EUR", "value": 4.5}


def test_an_account(ledger: Ledger) -> None:
    written = account_balance(ledger.store, "A")
    assert written["creditLimit"] == {"unit": "EUR", "value": 200}
    assert {part["balanceType"]: part["amount"] for part in written["accountBalance"]} == {
        "ReceivableBalance": {"unit": "EUR", "value": 64},
        "DisputedBalance": {"unit": "EUR", "value": 0},
        "UnappliedBalance": {"unit": "EUR", "value": 0},
        "DepositBalance": {"unit": "EUR", "value": -30},
    }
    earlier = account_balance(ledger.store, "A", as_of=day(1, 2))
    assert earlier["accountBalance"][0]["amount"]["value"] == 120
    reading = read_billing_account(json.dumps(written))
    assert (reading.deviations, reading.record.opened_on) == ((), day(1, 1))


def test_a_closed_account() -> None:
    books = Ledger.open("memory://")
    books.open_account("A", currency="EUR", on=day(1, 1))
    books.post(asked.CloseAccount(key="x", account_id="A", on=day(2, 1)))
    assert account_balance(books.store, "A")["state"] == "closed"
    assert account_balance(books.store, "A", as_of=day(1, 31))["state"] == "active"


@pytest.mark.parametrize("seed", range(2))
def test_what_is_written_reads_back_without_deviations(busy_ledger: BusyLedger, seed: int) -> None:
    store = busy_ledger(seed).store
    bills_read = payments_read = 0
    for account, journal, _ in store.journals():
        written: dict[str, Any] = account_balance(store, account.account_id)
        balance = Money.from_minor(account.balance, account.currency).amount
        assert written["accountBalance"][0]["amount"]["value"] == float(balance)
        taken_back = {entry.reverses for entry in journal}
        for entry in journal:
            is_debt = entry.opens and ItemKind(entry.opens.kind).is_debt
            if (is_debt or entry.kind == EntryKind.CREDIT_NOTE) and entry.seq not in taken_back:
                reading = read_customer_bill(json.dumps(bill(store, entry.entry_id)))
                assert reading.deviations == ()
                bills_read += 1
            elif entry.kind in (EntryKind.PAYMENT, EntryKind.RECOVERY):
                assert read_payment(json.dumps(payment(store, entry.entry_id))).deviations == ()
                payments_read += 1
    assert bills_read > 20
    assert payments_read > 10


def test_what_is_not_there_is_refused(ledger: Ledger) -> None:
    for name in ("A:1", "A:3", "A:99"):
        with pytest.raises(UnknownItemError, match=name):
            bill(ledger.store, name)
    with pytest.raises(UnknownEntryError, match="A:2 is no payment"):
        payment(ledger.store, "A:2")
    with pytest.raises(UnknownEntryError, match="names no entry"):
        bill(ledger.store, "INV")
    for name in ("Z", "~books"):
        with pytest.raises(UnknownAccountError, match=name):
            account_balance(ledger.store, name)
    with pytest.raises(UnknownAccountError):
        account_balance(ledger.store, "A", as_of=day(1, 1).replace(year=2025))
    with pytest.raises(ParameterError, match="aware"):
        payment(ledger.store, "A:3", recorded=datetime(2026, 1, 1))
    with pytest.raises(UnknownAccountError):
        payment(ledger.store, "A:3", recorded=datetime(2026, 1, 1, tzinfo=UTC))
