"""Books in memory: for tests, notebooks and what-if questions; they are gone with the process.

Every read adds up postings. What other stores answer out of sums and indexes is checked against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from copy import copy
from datetime import date
from itertools import islice
from threading import RLock
from typing import Final, TypeVar

from telcrm.errors import CorruptStoreError, ParameterError
from telcrm.ledger.journal import Account, Entry, GlAccount, Item, ItemKind
from telcrm.ledger.stores.protocol import (
    AccountSums,
    AgingSums,
    AsOf,
    BookChanges,
    FeedPage,
    GlSum,
    ItemMovement,
    ItemState,
    KeyUse,
    StoreTransaction,
)

__all__ = ["MemoryStore"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_EVER: Final = AsOf()
_OWED: Final = (GlAccount.RECEIVABLE, GlAccount.DISPUTED)
_HELD: Final = (GlAccount.UNAPPLIED, GlAccount.DEPOSIT)
_GIVEN_UP: Final = (GlAccount.BAD_DEBT, GlAccount.RECOVERY)


class MemoryStore:
    """The books of one tenant in this process; each new object has its own, empty ones.

    Parameters
    ----------
    tenant : str

    Notes
    -----
    Threads may share it: one transaction or question runs at a time. It keeps whatever it is given,
    but no entry that leaves a gap in a journal or repeats a step of a command.

    Examples
    --------
    >>> from datetime import date
    >>> from telcrm.ledger.journal import Account
    >>> from telcrm.ledger.stores.protocol import BookChanges
    >>> store = MemoryStore("north")
    >>> account = Account("A-1", "EUR", date(2026, 3, 1))
    >>> store.transact(lambda books: books.append(BookChanges((), (account,), (), (), ())))
    >>> [account.account_id for account in store.accounts()]
    ['A-1']
    """

    def __init__(self, tenant: str = "default") -> None:
        self._tenant = tenant
        self._books = _Books()
        self._one_at_a_time = RLock()

    @property
    def tenant(self) -> str:
        """Whose books they are."""
        return self._tenant

    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        """Run ``work`` alone; undo what it wrote if it raises."""
        with self._one_at_a_time:
            transaction = _Transaction(self._books)
            try:
                return work(transaction)
            except BaseException:
                transaction.roll_back()
                raise

    def close(self) -> None:
        """Do nothing: there are no files; the books stay readable."""

    def account(self, account_id: str) -> Account | None:
        """Return what is kept of an account."""
        with self._one_at_a_time:
            return copy(self._books.accounts.get(account_id))

    def accounts(self, *, party_id: str | None = None) -> list[Account]:
        """Return the accounts, by name: all of them, or those of a party."""
        with self._one_at_a_time:
            kept = [self._books.accounts[name] for name in self._books.names(None)]
            return [copy(one) for one in kept if party_id is None or one.party_id == party_id]

    def closed_through(self) -> date | None:
        """Return the end of what is closed."""
        with self._one_at_a_time:
            return self._books.closed_through

    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        """Return what accounts hold, by name, those opened later left out."""
        with self._one_at_a_time:
            journals = self._books.journals_as_of(account_ids, as_of)
            return [
                AccountSums(
                    account_id=account_id,
                    currency=self._books.accounts[account_id].currency,
                    receivable=_added(entries, (GlAccount.RECEIVABLE,)),
                    disputed=_added(entries, (GlAccount.DISPUTED,)),
                    unapplied=-_added(entries, (GlAccount.UNAPPLIED,)),
                    deposit=-_added(entries, (GlAccount.DEPOSIT,)),
                    written_off=_added(entries, _GIVEN_UP),
                )
                for account_id, entries in journals
            ]

    def item_states(
        self, account_ids: Sequence[str] | None, as_of: AsOf, *, live: bool = True
    ) -> list[ItemState]:
        """Return items, by account and number; ``live`` leaves out those with nothing left."""
        with self._one_at_a_time:
            return [
                state
                for _, entries in self._books.journals_as_of(account_ids, as_of)
                for state in _item_states(entries)
                if not live or state.open or state.disputed or state.written_off
            ]

    def aging(
        self, edges: Sequence[date], account_ids: Sequence[str] | None, as_of: AsOf
    ) -> list[AgingSums]:
        """Return a row for each account with an open or contested debt or unapplied credit."""
        with self._one_at_a_time:
            rows = []
            for account_id, entries in self._books.journals_as_of(account_ids, as_of):
                states = _item_states(entries)
                if any(_ages(state) for state in states):
                    currency = self._books.accounts[account_id].currency
                    rows.append(_age(account_id, currency, states, edges))
            return rows

    def gl_sums(self, as_of: AsOf, *, since: date | None = None) -> list[GlSum]:
        """Return the sums by general ledger account, detail and currency."""
        debits: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        credits_: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        with self._one_at_a_time:
            for entry in self._books.feed:
                if _counts(entry, as_of) and (since is None or entry.on >= since):
                    for posting in entry.postings:
                        line = (posting.gl, posting.detail, entry.currency)
                        debits[line] += max(posting.amount, 0)
                        credits_[line] += max(-posting.amount, 0)
        return [GlSum(*line, debits[line], credits_[line]) for line in sorted(debits)]

    def gl_months(self, gl: Sequence[str], as_of: AsOf) -> dict[tuple[str, str, date], int]:
        """Return sums by currency, kind of entry and first day of the month, of some accounts."""
        months: defaultdict[tuple[str, str, date], int] = defaultdict(int)
        with self._one_at_a_time:
            for entry in self._books.feed:
                if _counts(entry, as_of):
                    month = (entry.currency, entry.kind, entry.on.replace(day=1))
                    for posting in entry.postings:
                        if posting.gl in gl:
                            months[month] += posting.amount
        return dict(months)

    def entries(
        self, account_id: str, as_of: AsOf, *, after: int = 0, limit: int | None = None
    ) -> list[Entry]:
        """Return an account's entries, by number, from after a number."""
        with self._one_at_a_time:
            journal = self._books.journal(account_id, as_of)
            return [entry for entry in journal if entry.seq > after][:limit]

    def feed(
        self, cursor: str | None, limit: int, *, kinds: Sequence[str] | None = None
    ) -> FeedPage:
        """Return entries of all accounts after a cursor; None is the start."""
        start = _position(cursor)
        with self._one_at_a_time:
            feed = self._books.feed
            chosen = (
                place
                for place in range(start, len(feed))
                if kinds is None or feed[place].kind in kinds
            )
            page = list(islice(chosen, limit))
            end = page[-1] + 1 if len(page) == limit else max(start, len(feed))
            return FeedPage(tuple(feed[place] for place in page), str(end))

    def journals(self) -> Iterator[tuple[Account, list[Entry], list[Item]]]:
        """Run over all accounts by name, as they were at the start of the run."""
        with self._one_at_a_time:
            books = [
                (
                    copy(self._books.accounts[name]),
                    self._books.journal(name),
                    _by_number(self._books.items.get(name, {}).values()),
                )
                for name in self._books.names(None)
            ]
        return iter(books)

    def movements(self, as_of: AsOf, account_ids: Sequence[str] | None) -> Iterator[ItemMovement]:
        """Run over the movements of debts, by account and entry."""
        with self._one_at_a_time:
            journals = self._books.journals_as_of(account_ids, as_of)
        return (move for _, entries in journals for move in _movements(entries))


