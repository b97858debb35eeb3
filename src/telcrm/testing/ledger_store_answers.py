"""Ask a ledger store everything it can be asked, and compare its answers with a reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final, NamedTuple, cast

from telcrm.ledger.journal import Account, EntryKind, GlAccount
from telcrm.ledger.stores.memory import MemoryStore
from telcrm.ledger.stores.protocol import (
    AgingSums,
    AsOf,
    BookChanges,
    ItemMovement,
    LedgerStore,
    StoreTransaction,
)
from telcrm.testing.random_books import RandomBooks

__all__ = ["Bench", "append", "named", "require", "same"]

_DOCUMENTS: Final = ("INV-1", "inv-1", "PAY-1", "nobody's")
_NOBODY: Final = "nobody"


class _Answer(NamedTuple):
    question: str
    answer: object


def require(holds: bool, rule: str, detail: str = "") -> None:
    """Raise AssertionError with the rule that a store breaks, unless it holds."""
    if not holds:
        message = f"the store breaks a rule of LedgerStore: {rule}{detail and f' ({detail})'}"
        raise AssertionError(message)


def same(rule: str, found: object, expected: object) -> None:
    """Raise AssertionError with the rule and the first difference, unless both are equal."""
    if found != expected:
        require(False, rule, _difference(found, expected))


def named(rule: str, check: Callable[[], None]) -> None:
    """Raise AssertionError with a rule where a check ends in any other error."""
    try:
        check()
    except AssertionError:
        raise
    except Exception as error:
        message = f"the store breaks a rule of LedgerStore: {rule} (it raised {error!r:.600})"
        raise AssertionError(message) from error


def _difference(found: object, expected: object, where: str = "") -> str:
    if isinstance(found, (list, tuple)) and type(found) is type(expected):
        pairs = zip(found, cast("Sequence[object]", expected), strict=False)
        for nth, (one, other) in enumerate(pairs):
            if one != other:
                fields = getattr(found, "_fields", None)
                return _difference(
                    one, other, where + (f".{fields[nth]}" if fields else f"[{nth}]")
                )
    return f"{where}{where and ': '}expected {expected!r:.600}, found {found!r:.600}"


class Bench:
    """A tenant's books in the store under test and, the same, in a MemoryStore."""

    def __init__(
        self, store_factory: Callable[[str], LedgerStore], tenant: str, *, max_amount: int = 50_000
    ) -> None:
        self._store_factory = store_factory
        self.tenant = tenant
        self.reference = MemoryStore(tenant)
        self.books = RandomBooks(sum(tenant.encode()), tenant=tenant, max_amount=max_amount)

    @contextmanager
    def open(self) -> Iterator[LedgerStore]:
        """Open the store under test and close it in the end."""
        store = self._store_factory(self.tenant)
        try:
            yield store
        finally:
            store.close()

    def book(self, store: LedgerStore, changes: BookChanges) -> None:
        """Write changes to the store under test and to the reference."""
        for kept in (store, self.reference):
            kept.transact(lambda transaction: append(transaction, changes))

    def book_at_random(self, store: LedgerStore, transactions: int) -> None:
        """Go on with the random books."""
        for changes in self.books.transactions(transactions):
            self.book(store, changes)

    def compare(self, store: LedgerStore, rule: str = "every question is answered right") -> None:
        """Ask both the same, in transactions and outside."""
        found = store.transact(lambda transaction: list(self._lookups(transaction)))
        expected = self.reference.transact(lambda transaction: list(self._lookups(transaction)))
        _compare(rule, found, expected)
        _compare(rule, self._reads(store), self._reads(self.reference))

    def _lookups(self, transaction: StoreTransaction) -> Iterator[_Answer]:
        random = Random(1)  # noqa: S311 - repeatable, not secret
        names = [*self.books.accounts, _NOBODY, _NOBODY.upper()]
        yield _Answer(f"lock({names})", _locked(transaction, [*names, *names]))
        yield _Answer("lock([])", _locked(transaction, []))
        for chosen in (names, names[:1], names[1::2], []):
            items = transaction.live_items(chosen)
            yield _Answer(f"live_items({chosen})", sorted(items, key=lambda item: item.item_id))
            for kinds in ([EntryKind.PAYMENT.value], [EntryKind.DUNNING, EntryKind.CHARGE], []):
                found = transaction.entries_of_kinds(chosen, kinds)
                yield _Answer(f"entries_of_kinds({chosen}, {kinds})", found)
        for name in names:
            last = self.books.accounts[name].seq if name in self.books.accounts else 1
            numbers = range(last + 2)
            for seq in numbers:
                yield _Answer(f"entry({name!r}, {seq})", transaction.entry(name, seq))
                yield _Answer(f"reversal_of({name!r}, {seq})", transaction.reversal_of(name, seq))
            for seq in random.sample(numbers, min(len(numbers), 8)):
                on_item = transaction.entries_on_item(name, seq)
                yield _Answer(f"entries_on_item({name!r}, {seq})", on_item)
            for seqs in ([*numbers, *numbers], random.sample(numbers, 2), []):
                items = sorted(transaction.items(name, seqs), key=lambda item: item.seq)
                yield _Answer(f"items({name!r}, {seqs})", items)
            for document in _DOCUMENTS:
                items = transaction.items_by_document(name, document)
                yield _Answer(f"items_by_document({name!r}, {document!r})", items)
        yield from self._lookups_of_commands(transaction, random)
        pairs = [(name, seq) for name, kept in self.books.items.items() for seq in kept]
        for moved in (pairs, random.sample(pairs, min(len(pairs), 5)), [(_NOBODY, 1)], []):
            found_movements = transaction.movements([*moved, *moved])
            yield _Answer(f"movements({moved})", _movements(found_movements))

    def _lookups_of_commands(
        self, transaction: StoreTransaction, random: Random
    ) -> Iterator[_Answer]:
        used = list(dict.fromkeys(entry.key for entry in self.books.entries))
        some = random.sample(used, min(len(used), 5))
        for keys in (used, [*some, *some, _NOBODY], [key.swapcase() + "?" for key in some], []):
            closed_through, uses = transaction.find_keys(keys)
            yield _Answer(f"find_keys({keys})", (closed_through, uses))
            steps = {
                key: found for key, found in transaction.command_entries(keys).items() if found
            }
            yield _Answer(f"command_entries({keys})", steps)

    def _reads(self, store: LedgerStore) -> Iterator[_Answer]:
        names = [*self.books.accounts, _NOBODY]
        yield _Answer("closed_through()", store.closed_through())
        yield _Answer("accounts()", _plain(store.accounts()))
        for party_id in ("P-1", "p-1", _NOBODY):
            accounts = store.accounts(party_id=party_id)
            yield _Answer(f"accounts(party_id={party_id!r})", _plain(accounts))
        for name in names:
            account = store.account(name)
            yield _Answer(f"account({name!r})", _plain([account] if account else []))
        journals = list(store.journals())
        yield _Answer("journals(): accounts", _plain(account for account, _, _ in journals))
        for account, entries, items in journals:
            name = account.account_id
            by_number = sorted(items, key=lambda item: item.seq)
            yield _Answer(f"journals(): entries of {name!r}", entries)
            yield _Answer(f"journals(): items of {name!r}", by_number)
        for as_of in self._as_ofs():
            yield from self._reads_as_of(store, as_of, [None, names[::2], []])

    def _as_ofs(self) -> Sequence[AsOf]:
        random = Random(2)  # noqa: S311 - repeatable, not secret
        days = [entry.on for entry in self.books.entries]
        instants = [entry.recorded_us for entry in self.books.entries]
        before = AsOf(min(days) - timedelta(days=1), min(instants) - 1)
        drawn = [AsOf(random.choice(days), random.choice(instants)) for _ in range(2)]
        return (
            *(AsOf(), before, *drawn),
            *(AsOf(on=random.choice(days)), AsOf(recorded_us=random.choice(instants) - 1)),
        )

    def _reads_as_of(
        self, store: LedgerStore, as_of: AsOf, choices: Sequence[Sequence[str] | None]
    ) -> Iterator[_Answer]:
        for edges in self._edges(as_of):
            for names in choices:
                question = f"aging({edges}, {names}, {as_of})"
                yield _Answer(question, sorted(store.aging(edges, names, as_of), key=_name))
        for names in choices:
            yield _Answer(f"sums({names}, {as_of})", store.sums(names, as_of))
            for live in (True, False):
                states = store.item_states(names, as_of, live=live)
                yield _Answer(f"item_states({names}, {as_of}, live={live})", states)
            moved = store.movements(as_of, names)
            yield _Answer(f"movements({as_of}, {names})", _movements(moved))
        for since in (None, as_of.on and as_of.on - timedelta(days=30)):
            lines = store.gl_sums(as_of, since=since)
            moving = sorted(line for line in lines if line.debit or line.credit)
            yield _Answer(f"gl_sums({as_of}, since={since})", moving)
        for gl in (list(GlAccount), ["receivable", "disputed"], []):
            months = store.gl_months(gl, as_of)
            moving_months = {month: units for month, units in months.items() if units}
            yield _Answer(f"gl_months({gl}, {as_of})", moving_months)
        for name in (*list(self.books.accounts)[:2], _NOBODY):
            for after, limit in ((0, None), (0, 1), (3, 4), (2, None), (10_000, 5)):
                entries = store.entries(name, as_of, after=after, limit=limit)
                yield _Answer(f"entries({name!r}, {as_of}, after={after}, limit={limit})", entries)

    def _edges(self, as_of: AsOf) -> Iterator[list[date]]:
        opened = [entry.opens.due_on for entry in self.books.entries if entry.opens]
        due = sorted({due_on for due_on in opened if due_on})
        day = as_of.on or due[len(due) // 2]
        yield [day]
        yield [day - timedelta(days=age) for age in (0, 30, 60, 90)]
        # Edges that are due dates tell "on or after" from "after".
        yield due[:: -max(1, len(due) // 4)]


def append(transaction: StoreTransaction, changes: BookChanges) -> None:
    """Lock accounts and write changes to them, as the ledger does."""
    if changes.moves_period:
        transaction.lock_period()
    names = [account.account_id for account in changes.accounts]
    locked = transaction.lock(names)
    same("lock returns the accounts that exist", sorted(locked), sorted(names))
    known = [
        replace(account, number=locked[account.account_id].number) for account in changes.accounts
    ]
    new = [replace(account) for account in changes.new_accounts]
    transaction.append(replace(changes, accounts=known, new_accounts=new))


def _compare(rule: str, found: Iterable[_Answer], expected: Iterable[_Answer]) -> None:
    for one, other in zip(found, expected, strict=True):
        same(f"{rule}: {other.question:.300}", one.answer, other.answer)


def _plain(accounts: Iterable[Account]) -> list[Account]:
    # `number` is the store's own affair.
    return [replace(account, number=None) for account in accounts]


def _locked(transaction: StoreTransaction, names: Sequence[str]) -> list[Account]:
    locked = transaction.lock(names)
    return _plain(locked[name] for name in sorted(locked))


def _name(row: AgingSums) -> str:
    return row.account_id


def _movements(moved: Iterable[ItemMovement]) -> tuple[list[tuple[str, int]], list[ItemMovement]]:
    moving = [movement for movement in moved if movement.amount]
    order = [(movement.account_id, movement.entry) for movement in moving]
    return order, sorted(moving)
