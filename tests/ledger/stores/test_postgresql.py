"""Books in PostgreSQL: many writers, lost connections, and a feed that skips nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from threading import Event, Thread

import psycopg
import pytest

from telcrm.errors import (
    CorruptStoreError,
    ReadOnlyStoreError,
    StoreBusyError,
    StoreUnavailableError,
    StoreVersionError,
)
from telcrm.ledger.journal import Account, Entry, Posting, apply
from telcrm.ledger.stores.protocol import AsOf, BookChanges, LedgerStore, StoreTransaction
from telcrm.ledger.stores.sql_store import open_sql_store
from telcrm.testing import check_ledger_store
from telcrm.testing.random_books import RandomBooks

Opened = Callable[..., LedgerStore]
Fill = Callable[..., RandomBooks]
Session = psycopg.Connection[tuple[object, ...]]

DAY = date(2026, 3, 1)


def test_postgresql_is_a_ledger_store(new_postgres_url: str) -> None:
    check_ledger_store(lambda tenant: open_sql_store(new_postgres_url, tenant))


@pytest.fixture
def session(new_postgres_url: str) -> Iterator[Session]:
    with psycopg.connect(new_postgres_url.replace("+psycopg", ""), autocommit=True) as session:
        yield session


@pytest.fixture
def store(opened: Opened, new_postgres_url: str) -> LedgerStore:
    store = opened(new_postgres_url)
    for name in ("A-1", "A-2"):
        open_account(store, name)
    return store


def open_account(store: LedgerStore, name: str) -> None:
    changes = BookChanges((), (Account(name, "EUR", DAY),), (), (), ())
    store.transact(lambda transaction: transaction.append(changes))


def post(transaction: StoreTransaction, name: str, key: str | None = None) -> Entry:
    account = transaction.lock([name])[name]
    lines = (Posting("cash", "", None, None, 5), Posting("revenue", "", None, None, -5))
    seq = account.seq + 1
    entry = Entry(
        *(name, seq, "charge", key or f"{name}/{seq}", 0, DAY, account.recorded_us + 1, "EUR"),
        *("", "{}", None, None, lines, 0, ""),
    )
    apply(entry, account, {})
    transaction.append(BookChanges((entry,), (), (account,), (), ()))
    return entry


def post_to(store: LedgerStore, name: str, key: str | None = None) -> Entry:
    return store.transact(lambda transaction: post(transaction, name, key))


def kill_others(session: Session) -> None:
    session.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def test_a_connection_that_is_lost_in_the_middle(store: LedgerStore, session: Session) -> None:
    def work(transaction: StoreTransaction) -> None:
        post(transaction, "A-1")
        kill_others(session)

    with pytest.raises(StoreUnavailableError, match="lost in the middle"):
        store.transact(work)
    assert store.entries("A-1", AsOf()) == []
    post_to(store, "A-1")
    assert len(store.entries("A-1", AsOf())) == 1


def test_a_connection_that_is_lost_while_idle_is_made_anew(
    store: LedgerStore, session: Session
) -> None:
    post_to(store, "A-1")
    kill_others(session)
    post_to(store, "A-1")
    kill_others(session)
    assert len(store.entries("A-1", AsOf())) == 2
    kill_others(session)
    assert sum(1 for _ in store.journals()) == 2


def test_a_server_that_is_not_there(opened: Opened) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be reached") as caught:
        opened("postgresql://user:secret@/books?host=/nowhere")
    assert "secret" not in str(caught.value)


def test_the_plain_scheme_means_psycopg(opened: Opened, new_postgres_url: str) -> None:
    store = opened(new_postgres_url.replace("+psycopg", ""))
    open_account(store, "A-1")
    assert [account.account_id for account in store.accounts()] == ["A-1"]


def test_tables_of_an_application_are_left_alone(
    opened: Opened, new_postgres_url: str, session: Session
) -> None:
    session.execute("CREATE TABLE account (name text); CREATE SCHEMA ledger")
    with pytest.raises(StoreVersionError, match=r"holds the tables account.*search_path"):
        opened(new_postgres_url)
    store = opened(f"{new_postgres_url}&options=-csearch_path%3Dledger")
    open_account(store, "A-1")
    assert session.execute("SELECT count(*) FROM account").fetchone() == (0,)
    assert session.execute("SELECT count(*) FROM ledger.account").fetchone() == (1,)


def test_a_newer_database_is_left_alone(
    store: LedgerStore, opened: Opened, new_postgres_url: str, session: Session
) -> None:
    session.execute("UPDATE ledger_version SET version_num = '9999'")
    with pytest.raises(StoreVersionError, match="revision 9999"):
        opened(new_postgres_url)


def test_a_database_that_may_only_be_read(
    store: LedgerStore, opened: Opened, new_postgres_url: str
) -> None:
    post_to(store, "A-1")
    options = "options=-cdefault_transaction_read_only%3Don"
    reader = opened(f"{new_postgres_url}&{options}")
    assert len(reader.entries("A-1", AsOf())) == 1
    with pytest.raises(ReadOnlyStoreError):
        post_to(reader, "A-1")


def test_a_user_without_the_right_to_write(
    store: LedgerStore, opened: Opened, new_postgres_url: str, session: Session
) -> None:
    post_to(store, "A-1")
    session.execute(
        "CREATE ROLE auditor LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor"
    )
    try:
        reader = opened(new_postgres_url.replace("postgres:@", "auditor@"))
        assert len(reader.entries("A-1", AsOf())) == 1
        with pytest.raises(ReadOnlyStoreError):
            post_to(reader, "A-1")
    finally:
        session.execute("DROP OWNED BY auditor; DROP ROLE auditor")


def test_the_feed_waits_for_transactions_that_began_before(store: LedgerStore) -> None:
    first = store.feed(None, 100)
    wrote, may_commit = Event(), Event()

    def slow(transaction: StoreTransaction) -> None:
        post(transaction, "A-1", "slow")
        wrote.set()
        assert may_commit.wait(30)

    thread = Thread(target=store.transact, args=(slow,))
    thread.start()
    assert wrote.wait(30)
    post_to(store, "A-2", "quick")
    # "slow" began first, and would stand before "quick": neither is shown until it has ended.
    during = store.feed(first.cursor, 100)
    may_commit.set()
    thread.join()
    after = store.feed(during.cursor, 100)
    assert during.entries == ()
    assert [entry.key for entry in after.entries] == ["slow", "quick"]


def test_a_reader_of_the_feed_misses_nothing(store: LedgerStore) -> None:
    for name in "bcd":
        open_account(store, name)
    writers = [
        Thread(target=lambda name=name: [post_to(store, name) for _ in range(40)]) for name in "bcd"
    ]
    for writer in writers:
        writer.start()
    seen: list[Entry] = []
    cursor = None
    running = True
    while running:
        running = any(writer.is_alive() for writer in writers)
        page = store.feed(cursor, 7)
        seen += page.entries
        cursor = page.cursor
    while (page := store.feed(cursor, 7)).entries:
        seen += page.entries
        cursor = page.cursor
    assert len(seen) == 120
    assert len({entry.entry_id for entry in seen}) == 120
    for name in "bcd":
        numbers = [entry.seq for entry in seen if entry.account_id == name]
        assert numbers == list(range(1, 41))


def test_writers_of_many_accounts_do_not_block_each_other_for_good(store: LedgerStore) -> None:
    def work(names: list[str]) -> None:
        def both(transaction: StoreTransaction) -> None:
            # All that is touched is locked at once; the order of the names must not matter.
            transaction.lock(names)
            for name in names:
                post(transaction, name)

        for _ in range(30):
            store.transact(both)

    threads = [Thread(target=work, args=(names,)) for names in (["A-1", "A-2"], ["A-2", "A-1"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("A-1", "A-2"):
        assert [entry.seq for entry in store.entries(name, AsOf())] == list(range(1, 61))


def test_deadlocks_are_tried_again(store: LedgerStore) -> None:
    both_hold_one = [Event(), Event()]

    def work(place: int) -> None:
        names = ["A-1", "A-2"] if place == 0 else ["A-2", "A-1"]

        def crosswise(transaction: StoreTransaction) -> None:
            post(transaction, names[0])
            both_hold_one[place].set()
            assert both_hold_one[1 - place].wait(30)
            post(transaction, names[1])

        store.transact(crosswise)

    threads = [Thread(target=work, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("A-1", "A-2"):
        assert len(store.entries(name, AsOf())) == 2


def test_who_uses_a_key_second_sees_the_first(store: LedgerStore) -> None:
    attempts: list[bool] = []

    def work(transaction: StoreTransaction) -> None:
        _, known = transaction.find_keys(["same"])
        attempts.append("same" in known)
        if not known:
            if len(attempts) == 1:
                post_to(store, "A-2", "same")
            post(transaction, "A-1", "same")

    store.transact(work)
    assert attempts == [False, True]
    assert store.entries("A-1", AsOf()) == []


def test_who_opens_an_account_second_sees_the_first(store: LedgerStore) -> None:
    attempts: list[bool] = []

    def work(transaction: StoreTransaction) -> None:
        attempts.append("A-3" in transaction.lock(["A-3"]))
        if not attempts[-1]:
            if len(attempts) == 1:
                open_account(store, "A-3")
            transaction.append(BookChanges((), (Account("A-3", "EUR", DAY),), (), (), ()))

    store.transact(work)
    assert attempts == [False, True]


def test_attempts_are_bounded(store: LedgerStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telcrm.ledger.stores.sql_store.sleep", lambda _: None)
    first = post_to(store, "A-1", "used")
    attempts = []

    def work(transaction: StoreTransaction) -> None:
        attempts.append(1)
        post(transaction, "A-2", first.key)

    with pytest.raises(CorruptStoreError, match="entry_key"):
        store.transact(work)
    assert 2 < len(attempts) < 20


def test_a_period_is_not_moved_beside_postings(store: LedgerStore) -> None:
    order: list[str] = []
    posting, may_commit = Event(), Event()

    def slow(transaction: StoreTransaction) -> None:
        post(transaction, "A-1")
        posting.set()
        assert may_commit.wait(30)
        order.append("posted")

    def close(transaction: StoreTransaction) -> None:
        transaction.lock_period()
        order.append("closed")
        changes = BookChanges((), (), (), (), (), closed_through=DAY, moves_period=True)
        transaction.append(changes)

    threads = [Thread(target=store.transact, args=(slow,))]
    threads[0].start()
    assert posting.wait(30)
    threads.append(Thread(target=store.transact, args=(close,)))
    threads[1].start()
    threads[1].join(0.2)
    assert order == []
    may_commit.set()
    for thread in threads:
        thread.join()
    assert order == ["posted", "closed"]
    assert store.closed_through() == DAY


def test_a_lock_that_is_not_given_in_time(
    store: LedgerStore, opened: Opened, new_postgres_url: str
) -> None:
    hasty = opened(f"{new_postgres_url}&options=-clock_timeout%3D50ms")

    def work(transaction: StoreTransaction) -> None:
        post(transaction, "A-1")
        with pytest.raises(StoreBusyError, match="held by other writers"):
            post_to(hasty, "A-1")

    store.transact(work)
    post_to(hasty, "A-1")
    assert len(store.entries("A-1", AsOf())) == 2
