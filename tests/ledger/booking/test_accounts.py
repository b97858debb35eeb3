"""Accounts opened, changed, closed; debts moved between them; periods closed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import OPENED, SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import (
    AccountExistsError,
    AccountNotSettledError,
    ClosedAccountError,
    ClosedPeriodError,
    CurrencyMismatchError,
    OverAllocationError,
    PostingDateError,
    UnknownAccountError,
    UnknownItemError,
)
from telcrm.ledger.commands import (
    ChangeAccount,
    Charge,
    CloseAccount,
    ClosePeriod,
    Dispute,
    HoldDunning,
    OpenAccount,
    Pay,
    Refund,
    ReopenPeriod,
    TakeDeposit,
    Target,
    Transfer,
    WriteOff,
)
from telcrm.ledger.journal import Account


def kept(books: SmallBooks, account_id: str = "A") -> Account:
    account = books.store.account(account_id)
    assert account is not None
    return account


def test_an_account_keeps_its_terms() -> None:
    books = SmallBooks()
    receipt = books.open("A", party_id="P", customer_class="gold", credit_limit=eur(50))
    assert (receipt.entry.postings, receipt.entry.seq, receipt.balance) == ((), 1, eur(0))
    account = kept(books)
    assert (account.opened_on, account.currency) == (OPENED, "EUR")
    assert (account.party_id, account.customer_class, account.credit_limit) == ("P", "gold", 5000)


def test_an_account_is_opened_once() -> None:
    books = SmallBooks("A")
    fields = {"account_id": "A", "currency": "USD", "on": day(2, 1)}
    refused(books, AccountExistsError, OpenAccount, **fields)
    books.book(CloseAccount, account_id="A", on=day(2, 1))
    refused(books, AccountExistsError, OpenAccount, **fields)


def test_terms_are_set_anew_and_what_is_left_out_is_taken_off() -> None:
    books = SmallBooks()
    books.open("A", party_id="P", customer_class="gold", credit_limit=eur(50))
    books.book(ChangeAccount, account_id="A", on=day(2, 1), credit_limit=eur(0))
    account = kept(books)
    assert (account.party_id, account.customer_class, account.credit_limit) == (None, None, 0)
    fields = {"account_id": "A", "on": day(2, 1), "credit_limit": Money(5, "USD")}
    refused(books, CurrencyMismatchError, ChangeAccount, **fields)


def test_a_settled_account_can_be_closed_though_debts_were_given_up() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(5), day(2, 1), day(2, 15))
    books.book(WriteOff, account_id="A", on=day(3, 1), reason="x", approver="y")
    books.book(CloseAccount, account_id="A", on=day(3, 1))
    assert kept(books).closed_on == day(3, 1)


@pytest.mark.parametrize("what", ["debt", "contested debt", "credit", "deposit"])
def test_an_account_that_is_not_settled_stays_open(what: str) -> None:
    books = SmallBooks("A")
    if "debt" in what:
        books.charge("A", eur(5), day(2, 1), day(2, 15))
    if what == "contested debt":
        books.book(Dispute, account_id="A", on=day(2, 2), item="A:2")
    if what == "credit":
        books.pay("A", eur(5), day(2, 1))
    if what == "deposit":
        books.book(TakeDeposit, account_id="A", on=day(2, 1), amount=eur(5))
    error = refused(books, AccountNotSettledError, CloseAccount, account_id="A", on=day(3, 1))
    assert "5.00 EUR" in error.message


def test_an_account_is_closed_after_its_last_entry() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(5), day(2, 1), day(2, 15))
    books.pay("A", eur(5), day(2, 9))
    error = refused(books, PostingDateError, CloseAccount, account_id="A", on=day(2, 8))
    assert error.context["earliest"] == day(2, 9)
    books.book(CloseAccount, account_id="A", on=day(2, 9))


def test_a_closed_account_takes_nothing_more() -> None:
    books = SmallBooks("A", "B")
    books.charge("B", eur(5), day(2, 1), day(2, 15))
    books.book(CloseAccount, account_id="A", on=day(2, 1))
    on = {"account_id": "A", "on": day(2, 2)}
    refused(books, ClosedAccountError, CloseAccount, **on)
    refused(books, ClosedAccountError, ChangeAccount, **on)
    refused(books, ClosedAccountError, Pay, **on, amount=eur(1))
    refused(books, ClosedAccountError, HoldDunning, **on, until=day(2, 9))
    items = (Target(item="B:2"),)
    refused(
        books,
        ClosedAccountError,
        Transfer,
        account_id="B",
        to_account_id="A",
        items=items,
        on=day(2, 2),
    )


def two_accounts() -> SmallBooks:
    """A:2 of 120 with 20 of tax, a fee A:3 of 5; and an empty B."""
    books = SmallBooks("A", "B")
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20), document="I-2")
    books.charge("A", eur(5), day(2, 1), day(2, 20), nature="fee")
    return books


MOVE: dict[str, Any] = {"account_id": "A", "to_account_id": "B", "on": day(3, 1)}


def test_a_debt_moves_with_its_nature_document_and_due_date() -> None:
    books = two_accounts()
    gone, come = books.book(Transfer, **MOVE, items=(Target(item="I-2", amount=eur(60)),)).entries
    assert posted(gone) == ["receivable.net 2 -5000", "receivable.tax 2 -1000", "clearing +6000"]
    assert posted(come) == ["receivable.net 2 +5000", "receivable.tax 2 +1000", "clearing -6000"]
    arrived = item(books, "B:2")
    assert (arrived.kind, arrived.document, arrived.due_on, arrived.amount) == (
        "service",
        "I-2",
        day(2, 15),
        6000,
    )
    assert left(books, "A:2") == 6000
    assert [entry.balance for entry in (gone, come)] == [6500, 6000]


def test_several_debts_move_in_one_transaction() -> None:
    books = two_accounts()
    items = (Target(item="A:3"), Target(item="I-2"))
    steps = books.book(Transfer, **MOVE, items=items).entries
    assert [(step.account_id, step.step) for step in steps] == [
        ("A", 0),
        ("B", 1),
        ("A", 2),
        ("B", 3),
    ]
    assert (item(books, "B:2").kind, item(books, "B:3").kind) == ("fee", "service")
    assert [account.balance for account in (kept(books), kept(books, "B"))] == [0, 12500]


def test_a_transfer_goes_whole_or_not_at_all() -> None:
    books = two_accounts()
    first = Target(item="A:3")
    refused(books, UnknownItemError, Transfer, **MOVE, items=(first, Target(item="A:9")))
    # The second time nothing of it is left.
    refused(books, OverAllocationError, Transfer, **MOVE, items=(first, first))
    too_much = Target(item="I-2", amount=Money("120.01", "EUR"))
    refused(books, OverAllocationError, Transfer, **MOVE, items=(first, too_much))


def test_a_transfer_stays_within_a_currency_and_after_what_moved_the_debt() -> None:
    books = two_accounts()
    books.open("C", currency="JPY")
    items = (Target(item="I-2"),)
    refused(books, CurrencyMismatchError, Transfer, **{**MOVE, "to_account_id": "C"}, items=items)
    refused(books, UnknownAccountError, Transfer, **{**MOVE, "to_account_id": "D"}, items=items)
    refused(books, PostingDateError, Transfer, **{**MOVE, "on": day(1, 31)}, items=items)


CLOSE: dict[str, Any] = {"on": day(4, 1), "through": day(3, 31)}


def test_nothing_takes_effect_in_a_closed_period() -> None:
    books = two_accounts()
    receipt = books.book(ClosePeriod, **CLOSE)
    assert receipt.entry.account_id == "~books"
    pay = {"account_id": "A", "amount": eur(1)}
    error = refused(books, ClosedPeriodError, Pay, **pay, on=day(3, 31))
    assert error.context["closed_through"] == day(3, 31)
    fields = {"account_id": "C", "currency": "EUR", "on": day(3, 31)}
    refused(books, ClosedPeriodError, OpenAccount, **fields)
    assert books.book(Pay, **pay, on=day(4, 1))


def test_a_period_is_opened_again_explicitly() -> None:
    books = two_accounts()
    books.book(ClosePeriod, **CLOSE)
    books.book(ReopenPeriod, on=day(4, 2), through=day(2, 28), reason="late bank file")
    pay = {"account_id": "A", "amount": eur(1)}
    refused(books, ClosedPeriodError, Pay, **pay, on=day(2, 28))
    assert books.book(Pay, **pay, on=day(3, 1))
    books.book(ReopenPeriod, on=day(4, 2), reason="all of it")
    assert books.store.closed_through() is None


def test_closing_never_opens_and_opening_never_closes() -> None:
    books = two_accounts()
    refused(books, PostingDateError, ReopenPeriod, on=day(4, 2), reason="nothing is closed")
    books.book(ClosePeriod, **CLOSE)
    refused(books, PostingDateError, ClosePeriod, on=day(4, 2), through=day(3, 30))
    for through in (day(3, 31), day(4, 1)):
        refused(books, PostingDateError, ReopenPeriod, on=day(4, 2), through=through, reason="x")
    books.book(ClosePeriod, on=day(4, 2), through=day(3, 31))
    books.book(ClosePeriod, on=day(4, 2), through=day(4, 1))
    assert books.store.closed_through() == day(4, 1)


def test_books_that_are_taken_over_keep_the_instant_of_their_first_close() -> None:
    books = SmallBooks("A")
    then = datetime(2020, 1, 1, tzinfo=UTC)
    books.book(ClosePeriod, on=date(2020, 1, 1), through=date(2019, 12, 31), recorded_at=then)
    assert kept(books, "~books").seq == 2


def test_an_account_that_opens_later_takes_nothing_before() -> None:
    books = SmallBooks("A")
    books.book(OpenAccount, account_id="B", currency="EUR", on=day(3, 1))
    charge = {"amount": eur(5), "on": day(2, 28), "due_on": day(3, 14)}
    refused(books, PostingDateError, Charge, account_id="B", **charge)
    books.charge("A", eur(5), day(2, 1), day(2, 15))
    items = (Target(item="A:2"),)
    refused(books, PostingDateError, Transfer, **{**MOVE, "on": day(2, 28)}, items=items)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (CloseAccount, {}),
        (ChangeAccount, {"customer_class": "gold"}),
        (HoldDunning, {"until": day(5, 1)}),
        (Refund, {"amount": eur(1)}),
    ],
)
def test_the_account_of_the_books_is_no_customers(
    command: type[Any], fields: dict[str, Any]
) -> None:
    books = SmallBooks("A")
    books.book(ClosePeriod, **CLOSE)
    with pytest.raises((ValueError, UnknownAccountError)) as refusal:
        books.book(command, account_id="~books", on=day(4, 1), **fields)
    assert not isinstance(refusal.value, CurrencyMismatchError)
