"""Books in a SQLite file: several processes, what cannot be written, what is no ledger."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from telcrm.errors import (
    CorruptStoreError,
    FullStoreError,
    ParameterError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreUnavailableError,
    StoreVersionError,
)
from telcrm.ledger.journal import Account, Entry, EntryKind, GlAccount, Posting, apply
from telcrm.ledger.stores.protocol import AsOf, BookChanges, LedgerStore, StoreTransaction
from telcrm.ledger.stores.sql_store import SqlStore, open_sql_store
from telcrm.testing import check_ledger_store
from telcrm.testing.random_books import RandomBooks

Opened = Callable[..., LedgerStore]
Fill = Callable[..., RandomBooks]

DAY = date(2026, 3, 1)


def test_a_file_is_a_ledger_store(sqlite_url: str) -> None:
    check_ledger_store(lambda tenant: open_sql_store(sqlite_url, tenant))


class KeptOpen(SqlStore):
    """A database in memory is gone when it is closed, and the check closes stores."""

    def close(self) -> None:
        pass


def test_memory_is_a_ledger_store(opened: Opened) -> None:
    store = opened("sqlite://")
    assert isinstance(store, SqlStore)
    backend = store._backend
    check_ledger_store(lambda tenant: KeptOpen(backend, tenant))


def test_what_is_read_in_a_loop_may_be_written_to(opened: Opened, url: str, fill: Fill) -> None:
    for store in (opened(url), opened("sqlite://")):
        fill(store)
        seen = 0
        for account, _, _ in store.journals():
            store.transact(partial(post, name=account.account_id))
            seen += 1
        assert seen == len(store.accounts())


def post(transaction: StoreTransaction, name: str, key: str | None = None) -> None:
    """Add one entry of 5 without an item, as the ledger would: read under lock, then write."""
    account = transaction.lock([name])[name]
    transaction.find_keys([key or "none"])
    lines = (
        Posting(GlAccount.CASH, "", None, None, 5),
        Posting(GlAccount.REVENUE, "", None, None, -5),
    )
    entry = Entry(
        name,
        account.seq + 1,
        EntryKind.CHARGE.value,
        key or f"{name}/{account.seq + 1}",
        0,
        DAY,
        account.recorded_us + 1,
        account.currency,
        "",
        "{}",
        None,
        None,
        lines,
        account.balance,
        f"hash {account.seq + 1}",
    )
    apply(entry, account, {})
    transaction.append(BookChanges((entry,), (), (account,), (), ()))


def open_account(store: LedgerStore, name: str) -> None:
    account = Account(name, "EUR", DAY)
    store.transact(lambda transaction: transaction.append(BookChanges((), (account,), (), (), ())))


POSTER = """
import sys
from telcrm.ledger.journal import Entry, GlAccount, Posting, apply
from telcrm.ledger.stores.protocol import BookChanges
from telcrm.ledger.stores.sql_store import open_sql_store

url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_sql_store(url, "north")

def post(transaction):
    account = transaction.lock(["hot"])["hot"]
    lines = (Posting("cash", "", None, None, 5), Posting("revenue", "", None, None, -5))
    entry = Entry("hot", account.seq + 1, "charge", f"{key}/{account.seq}", 0, account.opened_on,
        account.recorded_us + 1, "EUR", "", "{}", None, None, lines, 0, "")
    apply(entry, account, {})
    transaction.append(BookChanges((entry,), (), (account,), (), ()))

print("open", flush=True)
sys.stdin.readline()
for _ in range(count):
    store.transact(post)
