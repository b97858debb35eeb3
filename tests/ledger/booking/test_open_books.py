"""The books of one transaction: what is found, and what is undone when a command is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.ledger.booking.posted import left, refused
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.errors import LedgerError, PostingDateError, UnknownItemError
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.booking.open_books import OpenBooks, shown
from telcrm.ledger.commands import Charge, OpenAccount, Pay, Target, Transfer
from telcrm.ledger.journal import Account, EntryKind, Posting, chain_hash, chain_start, to_micros
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import StoreTransaction


def test_minor_units_are_shown_as_people_write_them() -> None:
    assert [shown(1250, "EUR"), shown(1250, "JPY")] == ["12.50 EUR", "1250 JPY"]


def test_a_debt_is_found_by_its_name_or_its_document() -> None:
    books = SmallBooks("A", "B")
    books.charge("A", eur(5), day(2, 1), day(2, 15), document="I-1")
    books.charge("B", eur(5), day(2, 1), day(2, 15), document="I-2")
    for named in ("A:2", "I-1"):
        books.pay("A", eur(1), day(2, 2), to=(Target(item=named),))
    assert left(books, "A:2") == 300
    pay = {"account_id": "A", "amount": eur(1), "on": day(2, 2)}
    for named in ("I-2", "B:2", "A:3", "A:x", ":", "A:"):
        refused(books, UnknownItemError, Pay, **pay, to=(Target(item=named),))


def test_a_document_of_two_debts_names_neither() -> None:
    books = SmallBooks("A")
    for _ in range(2):
        books.charge("A", eur(5), day(2, 1), day(2, 15), document="I-1")
    pay = {"account_id": "A", "amount": eur(1), "on": day(2, 2)}
    error = refused(books, UnknownItemError, Pay, **pay, to=(Target(item="I-1"),))
    assert "name one of A:2, A:3" in error.message


def test_a_document_may_be_of_a_debt_and_of_its_payment() -> None:
    books = SmallBooks("A")
    books.charge("A", eur(5), day(2, 1), day(2, 15), document="X")
    books.pay("A", eur(9), day(2, 2), document="X")
    books.pay("A", eur(1), day(2, 2), to=(Target(item="X"),))
    assert (left(books, "A:2"), left(books, "A:3"), left(books, "A:4")) == (0, 400, 100)


def test_what_a_refused_command_had_booked_is_forgotten_but_not_what_others_had() -> None:
    store = MemoryStore()
    ledger = Ledger(store)
    on, due = day(2, 1), day(2, 15)
    opened = [OpenAccount(key=f"o{name}", account_id=name, currency="EUR", on=on) for name in "AB"]
    charges = [
        Charge(key=f"c{n}", account_id="A", amount=eur(n), on=on, due_on=due) for n in (1, 2)
    ]
    items = (Target(item="A:2"), Target(item="A:3", amount=eur(3)))
    half_good = Transfer(key="t", account_id="A", to_account_id="B", on=on, items=items)
    result = ledger.post_many([*opened, charges[0], charges[1], half_good, charges[1]])
    assert (result.posted, result.replayed, len(result.refused)) == (4, 1, 1)
    assert [(a.account_id, a.seq, a.balance) for a in store.accounts()] == [
        ("A", 3, 300),
        ("B", 1, 0),
    ]
    assert ledger.verify().ok


def test_an_account_that_a_refused_command_had_opened_is_not_there() -> None:
    store = MemoryStore()
    bad = OpenAccount(
        key="o",
        account_id="A",
        currency="EUR",
        on=day(2, 1),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    opened = bad.replace(key="p", recorded_at=None)
    result = Ledger(store).post_many([bad, opened.replace(on=day(1, 1))])
    assert result.posted == 1
    assert len(result.refused) == 1


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2026, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def watched() -> tuple[Ledger, Watch]:
    watch = Watch()
    ledger = Ledger(MemoryStore(), clock=watch)
    ledger.open_account("A", currency="EUR", on=day(1, 1))
    return ledger, watch


def test_a_clock_that_is_set_back_does_not_turn_the_journal_round() -> None:
    ledger, watch = watched()
    opened = watch.now
    watch.now -= timedelta(hours=1)
    entry = ledger.pay("A", eur(1), key="p1", on=day(1, 2)).entry
    assert entry.recorded_at == opened
    watch.now += timedelta(hours=2)
    assert ledger.pay("A", eur(1), key="p2", on=day(1, 2)).entry.recorded_at == watch.now


def test_what_is_taken_over_keeps_its_instant_but_not_before_the_last_entry() -> None:
    ledger, watch = watched()
    with pytest.raises(PostingDateError, match="recorded_at"):
        ledger.pay("A", eur(1), key="p", on=day(1, 2), recorded_at=watch.now - timedelta(hours=1))
    entry = ledger.pay("A", eur(1), key="p", on=day(1, 2), recorded_at=watch.now).entry
    assert entry.recorded_at == watch.now


def test_nothing_is_recorded_ahead_of_the_clock() -> None:
    ledger, watch = watched()
    ahead = watch.now + timedelta(days=9)
    with pytest.raises(PostingDateError, match="ahead of the clock"):
        ledger.pay("A", eur(1), key="p", on=day(1, 2), recorded_at=ahead)


def in_hand(transaction: StoreTransaction) -> OpenBooks:
    return OpenBooks(
        transaction,
        {},
        tenant="t",
        policy=AllocationPolicy(),
        closed_through=None,
        now_us=to_micros(datetime(2026, 2, 1, tzinfo=UTC)),
    )


def test_an_entry_out_of_balance_is_not_posted() -> None:
    def work(transaction: StoreTransaction) -> None:
        books = in_hand(transaction)
        books.begin("k", "", "{}", None)
        books.open_account(Account("A", "EUR", day(1, 1)), on=day(1, 1))
        lone = [Posting("cash", "", None, None, 5)]
        with pytest.raises(LedgerError, match="out of balance by 5"):
            books.post(books.account("A"), EntryKind.PAYMENT, lone, on=day(1, 2))
        assert len(books.steps) == 1

    MemoryStore("t").transact(work)


def test_entries_are_numbered_and_chained_as_they_are_posted() -> None:
    def work(transaction: StoreTransaction) -> None:
        books = in_hand(transaction)
        books.begin("k", "hash", "{}", None)
        first = books.open_account(Account("A", "EUR", day(1, 1)), on=day(1, 1))
        second = books.post(books.account("A"), EntryKind.CHANGE_ACCOUNT, (), on=day(1, 2))
        assert [(e.seq, e.step, e.key, e.request_hash) for e in (first, second)] == [
            (1, 0, "k", "hash"),
            (2, 1, "k", "hash"),
        ]
        assert first.hash == chain_hash(chain_start("t", "A"), first)
        assert second.hash == chain_hash(first.hash, second)
        books.forget()
        assert not books.posts_anything
        assert not books.has("A")

    MemoryStore("t").transact(work)


def test_the_first_day_on_which_things_may_move() -> None:
    store = SmallBooks("A")
    store.charge("A", eur(5), day(2, 1), day(2, 15))
    store.pay("A", eur(1), day(2, 9))

    def work(transaction: StoreTransaction) -> list[date]:
        (debt,) = transaction.items("A", [2])
        return [in_hand(transaction).earliest(on, debt) for on in (day(1, 1), day(3, 1))]

    assert store.store.transact(work) == [day(2, 9), day(3, 1)]
