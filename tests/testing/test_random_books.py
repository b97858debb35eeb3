"""The random books are valid: a store that is right can keep them."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    Item,
    ItemKind,
    apply,
    chain_hash,
    chain_start,
)
from telcrm.testing.random_books import RandomBooks

_KINDS = {
    EntryKind.OPEN_ACCOUNT,
    EntryKind.CHANGE_ACCOUNT,
    EntryKind.CLOSE_ACCOUNT,
    EntryKind.CHARGE,
    EntryKind.CREDIT_NOTE,
    EntryKind.PAYMENT,
    EntryKind.REVERSAL,
    EntryKind.ALLOCATION,
    EntryKind.DEPOSIT_TAKEN,
    EntryKind.DEPOSIT_USED,
    EntryKind.TRANSFER,
    EntryKind.WRITE_OFF,
    EntryKind.RECOVERY,
    EntryKind.DISPUTE,
    EntryKind.DISPUTE_RELEASE,
    EntryKind.DUNNING,
}
"""Every way in which postings, items and accounts move; the others differ by name only."""


_DEBTS = {kind.value for kind in ItemKind if kind.is_debt}
_GL_OF = {
    "receivable": _DEBTS,
    "disputed": _DEBTS,
    "bad_debt": _DEBTS,
    "recovery": _DEBTS,
    "unapplied": {"credit"},
    "deposit": {"deposit"},
}


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_entries_are_valid(seed: int) -> None:
    books = RandomBooks(seed, tenant="t")
    for changes in books.transactions(40):
        assert len({entry.recorded_us for entry in changes.entries}) <= 1
    for name, account in books.accounts.items():
        items: dict[int, Item] = {}
        again, previous, seq = deepcopy(account), chain_start("t", name), 0
        again.receivable = again.disputed = again.unapplied = again.deposit = 0
        again.written_off = 0
        for entry in (entry for entry in books.entries if entry.account_id == name):
            assert sum(posting.amount for posting in entry.postings) == 0
            for line in entry.postings:
                number = line.item or 0
                kind = items[number].kind if number in items else entry.opens and entry.opens.kind
                assert line.gl not in _GL_OF or (kind in _GL_OF[line.gl] and number)
            assert entry.on >= account.opened_on
            moved = {line.item for line in entry.postings} & items.keys()
            assert all(items[number].last_on <= entry.on for number in moved if number)
            assert (entry.seq, entry.hash) == (seq + 1, chain_hash(previous, entry))
            previous, seq = entry.hash, entry.seq
            apply(entry, again, items)
            assert again.balance == entry.balance
            assert all(_is_whole(item) for item in items.values())
        assert (again, items) == (account, books.items[name])


def _is_whole(item: Item) -> bool:
    parts = (item.open_net, item.open_tax, item.disputed_net, item.disputed_tax)
    return min(*parts, item.written_off - item.recovered) >= 0 and sum(parts) <= item.amount


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_changes_add_up_to_the_books(seed: int) -> None:
    books = RandomBooks(seed, tenant="t")
    accounts: dict[str, Account] = {}
    items: dict[str, Item] = {}
    entries: list[Entry] = []
    for changes in books.transactions(40):
        assert not {account.account_id for account in changes.new_accounts} & accounts.keys()
        assert {account.account_id for account in changes.accounts} <= accounts.keys()
        assert not {item.item_id for item in changes.new_items} & items.keys()
        assert {item.item_id for item in changes.items} <= items.keys()
        accounts |= {one.account_id: one for one in (*changes.new_accounts, *changes.accounts)}
        items |= {one.item_id: one for one in (*changes.new_items, *changes.items)}
        entries += changes.entries
    assert accounts == books.accounts
    assert items == {one.item_id: one for kept in books.items.values() for one in kept.values()}
    assert entries == books.entries


def test_the_same_seed_gives_the_same_books() -> None:
    one, other = (list(RandomBooks(5, tenant="t").transactions(20)) for _ in range(2))
    assert one == other
    assert one != list(RandomBooks(6, tenant="t").transactions(20))


def test_every_movement_occurs() -> None:
    books = RandomBooks(1, tenant="t")
    assert len(list(books.transactions(120))) == 120
    books.book_extremes()
    assert {entry.kind for entry in books.entries} == _KINDS
