"""A conformance check for authors of ledger stores, as check_estimator is for estimators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final

from telcrm.ledger.journal import Account, Entry, Item, ItemOpening, Posting
from telcrm.ledger.stores.protocol import AsOf, BookChanges, LedgerStore, StoreTransaction
from telcrm.testing.ledger_store_answers import Bench, append, named, require, same
from telcrm.testing.ledger_store_threads import check_threads

__all__ = ["check_ledger_store"]

_EVER: Final = AsOf()
_MANY: Final = 70_000
"""More than the parameters that a statement may have: 65,535 on PostgreSQL, 32,766 on SQLite."""


def check_ledger_store(
    store_factory: Callable[[str], LedgerStore], *, threads: bool = True
) -> None:
    """Check that a ledger store keeps to the rules of ``LedgerStore``.

    Parameters
    ----------
    store_factory : callable
        Takes the name of a tenant and returns an open store, of one and the same database each
        time. The database is empty at first; the check fills it and closes each store. It is
        called from several threads.
    threads : bool
        False leaves out what several threads do at once, for stores of which a database has only
        one user.

    Raises
    ------
    AssertionError
        The store breaks a rule; the message names it.

    Notes
    -----
    What it holds a store to: transactions are kept whole or not at all; accounts, entries and items
    come back as they were written; every question about random books, as of random days and
    instants, is answered as :class:`telcrm.ledger.stores.memory.MemoryStore` answers it; the feed
    gives each entry once, in one order; tenants do not see each other; writers do not overwrite
    each other.

    Examples
    --------
    >>> from telcrm.ledger.stores.memory import MemoryStore
    >>> stores = {}
    >>> check_ledger_store(lambda tenant: stores.setdefault(tenant, MemoryStore(tenant)))
    """
    for tenant, (rule, check) in _CHECKS.items():
        named(rule, partial(check, Bench(store_factory, tenant)))
    for tenant, max_amount in (("books 1", 50_000), ("books 2", 300), ("books 3", 10**15 - 1)):
        bench = Bench(store_factory, tenant, max_amount=max_amount)
        named("every question is answered right", partial(_check_books, bench))
    tenants = Bench(store_factory, "north"), Bench(store_factory, "North")
    named("tenants do not see each other's books", partial(_check_tenants, *tenants))
    if threads:
        check_threads(store_factory)


def _check_empty(bench: Bench) -> None:
    with bench.open() as store:
        require(isinstance(store, LedgerStore), "a store has every method of LedgerStore")
        same("tenant is the one that was asked for", store.tenant, bench.tenant)
        rule = "a new tenant has no books: pass a factory for an empty database"
        same(rule, store.accounts(), [])
        same(rule, store.closed_through(), None)
        page = store.feed(None, 10)
        same(rule, page.entries, ())
        same("feed gives the cursor back where there is nothing", store.feed(page.cursor, 10), page)
        same(rule, (list(store.journals()), list(store.movements(_EVER, None))), ([], []))
        same(rule, (store.gl_sums(_EVER), store.gl_months(["cash"], _EVER)), ([], {}))


def _check_atomicity(bench: Bench) -> None:
    with bench.open() as store:
        same("transact returns what work returns", store.transact(lambda _: "result"), "result")
        bench.book_at_random(store, 8)
        changes = bench.books.changes(
            lambda: bench.books.open_account("new"),
            lambda: bench.books.charge("new", 700),
            lambda: bench.books.charge(next(iter(bench.books.accounts)), 900),
        )
        moved = replace(changes, closed_through=date(2024, 1, 31), moves_period=True)
        twice = replace(changes, entries=(*changes.entries, changes.entries[-1]))

        def refuse(transaction: StoreTransaction) -> None:
            append(transaction, moved)
            raise _RefusedError

        try:
            store.transact(refuse)
        except _RefusedError:
            pass
        else:
            require(False, "transact raises what work raised")
        bench.compare(store, "where work raises, nothing of it is kept")
        try:
            store.transact(lambda transaction: append(transaction, twice))
        except Exception:  # noqa: S110 - which error it is, is the store's choice
            pass
        else:
            require(False, "a second entry of a number, or of a step of a command, is refused")
        bench.compare(store, "where append raises, nothing of it is kept")
        bench.book(store, changes)
        bench.compare(store, "what was refused before is kept when it comes again")


class _RefusedError(Exception):
    pass


def _check_copies(bench: Bench) -> None:
    handed: list[Account | Item] = []

    def look(transaction: StoreTransaction) -> None:
        for name, account in transaction.lock(list(bench.books.accounts)).items():
            handed.extend([account, *transaction.items(name, range(account.seq + 1))])
        handed.extend(transaction.live_items(list(bench.books.accounts)))

    with bench.open() as store:
        for changes in bench.books.transactions(12):
            bench.book(store, changes)
            handed.extend([*changes.items, *changes.new_items])
        store.transact(look)
        handed.extend(store.accounts())
        handed.extend(found for name in bench.books.accounts if (found := store.account(name)))
        for account, _, items in store.journals():
            handed.extend([account, *items])
        for one in handed:
            one.recorded_us = -1
        bench.compare(store, "books do not change with the objects that went in or came out")


def _check_round_trip(bench: Bench) -> None:
    with bench.open() as store:
        bench.book_at_random(store, 60)
        bench.book(store, bench.books.changes(bench.books.book_extremes))
        for account, entries, items in store.journals():
            name = account.account_id
            same(
                "accounts come back whole",
                replace(account, number=None),
                bench.books.accounts[name],
            )
            written = [entry for entry in bench.books.entries if entry.account_id == name]
            same("entries come back unchanged, in order", entries, written)
            kept = [bench.books.items[name][item.seq] for item in items]
            same("items come back whole", items, kept)
            require(len(items) == len(bench.books.items[name]), "journals gives all items")
            for entry in entries:
                require(_has_its_types(entry), "entries come back in their own types", f"{entry!r}")


def _has_its_types(entry: Entry) -> bool:
    return (
        isinstance(entry, Entry)
        and type(entry.on) is date
        and type(entry.postings) is tuple
        and all(isinstance(posting, Posting) for posting in entry.postings)
        and (entry.opens is None or isinstance(entry.opens, ItemOpening))
    )


def _check_period(bench: Bench) -> None:
    nothing = BookChanges((), (), (), (), ())
    with bench.open() as store:
        bench.book_at_random(store, 3)
        for day in (date(2024, 1, 31), date(2024, 2, 29), None, date(2023, 12, 31)):
            bench.book(store, replace(nothing, closed_through=day, moves_period=True))
            same("closed_through is as it was last moved", store.closed_through(), day)
            found = store.transact(lambda transaction: transaction.find_keys(["none"]))
            same("find_keys returns the end of what is closed", found, (day, {}))
        changes = next(bench.books.transactions(1))
        bench.book(store, replace(changes, closed_through=date(2026, 1, 1)))
        same("closed_through moves only with moves_period", store.closed_through(), day)


def _check_feed(bench: Bench) -> None:
    with bench.open() as store:
        bench.book_at_random(store, 15)
        first = store.feed(None, 10_000)
        _check_entries(first.entries, bench)
        bench.book_at_random(store, 15)
        rest = store.feed(first.cursor, 10_000)
        everything = [*first.entries, *rest.entries]
        _check_entries(everything, bench)
    with bench.open() as store:
        for limit in (1, 3, 7, 10_000):
            pages = list(_pages(store, limit))
            require(all(len(page) <= limit for page in pages), "a page of feed keeps to the limit")
            found = [entry for page in pages for entry in page]
            same("feed has one order, whatever the limit", found, everything)
        passed = store.feed(None, 10, kinds=["nothing"])
        same("feed passes over entries of other kinds", store.feed(passed.cursor, 9).entries, ())
        for kinds in (["payment"], ["charge", "reversal"], ["nothing"], []):
            chosen = [entry for entry in everything if entry.kind in kinds]
            for limit in (2, 10_000):
                pages = list(_pages(store, limit, kinds))
                found = [entry for page in pages for entry in page]
                same(f"feed(kinds={kinds}) leaves out the others only", found, chosen)
                full = all(len(page) == limit for page in pages[:-1])
                require(full, "a page of feed is full unless it is the last", f"kinds={kinds}")


def _check_entries(found: Sequence[Entry], bench: Bench) -> None:
    same("feed gives each entry once", sorted(found), sorted(bench.books.entries))
    for name in bench.books.accounts:
        numbers = [entry.seq for entry in found if entry.account_id == name]
        same("feed gives an account's entries by number", numbers, sorted(numbers))


def _pages(
    store: LedgerStore, limit: int, kinds: Sequence[str] | None = None
) -> Iterator[tuple[Entry, ...]]:
    page = store.feed(None, limit, kinds=kinds)
    while page.entries:
        yield page.entries
        cursor = page.cursor
        page = store.feed(cursor, limit, kinds=kinds)
        require(page.cursor != cursor or not page.entries, "feed's cursor moves on with entries")
    rule = "feed's cursor stays where there is nothing new"
    same(rule, store.feed(page.cursor, limit, kinds=kinds), page)


def _check_books(bench: Bench) -> None:
    with bench.open() as store:
        bench.book_at_random(store, 40)
    with bench.open() as store:
        bench.compare(store)
        bench.book_at_random(store, 25)
        bench.compare(store)


def _check_tenants(one: Bench, other: Bench) -> None:
    with one.open() as first, other.open() as second:
        for _ in range(5):
            one.book_at_random(first, 3)
            other.book_at_random(second, 3)
        for bench, store in ((one, first), (other, second)):
            rule = f"tenants do not see each other's books ({one.tenant}, {other.tenant})"
            bench.compare(store, rule)
            same(rule, sorted(store.feed(None, 1000).entries), sorted(bench.books.entries))


def _check_many_names(bench: Bench) -> None:
    names = [f"none-{nth}" for nth in range(_MANY)]
    with bench.open() as store:
        bench.book_at_random(store, 6)
        name = next(iter(bench.books.accounts))
        # Together more than 2**53 minor units, so that sums in floats show.
        charges = [partial(bench.books.charge, name, 10**15 - 1 - nth) for nth in range(2500)]
        bench.book(store, bench.books.changes(*charges))
        keys = [*names, *(entry.key for entry in bench.books.entries)]
        accounts = [*names, *bench.books.accounts]
        numbers = range(_MANY)
        pairs = [(name, 2) for name in names]
        pairs += [(entry.account_id, entry.seq) for entry in bench.books.entries if entry.opens]
        edges = [date(2024, 3, 1), date(2024, 1, 15)]

        def look_up(books: StoreTransaction) -> list[object]:
            return [
                sorted(books.lock(accounts)),
                books.find_keys(keys),
                books.command_entries(keys),
                len(books.live_items(accounts)),
                len(books.items(name, numbers)),
                books.entries_of_kinds(accounts, ["payment"]),
                sorted(books.movements(pairs)),
            ]

        def read(kept: LedgerStore) -> list[object]:
            return [
                kept.sums(accounts, _EVER),
                kept.item_states(accounts, _EVER),
                sorted(kept.aging(edges, accounts, _EVER)),
                sorted(kept.movements(_EVER, accounts)),
                sorted(kept.gl_sums(_EVER)),
            ]

        found = store.transact(look_up) + read(store)
        expected = bench.reference.transact(look_up) + read(bench.reference)
        for one, other in zip(found, expected, strict=True):
            same(_MANY_RULE, one, other)
        same("what is read has the types that are declared", _types(found), _types(expected))


def _types(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return type(value), [_types(part) for part in value]
    return type(value)


_MANY_RULE: Final = f"every method takes {_MANY:,} names and more, and large sums"
_CHECKS: Final[dict[str, tuple[str, Callable[[Bench], None]]]] = {
    "empty": ("a new tenant has no books", _check_empty),
    "round trip": ("entries come back unchanged", _check_round_trip),
    "atomicity": ("transactions are kept whole or not at all", _check_atomicity),
    "copies": ("books do not change with the objects that went in or came out", _check_copies),
    "period": ("the end of what is closed moves both ways", _check_period),
    "feed": ("feed gives each entry once, in one order", _check_feed),
    "many": (_MANY_RULE, _check_many_names),
}
