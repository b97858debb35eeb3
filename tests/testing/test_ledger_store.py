"""The check accepts a sound store, and names the rule that a broken one breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from threading import Lock
from time import sleep
from typing import Any, ClassVar, TypeVar

import pytest

from telcrm.ledger.journal import Account, Entry, Item
from telcrm.ledger.stores.memory import MemoryStore, _Transaction
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    BookChanges,
    FeedPage,
    ItemMovement,
    KeyUse,
    LedgerStore,
    StoreTransaction,
)
from telcrm.testing import check_ledger_store
from telcrm.testing.ledger_store_threads import check_threads

T = TypeVar("T")


def on_one_database(store_type: Callable[[str], LedgerStore]) -> Callable[[str], LedgerStore]:
    stores: dict[str, LedgerStore] = {}

    def opened(tenant: str) -> LedgerStore:
        return stores.setdefault(tenant, store_type(tenant))

    return opened


class Wrapped:
    """A transaction that a mutant changes in one place."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)


def with_transaction(wrap: type[Wrapped]) -> type[MemoryStore]:
    class Mutant(MemoryStore):
        def transact(self, work: Callable[[StoreTransaction], T]) -> T:
            return super().transact(lambda transaction: work(wrap(transaction)))

    return Mutant


class ForgetsRollback(MemoryStore):
    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        with self._one_at_a_time:
            return work(_Transaction(self._books))


class LosesPosting(Wrapped):
    def append(self, changes: BookChanges) -> None:
        entries = [
            entry._replace(postings=entry.postings[:-1])
            if entry.kind == "charge" and len(entry.postings) > 2
            else entry
            for entry in changes.entries
        ]
        self._transaction.append(replace(changes, entries=entries))


class KeepsOneMovement(Wrapped):
    def movements(self, items: Sequence[tuple[str, int]]) -> list[ItemMovement]:
        return list(
            {(x.account_id, x.item): x for x in self._transaction.movements(items)}.values()
        )


class FoldsCaseOfKeys(Wrapped):
    def find_keys(self, keys: Sequence[str]) -> tuple[date | None, dict[str, KeyUse]]:
        through, found = self._transaction.find_keys(keys)
        for key in keys:
            swapped = self._transaction.find_keys([key.swapcase()])[1]
            found |= {key: use for use in swapped.values()}  # noqa: B035 - one at the most
        return through, found


class ForgetsPeriod(Wrapped):
    def append(self, changes: BookChanges) -> None:
        self._transaction.append(replace(changes, moves_period=changes.closed_through is not None))


class ReversalsAreNoKind(Wrapped):
    def entries_of_kinds(self, account_ids: Sequence[str], kinds: Sequence[str]) -> list[Entry]:
        found = self._transaction.entries_of_kinds(account_ids, kinds)
        return [entry for entry in found if entry.kind in kinds]


class HandsOutItsOwn(MemoryStore):
    def account(self, account_id: str) -> Account | None:
        return self._books.accounts.get(account_id)


class LeaksTenants(MemoryStore):
    books: ClassVar[dict[str, Any]] = {}

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self._books = self.books.setdefault(tenant.lower(), self._books)


class PagesTwice(MemoryStore):
    def feed(
        self, cursor: str | None, limit: int, *, kinds: Sequence[str] | None = None
    ) -> FeedPage:
        page = super().feed(cursor, limit, kinds=kinds)
        if len(page.entries) < 2 or len(page.entries) < limit:
            return page
        return FeedPage(page.entries, str(int(page.cursor) - 1))


class FiltersAfterTheLimit(MemoryStore):
    """Filters after it has cut the page, as a LIMIT in a subquery would."""

    def feed(
        self, cursor: str | None, limit: int, *, kinds: Sequence[str] | None = None
    ) -> FeedPage:
        page = super().feed(cursor, limit)
        kept = tuple(entry for entry in page.entries if kinds is None or entry.kind in kinds)
        return FeedPage(kept, page.cursor)


class ReadsSumsOfToday(MemoryStore):
    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        return super().sums(account_ids, as_of._replace(recorded_us=None))


class TakesNoneForAll(MemoryStore):
    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        return super().sums(account_ids or None, as_of)


class AgesADayLate(MemoryStore):
    def aging(
        self, edges: Sequence[date], account_ids: Sequence[str] | None, as_of: AsOf
    ) -> list[AgingSums]:
        later = [date.fromordinal(edge.toordinal() + 1) for edge in edges]
        return super().aging(later, account_ids, as_of)


