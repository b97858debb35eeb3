"""Databases that hold books, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from telcrm.ledger.stores.protocol import BookChanges, LedgerStore, StoreTransaction
from telcrm.ledger.stores.sql_store import open_sql_store
from telcrm.testing.random_books import RandomBooks

Opened = Callable[..., LedgerStore]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens stores, and closes them after the test."""
    stores: list[LedgerStore] = []

    def open_and_remember(url: str, tenant: str = "north") -> LedgerStore:
        stores.append(open_sql_store(url, tenant))
        return stores[-1]

    yield open_and_remember
    for store in stores:
        store.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a new file."""
    return f"sqlite:///{tmp_path / 'books.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database of each engine in turn."""
    of_engine = {"sqlite": "sqlite_url", "postgresql": "new_postgres_url"}
    found: str = request.getfixturevalue(of_engine[request.param])
    return found


def append(changes: BookChanges, transaction: StoreTransaction) -> None:
    transaction.append(changes)


@pytest.fixture
def fill() -> Callable[..., RandomBooks]:
    """Books at random into a store, and returns what was booked."""

    def book(store: LedgerStore, transactions: int = 30, *, seed: int = 7) -> RandomBooks:
        books = RandomBooks(seed, tenant=store.tenant)
        for changes in books.transactions(transactions):
            store.transact(partial(append, changes))
        return books

    return book
