"""The books as one transaction sees them: accounts and items in hand, entries on the way.

Rules of booking read from here and post to here. Nothing reaches the store before the end, so a
command that is refused half-way is undone by forgetting it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import date
from typing import Final, cast

from telcrm.domain import Money
from telcrm.errors import (
    AccountExistsError,
    ClosedAccountError,
    ClosedPeriodError,
    CurrencyMismatchError,
    LedgerError,
    OverAllocationError,
    PostingDateError,
    UnknownAccountError,
    UnknownEntryError,
    UnknownItemError,
)
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
    apply,
    chain_hash,
    chain_start,
    entry_number,
)
from telcrm.ledger.stores.protocol import BookChanges, ItemMovement, StoreTransaction

__all__ = ["BOOKS_ACCOUNT", "OpenBooks", "shown"]

BOOKS_ACCOUNT: Final = "~books"
"""The journal of what concerns all accounts: closed periods, policies in use."""

_BALANCE = frozenset({GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED})
_ON_CLOSED_ACCOUNTS = frozenset({EntryKind.RECOVERY, EntryKind.DUNNING})

_Key = tuple[str, int]


def shown(units: int, currency: str) -> str:
    """Return minor units as people write them."""
    return str(Money.from_minor(units, currency))


class OpenBooks:
    """Accounts and items of one transaction, and what is posted to them."""

    def __init__(
        self,
        transaction: StoreTransaction,
        accounts: dict[str, Account],
        *,
        tenant: str,
        policy: AllocationPolicy,
        closed_through: date | None,
        now_us: int,
    ) -> None:
        self.transaction = transaction
        self.policy = policy
        self.closed_through = closed_through
        self._moves_period = False
        self._tenant = tenant
        self._now_us = now_us
        self._accounts = accounts
        self._stored = frozenset(accounts)
        self._items: dict[str, dict[int, Item]] = {name: {} for name in accounts}
        self._loaded: set[str] = set()
        self._entries: list[Entry] = []
        self._new_items: set[_Key] = set()
        self._moved_items: set[_Key] = set()
        self._moved_accounts: set[str] = set()
        self._undo: list[Callable[[], None]] = []
        self._key = ""
        self._request_hash = ""
        self._body = ""
        self._recorded_us: int | None = None
        self.steps: list[Entry] = []

    # One command at a time.

    def begin(self, key: str, request_hash: str, body: str, recorded_us: int | None) -> None:
        """Begin a command; what was posted before stays."""
        self._undo.clear()
        self._key, self._request_hash, self._body = key, request_hash, body
        self._recorded_us = recorded_us
        self.steps = []

    def forget(self) -> None:
        """Undo what was posted since :meth:`begin`."""
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        if self.steps:
            del self._entries[-len(self.steps) :]
        self.steps = []

    def changes(self) -> BookChanges:
        """Return all that was posted, for the store."""
        accounts, items = self._accounts, self._items
        moved = sorted(self._moved_accounts)
        return BookChanges(
            entries=self._entries,
            new_accounts=[accounts[name] for name in moved if name not in self._stored],
            accounts=[accounts[name] for name in moved if name in self._stored],
            new_items=[items[name][seq] for name, seq in sorted(self._new_items)],
            items=[items[name][seq] for name, seq in sorted(self._moved_items - self._new_items)],
            closed_through=self.closed_through,
            moves_period=self._moves_period,
        )

    @property
    def posts_anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._entries)

    # Reading.

    def account(self, account_id: str) -> Account:
        """Return an account, or refuse."""
        try:
            return self._accounts[account_id]
        except KeyError:
            raise UnknownAccountError(
                f"there is no account {account_id!r:.80}: open it first with open_account.",
                account=account_id,
            ) from None

    def has(self, account_id: str) -> bool:
        """Tell whether an account is here."""
        return account_id in self._accounts

    def load(self, account_ids: Iterable[str]) -> None:
        """Fetch the live items of accounts at once; those that are here already stay."""
        missing = [
            name for name in account_ids if name in self._stored and name not in self._loaded
        ]
        if not missing:
            return
        self._loaded.update(missing)
        for item in self.transaction.live_items(missing):
            self._items[item.account_id].setdefault(item.seq, item)

    def live(self, account_id: str, *kinds: ItemKind) -> list[Item]:
        """Return the live items of some kinds, by number."""
        self.load([account_id])
        items = self._items[account_id]
        return [items[seq] for seq in sorted(items) if items[seq].kind in kinds]

    def debts(self, account_id: str) -> list[Item]:
        """Return the debts that are open, contested, or written off and not recovered."""
        return self.live(account_id, ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST)

    def credits(self, account_id: str, kind: ItemKind = ItemKind.CREDIT) -> list[Item]:
        """Return credits (or deposits) that have something left, the oldest first."""
        left = [item for item in self.live(account_id, kind) if item.open_net]
        return sorted(left, key=lambda item: (item.on, item.seq))

    def item(self, account_id: str, seq: int) -> Item:
        """Return an item by number, live or not, or refuse."""
        items = self._items[account_id]
        if seq not in items:
            for found in self.transaction.items(account_id, [seq]):
                items[seq] = found
        if seq not in items:
            raise UnknownItemError(
                f"account {account_id} has no item {seq}: charges, payments, credit notes and "
                "deposits make items.",
                account=account_id,
                item=seq,
            )
        return items[seq]

    def resolve(self, account_id: str, reference: str, *kinds: ItemKind) -> Item:
        """Return the item of some kinds that a name or a document refers to, or refuse."""
        account, _, number = reference.rpartition(":")
        seq = entry_number(number)
        if account == account_id and seq is not None:
            item = self.item(account_id, seq)
            if item.kind not in kinds:
                raise UnknownItemError(
                    f"{reference} is a {item.kind}; what is meant here is a {' or '.join(kinds)}.",
                    account=account_id,
                    item=reference,
                )
            return item
        items = self._items[account_id]
        found = {item.seq: item for item in items.values() if item.document == reference}
        for item in self.transaction.items_by_document(account_id, reference):
            found.setdefault(item.seq, items.setdefault(item.seq, item))
        fitting = [item for seq, item in sorted(found.items()) if item.kind in kinds]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = ", ".join(item.item_id for item in fitting)
            raise UnknownItemError(
                f"account {account_id} has {len(fitting)} items with the document {reference!r}: "
                f"name one of {names}.",
                account=account_id,
                item=reference,
            )
        raise UnknownItemError(
            f"account {account_id} has no {' or '.join(kinds)} {reference!r:.80}. Pass the item's "
            "name (open_items shows it) or the document that it was booked with.",
            account=account_id,
            item=reference,
        )

    def booked_on(self, account_id: str) -> list[Entry]:
        """Return the account's entries that are not in the store yet."""
        return [entry for entry in self._entries if entry.account_id == account_id]

    def entry(self, account_id: str, seq: int) -> Entry:
        """Return an entry, stored or not, or refuse."""
        for entry in self.booked_on(account_id):
            if entry.seq == seq:
                return entry
        found = self.transaction.entry(account_id, seq)
        if found is None:
            raise UnknownEntryError(
                f"account {account_id} has no entry {seq}; its last one is "
                f"{self.account(account_id).seq}.",
                account=account_id,
                entry=seq,
            )
        return found

    def entries_on_item(self, item: Item) -> list[Entry]:
        """Return the entries that move an item or match something with it, by number."""
        stored = self.transaction.entries_on_item(item.account_id, item.seq)
        new = [
            entry
            for entry in self.booked_on(item.account_id)
            if any(item.seq in (posting.item, posting.counter) for posting in entry.postings)
        ]
        return [*stored, *new]

    def command_entries(self, key: str) -> list[Entry]:
        """Return all entries of a command, in the order of their steps."""
        stored = self.transaction.command_entries([key]).get(key, [])
        return [*stored, *(entry for entry in self._entries if entry.key == key)]

    def movements(self, items: Sequence[_Key]) -> list[ItemMovement]:
        """Return what moved debts, stored or not, in the order of booking."""
        wanted = set(items)
        moved = self.transaction.movements(items) if items else []
        for entry in self._entries:
            sums: Counter[int] = Counter()
            for posting in entry.postings:
                owed = posting.gl in (GlAccount.RECEIVABLE, GlAccount.DISPUTED)
                if owed and (entry.account_id, posting.item) in wanted:
                    sums[cast("int", posting.item)] += posting.amount
            moved += [
                ItemMovement(entry.account_id, seq, entry.seq, entry.kind, entry.on, units)
                for seq, units in sorted(sums.items())
                if units
            ]
        return moved

    def reversal_of(self, entry: Entry) -> Entry | None:
        """Return the entry that takes an entry back, if there is one."""
        for later in self.booked_on(entry.account_id):
            if later.reverses == entry.seq:
                return later
        return self.transaction.reversal_of(entry.account_id, entry.seq)

    def units(self, account: Account, money: Money) -> int:
        """Return the minor units of an amount, or refuse another currency."""
        if money.currency.code != account.currency:
            raise CurrencyMismatchError(
                f"account {account.account_id} is in {account.currency}, the amount is {money}: "
                "convert it, or book it to an account in its currency.",
                currencies=(account.currency, money.currency.code),
                account=account.account_id,
            )
        return money.minor_units

    # Posting.

    def post(
        self,
        account: Account,
        kind: EntryKind,
        postings: Sequence[Posting],
        *,
        on: date,
        opens: ItemOpening | None = None,
        reverses: int | None = None,
        body: str | None = None,
    ) -> Entry:
        """Post one balanced entry to an account.

        ``body`` is given for what follows from a command; the command's own entry carries it.
        """
        self._check_date(account, kind, on)
        total = moved = 0
        for posting in postings:
            total += posting.amount
            if posting.gl in _BALANCE:
                moved += posting.amount
        if total:
            raise LedgerError(
                f"an entry of kind {kind} on {account.account_id} is out of balance by {total}.",
                account=account.account_id,
            )
        self._remember(account, postings)
        recorded_us = self._recording_instant(account)
        entry = Entry(
            account.account_id,
            account.seq + 1,
            kind.value,
            self._key,
            len(self.steps),
            on,
            recorded_us,
            account.currency,
            self._request_hash,
            self._body if body is None else body,
            reverses,
            opens,
            tuple(postings),
            account.balance + moved,
            "",
        )
        entry = Entry(*entry[:-1], hash=chain_hash(account.hash, entry))
        apply(entry, account, self._items[account.account_id])
        if opens:
            self._new_items.add((account.account_id, entry.seq))
            self._undo.append(lambda: self._drop_item(account.account_id, entry.seq))
        self._entries.append(entry)
        self.steps.append(entry)
        return entry

    def open_account(self, account: Account, *, on: date) -> Entry:
        """Add an account with its first entry."""
        name = account.account_id
        if name in self._accounts:
            raise AccountExistsError(
                f"account {name} was opened on {self._accounts[name].opened_on}: use it, or choose "
                "another name.",
                account=name,
            )
        account.hash = chain_start(self._tenant, name)
        self._accounts[name] = account
        self._items[name] = {}
        self._undo.append(lambda: self._drop_account(name))
        return self.post(account, EntryKind.OPEN_ACCOUNT, (), on=on)

    def move_period(self, through: date | None) -> None:
        """Set the end of what is closed."""
        before, moved = self.closed_through, self._moves_period
        self.closed_through, self._moves_period = through, True
        self._undo.append(lambda: self._restore_period(before, moved))

    def earliest(self, on: date, *items: Item) -> date:
        """Return the first day, from ``on``, on which items may be moved."""
        return max(on, *(item.last_on for item in items))

    def check_not_before(self, on: date, items: Iterable[Item]) -> None:
        """Refuse a day before what the items already show."""
        late = max(items, key=lambda item: item.last_on, default=None)
        if late is not None and late.last_on > on:
            raise PostingDateError(
                f"{late.item_id} was last moved with effect on {late.last_on}, so nothing can move "
                f"it on {on}: use on={late.last_on} or later.",
                item=late.item_id,
                on=on,
                earliest=late.last_on,
            )

    def check_open(self, item: Item, wanted: int, available: int, what: str) -> None:
        """Refuse to take more than there is."""
        if wanted <= available:
            return
        currency = self._accounts[item.account_id].currency
        contested = f"; {shown(item.disputed, currency)} is contested" if item.disputed else ""
        raise OverAllocationError(
            f"{shown(wanted, currency)} is asked of {item.item_id}, but "
            f"{shown(available, currency)} is {what}{contested}.",
            item=item.item_id,
            asked=wanted,
            available=available,
        )

    def _check_date(self, account: Account, kind: EntryKind, on: date) -> None:
        if on < account.opened_on:
            raise PostingDateError(
                f"account {account.account_id} opened on {account.opened_on}; nothing takes effect "
                f"on it on {on}.",
                account=account.account_id,
                on=on,
                earliest=account.opened_on,
            )
        if account.closed_on is not None and kind not in _ON_CLOSED_ACCOUNTS:
            raise ClosedAccountError(
                f"account {account.account_id} was closed on {account.closed_on}: only recoveries "
                "of written-off debts are booked to it.",
                account=account.account_id,
                closed_on=account.closed_on,
            )
        if (
            self.closed_through is not None
            and on <= self.closed_through
            and account.account_id != BOOKS_ACCOUNT
        ):
            raise ClosedPeriodError(
                f"the books are closed through {self.closed_through}: take a later day than {on}, "
                "or open the period again with reopen_period.",
                account=account.account_id,
                on=on,
                closed_through=self.closed_through,
            )

    def _recording_instant(self, account: Account) -> int:
        if self._recorded_us is None:
            # A clock that was set back must not turn the journal round.
            return max(self._now_us, account.recorded_us)
        if not account.recorded_us <= self._recorded_us <= self._now_us:
            raise PostingDateError(
                f"recorded_at lies before the last entry of {account.account_id} or ahead of "
                "the clock: leave it out, or post in the order of recording.",
                account=account.account_id,
            )
        return self._recorded_us

    def _remember(self, account: Account, postings: Sequence[Posting]) -> None:
        name = account.account_id
        saved = copy(account)
        self._undo.append(lambda: self._restore_account(saved))
        self._moved_accounts.add(name)
        for seq in {posting.item for posting in postings if posting.item is not None}:
            item = self._items[name].get(seq)
            if item is not None:
                self._remember_item(item)

    def _remember_item(self, item: Item) -> None:
        saved = copy(item)
        self._undo.append(lambda: self._restore_item(saved))
        self._moved_items.add((item.account_id, item.seq))

    def _restore_account(self, saved: Account) -> None:
        if saved.account_id in self._accounts:
            self._accounts[saved.account_id] = saved

    def _restore_item(self, saved: Item) -> None:
        self._items[saved.account_id][saved.seq] = saved

    def _drop_item(self, account_id: str, seq: int) -> None:
        self._items.get(account_id, {}).pop(seq, None)
        self._new_items.discard((account_id, seq))
        self._moved_items.discard((account_id, seq))

    def _drop_account(self, account_id: str) -> None:
        del self._accounts[account_id], self._items[account_id]
        self._moved_accounts.discard(account_id)

    def _restore_period(self, through: date | None, moved: bool) -> None:
        self.closed_through, self._moves_period = through, moved
