"""The journal: names of entries, the chain of hashes, and what an entry moves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.errors import UnknownEntryError
from telcrm.ledger.commands import CloseAccount, Recover, WriteOff
from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
    apply,
    chain_hash,
    chain_start,
    entry_name,
    from_micros,
    split_entry_name,
    to_micros,
)

ENTRY = Entry(
    account_id="A",
    seq=2,
    kind="charge",
    key="k",
    step=0,
    on=day(2, 1),
    recorded_us=7,
    currency="EUR",
    request_hash="r",
    body="{}",
    reverses=None,
    opens=ItemOpening("service", "I-1", day(2, 15), 100),
    postings=(
        Posting("receivable", "net", 2, None, 100),
        Posting("revenue", "service", None, None, -100),
    ),
    balance=100,
    hash="",
)


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    st.integers(0, 2**31 - 1),
)
def test_the_name_of_an_entry_tells_its_account_and_number(account_id: str, seq: int) -> None:
    assert split_entry_name(entry_name(account_id, seq)) == (account_id, seq)


@pytest.mark.parametrize("name", ["", ":", "A", "A:", ":1", "A:x", "A:-1", "A:1.0", "A:²", "A:1 "])
def test_what_names_no_entry_is_refused(name: str) -> None:
    with pytest.raises(UnknownEntryError, match="names no entry"):
        split_entry_name(name)


@given(st.datetimes(max_value=datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_an_instant_comes_back_to_the_microsecond(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert to_micros(instant + timedelta(microseconds=1)) == to_micros(instant) + 1


def test_which_kinds_are_debts() -> None:
    assert [kind for kind in ItemKind if kind.is_debt] == ["service", "fee", "interest"]


def test_a_chain_begins_with_its_tenant_and_account() -> None:
    starts = {chain_start(tenant, account) for tenant in ("t", "u") for account in ("A", "B")}
    assert len(starts) == 4
    assert chain_start("t", "A") == chain_start("t", "A")


CHANGES: dict[str, Any] = {
    "account_id": "B",
    "seq": 3,
    "kind": "payment",
    "key": "l",
    "step": 1,
    "on": day(2, 2),
    "recorded_us": 8,
    "currency": "USD",
    "request_hash": "s",
    "body": '{"a":1}',
    "reverses": 1,
    "opens": None,
    "postings": ENTRY.postings[::-1],
    "balance": 101,
}


@pytest.mark.parametrize("field", [name for name in Entry._fields if name != "hash"])
def test_a_hash_covers_all_that_an_entry_says(field: str) -> None:
    changed = ENTRY._replace(**{field: CHANGES[field]})
    assert chain_hash("x", changed) != chain_hash("x", ENTRY)


@pytest.mark.parametrize(
    "change",
    [
        {"gl": "disputed"},
        {"detail": "tax"},
        {"item": 3},
        {"counter": 3},
        {"amount": 101},
    ],
)
def test_a_hash_covers_every_posting(change: dict[str, Any]) -> None:
    first, *rest = ENTRY.postings
    changed = ENTRY._replace(postings=(first._replace(**change), *rest))
    assert chain_hash("x", changed) != chain_hash("x", ENTRY)


def test_a_hash_covers_the_one_before_and_not_itself() -> None:
    assert chain_hash("x", ENTRY) != chain_hash("y", ENTRY)
    assert chain_hash("x", ENTRY._replace(hash="z")) == chain_hash("x", ENTRY)
    assert len(chain_hash("x", ENTRY)) == 64


def test_an_entry_tells_what_it_says() -> None:
    assert (ENTRY.entry_id, ENTRY.item_id) == ("A:2", "A:2")
    assert ENTRY._replace(opens=None).item_id is None
    assert ENTRY.recorded_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=7)
    assert (ENTRY.command, ENTRY.facts) == (None, {})
    said = ENTRY._replace(body='{"command":{"kind":"charge"},"facts":{"a":1}}')
    assert (said.command, said.facts) == ({"kind": "charge"}, {"a": 1})
    assert ENTRY.total(GlAccount.RECEIVABLE) == eur(1)
    assert ENTRY.total(GlAccount.REVENUE, GlAccount.RECEIVABLE) == eur(0)


def fold(books: SmallBooks, account_id: str) -> tuple[Account, dict[int, Item]]:
    ((_, entries, _),) = (row for row in books.store.journals() if row[0].account_id == account_id)
    account = Account(account_id, entries[0].currency, entries[0].on)
    items: dict[int, Item] = {}
    for entry in entries:
        apply(entry, account, items)
    return account, items


def test_an_account_is_the_sum_of_its_entries() -> None:
    books = SmallBooks()
    books.open("A", party_id="P", customer_class="gold", credit_limit=eur(9))
    books.charge("A", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    books.pay("A", eur(60), day(2, 9))
    books.book(WriteOff, account_id="A", on=day(3, 1), reason="x", approver="y")
    books.book(Recover, account_id="A", on=day(4, 1), amount=eur(10))
    books.book(CloseAccount, account_id="A", on=day(4, 2))
    account, items = fold(books, "A")
    ((kept, _, kept_items),) = books.store.journals()
    kept.number = None
    assert account == kept
    assert [items[2], items[3]] == kept_items
    assert (account.balance, account.written_off, account.closed_on) == (0, 5000, day(4, 2))
    assert (account.party_id, account.customer_class, account.credit_limit) == ("P", "gold", 900)
    assert account.last_on == day(4, 2)
    assert items[2].is_live
    assert not items[3].is_live


def test_the_balance_is_what_is_owed_less_what_is_in_credit() -> None:
    account = Account("A", "EUR", day(1, 1), receivable=7, disputed=5, unapplied=3, deposit=99)
    assert account.balance == 9


@pytest.mark.parametrize(
    "left",
    ["open_net", "open_tax", "disputed_net", "disputed_tax", "written_off"],
)
def test_an_item_lives_while_anything_of_it_is_left(left: str) -> None:
    item = Item("A", 2, "service", None, day(2, 1), None, 100)
    live = [item.is_live]
    setattr(item, left, 1)
    live.append(item.is_live)
    assert live == [False, True]


def test_what_was_recovered_in_full_is_over() -> None:
    assert not Item("A", 2, "fee", None, day(2, 1), None, 9, written_off=9, recovered=9).is_live


def test_dunning_sets_the_state_that_it_says() -> None:
    account = Account("A", "EUR", day(1, 1))
    body = '{"facts":{"state":{"listed":true},"policy":"~books:2","on":"2026-02-01","actions":[]}}'
    entry = ENTRY._replace(kind=EntryKind.DUNNING.value, opens=None, postings=(), body=body)
    apply(entry, account, {})
    assert account.dunning is not None
    assert json.loads(account.dunning)["state"] == {"listed": True}


def test_days_far_away_have_a_hash() -> None:
    hashes = {chain_hash("x", ENTRY._replace(on=on)) for on in (date.min, date.max)}
    assert len(hashes) == 2
