"""Debts that are given up, and debts that are contested."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import (
    CurrencyMismatchError,
    OverAllocationError,
    PostingDateError,
    UnknownItemError,
)
from telcrm.ledger.commands import Dispute, ReleaseDispute, Target, WriteOff
from telcrm.ledger.stores.protocol import AsOf

LOST: dict[str, Any] = {"account_id": "A", "reason": "bankrupt", "approver": "the board"}


def taxed() -> SmallBooks:
    """A:2 of 120 with 20 of tax, A:3 of 30 due earlier."""
    books = SmallBooks("A")
    books.charge("A", eur(120), day(2, 1), day(3, 15), tax=eur(20), document="I-2")
    books.charge("A", eur(30), day(2, 1), day(2, 15), document="I-3")
    return books


def test_a_write_off_costs_net_and_tax_apart() -> None:
    books = taxed()
    receipt = books.book(WriteOff, **LOST, on=day(6, 1))
    assert posted(receipt.entry) == [
        "bad_debt.net 3 +3000",
        "receivable.net 3 -3000",
        "bad_debt.net 2 +10000",
        "bad_debt.tax 2 +2000",
        "receivable.net 2 -10000",
        "receivable.tax 2 -2000",
    ]
    assert receipt.balance == eur(0)
    (sums,) = books.store.sums(["A"], AsOf())
    assert sums.written_off == 15000


def test_a_part_is_written_off_of_the_debt_due_first() -> None:
    books = taxed()
    books.book(WriteOff, **LOST, on=day(6, 1), amount=eur(33))
    assert (left(books, "A:3"), left(books, "A:2")) == (0, 11700)
    assert item(books, "A:2").written_off == 300


def test_the_debts_that_are_given_up_may_be_named() -> None:
    books = taxed()
    books.book(WriteOff, **LOST, on=day(6, 1), to=(Target(item="I-2"),))
    assert (left(books, "A:3"), left(books, "A:2")) == (3000, 0)


def test_what_is_contested_is_not_written_off() -> None:
    books = taxed()
    books.book(Dispute, account_id="A", on=day(2, 2), item="I-2")
    books.book(WriteOff, **LOST, on=day(6, 1))
    assert (item(books, "A:2").disputed, item(books, "A:2").written_off) == (12000, 0)
    refused(books, OverAllocationError, WriteOff, **LOST, on=day(6, 1))
    refused(books, OverAllocationError, WriteOff, **LOST, on=day(6, 1), to=(Target(item="I-2"),))


def test_no_more_is_written_off_than_is_open() -> None:
    books = taxed()
    too_much = Money("150.01", "EUR")
    refused(books, OverAllocationError, WriteOff, **LOST, on=day(6, 1), amount=too_much)
    to = (Target(item="I-3"),)
    refused(books, OverAllocationError, WriteOff, **LOST, on=day(6, 1), amount=eur(31), to=to)
    refused(books, OverAllocationError, WriteOff, **LOST, on=day(6, 1), to=())
    refused(books, CurrencyMismatchError, WriteOff, **LOST, on=day(6, 1), amount=Money(1, "USD"))
    refused(books, UnknownItemError, WriteOff, **LOST, on=day(6, 1), to=(Target(item="I-9"),))
    books.pay("A", eur(1), day(6, 2))
    refused(books, PostingDateError, WriteOff, **LOST, on=day(6, 1))


def test_a_contested_part_is_owed_apart() -> None:
    books = taxed()
    receipt = books.book(Dispute, account_id="A", on=day(2, 2), item="I-2", amount=eur(50))
    # 50 of 120 is 41.67 net and 8.33 tax.
    assert posted(receipt.entry) == [
        "disputed.net 2 +4167",
        "receivable.net 2 -4167",
        "disputed.tax 2 +833",
        "receivable.tax 2 -833",
    ]
    assert receipt.balance == eur(150)
    (aged,) = books.store.aging([day(3, 31)], ["A"], AsOf())
    assert (aged.buckets, aged.disputed) == ((0, 10000), 5000)


def test_money_does_not_meet_what_is_contested() -> None:
    books = taxed()
    books.book(Dispute, account_id="A", on=day(2, 2), item="I-3")
    books.pay("A", eur(121), day(2, 9))
    assert [left(books, name) for name in ("A:2", "A:3", "A:5")] == [0, 0, 100]


def test_a_released_part_is_open_again_at_its_due_date() -> None:
    books = taxed()
    books.book(Dispute, account_id="A", on=day(2, 2), item="A:2")
    receipt = books.book(ReleaseDispute, account_id="A", on=day(2, 20), item="A:2", amount=eur(60))
    assert posted(receipt.entry) == [
        "receivable.net 2 +5000",
        "disputed.net 2 -5000",
        "receivable.tax 2 +1000",
        "disputed.tax 2 -1000",
    ]
    books.book(ReleaseDispute, account_id="A", on=day(2, 21), item="A:2")
    kept = item(books, "A:2")
    assert (kept.open, kept.disputed, kept.due_on) == (12000, 0, day(3, 15))


def test_no_more_is_contested_than_is_open_and_no_more_released_than_contested() -> None:
    books = taxed()
    fields: dict[str, Any] = {"account_id": "A", "on": day(2, 2), "item": "I-3"}
    error = refused(books, OverAllocationError, Dispute, **fields, amount=eur(31))
    assert error.context["available"] == 3000
    refused(books, OverAllocationError, ReleaseDispute, **fields)
    books.book(Dispute, **fields)
    refused(books, OverAllocationError, Dispute, **fields)
    refused(books, OverAllocationError, ReleaseDispute, **fields, amount=eur(31))
    refused(books, CurrencyMismatchError, ReleaseDispute, **fields, amount=Money(1, "USD"))
    refused(books, PostingDateError, ReleaseDispute, **{**fields, "on": day(2, 1)})
    refused(books, UnknownItemError, Dispute, **{**fields, "item": "A:1"})
    refused(
        books, CurrencyMismatchError, Dispute, **{**fields, "item": "A:2"}, amount=Money(1, "USD")
    )
    refused(books, PostingDateError, Dispute, account_id="A", on=day(1, 31), item="A:2")


@given(
    net=st.integers(0, 10**9),
    tax=st.integers(0, 10**9),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 2 * 10**9)), max_size=6),
)
def test_contesting_moves_nothing_else(net: int, tax: int, steps: list[tuple[bool, int]]) -> None:
    books = SmallBooks("A")
    total = net + tax or 1
    books.charge(
        "A",
        Money.from_minor(total, "EUR"),
        day(2, 1),
        day(2, 15),
        tax=Money.from_minor(min(tax, total), "EUR"),
    )
    for contest, wish in steps:
        kept = item(books, "A:2")
        units = min(wish, kept.open if contest else kept.disputed)
        if units:
            command = Dispute if contest else ReleaseDispute
            amount = Money.from_minor(units, "EUR")
            books.book(command, account_id="A", on=day(2, 2), item="A:2", amount=amount)
        kept = item(books, "A:2")
        assert kept.open + kept.disputed == total
        assert kept.open_tax + kept.disputed_tax == min(tax, total)
        assert min(kept.open_net, kept.open_tax, kept.disputed_net, kept.disputed_tax) >= 0
