"""Which credit settled which debt."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import ACCOUNTS, RandomHistory

from telcrm.errors import UnknownEntryError, UnknownItemError
from telcrm.ledger.commands import CreditNote, Reverse, TakeDeposit, Unallocate, UseDeposit
from telcrm.ledger.journal import EntryKind
from telcrm.ledger.matches import Match, matches


def amounts(found: tuple[Match, ...]) -> dict[tuple[str, str], str]:
    return {(one.debt_id, one.credit_id): str(one.amount) for one in found}


def test_one_payment_settles_many_debts_and_one_debt_is_settled_by_many() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15), document="INV-1")
    books.charge("A-1", eur(20), day(2, 2), day(2, 20), document="INV-2")
    books.pay("A-1", eur(40), day(2, 9), document="bank-1")
    books.book(CreditNote, account_id="A-1", amount=eur(5), on=day(2, 10), document="CN-1")
    found = matches(books.store, "A-1")
    assert amounts(found) == {
        ("A-1:2", "A-1:4"): "30.00 EUR",
        ("A-1:3", "A-1:4"): "10.00 EUR",
        ("A-1:3", "A-1:5"): "5.00 EUR",
    }
    assert matches(books.store, "A-1", item="A-1:3") == found[1:]
    assert matches(books.store, "A-1", item="A-1:4") == found[:2]
    last = found[-1]
    assert (last.debt_document, last.credit_document) == ("INV-2", "CN-1")
    assert (last.credit_kind, last.on) == (EntryKind.CREDIT_NOTE, day(2, 10))


def test_what_was_undone_is_no_match_but_was_one() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.pay("A-1", eur(30), day(2, 9))
    paid = books.now
    books.book(Unallocate, account_id="A-1", of="A-1:3", on=day(2, 12), amount=eur(10))
    assert amounts(matches(books.store, "A-1")) == {("A-1:2", "A-1:3"): "20.00 EUR"}
    books.book(Reverse, entry_id="A-1:3", on=day(2, 20))
    assert matches(books.store, "A-1") == ()
    assert amounts(matches(books.store, "A-1", as_of=day(2, 11))) == {
        ("A-1:2", "A-1:3"): "30.00 EUR"
    }
    assert matches(books.store, "A-1", recorded=paid) == matches(
        books.store, "A-1", as_of=day(2, 11)
    )


def test_a_charge_that_was_taken_back_is_matched_with_nothing() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.pay("A-1", eur(10), day(2, 9))
    books.book(Reverse, entry_id="A-1:2", on=day(2, 20))
    assert matches(books.store, "A-1") == ()


def test_a_deposit_that_was_used_is_matched() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.book(TakeDeposit, account_id="A-1", amount=eur(50), on=day(2, 3))
    books.book(UseDeposit, account_id="A-1", amount=eur(12), on=day(2, 20))
    assert amounts(matches(books.store, "A-1")) == {("A-1:2", "A-1:3"): "12.00 EUR"}


@pytest.mark.parametrize("item", ["A-1:1", "A-1:9", "A-2:2"])
def test_what_is_no_item_of_the_account_is_refused(item: str) -> None:
    books = SmallBooks("A-1", "A-2")
    books.charge("A-2", eur(30), day(2, 1), day(2, 15))
    with pytest.raises(UnknownItemError, match="has no item"):
        matches(books.store, "A-1", item=item)


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(UnknownEntryError):
        matches(SmallBooks("A-1").store, "A-1", item="INV-1")


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_matches_are_what_debts_and_credits_have_in_common(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(60)
    for name in ACCOUNTS:
        for on in history.days:
            settled: defaultdict[str, int] = defaultdict(int)
            for one in matches(history.store, name, as_of=on):
                assert one.amount.minor_units > 0
                settled[one.debt_id] += one.amount.minor_units
                settled[one.credit_id] += one.amount.minor_units
            for entry in history.asked.journal(name, as_of=on):
                if entry.opens:
                    assert settled[entry.entry_id] <= entry.opens.amount