store.close()
"""


def test_processes_share_a_database(opened: Opened, url: str) -> None:
    # Nobody has made the tables yet: all come at once.
    with ExitStack() as running:
        pipe = subprocess.PIPE
        start = partial(subprocess.Popen, stdin=pipe, stdout=pipe, text=True)
        processes = [
            running.enter_context(start([sys.executable, "-c", POSTER, url, key, "40"]))
            for key in "abc"
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
        store = opened(url)
        open_account(store, "hot")
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("post\n")
            process.stdin.flush()
    assert [process.returncode for process in processes] == [0, 0, 0]
    entries = store.entries("hot", AsOf())
    assert [entry.seq for entry in entries] == list(range(1, 121))
    assert sum(entry.total(GlAccount.CASH).minor_units for entry in entries) == 600
    assert len(store.feed(None, 1000).entries) == 120


def test_readers_do_not_wait_for_a_writer(opened: Opened, sqlite_url: str) -> None:
    store, other = opened(sqlite_url), opened(sqlite_url)
    open_account(store, "A-1")

    def work(transaction: StoreTransaction) -> int:
        post(transaction, "A-1")
        return len(other.entries("A-1", AsOf()))

    assert store.transact(work) == 0
    assert len(other.entries("A-1", AsOf())) == 1


@pytest.mark.parametrize("timeout", [0.05, 0.4])
def test_a_writer_waits_only_so_long(opened: Opened, sqlite_url: str, timeout: float) -> None:
    first, second = opened(sqlite_url), opened(f"{sqlite_url}?timeout={timeout}")
    open_account(first, "A-1")

    def work(transaction: StoreTransaction) -> None:
        post(transaction, "A-1")
        start = monotonic()
        with pytest.raises(StoreBusyError, match="held by other writers"):
            second.transact(lambda other: post(other, "A-1"))
        assert timeout <= monotonic() - start < 20

    first.transact(work)
    second.transact(lambda transaction: post(transaction, "A-1"))
    assert len(first.entries("A-1", AsOf())) == 2


def test_commits_are_durable_and_readers_are_free(opened: Opened, sqlite_url: str) -> None:
    store = opened(sqlite_url)
    assert isinstance(store, SqlStore)
    with store._backend.connect() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_threads_share_a_store(opened: Opened, sqlite_url: str) -> None:
    for store in (opened(sqlite_url), opened("sqlite://")):
        open_account(store, "A-1")

        def work(name: str, store: LedgerStore = store) -> None:
            for nth in range(20):
                store.transact(partial(post, name="A-1", key=f"{name}{nth}"))

        threads = [Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.entries("A-1", AsOf())) == 60


def test_opening_an_up_to_date_file_writes_nothing(opened: Opened, sqlite_url: str) -> None:
    opened(sqlite_url).close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    before = path.read_bytes(), path.stat().st_mtime_ns
    store = opened(sqlite_url, "another tenant")
    assert store.accounts() == []
    store.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_file_that_is_opened_to_read_is_read(opened: Opened, sqlite_url: str, fill: Fill) -> None:
    books = fill(opened(sqlite_url))
    path = sqlite_url.removeprefix("sqlite:///")
    store = opened(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert len(store.accounts()) == len(books.accounts)
    name = next(iter(books.accounts))
    with pytest.raises(ReadOnlyStoreError, match="cannot be written"):
        store.transact(lambda transaction: post(transaction, name))
    with pytest.raises(ReadOnlyStoreError):
        opened(f"sqlite:///file:{path}?mode=ro&uri=true", "new tenant").transact(lambda _: None)


@contextmanager
def without_rights() -> Iterator[None]:
    # Root may write everything, whatever a file's mode says.
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="file modes are a matter of POSIX")
def test_a_file_without_the_right_to_write_is_read(opened: Opened, fill: Fill) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        path = Path(folder) / "books.db"
        store = open_sql_store(f"sqlite:///{path}", "north")
        books = fill(store)
        store.close()
        path.chmod(0o444)
        with without_rights():
            reader = opened(f"sqlite:///{path}")
            assert len(reader.accounts()) == len(books.accounts)
            name = next(iter(books.accounts))
            with pytest.raises(ReadOnlyStoreError):
                reader.transact(lambda transaction: post(transaction, name))
            reader.close()
            empty = Path(folder) / "empty.db"
        empty.touch(0o444)
        with without_rights(), pytest.raises(ReadOnlyStoreError):
            open_sql_store(f"sqlite:///{empty}", "north")


def test_a_full_disk_keeps_what_was_there(opened: Opened, sqlite_url: str, fill: Fill) -> None:
    store = opened(sqlite_url)
    books = fill(store)
    assert isinstance(store, SqlStore)
    name = next(iter(books.accounts))
    before = list(store.journals())
    with store._backend.connect() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill_up(transaction: StoreTransaction) -> None:
        for nth in range(5_000):
            post(transaction, name, f"key {nth}")

    with pytest.raises(FullStoreError, match="no room left"):
        store.transact(fill_up)
    assert list(store.journals()) == before
    with store._backend.connect() as connection:
        connection.execute(f"PRAGMA max_page_count = {2**30}")
    store.transact(lambda transaction: post(transaction, name))
    assert len(list(store.journals())) == len(before)


def test_a_file_that_is_no_database_is_refused(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("to do: buy milk\n" * 100)
    with pytest.raises(CorruptStoreError, match="is no database"):
        opened(f"sqlite:///{path}")
    assert path.read_text() == "to do: buy milk\n" * 100


def test_a_damaged_file_is_reported(opened: Opened, sqlite_url: str, fill: Fill) -> None:
    fill(opened(sqlite_url), 60)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(CorruptStoreError):
        list(opened(sqlite_url).journals())


def test_a_database_of_something_else_is_left_alone(opened: Opened, sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")
    with pytest.raises(StoreVersionError, match="is no ledger, and holds the tables recipe"):
        opened(sqlite_url)
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("recipe",)]


def test_a_newer_database_is_left_alone(opened: Opened, sqlite_url: str) -> None:
    opened(sqlite_url).close()
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE ledger_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StoreVersionError, match=r"revision 9999; this release knows 0001"):
        opened(sqlite_url)


def test_a_folder_that_is_not_there(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        opened(f"sqlite:///{tmp_path / 'missing' / 'books.db'}")


@pytest.mark.parametrize("bad", ["no url", "sqlite:/one/slash", "oracle://x"])
def test_a_url_that_is_none(opened: Opened, bad: str) -> None:
    with pytest.raises(ParameterError, match=r"write 'sqlite:///crm\.db'"):
        opened(bad)


@pytest.mark.parametrize("cursor", ["", "7", "a:b", "1:2:3", "-1:2", "1:²"])
def test_a_cursor_that_is_none(opened: Opened, cursor: str) -> None:
    with pytest.raises(ParameterError, match="is no cursor of this feed"):
        opened("sqlite://").feed(cursor, 10)


def test_a_repeated_entry_is_a_contradiction(opened: Opened, fill: Fill) -> None:
    store = opened("sqlite://")
    books = fill(store)
    twice = BookChanges((books.entries[0],), (), (), (), ())
    with pytest.raises(CorruptStoreError, match="would contradict itself"):
        store.transact(lambda transaction: transaction.append(twice))


def test_questions_use_the_indexes_that_are_there_for_them(opened: Opened) -> None:
    store = opened("sqlite://")
    assert isinstance(store, SqlStore)
    store.transact(lambda books: books.live_items([]))
    store.transact(lambda books: books.entries_of_kinds([], ["promise"]))
    store.transact(lambda books: books.reversal_of("A-1", 1))
    store.transact(lambda books: books.items_by_document("A-1", "INV-1"))
    store.transact(lambda books: books.movements([("A-1", 1)]))
    store.accounts(party_id="P")
    store.item_states(None, AsOf(DAY))
    backend = store._backend
    plans = []
    for query in backend._queries.values():
        with backend.connect() as connection:
            values = [None] * len(query._names)
            rows = connection.execute(f"EXPLAIN QUERY PLAN {query._sql}", values).fetchall()
            plans += [row[3] for row in rows]
    indexes = {plan.split("INDEX ")[1].split()[0] for plan in plans if " INDEX " in plan}
    wanted = {"account_party", "entry_reverses", "entry_sparse", "item_live", "item_document"}
    assert {*wanted, "posting_item"} <= indexes


def test_changes_of_accounts_are_kept(opened: Opened, url: str) -> None:
    store = opened(url)
    open_account(store, "A-1")
    changed = replace(
        Account("A-1", "EUR", DAY, closed_on=DAY, credit_limit=5, dunning='{"a":"\\\\"}'), seq=0
    )
    store.transact(lambda books: books.append(BookChanges((), (), (changed,), (), ())))
    found = store.account("A-1")
    assert found is not None
    assert replace(found, number=None) == changed
