"""Promises, instalment plans and holds: what they cover is settled when they are made."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.booking.posted import refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import CurrencyMismatchError, OverAllocationError, UnknownItemError
from telcrm.ledger.commands import (
    AgreeInstalments,
    Dispute,
    HoldDunning,
    Instalment,
    PromiseToPay,
    Reverse,
)


def owing() -> SmallBooks:
    """A:2 of 30, of which 10 are contested, and A:3 of 20; A:4 is paid, A:5 is the payment."""
    books = SmallBooks("A")
    books.charge("A", eur(30), day(2, 1), day(3, 15), document="I-2")
    books.charge("A", eur(20), day(2, 1), day(2, 15), document="I-3")
    books.charge("A", eur(7), day(2, 1), day(2, 1))
    books.pay("A", eur(7), day(2, 2))
    books.book(Dispute, account_id="A", on=day(2, 3), item="A:2", amount=eur(10))
    return books


def plan(*amounts: Money) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(due_on=day(month, 1), amount=amount)
        for month, amount in enumerate(amounts, start=4)
    )


def test_a_promise_moves_no_money_and_covers_what_is_open() -> None:
    books = owing()
    fields = {"account_id": "A", "on": day(3, 1), "by": day(3, 20)}
    entry = books.book(PromiseToPay, **fields, amount=eur(25)).entry
    assert (entry.postings, entry.opens, entry.balance) == ((), None, 5000)
    assert entry.facts == {"covers": {"2": 2000, "3": 2000}}
    entry = books.book(PromiseToPay, **fields, amount=eur(25), items=None).entry
    assert entry.facts == {"covers": {"2": 2000, "3": 2000}}
    entry = books.book(PromiseToPay, **fields, amount=eur(20), items=("I-3", "A:4", "A:3")).entry
    assert entry.facts == {"covers": {"3": 2000}}


def test_no_more_is_promised_than_is_open_of_the_debts_that_are_meant() -> None:
    books = owing()
    fields: dict[str, Any] = {"account_id": "A", "on": day(3, 1), "by": day(3, 20)}
    error = refused(books, OverAllocationError, PromiseToPay, **fields, amount=eur(41))
    assert error.context["available"] == 4000
    one = {**fields, "items": ("I-3",)}
    refused(books, OverAllocationError, PromiseToPay, **one, amount=eur(21))


def test_a_plan_pays_off_exactly_what_is_open() -> None:
    books = owing()
    fields: dict[str, Any] = {"account_id": "A", "on": day(3, 1)}
    for amounts in ([eur(20), eur(19)], [eur(20), eur(21)]):
        instalments = plan(*amounts)
        refused(books, OverAllocationError, AgreeInstalments, **fields, instalments=instalments)
    entry = books.book(AgreeInstalments, **fields, instalments=plan(eur(15), eur(25))).entry
    assert entry.facts == {"covers": {"2": 2000, "3": 2000}}
    books.book(AgreeInstalments, **fields, instalments=plan(eur(20)), items=("I-3",))


def test_a_hold_covers_the_account_or_some_debts() -> None:
    books = owing()
    fields = {"account_id": "A", "on": day(3, 1), "until": day(3, 31)}
    assert books.book(HoldDunning, **fields).entry.facts == {"covers": None}
    entry = books.book(HoldDunning, **fields, items=("I-3",)).entry
    assert entry.facts == {"covers": {"3": 2000}}


def test_an_account_without_debts_may_be_held_but_promises_nothing() -> None:
    books = SmallBooks("A")
    fields: dict[str, Any] = {"account_id": "A", "on": day(3, 1)}
    assert books.book(HoldDunning, **fields, until=day(3, 31)).entry.facts == {"covers": None}
    refused(books, OverAllocationError, PromiseToPay, **fields, by=day(3, 9), amount=eur(1))
    refused(books, OverAllocationError, AgreeInstalments, **fields, instalments=plan(eur(1)))


CALLS: list[tuple[type[Any], dict[str, Any]]] = [
    (PromiseToPay, {"by": day(3, 20), "amount": eur(1)}),
    (AgreeInstalments, {"instalments": plan(eur(1))}),
    (HoldDunning, {"until": day(3, 20)}),
]


@pytest.mark.parametrize(("command", "fields"), CALLS)
def test_the_debts_that_are_meant_have_to_be_open_debts(
    command: type[Any], fields: dict[str, Any]
) -> None:
    books = owing()
    fields = {**fields, "account_id": "A", "on": day(3, 1)}
    refused(books, OverAllocationError, command, **fields, items=("A:4",))
    refused(books, OverAllocationError, command, **fields, items=())
    refused(books, UnknownItemError, command, **fields, items=("A:5",))
    refused(books, UnknownItemError, command, **fields, items=("I-3", "I-9"))


@pytest.mark.parametrize(("command", "fields"), CALLS[:2])
def test_another_currency_is_refused(command: type[Any], fields: dict[str, Any]) -> None:
    other = Money(1, "USD")
    changed = {"amount": other} if "amount" in fields else {"instalments": plan(other)}
    fields = {**fields, **changed, "account_id": "A", "on": day(3, 1)}
    refused(owing(), CurrencyMismatchError, command, **fields)


@pytest.mark.parametrize(("command", "fields"), CALLS)
def test_an_agreement_is_ended_by_its_reversal(command: type[Any], fields: dict[str, Any]) -> None:
    books = owing()
    if command is AgreeInstalments:
        fields = {"instalments": plan(eur(40))}
    made = books.book(command, **fields, account_id="A", on=day(3, 1))
    ended = books.book(Reverse, entry_id=made.entry_id, on=day(3, 5)).entry
    assert (ended.reverses, ended.postings, ended.balance) == (made.entry.seq, (), 5000)
