"""What became of each debt."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import ACCOUNTS, RandomHistory

from telcrm.domain import Money
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.commands import (
    CreditNote,
    Dispute,
    Recover,
    Reverse,
    TakeDeposit,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.journal import EntryKind, ItemKind
from telcrm.ledger.measures.debt_history import DebtHistory, MoveKind, debt_histories
from telcrm.ledger.stores.protocol import AsOf

GIVEN_UP = {"reason": "lost", "approver": "boss"}


def histories(books: SmallBooks, account_id: str = "A-1") -> list[DebtHistory]:
    return debt_histories(books.store.entries(account_id, AsOf()))


def only(books: SmallBooks, account_id: str = "A-1") -> DebtHistory:
    (found,) = histories(books, account_id)
    return found


def billed(amount: int = 100) -> SmallBooks:
    books = SmallBooks("A-1", "A-2", allocation=AllocationPolicy(tolerance=(eur("0.50"),)))
    books.charge("A-1", eur(amount), day(2, 1), day(2, 15))
    return books


def test_it_is_paid_on_the_day_of_the_last_payment() -> None:
    books = billed()
    books.pay("A-1", eur(60), day(2, 9))
    assert only(books).paid_on is None
    books.pay("A-1", eur(40), day(2, 20))
    found = only(books)
    assert (found.paid_on, found.amount, found.open) == (day(2, 20), 10_000, 0)
    assert (found.nature, found.opened_by) == (ItemKind.SERVICE, EntryKind.CHARGE)
    assert (found.on, found.due_on) == (day(2, 1), day(2, 15))
    assert found.total(MoveKind.PAID) == 10_000
    assert found.total(MoveKind.PAID, until=day(2, 19)) == 6_000


def test_a_payment_that_bounced_is_none() -> None:
    books = billed()
    books.pay("A-1", eur(100), day(2, 9))
    books.book(Reverse, entry_id="A-1:3", on=day(2, 12))
    assert only(books).paid_on is None
    assert only(books).total(MoveKind.PAID) == 0
    books.pay("A-1", eur(100), day(3, 1))
    assert only(books).paid_on == day(3, 1)


def test_the_last_payment_is_the_one_that_was_not_undone() -> None:
    books = billed()
    books.pay("A-1", eur(60), day(2, 9))
    books.pay("A-1", eur(40), day(2, 20))
    books.book(Reverse, entry_id="A-1:4", on=day(2, 22))
    books.book(CreditNote, account_id="A-1", amount=eur(40), on=day(2, 25))
    assert only(books).paid_on == day(2, 9)


def test_what_credit_notes_settled_was_not_paid_whenever_they_were_matched() -> None:
    books = SmallBooks("A-1")
    books.book(CreditNote, account_id="A-1", amount=eur(100), on=day(1, 5))
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    found = only(books)
    assert (found.open, found.paid_on) == (0, None)
    assert found.total(MoveKind.CREDITED) == 10_000
    books.book(Unallocate, account_id="A-1", of="A-1:2", on=day(2, 3))
    assert only(books).total(MoveKind.CREDITED) == 0


def test_a_part_that_was_given_up_or_moved_is_not_paid() -> None:
    for command, fields in (
        (WriteOff, {"amount": eur(30), **GIVEN_UP}),
        (Transfer, {"to_account_id": "A-2", "items": ({"item": "A-1:2", "amount": eur(30)},)}),
    ):
        books = billed()
        books.book(command, account_id="A-1", on=day(2, 5), **fields)
        books.pay("A-1", eur(70), day(2, 9))
        assert (only(books).open, only(books).paid_on) == (0, None)


def test_a_transferred_debt_is_one_of_the_other_account() -> None:
    books = billed()
    books.book(
        Transfer, account_id="A-1", to_account_id="A-2", items=({"item": "A-1:2"},), on=day(2, 5)
    )
    assert only(books).total(MoveKind.TRANSFERRED) == 10_000
    books.pay("A-2", eur(100), day(2, 20))
    there = only(books, "A-2")
    assert (there.opened_by, there.due_on, there.paid_on) == (
        EntryKind.TRANSFER,
        day(2, 15),
        day(2, 20),
    )


def test_what_was_given_up_may_be_recovered_or_taken_back() -> None:
    books = billed()
    books.book(WriteOff, account_id="A-1", on=day(2, 5), **GIVEN_UP)
    books.book(Recover, account_id="A-1", amount=eur(10), on=day(2, 8))
    found = only(books)
    assert (found.total(MoveKind.GIVEN_UP), found.total(MoveKind.RECOVERED)) == (10_000, 1_000)
    books.book(Reverse, entry_id="A-1:4", on=day(2, 9))
    books.book(Reverse, entry_id="A-1:3", on=day(2, 10))
    found = only(books)
    assert (found.total(MoveKind.GIVEN_UP), found.total(MoveKind.RECOVERED)) == (0, 0)
    assert found.open == 10_000


def test_a_small_balance_is_forgiven_and_the_debt_is_paid() -> None:
    books = billed()
    books.pay("A-1", eur("99.60"), day(2, 9))
    found = only(books)
    assert (found.total(MoveKind.FORGIVEN), found.paid_on) == (40, day(2, 9))


def test_a_deposit_pays() -> None:
    books = billed()
    books.book(TakeDeposit, account_id="A-1", amount=eur(100), on=day(2, 3))
    books.book(UseDeposit, account_id="A-1", amount=eur(100), on=day(2, 20))
    assert only(books).paid_on == day(2, 20)
    books.book(Reverse, entry_id="A-1:3", on=day(2, 25))
    assert only(books).total(MoveKind.PAID) == 0


def test_a_dispute_moves_nothing_but_keeps_it_from_being_paid() -> None:
    books = billed()
    books.book(Dispute, account_id="A-1", item="A-1:2", amount=eur(30), on=day(2, 3))
    books.pay("A-1", eur(70), day(2, 9))
    found = only(books)
    assert (found.open, found.disputed, found.paid_on) == (0, 3_000, None)
    assert {move.kind for move in found.moves} == {MoveKind.PAID}


def test_a_charge_that_was_taken_back_is_no_debt() -> None:
    books = billed()
    books.pay("A-1", eur(60), day(2, 9))
    books.book(Reverse, entry_id="A-1:2", on=day(2, 12))
    assert histories(books) == []


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_what_moved_a_debt_explains_what_is_left_of_it(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(60)
    for name, code in ACCOUNTS.items():
        for on in history.days:
            known = AsOf(on)
            states = {
                state.seq: state
                for state in history.store.item_states([name], known, live=False)
                if ItemKind(state.kind).is_debt
            }
            debts = debt_histories(history.store.entries(name, known))
            for debt in debts:
                state = states.pop(debt.seq)
                assert (debt.open, debt.disputed) == (state.open, state.disputed)
                left = debt.amount - debt.total(
                    *(kind for kind in MoveKind if kind is not MoveKind.RECOVERED)
                )
                assert left == debt.open + debt.disputed
                lost = debt.total(MoveKind.GIVEN_UP) - debt.total(MoveKind.RECOVERED)
                assert lost == state.written_off
                assert debt.total(MoveKind.PAID) >= 0
                if debt.paid_on is not None:
                    assert left == 0
                    assert debt.on <= debt.paid_on <= on
            # What is left out was taken back: nothing of it may be left.
            rest = [state.open + state.disputed + state.written_off for state in states.values()]
            assert Money.from_minor(sum(rest), code) == Money.zero(code)
