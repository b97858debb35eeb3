"""What the ledger asks of a place to keep books.

A store keeps journals and answers questions about them. It decides nothing: which entries a command
makes is the ledger's business. Authors of other stores check theirs with
:func:`telcrm.testing.check_ledger_store` and announce it under the entry point group
``telcrm.ledger_stores``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from telcrm.ledger.journal import Account, Entry, Item

__all__ = [
    "AccountSums",
    "AgingSums",
    "AsOf",
    "BookChanges",
    "FeedPage",
    "GlSum",
    "ItemMovement",
    "ItemState",
    "KeyUse",
    "LedgerStore",
    "StoreFactory",
    "StoreTransaction",
]

T = TypeVar("T")


class AsOf(NamedTuple):
    """The state of knowledge that a question is about; None sets no limit."""

    on: date | None = None
    """Entries that take effect on or before this day count."""
    recorded_us: int | None = None
    """Entries recorded at or before this instant count; microseconds since 1970."""


class KeyUse(NamedTuple):
    """The first use of a command's key."""

    key: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class BookChanges:
    """What one transaction adds to the books, and the sums that follow from it."""

    entries: Sequence[Entry]
    """In the order in which they were booked; of one account by number."""
    new_accounts: Sequence[Account]
    accounts: Sequence[Account]
    """Accounts that were there before, as they are now."""
    new_items: Sequence[Item]
    items: Sequence[Item]
    """Items that were there before, as they are now."""
    closed_through: date | None = None
    """New end of what is closed; only with ``moves_period``."""
    moves_period: bool = False


class AccountSums(NamedTuple):
    """What an account holds, in minor units."""

    account_id: str
    currency: str
    receivable: int
    disputed: int
    unapplied: int
    deposit: int
    written_off: int
    """Given up and not recovered."""


class ItemState(NamedTuple):
    """An item as of a state of knowledge, in minor units."""

    account_id: str
    seq: int
    kind: str
    document: str | None
    on: date
    due_on: date | None
    amount: int
    open: int
    """Of a debt what is open and not contested; of a credit or deposit what is left."""
    disputed: int
    written_off: int
    """Given up and not recovered."""


class AgingSums(NamedTuple):
    """One account's row of the aging, in minor units."""

    account_id: str
    currency: str
    buckets: tuple[int, ...]
    """Open and uncontested debt: not yet due first, then by age."""
    disputed: int
    unapplied: int
    oldest_due_on: date | None
    """Earliest due date of an open, uncontested debt that is past due."""


class GlSum(NamedTuple):
    """One line of the trial balance, in minor units."""

    gl: str
    detail: str
    currency: str
    debit: int
    """Sum of the debits, not negative."""
    credit: int
    """Sum of the credits, not negative."""


class ItemMovement(NamedTuple):
    """What one entry changed of what is owed of one debt, contested or not, in minor units.

    A dispute changes nothing of that, so it is no movement.
    """

    account_id: str
    item: int
    entry: int
    """Number of the entry that moved it."""
    kind: str
    """Kind of that entry."""
    on: date
    amount: int
    """Below 0 where the debt got less."""


class FeedPage(NamedTuple):
    """Entries after a cursor, in an order that never changes."""

    entries: tuple[Entry, ...]
    cursor: str
    """Where the next page starts; the same one again where there was nothing new of any kind."""


