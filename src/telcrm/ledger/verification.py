"""Checking the books: every hash, every sum, every rule, from the journals alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.journal import (
    Account,
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    apply,
    chain_hash,
    chain_start,
)
from telcrm.ledger.stores.protocol import LedgerStore

__all__ = ["Break", "Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong with the books."""

    account_id: str | None
    """None where it concerns all accounts together."""
    entry_id: str | None
    rule: str
    """Short name of the rule that does not hold."""
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the books found."""

    accounts: int
    """Accounts that were checked, telcrm's own included."""
    entries: int
    seal: str
    """SHA-256 over the last hash of every account, by name. Kept elsewhere, it shows whether
    entries were cut off the ends of journals since.
    """
    first_break: Break | None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.first_break is None


class _BrokenError(Exception):
    def __init__(self, rule: str, message: str, entry: Entry | None = None) -> None:
        self.rule, self.message, self.entry = rule, message, entry
        super().__init__(message)


def verify(store: LedgerStore) -> Verification:
    """Recompute every chain, sum and item from the journals, and compare.

    Parameters
    ----------
    store : LedgerStore

    Returns
    -------
    Verification
        It stops at the first break and names it.
    """
    accounts = entries = 0
    seal = sha256()
    clearing: Counter[str] = Counter()
    closed_through: date | None = None
    for kept, journal, items in store.journals():
        accounts += 1
        entries += len(journal)
        try:
            _check_account(store.tenant, kept, journal, items)
        except _BrokenError as broken:
            entry_id = broken.entry.entry_id if broken.entry else None
            found = Break(kept.account_id, entry_id, broken.rule, broken.message)
            return Verification(accounts, entries, seal.hexdigest(), found)
        for entry in journal:
            for posting in entry.postings:
                if posting.gl == GlAccount.CLEARING:
                    clearing[entry.currency] += posting.amount
        if kept.account_id == BOOKS_ACCOUNT:
            closed_through = _closed_through(journal)
        seal.update(f"{kept.account_id}\n{kept.hash}\n".encode())
    broken_sum = _check_together(store, clearing, closed_through)
    return Verification(accounts, entries, seal.hexdigest(), broken_sum)


def _check_together(
    store: LedgerStore, clearing: Counter[str], closed_through: date | None
) -> Break | None:
    for currency, units in sorted(clearing.items()):
        if units:
            message = f"clearing in {currency} holds {units} minor units, and has to hold nothing"
            return Break(None, None, "clearing", message)
    if store.closed_through() != closed_through:
        message = (
            f"the store says that the books are closed through {store.closed_through()}, the "
            f"journal of {BOOKS_ACCOUNT} says {closed_through}"
        )
        return Break(BOOKS_ACCOUNT, None, "period", message)
    return None


def _closed_through(journal: Sequence[Entry]) -> date | None:
    through = None
    for entry in journal:
        if entry.kind in (EntryKind.PERIOD_CLOSE, EntryKind.PERIOD_REOPEN):
            said = (entry.command or {}).get("through")
            through = None if said is None else date.fromisoformat(said)
    return through


def _check_account(
    tenant: str, kept: Account, journal: Sequence[Entry], kept_items: Sequence[Item]
) -> None:
    opened_on = journal[0].on if journal else kept.opened_on
    currency = journal[0].currency if journal else kept.currency
    account = Account(kept.account_id, currency, opened_on)
    account.hash = chain_start(tenant, kept.account_id)
    items: dict[int, Item] = {}
    for entry in journal:
        _check_entry(entry, account, items)
    if not journal or journal[0].kind != EntryKind.OPEN_ACCOUNT:
        message = f"the journal of {kept.account_id} does not begin with its opening"
        raise _BrokenError("opening", message)
    differing = list(_differences(replace(kept, number=None), account))
    if differing:
        message = f"{kept.account_id} is kept with {differing[0]} by its journal"
        raise _BrokenError("account", message)
    for item in kept_items:
        computed = items.pop(item.seq, None)
        if computed is None:
            message = f"the item {item.item_id} was opened by no entry"
            raise _BrokenError("item", message)
        differing = list(_differences(item, computed))
        if differing:
            message = f"the item {item.item_id} is kept with {differing[0]} by its journal"
            raise _BrokenError("item", message)
    if items:
        missing = next(iter(items.values())).item_id
        message = f"the item {missing} is in the journal, and not kept"
        raise _BrokenError("item", message)


def _differences(kept: Account | Item, computed: Account | Item) -> Iterator[str]:
    for name in kept.__dataclass_fields__:
        one, other = getattr(kept, name), getattr(computed, name)
        if one != other:
            yield f"{name} {one}, which is {other}"


def _check_entry(entry: Entry, account: Account, items: dict[int, Item]) -> None:
    if entry.seq != account.seq + 1:
        message = f"{entry.entry_id} follows entry {account.seq}: one is missing or was added"
        raise _BrokenError("sequence", message, entry)
    if entry.hash != chain_hash(account.hash, entry):
        message = f"{entry.entry_id} is not what was hashed when it was booked"
        raise _BrokenError("hash", message, entry)
    if sum(posting.amount for posting in entry.postings):
        message = f"the postings of {entry.entry_id} do not add up to nothing"
        raise _BrokenError("balanced", message, entry)
    if entry.currency != account.currency:
        message = f"{entry.entry_id} is in {entry.currency}, the account in {account.currency}"
        raise _BrokenError("currency", message, entry)
    if entry.recorded_us < account.recorded_us:
        message = f"{entry.entry_id} was recorded before the entry in front of it"
        raise _BrokenError("recorded", message, entry)
    moved = {posting.item for posting in entry.postings if posting.item is not None}
    for seq in moved:
        if seq == entry.seq:
            continue
        if seq not in items:
            message = f"{entry.entry_id} moves item {seq}, which no entry before it opened"
            raise _BrokenError("item", message, entry)
        if entry.on < items[seq].last_on:
            message = f"{entry.entry_id} moves {items[seq].item_id} before its last movement"
            raise _BrokenError("order", message, entry)
    apply(entry, account, items)
    if entry.balance != account.balance:
        message = f"{entry.entry_id} says a balance of {entry.balance}, it is {account.balance}"
        raise _BrokenError("balance", message, entry)
    for seq in moved:
        _check_item(entry, items[seq])


_NOT_NEGATIVE: Final = ("open_net", "open_tax", "disputed_net", "disputed_tax", "recovered")


def _check_item(entry: Entry, item: Item) -> None:
    for name in _NOT_NEGATIVE:
        if getattr(item, name) < 0:
            message = f"{entry.entry_id} leaves {item.item_id} with {name} below nothing"
            raise _BrokenError("open", message, entry)
    lost = item.written_off if item.kind not in (ItemKind.CREDIT, ItemKind.DEPOSIT) else 0
    if item.open + item.disputed + lost > item.amount:
        message = f"{entry.entry_id} leaves more open of {item.item_id} than it ever was"
        raise _BrokenError("open", message, entry)
    if item.recovered > item.written_off:
        message = f"{entry.entry_id} recovers more of {item.item_id} than was written off"
        raise _BrokenError("recovered", message, entry)
