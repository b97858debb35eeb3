"""Databases that earlier releases wrote still open, and say what they said."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from telcrm.ledger.journal import Account, Entry, Item, apply, chain_hash, chain_start
from telcrm.ledger.stores.protocol import BookChanges, LedgerStore, StoreTransaction

Opened = Callable[..., LedgerStore]

STORED = Path(__file__).parent / "stored"
"""Dumps of the random books of seed 11, 16 transactions, of the tenant "north".

In the PostgreSQL dump the transactions are numbered from a thousand million on, as if it came from
a server that is far older than the one it is restored to.
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def restored(
    request: pytest.FixtureRequest, opened: Opened, sqlite_url: str, revision: str
) -> LedgerStore:
    dump = (STORED / f"{revision}.{request.param}.sql").read_text()
    if request.param == "sqlite":
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(dump)
        return opened(sqlite_url)
    url: str = request.getfixturevalue("new_postgres_url")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        session.execute(dump.encode())
    return opened(url)


@pytest.fixture(params=["0001"])
def revision(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_stored_books_say_what_they_said(restored: LedgerStore) -> None:
    journals = list(restored.journals())
    assert len(journals) == 3
    assert sum(len(entries) for _, entries, _ in journals) == 39
    for account, entries, items in journals:
        again = Account(account.account_id, account.currency, account.opened_on)
        again_items: dict[int, Item] = {}
        again.hash = chain_start("north", account.account_id)
        for entry in entries:
            assert entry.hash == chain_hash(again.hash, entry)
            apply(entry, again, again_items)
        assert replace(account, number=None) == again
        assert items == list(again_items.values())


def test_the_feed_goes_on_after_stored_entries(restored: LedgerStore) -> None:
    before = restored.feed(None, 1000)
    assert len(before.entries) == 39
    name = before.entries[0].account_id

    def post(transaction: StoreTransaction) -> Entry:
        account = transaction.lock([name])[name]
        entry = before.entries[0]._replace(
            seq=account.seq + 1, key="new", on=date(2026, 1, 1), hash="new"
        )
        transaction.append(BookChanges((entry,), (), (replace(account, seq=entry.seq),), (), ()))
        return entry

    entry = restored.transact(post)
    assert restored.feed(before.cursor, 1000).entries == (entry,)