class StoreTransaction(Protocol):
    """One atomic change of the books: all of it is kept, or nothing."""

    def lock(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Take the accounts, in one order for all writers, until the transaction ends.

        Accounts that do not exist are left out. Until the transaction ends the period cannot be
        closed or opened either.
        """

    def lock_period(self) -> None:
        """Wait until no other transaction is posting, and keep others from it."""

    def find_keys(self, keys: Sequence[str]) -> tuple[date | None, dict[str, KeyUse]]:
        """Return the end of what is closed, and the keys that were used before.

        The end of what is closed holds until the transaction ends where :meth:`lock` came first.
        """

    def command_entries(self, keys: Sequence[str]) -> dict[str, list[Entry]]:
        """Return all entries of commands, by key, each in the order of their steps.

        A key that was not used is left out, or has an empty list.
        """

    def live_items(self, account_ids: Sequence[str]) -> list[Item]:
        """Return the items that :attr:`Item.is_live` says still matter, in any order."""

    def items(self, account_id: str, seqs: Sequence[int]) -> list[Item]:
        """Return items by number, live or not; those that do not exist are left out."""

    def items_by_document(self, account_id: str, document: str) -> list[Item]:
        """Return the items that were opened with a document, by number."""

    def entry(self, account_id: str, seq: int) -> Entry | None:
        """Return one entry."""

    def entries_on_item(self, account_id: str, seq: int) -> list[Entry]:
        """Return the entries with a posting to an item, or to one matched with it, by number."""

    def reversal_of(self, account_id: str, seq: int) -> Entry | None:
        """Return the entry that takes an entry back, if there is one."""

    def entries_of_kinds(self, account_ids: Sequence[str], kinds: Sequence[str]) -> list[Entry]:
        """Return the entries of some kinds, and the reversals of such, by account and number."""

    def movements(self, items: Sequence[tuple[str, int]]) -> list[ItemMovement]:
        """Return what moved debts, by account and entry."""

    def append(self, changes: BookChanges) -> None:
        """Write it all.

        Refuses a second entry of one number on an account, and a second entry of one key and step:
        commands that are sent twice at once rely on it.
        """


@runtime_checkable
class LedgerStore(Protocol):
    """A place to keep the books of one tenant."""

    @property
    def tenant(self) -> str:
        """Whose books they are; tenants do not see each other."""

    def transact(self, work: Callable[[StoreTransaction], T]) -> T:
        """Run ``work`` in a transaction and commit it; undo everything if it raises.

        Where other writers get in the way ``work`` runs again from the start, a bounded number of
        times, so it must not change anything outside.
        """

    def close(self) -> None:
        """Let go of files and connections."""

    def account(self, account_id: str) -> Account | None:
        """Return what is kept of an account."""

    def accounts(self, *, party_id: str | None = None) -> list[Account]:
        """Return the accounts, by name: all of them, or those of a party."""

    def closed_through(self) -> date | None:
        """Return the end of what is closed."""

    def sums(self, account_ids: Sequence[str] | None, as_of: AsOf) -> list[AccountSums]:
        """Return what accounts hold, by name; all of them where ``account_ids`` is None.

        An account that was not yet opened is left out.
        """

    def item_states(
        self, account_ids: Sequence[str] | None, as_of: AsOf, *, live: bool = True
    ) -> list[ItemState]:
        """Return items, by account and number; ``live`` leaves out those with nothing left."""

    def aging(
        self, edges: Sequence[date], account_ids: Sequence[str] | None, as_of: AsOf
    ) -> list[AgingSums]:
        """Return a row for each account that has an open or contested debt or unapplied credit.

        ``edges`` are due dates, descending. A debt due on or after ``edges[0]`` is in the first
        bucket, one due before ``edges[i]`` and on or after ``edges[i + 1]`` in bucket ``i + 1``,
        one due before the last edge in the last bucket. The rows come in any order.
        """

    def gl_sums(self, as_of: AsOf, *, since: date | None = None) -> list[GlSum]:
        """Return the sums by general ledger account, detail and currency, in any order.

        ``since`` leaves out what took effect before that day.
        """

    def gl_months(self, gl: Sequence[str], as_of: AsOf) -> dict[tuple[str, str, date], int]:
        """Return sums by currency, kind of entry and first day of the month, of some accounts."""

    def entries(
        self, account_id: str, as_of: AsOf, *, after: int = 0, limit: int | None = None
    ) -> list[Entry]:
        """Return an account's entries, by number, from after a number."""

    def feed(
        self, cursor: str | None, limit: int, *, kinds: Sequence[str] | None = None
    ) -> FeedPage:
        """Return entries of all accounts after a cursor; None is the start.

        No entry that is committed later ever stands before the cursor of a page. A page that is not
        full has looked at all there is: its cursor stands after entries of other kinds too.
        """

    def journals(self) -> Iterator[tuple[Account, list[Entry], list[Item]]]:
        """Run over all accounts by name: what is kept of each, its entries and its items."""

    def movements(self, as_of: AsOf, account_ids: Sequence[str] | None) -> Iterator[ItemMovement]:
        """Run over the movements of debts, by account and entry."""


StoreFactory = Callable[[str, str], LedgerStore]
"""Opens a store from a URL and a tenant; what the entry points point to."""
