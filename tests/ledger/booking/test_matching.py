"""Allocation, its undoing, and offsets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.booking.posted import item, left, posted, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.domain import Money
from telcrm.errors import (
    CurrencyMismatchError,
    OverAllocationError,
    PartyMismatchError,
    PostingDateError,
    UnknownItemError,
)
from telcrm.ledger.allocation import AllocationPolicy, Share
from telcrm.ledger.booking.matching import spread_over
from telcrm.ledger.commands import Allocate, Offset, TakeDeposit, Target, Unallocate
from telcrm.ledger.journal import Item


def waiting() -> SmallBooks:
    """A:2 of 30 (document I-2), A:3 of 20 due earlier (I-3), and credits A:4 of 5, A:5 of 40."""
    books = SmallBooks("A", allocation=AllocationPolicy(auto_apply=False))
    books.charge("A", eur(30), day(2, 1), day(3, 15), document="I-2")
    books.charge("A", eur(20), day(2, 1), day(2, 15), document="I-3")
    books.pay("A", eur(5), day(2, 3), to=())
    books.pay("A", eur(40), day(2, 4), to=(), document="P-5")
    return books


def test_credits_meet_debts_the_oldest_of_both_first() -> None:
    books = waiting()
    receipt = books.book(Allocate, account_id="A", on=day(2, 9))
    assert posted(receipt.entry) == [
        "unapplied 4/3 +500",
        "receivable.net 3/4 -500",
        "unapplied 5/3 +1500",
        "receivable.net 3/5 -1500",
        "unapplied 5/2 +2500",
        "receivable.net 2/5 -2500",
    ]
    assert receipt.balance == eur(5)
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4, 5)] == [500, 0, 0, 0]


def test_the_credit_and_the_debts_may_be_named() -> None:
    books = waiting()
    to = (Target(item="I-2", amount=eur(12)),)
    books.book(Allocate, account_id="A", on=day(2, 9), of="P-5", to=to)
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4, 5)] == [1800, 2000, 500, 2800]


def test_a_match_that_asks_too_much_or_finds_nothing_is_refused() -> None:
    books = waiting()
    fields: dict[str, Any] = {"account_id": "A", "on": day(2, 9)}
    for of, target in (
        (None, Target(item="I-3", amount=eur(21))),
        ("A:4", Target(item="I-2", amount=eur(6))),
    ):
        refused(books, OverAllocationError, Allocate, **fields, of=of, to=(target,))
    refused(books, OverAllocationError, Allocate, **fields, to=())
    refused(books, UnknownItemError, Allocate, **fields, of="A:2")
    refused(books, UnknownItemError, Allocate, **fields, to=(Target(item="A:4"),))
    refused(books, PostingDateError, Allocate, account_id="A", on=day(2, 3))
    refused(SmallBooks("A"), OverAllocationError, Allocate, **fields)


def matched() -> SmallBooks:
    books = waiting()
    books.book(Allocate, account_id="A", on=day(2, 9), of="A:5")
    return books


def test_an_undone_match_leaves_both_as_they_were() -> None:
    books = matched()
    receipt = books.book(Unallocate, account_id="A", on=day(2, 10), of="P-5")
    assert posted(receipt.entry) == [
        "unapplied 5/2 -2000",
        "receivable.net 2/5 +2000",
        "unapplied 5/3 -2000",
        "receivable.net 3/5 +2000",
    ]
    assert [left(books, f"A:{seq}") for seq in (2, 3, 5)] == [3000, 2000, 4000]


def test_the_debt_due_last_is_set_free_first() -> None:
    books = matched()
    books.book(Unallocate, account_id="A", on=day(2, 10), of="A:5", amount=eur(25))
    assert [left(books, f"A:{seq}") for seq in (2, 3, 5)] == [3000, 500, 2500]


def test_the_debt_that_is_set_free_may_be_named() -> None:
    books = matched()
    books.book(Unallocate, account_id="A", on=day(2, 10), of="A:5", to="I-3", amount=eur(1))
    assert [left(books, f"A:{seq}") for seq in (2, 3, 5)] == [1000, 100, 100]


def test_no_more_is_undone_than_was_matched() -> None:
    books = matched()
    fields: dict[str, Any] = {"account_id": "A", "on": day(2, 10)}
    error = refused(books, OverAllocationError, Unallocate, **fields, of="A:5", amount=eur(41))
    assert error.context["available"] == 4000
    refused(books, OverAllocationError, Unallocate, **fields, of="A:5", to="A:3", amount=eur(21))
    refused(books, OverAllocationError, Unallocate, **fields, of="A:4")
    refused(books, UnknownItemError, Unallocate, **fields, of="A:2")
    refused(books, PostingDateError, Unallocate, account_id="A", on=day(2, 8), of="A:5")


def test_what_was_undone_waits_for_the_next_debt() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(30), day(2, 1), day(2, 15))
    books.pay("A", eur(30), day(2, 9))
    books.book(Unallocate, account_id="A", on=day(2, 10), of="A:3")
    assert left(books, "A:3") == 3000
    books.charge("A", eur(10), day(2, 11), day(2, 25))
    # All that is open is met, the oldest first.
    assert [left(books, f"A:{seq}") for seq in (2, 3, 5)] == [0, 0, 1000]


@given(
    net=st.integers(1, 10**9),
    tax=st.integers(0, 10**9),
    share=st.fractions(0, 1),
    undone=st.fractions(0, 1),
)
def test_matching_and_undoing_never_takes_a_part_beyond_its_bounds(
    net: int, tax: int, share: Any, undone: Any
) -> None:
    books = SmallBooks("A")
    books.charge(
        "A",
        Money.from_minor(net + tax, "EUR"),
        day(2, 1),
        day(2, 15),
        tax=Money.from_minor(tax, "EUR"),
    )
    paid = max(1, int((net + tax) * share))
    books.pay("A", Money.from_minor(paid, "EUR"), day(2, 9))
    back = max(1, int(paid * undone))
    amount = Money.from_minor(back, "EUR")
    books.book(Unallocate, account_id="A", on=day(2, 9), of="A:3", amount=amount)
    kept = item(books, "A:2")
    assert kept.open == net + tax - paid + back
    assert 0 <= kept.open_net <= net
    assert 0 <= kept.open_tax <= tax
    assert left(books, "A:3") == back
    if back < paid:
        books.book(Unallocate, account_id="A", on=day(2, 9), of="A:3")
    kept = item(books, "A:2")
    assert (kept.open_net, kept.open_tax) == (net, tax)


def test_an_account_is_netted_against_its_own_credit() -> None:
    books = waiting()
    receipt = books.book(Offset, account_id="A", on=day(2, 9), amount=eur(22))
    assert receipt.entry.kind == "offset"
    assert receipt.balance == eur(5)
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4, 5)] == [2800, 0, 0, 2300]
    books.book(Offset, account_id="A", on=day(2, 9))
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4, 5)] == [500, 0, 0, 0]


def test_no_more_is_netted_than_the_smaller_of_both() -> None:
    books = waiting()
    fields = {"account_id": "A", "on": day(2, 9)}
    error = refused(books, OverAllocationError, Offset, **fields, amount=Money("45.01", "EUR"))
    assert error.context["available"] == 4500
    refused(books, PostingDateError, Offset, account_id="A", on=day(2, 3))
    refused(SmallBooks("A"), OverAllocationError, Offset, **fields)


def party() -> SmallBooks:
    """A owes 30 (A:2), B has credits of 5 (B:2) and 40 (B:3); both are of P."""
    books = SmallBooks()
    for account_id in ("A", "B"):
        books.open(account_id, party_id="P")
    books.charge("A", eur(30), day(2, 1), day(2, 15), tax=eur(5))
    books.pay("B", eur(5), day(2, 3))
    books.pay("B", eur(40), day(2, 4))
    return books


def test_credit_moves_between_accounts_of_a_party() -> None:
    books = party()
    receipt = books.book(Offset, account_id="A", credit_account_id="B", on=day(2, 9), amount=eur(6))
    mine, theirs = receipt.entries
    assert posted(mine) == ["clearing +600", "receivable.net 2/3 -500", "receivable.tax 2/3 -100"]
    assert posted(theirs) == ["clearing -600", "unapplied 2 +500", "unapplied 3 +100"]
    assert (mine.step, theirs.step, theirs.account_id) == (0, 1, "B")
    assert receipt.balance == eur(24)
    assert theirs.balance == -3900


def test_all_that_can_be_netted_between_accounts() -> None:
    books = party()
    books.book(Offset, account_id="A", credit_account_id="B", on=day(2, 9))
    assert [left(books, name) for name in ("A:2", "B:2", "B:3")] == [0, 0, 1500]


def test_credit_stays_within_its_party_and_currency() -> None:
    books = party()
    books.open("C", party_id="Q")
    books.open("D")
    books.open("E", currency="JPY", party_id="P")
    for account_id in ("C", "D"):
        books.pay(account_id, eur(9), day(2, 1))
        for one, other in (("A", account_id), (account_id, "D" if account_id == "C" else "C")):
            refused(
                books,
                PartyMismatchError,
                Offset,
                account_id=one,
                credit_account_id=other,
                on=day(2, 9),
            )
    fields = {"account_id": "A", "credit_account_id": "E", "on": day(2, 9)}
    refused(books, CurrencyMismatchError, Offset, **fields)
    fields = {"account_id": "A", "credit_account_id": "B", "on": day(2, 9)}
    refused(books, CurrencyMismatchError, Offset, **fields, amount=Money(1, "USD"))


def test_a_refused_second_side_takes_the_first_back() -> None:
    books = party()
    books.book(TakeDeposit, account_id="B", amount=eur(1), on=day(2, 1))
    # The debt allows day 3, one of the credits does not.
    fields = {"account_id": "A", "credit_account_id": "B", "on": day(2, 3)}
    refused(books, PostingDateError, Offset, **fields)


def credit(seq: int, left: int) -> Item:
    return Item("A", seq, "credit", None, day(2, 1), None, left, open_net=left)


def debt(seq: int) -> Item:
    return Item("A", seq, "service", None, day(2, 1), day(2, 1), 100)


def test_the_first_credit_is_used_up_first_and_settles_net_before_tax() -> None:
    one, other = credit(4, 5), credit(5, 9)
    shares = [Share(debt(2), 4, 3), Share(debt(3), 6, 0)]
    assert [
        (source.seq, [(part.item.seq, part.net, part.tax) for part in parts])
        for source, parts in spread_over([one, other], shares)
    ] == [(4, [(2, 4, 1)]), (5, [(2, 0, 2), (3, 6, 0)])]


parts = st.tuples(st.integers(0, 50), st.integers(0, 50)).filter(any)


@given(st.lists(parts, max_size=5), st.lists(st.integers(0, 80), max_size=5))
def test_nothing_gets_lost_between_credits_and_debts(
    owed: list[tuple[int, int]], held: list[int]
) -> None:
    shares = [Share(debt(seq), net, tax) for seq, (net, tax) in enumerate(owed, start=2)]
    credits_ = [credit(seq, left) for seq, left in enumerate(held, start=20)]
    matches = spread_over(credits_, shares)
    total = sum(sum(pair) for pair in owed)
    assert sum(part.amount for _, of in matches for part in of) == min(total, sum(held))
    for source, of in matches:
        assert 0 < sum(part.amount for part in of) <= source.open_net
    for share in shares:
        mine = [part for _, of in matches for part in of if part.item is share.item]
        assert sum(part.net for part in mine) <= share.net
        assert sum(part.tax for part in mine) <= share.tax
        assert all(part.net >= 0 and part.tax >= 0 and part.amount for part in mine)


@pytest.mark.parametrize("auto_apply", [True, False])
def test_a_charge_meets_several_credits_in_one_transaction(auto_apply: bool) -> None:
    books = SmallBooks("A", allocation=AllocationPolicy(auto_apply=auto_apply))
    for number in (1, 2):
        books.pay("A", eur(5), day(2, number))
    steps = books.charge("A", eur(8), day(2, 3), day(2, 17)).entries
    assert [entry.kind for entry in steps] == ["charge"] + ["allocation"] * 2 * auto_apply
    assert [left(books, f"A:{seq}") for seq in (2, 3, 4)] == (
        [0, 200, 0] if auto_apply else [500, 500, 800]
    )