class _Books:
    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.items: defaultdict[str, dict[int, Item]] = defaultdict(dict)
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)
        self.commands: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
        self.feed: list[Entry] = []
        self.closed_through: date | None = None

    def names(self, account_ids: Iterable[str] | None) -> list[str]:
        chosen = self.accounts if account_ids is None else set(account_ids)
        return sorted(name for name in chosen if name in self.accounts)

    def journal(self, account_id: str, as_of: AsOf = _EVER) -> list[Entry]:
        return [entry for entry in self.entries.get(account_id, ()) if _counts(entry, as_of)]

    def journals_as_of(
        self, account_ids: Iterable[str] | None, as_of: AsOf
    ) -> list[tuple[str, list[Entry]]]:
        journals = [(name, self.journal(name, as_of)) for name in self.names(account_ids)]
        return [(name, entries) for name, entries in journals if entries and entries[0].seq == 1]


class _Transaction:
    def __init__(self, books: _Books) -> None:
        self._books = books
        self._undo: list[Callable[[], object]] = []

    def lock(self, account_ids: Sequence[str]) -> dict[str, Account]:
        names = self._books.names(account_ids)
        return {name: copy(self._books.accounts[name]) for name in names}

    def lock_period(self) -> None:
        """Nothing to wait for: one transaction runs at a time."""

    def find_keys(self, keys: Sequence[str]) -> tuple[date | None, dict[str, KeyUse]]:
        commands = self.command_entries(keys)
        uses = {key: KeyUse(key, steps[0].request_hash) for key, steps in commands.items()}
        return self._books.closed_through, uses

    def command_entries(self, keys: Sequence[str]) -> dict[str, list[Entry]]:
        found = {}
        for key in keys:
            by_step = self._books.commands.get(key)
            if by_step:
                found[key] = [by_step[step] for step in sorted(by_step)]
        return found

    def live_items(self, account_ids: Sequence[str]) -> list[Item]:
        return [
            item
            for name in self._books.names(account_ids)
            for item in _by_number(self._books.items.get(name, {}).values())
            if item.is_live
        ]

    def items(self, account_id: str, seqs: Sequence[int]) -> list[Item]:
        kept = self._books.items.get(account_id, {})
        return _by_number(kept[seq] for seq in set(seqs) if seq in kept)

    def items_by_document(self, account_id: str, document: str) -> list[Item]:
        kept = self._books.items.get(account_id, {}).values()
        return _by_number(item for item in kept if item.document == document)

    def entry(self, account_id: str, seq: int) -> Entry | None:
        journal = self._books.entries.get(account_id, [])
        return journal[seq - 1] if 1 <= seq <= len(journal) else None

    def entries_on_item(self, account_id: str, seq: int) -> list[Entry]:
        return [
            entry
            for entry in self._books.journal(account_id)
            if any(seq in (posting.item, posting.counter) for posting in entry.postings)
        ]

    def reversal_of(self, account_id: str, seq: int) -> Entry | None:
        journal = self._books.journal(account_id)
        return next((entry for entry in journal if entry.reverses == seq), None)

    def entries_of_kinds(self, account_ids: Sequence[str], kinds: Sequence[str]) -> list[Entry]:
        found = []
        for name in self._books.names(account_ids):
            journal = self._books.journal(name)
            chosen = {entry.seq for entry in journal if entry.kind in kinds}
            found += [one for one in journal if one.seq in chosen or one.reverses in chosen]
        return found

    def movements(self, items: Sequence[tuple[str, int]]) -> list[ItemMovement]:
        wanted = set(items)
        names = self._books.names(account_id for account_id, _ in wanted)
        moved = [move for name in names for move in _movements(self._books.journal(name))]
        return [move for move in moved if (move.account_id, move.item) in wanted]

    def append(self, changes: BookChanges) -> None:
        for entry in changes.entries:
            self._append_entry(entry)
        for account in (*changes.new_accounts, *changes.accounts):
            self._put(self._books.accounts, account.account_id, copy(account))
        for item in (*changes.new_items, *changes.items):
            self._put(self._books.items[item.account_id], item.seq, copy(item))
        if changes.moves_period:
            books, before = self._books, self._books.closed_through
            self._undo.append(lambda: setattr(books, "closed_through", before))
            books.closed_through = changes.closed_through

    def _append_entry(self, entry: Entry) -> None:
        journal = self._books.entries[entry.account_id]
        by_step = self._books.commands[entry.key]
        if entry.seq != len(journal) + 1 or entry.step in by_step:
            raise CorruptStoreError(
                f"{entry.entry_id} with step {entry.step} of command {entry.key!r} cannot be "
                f"written: the journal holds {len(journal)} entries, the command the steps "
                f"{sorted(by_step)}. Lock the account and find the key in the same transaction.",
                entry=entry.entry_id,
                key=entry.key,
            )
        for end in (journal, self._books.feed):
            end.append(entry)
            self._undo.append(end.pop)
        self._put(by_step, entry.step, entry)

    def _put(self, kept: dict[K, V], name: K, value: V) -> None:
        if name in kept:
            before = kept[name]
            self._undo.append(lambda: kept.__setitem__(name, before))
        else:
            self._undo.append(lambda: kept.pop(name))
        kept[name] = value

    def roll_back(self) -> None:
        while self._undo:
            self._undo.pop()()


