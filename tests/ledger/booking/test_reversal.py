"""Taking entries back: what they had settled is open again, at its own due date."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import (
    AlreadyReversedError,
    ClosedAccountError,
    ClosedPeriodError,
    CurrencyMismatchError,
    EntryInUseError,
    NotReversibleError,
    PostingDateError,
    UnknownAccountError,
    UnknownEntryError,
)
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.commands import (
    Allocate,
    ChangeAccount,
    CloseAccount,
    ClosePeriod,
    CreditNote,
    Dispute,
    HoldDunning,
    Offset,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    ReleaseDispute,
    Reverse,
    TakeDeposit,
    Target,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.receipts import Receipt
from telcrm.ledger.stores.protocol import AsOf


def paid() -> SmallBooks:
    """A:2 of 120 with 20 of tax, due in February, and A:3, the payment of 100 for it."""
    books = SmallBooks("A")
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20), document="I-2")
    books.pay("A", eur(100), day(2, 9))
    return books


def reverse(books: SmallBooks, entry_id: str, on: date, **fields: Any) -> Receipt:
    return books.book(Reverse, entry_id=entry_id, on=on, **fields)


def test_a_bounced_payment_opens_its_debts_at_their_due_dates() -> None:
    books = paid()
    receipt = reverse(books, "A:3", day(2, 20))
    assert receipt.entry.reverses == 3
    assert posted(receipt.entry) == [
        "receivable.net 2/3 +8333",
        "receivable.tax 2/3 +1667",
        "cash -10000",
    ]
    kept = item(books, "A:2")
    assert (kept.open_net, kept.open_tax, kept.due_on) == (10000, 2000, day(2, 15))
    assert [left(books, "A:2"), receipt.balance] == [12000, eur(120)]
    (between,) = books.store.item_states(["A"], AsOf(day(2, 19)))
    assert between.open == 2000


def test_a_bounced_payment_may_cost_a_fee() -> None:
    books = paid()
    fields = {"fee": eur(5), "fee_due_on": day(3, 6)}
    back, fee = reverse(books, "A:3", day(2, 20), **fields).entries
    assert (back.step, fee.step, fee.kind, fee.key) == (0, 1, "charge", back.key)
    assert posted(fee) == ["receivable.net 5 +500", "fee_income -500"]
    assert (item(books, "A:5").kind, item(books, "A:5").due_on) == ("fee", day(3, 6))
    # A fee that was charged in error goes alone.
    assert reverse(books, "A:5", day(2, 21)).balance == eur(120)


def test_a_fee_in_another_currency_takes_the_reversal_with_it() -> None:
    fields = {"fee": Money(5, "USD"), "fee_due_on": day(3, 6)}
    refused(paid(), CurrencyMismatchError, Reverse, entry_id="A:3", on=day(2, 20), **fields)


def test_other_credit_that_waits_meets_the_debts_that_are_open_again() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(30), day(2, 1), day(2, 15))
    books.pay("A", eur(30), day(2, 9))
    books.pay("A", eur(20), day(2, 10))
    back, match = reverse(books, "A:3", day(2, 20)).entries
    assert (back.kind, match.kind) == ("reversal", "allocation")
    assert posted(match) == ["unapplied 4/2 +2000", "receivable.net 2/4 -2000"]
    assert match.balance == 1000


def test_without_auto_apply_it_waits_on() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(auto_apply=False))
    books.charge("A", eur(30), day(2, 1), day(2, 15))
    books.pay("A", eur(30), day(2, 9))
    books.pay("A", eur(20), day(2, 10))
    assert len(reverse(books, "A:3", day(2, 20)).entries) == 1


def test_what_was_forgiven_with_a_payment_is_owed_again_with_it() -> None:
    tolerance = (Money("0.05", "EUR"),)
    books = SmallBooks("A", allocation=AllocationPolicy(tolerance=tolerance))
    books.charge("A", eur(12), day(2, 1), day(2, 15))
    books.pay("A", Money("11.95", "EUR"), day(2, 9))
    steps = reverse(books, "A:3", day(2, 20)).entries
    assert [(step.kind, step.reverses) for step in steps] == [("reversal", 3), ("reversal", 4)]
    assert left(books, "A:2") == 1200


def test_a_charge_in_error_frees_the_money_that_had_met_it() -> None:
    books = paid()
    receipt = reverse(books, "A:2", day(2, 20))
    assert receipt.balance == eur(-100)
    assert (left(books, "A:2"), left(books, "A:3")) == (0, 10000)
    assert sum(posting.amount for posting in receipt.entry.postings) == 0
    earned = {
        line.gl: line.debit - line.credit
        for line in books.store.gl_sums(AsOf())
        if line.gl in ("revenue", "tax")
    }
    assert earned == {"revenue": 0, "tax": 0}


def test_the_freed_money_meets_other_debts_at_once() -> None:
    books = paid()
    books.charge("A", eur(70), day(2, 10), day(2, 25))
    _, match = reverse(books, "A:2", day(2, 20)).entries
    assert match.kind == "allocation"
    assert (left(books, "A:3"), left(books, "A:4")) == (3000, 0)


def test_a_match_ends_with_the_debt_that_is_taken_back() -> None:
    # The money is free for good: it can be undone, given back or bounce, each only once.
    books = paid()
    reverse(books, "A:2", day(2, 20))
    fields = {"account_id": "A", "on": day(2, 21)}
    with pytest.raises(ValueError, match="is matched with"):
        books.book(Unallocate, **fields, of="A:3")
    books.charge("A", eur(40), day(2, 21), day(2, 28))
    books.book(Unallocate, **fields, of="A:3")
    assert (left(books, "A:3"), left(books, "A:2")) == (10000, 0)
    assert reverse(books, "A:3", day(2, 22)).balance == eur(40)


def test_a_deposit_that_settled_a_charge_in_error_is_whole_again_once() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(10), day(2, 1), day(2, 15))
    books.book(TakeDeposit, account_id="A", on=day(2, 2), amount=eur(10))
    books.book(UseDeposit, account_id="A", on=day(2, 3), amount=eur(10))
    reverse(books, "A:2", day(2, 4))
    assert left(books, "A:3") == 1000
    refused(books, EntryInUseError, Reverse, entry_id="A:4", on=day(2, 5))
    reverse(books, "A:3", day(2, 5))
    assert left(books, "A:3") == 0


@pytest.mark.parametrize(
    ("entry_id", "error"),
    [
        ("A:1", NotReversibleError),
        ("A:9", UnknownEntryError),
        ("A:0", UnknownEntryError),
        ("A:99999999999999999999999", UnknownEntryError),
        ("B:1", UnknownAccountError),
        ("nonsense", UnknownEntryError),
        ("AA:", UnknownEntryError),
        (":2x", UnknownEntryError),
        ("A:-2", UnknownEntryError),
    ],
)
def test_what_is_no_entry_or_none_of_money_is_not_taken_back(
    entry_id: str, error: type[Any]
) -> None:
    refused(paid(), error, Reverse, entry_id=entry_id, on=day(3, 1))


def test_an_entry_is_taken_back_once_and_a_reversal_never() -> None:
    books = paid()
    reverse(books, "A:3", day(2, 20))
    error = refused(books, AlreadyReversedError, Reverse, entry_id="A:3", on=day(2, 21))
    assert error.context["reversed_by"] == "A:4"
    refused(books, NotReversibleError, Reverse, entry_id="A:4", on=day(2, 21))


def test_changes_of_accounts_and_periods_are_not_taken_back() -> None:
    books = paid()
    books.book(ChangeAccount, account_id="A", on=day(2, 10))
    books.book(ClosePeriod, on=day(2, 10), through=day(1, 31))
    refused(books, NotReversibleError, Reverse, entry_id="A:4", on=day(2, 21))
    refused(books, NotReversibleError, Reverse, entry_id="~books:2", on=day(2, 21))


def test_a_reversal_comes_after_all_that_it_moves() -> None:
    books = paid()
    error = refused(books, PostingDateError, Reverse, entry_id="A:3", on=day(2, 8))
    assert error.context["earliest"] == day(2, 9)
    books.pay("A", eur(1), day(2, 25))
    error = refused(books, PostingDateError, Reverse, entry_id="A:3", on=day(2, 24))
    assert error.context["earliest"] == day(2, 25)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (HoldDunning, {"until": day(3, 20)}),
        (PromiseToPay, {"by": day(3, 20), "amount": eur(1)}),
    ],
)
def test_what_moves_no_money_is_not_taken_back_before_it_takes_effect(
    command: type[Any], fields: dict[str, Any]
) -> None:
    books = paid()
    made = books.book(command, account_id="A", on=day(3, 1), **fields)
    refused(books, PostingDateError, Reverse, entry_id=made.entry_id, on=day(2, 28))
    assert reverse(books, made.entry_id, day(3, 1)).entry.reverses == made.entry.seq


def test_a_reversal_is_booked_where_and_when_entries_are() -> None:
    books = paid()
    books.book(ClosePeriod, on=day(3, 1), through=day(2, 28))
    refused(books, ClosedPeriodError, Reverse, entry_id="A:3", on=day(2, 28))
    assert reverse(books, "A:3", day(3, 1)).entry
    books.book(CreditNote, account_id="A", amount=eur(120), on=day(3, 2))
    books.book(CloseAccount, account_id="A", on=day(3, 2))
    refused(books, ClosedAccountError, Reverse, entry_id="A:5", on=day(3, 3))


def in_use(books: SmallBooks, entry_id: str, *users: str) -> None:
    error = refused(books, EntryInUseError, Reverse, entry_id=entry_id, on=day(6, 1))
    assert error.context["reverse_first"] == users


def test_what_later_entries_stand_on_stays_and_they_are_named_last_first() -> None:
    books = paid()
    books.book(Dispute, account_id="A", on=day(2, 10), item="A:2", amount=eur(10))
    books.book(WriteOff, account_id="A", on=day(2, 11), reason="x", approver="y")
    books.book(Recover, account_id="A", on=day(2, 12), amount=eur(3))
    in_use(books, "A:2", "A:6", "A:5", "A:4")
    in_use(books, "A:5", "A:6")
    for entry_id in ("A:6", "A:5", "A:4"):
        reverse(books, entry_id, day(6, 1))
    assert reverse(books, "A:2", day(6, 1)).balance == eur(-100)


def test_a_payment_that_was_given_back_stays() -> None:
    books = SmallBooks("A")
    books.pay("A", eur(10), day(2, 1))
    books.book(Refund, account_id="A", on=day(2, 2), amount=eur(4))
    in_use(books, "A:2", "A:3")


def test_a_dispute_that_was_released_stays() -> None:
    books = paid()
    books.book(Dispute, account_id="A", on=day(2, 10), item="A:2")
    books.book(ReleaseDispute, account_id="A", on=day(2, 11), item="A:2", amount=eur(1))
    in_use(books, "A:4", "A:5")
    reverse(books, "A:5", day(6, 1))
    assert reverse(books, "A:4", day(6, 1)).balance == eur(20)


def test_a_match_that_was_undone_is_not_undone_again() -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(auto_apply=False))
    books.charge("A", eur(30), day(2, 1), day(2, 15))
    books.pay("A", eur(30), day(2, 9), to=())
    books.book(Allocate, account_id="A", on=day(2, 9))
    books.book(Unallocate, account_id="A", on=day(2, 9), of="A:3")
    in_use(books, "A:4", "A:5")
    reverse(books, "A:5", day(6, 1))
    assert left(books, "A:2") == 0
    reverse(books, "A:4", day(6, 1))
    assert left(books, "A:2") == 3000


def test_a_match_that_followed_by_itself_may_be_taken_back_alone() -> None:
    books = SmallBooks("A")
    books.pay("A", eur(10), day(2, 1))
    books.charge("A", eur(30), day(2, 2), day(2, 15))
    assert reverse(books, "A:4", day(2, 3)).entries[-1].kind == "reversal"
    assert (left(books, "A:2"), left(books, "A:3")) == (1000, 3000)


def of_one_party() -> SmallBooks:
    books = SmallBooks()
    for account_id in ("A", "B"):
        books.open(account_id, party_id="P")
    books.charge("A", eur(30), day(2, 1), day(2, 15))
    books.pay("B", eur(20), day(2, 1))
    return books


@pytest.mark.parametrize("entry_id", ["A:3", "B:3"])
def test_an_offset_goes_on_both_sides_whichever_is_named(entry_id: str) -> None:
    books = of_one_party()
    books.book(Offset, account_id="A", credit_account_id="B", on=day(2, 3))
    steps = reverse(books, entry_id, day(2, 4)).entries
    assert [(step.account_id, step.reverses) for step in steps] == [("A", 3), ("B", 3)]
    assert [left(books, name) for name in ("A:2", "A:3", "B:2")] == [3000, 0, 2000]
    refused(books, AlreadyReversedError, Reverse, entry_id=entry_id, on=day(2, 5))
    refused(books, NotReversibleError, Reverse, entry_id="B:4", on=day(2, 5))


@pytest.mark.parametrize("entry_id", ["A:3", "B:3"])
def test_a_transfer_goes_on_both_sides_whichever_is_named(entry_id: str) -> None:
    books = of_one_party()
    books.book(
        Transfer,
        account_id="A",
        to_account_id="B",
        on=day(2, 3),
        items=(Target(item="A:2", amount=eur(12)), Target(item="A:2")),
    )
    steps = reverse(books, entry_id, day(2, 4)).entries
    assert {step.account_id for step in steps} == {"A", "B"}
    assert [left(books, name) for name in ("A:2", "B:2", "B:3", "B:4")] == [3000, 2000, 0, 0]


def test_an_offset_whose_credit_went_elsewhere_stays_where_it_is() -> None:
    books = of_one_party()
    books.book(Offset, account_id="A", credit_account_id="B", on=day(2, 3))
    books.book(Unallocate, account_id="A", on=day(2, 3), of="A:3")
    books.book(Refund, account_id="A", on=day(2, 4), amount=eur(5), of="A:3")
    in_use(books, "B:3", "A:5")
    in_use(books, "B:2", "B:3")


def one_of_each(books: SmallBooks, which: int, units: int) -> Receipt:
    """Book one command that can be taken back, on books that have something for every kind."""
    some = Money.from_minor(units, "EUR")
    fields: dict[str, Any] = {"account_id": "A", "on": day(3, 1)}
    commands: list[tuple[type[Any], dict[str, Any]]] = [
        (Pay, {"amount": some}),
        (Pay, {"amount": some, "to": (Target(item="A:3"),)}),
        (CreditNote, {"amount": some}),
        (Refund, {"amount": some}),
        (Allocate, {}),
        (Unallocate, {"of": "A:5", "amount": some}),
        (TakeDeposit, {"amount": some}),
        (UseDeposit, {"amount": some}),
        (Offset, {"amount": some}),
        (Offset, {"amount": some, "credit_account_id": "B"}),
        (Transfer, {"to_account_id": "B", "items": (Target(item="A:2"), Target(item="A:3"))}),
        (WriteOff, {"amount": some, "reason": "x", "approver": "y"}),
        (Recover, {"amount": some}),
        (Dispute, {"item": "A:3", "amount": some}),
        (ReleaseDispute, {"item": "A:2", "amount": some}),
        (PromiseToPay, {"amount": some, "by": day(3, 9)}),
        (HoldDunning, {"until": day(3, 9)}),
    ]
    command, details = commands[which % len(commands)]
    return books.book(command, **fields, **details)


def something_of_everything() -> SmallBooks:
    books = SmallBooks(allocation=AllocationPolicy(auto_apply=False))
    for account_id in ("A", "B"):
        books.open(account_id, party_id="P")
    on = {"account_id": "A", "on": day(2, 2)}
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    books.charge("A", eur(80), day(2, 1), day(2, 20), tax=eur(13))
    books.book(TakeDeposit, **on, amount=eur(20))
    books.pay("A", eur(40), day(2, 2))
    books.pay("A", eur(30), day(2, 2), to=())
    books.pay("B", eur(30), day(2, 2))
    books.book(Dispute, **on, item="A:2", amount=eur(25))
    books.book(WriteOff, **on, reason="x", approver="y", amount=eur(22))
    return books


@given(which=st.integers(0, 16), units=st.integers(1, 1900))
def test_posting_and_taking_back_changes_no_sum(which: int, units: int) -> None:
    books = something_of_everything()

    def state() -> Any:
        items = [
            (i.seq, i.open_net, i.open_tax, i.disputed, i.written_off, i.recovered)
            for _, _, kept in books.store.journals()
            for i in kept
            if i.is_live
        ]
        gl = [(s.gl, s.detail, s.debit - s.credit) for s in books.store.gl_sums(AsOf())]
        return books.store.sums(None, AsOf()), items, [line for line in gl if line[2]]

    before = state()
    receipt = one_of_each(books, which, units)
    reverse(books, receipt.entry_id, day(3, 2))
    assert state() == before
