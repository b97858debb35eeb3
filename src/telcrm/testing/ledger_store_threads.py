"""What a ledger store promises to several writers and readers at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from hashlib import sha256
from threading import Barrier, Event, Thread
from time import sleep
from typing import Final

from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
    apply,
    chain_hash,
    chain_start,
)
from telcrm.ledger.stores.protocol import AsOf, BookChanges, LedgerStore, StoreTransaction
from telcrm.testing.ledger_store_answers import named, require, same

__all__ = ["check_threads"]

_WRITERS: Final = 4
_COMMANDS: Final = 12
_PATIENCE_S: Final = 60
_OPENED_ON: Final = date(2024, 1, 1)
_NAMES: Final = ("first", "second")
_HEAD_START_S: Final = 0.2
_EVER: Final = AsOf()


def check_threads(store_factory: Callable[[str], LedgerStore]) -> None:
    """Check that writers wait for each other and that readers see whole transactions."""
    for tenant, (rule, check) in _CHECKS.items():
        threads = _Threads(store_factory, tenant)
        named(rule, partial(check, threads))


class _Threads:
    def __init__(self, store_factory: Callable[[str], LedgerStore], tenant: str) -> None:
        self._store_factory = store_factory
        self._tenant = tenant
        with self.open() as store:
            new = [Account(name, "EUR", _OPENED_ON) for name in _NAMES]
            changes = _charges(tenant, new, "open", 0)
            store.transact(lambda books: books.append(changes))

    @contextmanager
    def open(self) -> Iterator[LedgerStore]:
        store = self._store_factory(self._tenant)
        try:
            yield store
        finally:
            store.close()

    def charge(
        self, transaction: StoreTransaction, names: Sequence[str], key: str, amount: int
    ) -> None:
        locked = transaction.lock(names)
        accounts = [locked[name] for name in sorted(locked)]
        transaction.append(_charges(self._tenant, accounts, key, amount))

    def run(self, *work: Callable[[LedgerStore], object]) -> None:
        """Run work at once, each with its own store, and raise the first error."""
        errors: list[BaseException] = []

        def run_one(do: Callable[[LedgerStore], object]) -> None:
            try:
                with self.open() as store:
                    do(store)
            except BaseException as error:
                errors.append(error)

        threads = [Thread(target=run_one, args=(do,), daemon=True) for do in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE_S)
        if errors:
            raise errors[0]
        stuck = any(thread.is_alive() for thread in threads)
        require(not stuck, "writers wait for each other, but not for ever")


def _check_writers(threads: _Threads) -> None:
    """Every command charges both accounts the same, so every state shows equal sums."""
    written, seen = _WRITERS * _COMMANDS, set[str]()
    done = Event()

    def write(nth: int, store: LedgerStore) -> None:
        # Half of the writers name the accounts the other way round: a store that locks them in
        # that order comes to a standstill.
        names = _NAMES if nth % 2 else _NAMES[::-1]
        for command in range(_COMMANDS):
            charge = partial(threads.charge, names=names, key=f"{nth}-{command}", amount=100)
            store.transact(charge)

    def read(store: LedgerStore) -> None:
        cursor = None
        while True:
            last = done.is_set()
            owed = [sums.receivable for sums in store.sums(_NAMES, _EVER)]
            require(len(set(owed)) == 1, "a reader sees whole transactions", f"{owed}")
            page = store.feed(cursor, 10)
            cursor = page.cursor
            seen.update(entry.entry_id for entry in page.entries)
            if last and not page.entries:
                return

    def write_all(_: LedgerStore) -> None:
        try:
            threads.run(*(partial(write, nth) for nth in range(_WRITERS)))
        finally:
            done.set()

    threads.run(write_all, read)
    with threads.open() as store:
        for account, entries, items in store.journals():
            same("writers do not overwrite each other", account.receivable, written * 100)
            same("every entry is kept", [x.seq for x in entries], [*range(1, written + 2)])
            same("every item is kept", sum(item.open for item in items), written * 100)
            previous = chain_start(store.tenant, account.account_id)
            for entry in entries:
                rule = "lock holds an account until the end: the next writer reads its last hash"
                same(rule, entry.hash, chain_hash(previous, entry))
                previous = entry.hash
            missed = {entry.entry_id for entry in entries} - seen
            require(not missed, "feed shows a reader every entry in the end", f"{sorted(missed)}")


def _check_same_key(threads: _Threads) -> None:
    """Two accounts, so that no lock of an account keeps the writers from each other."""
    barrier = Barrier(len(_NAMES), timeout=_PATIENCE_S)
    booked: list[str] = []

    def write_once(name: str, store: LedgerStore) -> None:
        def work(books: StoreTransaction) -> bool:
            _, used = books.find_keys(["the key"])
            if not used:
                threads.charge(books, [name], "the key", 100)
            return not used

        barrier.wait()
        if store.transact(work):
            booked.append(name)

    threads.run(*(partial(write_once, name) for name in _NAMES))
    with threads.open() as store:
        kept = [row.account_id for row in store.sums(None, _EVER) if row.receivable]
    same("of two writers with one key, one books and the other sees the key", len(kept), 1)
    same("work that was run again returns its last result", booked, kept)


def _check_closing_waits(threads: _Threads) -> None:
    posting = Event()

    def post(store: LedgerStore) -> None:
        def work(books: StoreTransaction) -> None:
            books.lock(_NAMES)
            posting.set()
            sleep(_HEAD_START_S)
            threads.charge(books, _NAMES, "last", 100)

        store.transact(work)

    def close(store: LedgerStore) -> None:
        def work(books: StoreTransaction) -> Entry | None:
            books.lock_period()
            return books.entry(_NAMES[0], 2)

        posting.wait(_PATIENCE_S)
        found = store.transact(work)
        require(found is not None, "lock_period waits until no other transaction is posting")

    threads.run(post, close)


def _check_posting_waits(threads: _Threads) -> None:
    closing = Event()

    def close(store: LedgerStore) -> None:
        def work(books: StoreTransaction) -> None:
            books.lock_period()
            closing.set()
            sleep(_HEAD_START_S)
            books.append(BookChanges((), (), (), (), (), _OPENED_ON, moves_period=True))

        store.transact(work)

    def post(store: LedgerStore) -> None:
        def work(books: StoreTransaction) -> date | None:
            books.lock(_NAMES)
            return books.find_keys(["any"])[0]

        closing.wait(_PATIENCE_S)
        rule = "lock waits while another transaction moves the period, and shows its new end"
        same(rule, store.transact(work), _OPENED_ON)

    threads.run(close, post)


def _charges(tenant: str, accounts: Sequence[Account], key: str, amount: int) -> BookChanges:
    """Charge accounts the same amount by one command; open those that have no entry."""
    new = [account for account in accounts if not account.seq]
    known = [account for account in accounts if account.seq]
    entries = []
    items: list[Item] = []
    for step, account in enumerate(accounts):
        entry = _entry(tenant, account, key, step, amount if account.seq else 0)
        opened: dict[int, Item] = {}
        apply(entry, account, opened)
        entries.append(entry)
        items.extend(opened.values())
    return BookChanges(entries, new, known, items, ())


def _entry(tenant: str, account: Account, key: str, step: int, amount: int) -> Entry:
    seq = account.seq + 1
    owed = Posting("receivable", "net", seq, None, amount)
    income = Posting("revenue", "", None, None, -amount)
    entry = Entry(
        account_id=account.account_id,
        seq=seq,
        kind=(EntryKind.CHARGE if amount else EntryKind.OPEN_ACCOUNT).value,
        key=key,
        step=step,
        on=_OPENED_ON,
        recorded_us=seq,
        currency=account.currency,
        request_hash=sha256(key.encode()).hexdigest(),
        body="{}",
        reverses=None,
        opens=ItemOpening(ItemKind.SERVICE.value, None, _OPENED_ON, amount) if amount else None,
        postings=(owed, income) if amount else (),
        balance=account.balance + amount,
        hash="",
    )
    previous = account.hash or chain_start(tenant, account.account_id)
    return entry._replace(hash=chain_hash(previous, entry))


_CHECKS: Final[dict[str, tuple[str, Callable[[_Threads], None]]]] = {
    "writers": ("writers wait for each other", _check_writers),
    "same key": ("of two writers with one key only one books", _check_same_key),
    "closing": ("lock_period waits until no other transaction is posting", _check_closing_waits),
    "posting": ("lock waits while another transaction moves the period", _check_posting_waits),
}