def _counts(entry: Entry, as_of: AsOf) -> bool:
    return (as_of.on is None or entry.on <= as_of.on) and (
        as_of.recorded_us is None or entry.recorded_us <= as_of.recorded_us
    )


def _by_number(items: Iterable[Item]) -> list[Item]:
    return [copy(item) for item in sorted(items, key=lambda item: item.seq)]


def _added(entries: Iterable[Entry], gl: Collection[str]) -> int:
    return sum(line.amount for entry in entries for line in entry.postings if line.gl in gl)


def _item_states(entries: Sequence[Entry]) -> list[ItemState]:
    moved: defaultdict[tuple[int | None, str], int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            moved[posting.item, posting.gl] += posting.amount
    return [
        ItemState(
            account_id=entry.account_id,
            seq=entry.seq,
            on=entry.on,
            **entry.opens._asdict(),
            open=moved[entry.seq, GlAccount.RECEIVABLE] - sum(moved[entry.seq, gl] for gl in _HELD),
            disputed=moved[entry.seq, GlAccount.DISPUTED],
            written_off=sum(moved[entry.seq, gl] for gl in _GIVEN_UP),
        )
        for entry in entries
        if entry.opens
    ]


def _ages(state: ItemState) -> bool:
    return state.kind != ItemKind.DEPOSIT and bool(state.open or state.disputed)


def _age(
    account_id: str, currency: str, states: Sequence[ItemState], edges: Sequence[date]
) -> AgingSums:
    buckets = [0] * (len(edges) + 1)
    past_due = []
    debts = [state for state in states if ItemKind(state.kind).is_debt]
    for debt in debts:
        due_on = debt.due_on or debt.on
        buckets[sum(due_on < edge for edge in edges)] += debt.open
        if debt.open and due_on < edges[0]:
            past_due.append(due_on)
    return AgingSums(
        account_id=account_id,
        currency=currency,
        buckets=tuple(buckets),
        disputed=sum(debt.disputed for debt in debts),
        unapplied=sum(state.open for state in states if state.kind == ItemKind.CREDIT),
        oldest_due_on=min(past_due, default=None),
    )


def _movements(entries: Iterable[Entry]) -> list[ItemMovement]:
    moved = []
    for entry in entries:
        amounts: defaultdict[int, int] = defaultdict(int)
        for line in entry.postings:
            if line.item is not None and line.gl in _OWED:
                amounts[line.item] += line.amount
        moved += [
            ItemMovement(entry.account_id, item, entry.seq, entry.kind, entry.on, amounts[item])
            for item in sorted(amounts)
            if amounts[item]
        ]
    return moved


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise ParameterError(
            f"{cursor!r:.80} is no cursor of this feed. Pass the cursor of a page, or None.",
            cursor=cursor,
        )
    return int(cursor)