class HasFewParameters(MemoryStore):
    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        if account_ids is not None and len(account_ids) > 32_766:
            message = "too many SQL variables"
            raise RuntimeError(message)
        return super().sums(account_ids, as_of)


class CountsInFloats(MemoryStore):
    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        rows = super().sums(account_ids, as_of)
        return [row._replace(receivable=int(float(row.receivable) * 1.0)) for row in rows]


class SortsLikeALibrary(MemoryStore):
    def journals(self) -> Iterator[tuple[Account, list[Entry], list[Item]]]:
        return iter(sorted(super().journals(), key=lambda books: books[0].account_id.lower()))


class Slow(Wrapped):
    def find_keys(self, keys: Sequence[str]) -> Any:
        found = self._transaction.find_keys(keys)
        # Long enough for the other thread to look, too, on a machine that has much else to do.
        sleep(0.05)
        return found

    def lock(self, account_ids: Sequence[str]) -> dict[str, Account]:
        found: dict[str, Account] = self._transaction.lock(account_ids)
        sleep(0.002)
        return found


def careless_for(careless: str) -> type[MemoryStore]:
    class Careless(MemoryStore):
        """Lets one tenant's transactions run at the same time."""

        def transact(self, work: Callable[[StoreTransaction], T]) -> T:
            if self.tenant != careless:
                return super().transact(work)
            return work(Slow(_Transaction(self._books)))

    return Careless


class ShowsHalves(MemoryStore):
    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        if self.tenant != "writers":
            return super().transact(work)
        with self.writing:
            return work(WritesInTwo(_Transaction(self._books)))

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self.writing = Lock()


class WritesInTwo(Wrapped):
    def append(self, changes: BookChanges) -> None:
        for name in sorted({entry.account_id for entry in changes.entries}):
            fields = ("entries", "new_accounts", "accounts", "new_items", "items")
            parts: dict[str, Any] = {
                field: [one for one in getattr(changes, field) if one.account_id == name]
                for field in fields
            }
            self._transaction.append(replace(changes, **parts))
            sleep(0.002)


MUTANTS: dict[str, tuple[Callable[[str], LedgerStore], str]] = {
    "forgets rollback": (ForgetsRollback, "where work raises, nothing of it is kept"),
    "loses a posting": (with_transaction(LosesPosting), "entries come back unchanged"),
    "keeps one movement": (with_transaction(KeepsOneMovement), r"movements\("),
    "folds case of keys": (with_transaction(FoldsCaseOfKeys), r"find_keys\("),
    "period is not reopened": (with_transaction(ForgetsPeriod), "closed_through"),
    "reversals left out": (with_transaction(ReversalsAreNoKind), r"entries_of_kinds\("),
    "hands out its own": (HandsOutItsOwn, "do not change with the objects"),
    "leaks tenants": (LeaksTenants, "tenants do not see each other"),
    "pages overlap": (PagesTwice, "feed has one order, whatever the limit"),
    "filters after the limit": (FiltersAfterTheLimit, "feed"),
    "as of now only": (ReadsSumsOfToday, r"sums\("),
    "no accounts means all": (TakesNoneForAll, r"sums\(\[\]"),
    "ages a day late": (AgesADayLate, r"aging\("),
    "few parameters": (HasFewParameters, "many"),
    "adds up in floats": (CountsInFloats, "large sums .*receivable"),
    "sorts without case": (SortsLikeALibrary, "journals"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_store_is_named(mutant: str) -> None:
    store_type, rule = MUTANTS[mutant]
    with pytest.raises(AssertionError, match=rule):
        check_ledger_store(on_one_database(store_type))


@pytest.mark.parametrize(
    ("store_type", "rule"),
    [
        (careless_for("writers"), "reader sees whole transactions|writers"),
        (careless_for("same key"), "with one key"),
        (careless_for("closing"), "lock_period waits until no other"),
        (careless_for("posting"), "lock waits while another"),
        (ShowsHalves, "a reader sees whole transactions"),
    ],
)
def test_careless_locking_is_named(store_type: Callable[[str], LedgerStore], rule: str) -> None:
    with pytest.raises(AssertionError, match=rule):
        check_threads(on_one_database(store_type))


def test_threads_can_be_left_out() -> None:
    # That a sound store passes with threads is the example of the docstring.
    check_ledger_store(on_one_database(careless_for("writers")), threads=False)
