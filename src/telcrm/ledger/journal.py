"""The journal: balanced entries, the items they open, and how entries move both.

An account's entries are numbered 1, 2, 3, ... in the order in which they were recorded, and each
one's hash covers the one before. Amounts are whole minor units; a debit is positive. What an
account and its items hold at any moment is the sum of postings: :func:`apply` is the only place
that says how.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

from telcrm.domain import Money
from telcrm.errors import UnknownEntryError

__all__ = [
    "Account",
    "Entry",
    "EntryKind",
    "GlAccount",
    "Item",
    "ItemKind",
    "ItemOpening",
    "Posting",
    "apply",
    "chain_hash",
    "chain_start",
    "entry_name",
    "entry_number",
    "from_micros",
    "split_entry_name",
    "to_micros",
]

JOURNAL_FORMAT: Final = 1
"""Version of what a hash covers; it is part of the first hash of every chain."""


class GlAccount(StrEnum):
    """The general ledger accounts that postings go to."""

    RECEIVABLE = "receivable"
    """What customers owe and do not contest."""
    DISPUTED = "disputed"
    """What customers owe and contest: still owed, not dunned."""
    UNAPPLIED = "unapplied"
    """Money and credit of customers that no debt was matched with yet."""
    DEPOSIT = "deposit"
    """Security that customers left; it is theirs."""
    CASH = "cash"
    REVENUE = "revenue"
    TAX = "tax"
    """Tax charged, which is owed to the state."""
    FEE_INCOME = "fee_income"
    INTEREST_INCOME = "interest_income"
    BAD_DEBT = "bad_debt"
    """Cost of debts that were given up."""
    RECOVERY = "recovery"
    """Income from debts that had been given up."""
    SMALL_BALANCE = "small_balance"
    """Differences too small to ask for."""
    CLEARING = "clearing"
    """Between two accounts of customers; nothing stays here."""


class ItemKind(StrEnum):
    """What an item is: a debt by its nature, a credit, or a deposit."""

    SERVICE = "service"
    FEE = "fee"
    INTEREST = "interest"
    CREDIT = "credit"
    DEPOSIT = "deposit"

    @property
    def is_debt(self) -> bool:
        """Whether the customer owes it."""
        return self in _DEBTS


_DEBTS = frozenset({ItemKind.SERVICE, ItemKind.FEE, ItemKind.INTEREST})


class EntryKind(StrEnum):
    """What happened."""

    OPEN_ACCOUNT = "open_account"
    CHANGE_ACCOUNT = "change_account"
    CLOSE_ACCOUNT = "close_account"
    CHARGE = "charge"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    REVERSAL = "reversal"
    ALLOCATION = "allocation"
    UNALLOCATION = "unallocation"
    DEPOSIT_TAKEN = "deposit_taken"
    DEPOSIT_USED = "deposit_used"
    DEPOSIT_RETURNED = "deposit_returned"
    OFFSET = "offset"
    TRANSFER = "transfer"
    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    SMALL_BALANCE = "small_balance"
    DISPUTE = "dispute"
    DISPUTE_RELEASE = "dispute_release"
    PROMISE = "promise"
    INSTALMENT_PLAN = "instalment_plan"
    DUNNING_HOLD = "dunning_hold"
    DUNNING = "dunning"
    """Steps of dunning, service restored, listed or delisted: the actions stand in the body."""
    DUNNING_POLICY = "dunning_policy"
    """A policy of dunning came into use; it stands in the facts."""
    PERIOD_CLOSE = "period_close"
    PERIOD_REOPEN = "period_reopen"


class Posting(NamedTuple):
    """One line of an entry.

    ``detail`` divides a general ledger account: ``net`` and ``tax`` of what is owed, the kind of
    line of revenue. ``item`` and ``counter`` are numbers of entries of the same account: the item
    that moves, and the item that it is matched with.
    """

    gl: str
    detail: str
    item: int | None
    counter: int | None
    amount: int
    """Minor units; a debit is positive."""


class ItemOpening(NamedTuple):
    """The item that an entry opens."""

    kind: str
    document: str | None
    """The invoice or other paper that it is known by outside."""
    due_on: date | None
    amount: int
    """Minor units, above 0 on either side."""


class Entry(NamedTuple):
    """One balanced entry of an account's journal. Never changed, never deleted."""

    account_id: str
    seq: int
    """1 for the account's first entry, then without a gap."""
    kind: str
    key: str
    """Key of the command that caused it."""
    step: int
    """0 for the entry that the command asked for, 1, 2, ... for what followed from it."""
    on: date
    """Effective date."""
    recorded_us: int
    """Instant of recording, in microseconds since 1970 UTC."""
    currency: str
    request_hash: str
    """SHA-256 of the command; the same key with another hash is a conflict."""
    body: str
    """JSON: the command (step 0 of what was asked for), and facts that were settled with it."""
    reverses: int | None
    """Number of the entry of this account that this one takes back."""
    opens: ItemOpening | None
    postings: tuple[Posting, ...]
    balance: int
    """Balance of the account after it, in minor units."""
    hash: str

    @property
    def entry_id(self) -> str:
        """Name of the entry: ``account_id:seq``."""
        return entry_name(self.account_id, self.seq)

    @property
    def item_id(self) -> str | None:
        """Name of the item that the entry opens; it is the entry's own."""
        return self.entry_id if self.opens else None

    @property
    def recorded_at(self) -> datetime:
        """Instant of recording, UTC."""
        return from_micros(self.recorded_us)

    @property
    def command(self) -> dict[str, Any] | None:
        """The command as JSON data; None on what followed from one."""
        return cast("dict[str, Any] | None", json.loads(self.body).get("command"))

    @property
    def facts(self) -> dict[str, Any]:
        """What was settled with the entry and does not stand in the command."""
        return cast("dict[str, Any]", json.loads(self.body).get("facts", {}))

    def total(self, *accounts: GlAccount) -> Money:
        """Add up the entry's postings to some general ledger accounts; a debit is positive."""
        units = sum(posting.amount for posting in self.postings if posting.gl in accounts)
        return Money.from_minor(units, self.currency)


@dataclass(slots=True)
class Account:
    """What the store keeps of an account beside its journal: the sums, and the end of its chain."""

    account_id: str
    currency: str
    opened_on: date
    party_id: str | None = None
    customer_class: str | None = None
    credit_limit: int | None = None
    closed_on: date | None = None
    seq: int = 0
    """Entries so far."""
    hash: str = ""
    """Hash of the last entry."""
    receivable: int = 0
    disputed: int = 0
    unapplied: int = 0
    """Credit that no debt was matched with yet; positive."""
    deposit: int = 0
    written_off: int = 0
    """Given up and not recovered: not in the balance, still legally owed."""
    last_on: date = date.min
    """Latest effective date of an entry."""
    recorded_us: int = 0
    """Instant at which the last entry was recorded."""
    dunning: str | None = None
    """State of dunning as JSON; None where the account was never dunned."""
    number: int | None = None
    """How the store knows the account."""

    @property
    def balance(self) -> int:
        """What is owed, less what is in credit; minor units."""
        return self.receivable + self.disputed - self.unapplied

    def __copy__(self) -> Account:
        # Every posting takes one to undo itself with; by itself `copy` takes eight times as long.
        return Account(*_fields_of_account(self))


@dataclass(slots=True)
class Item:
    """What is left of a debt, a credit or a deposit."""

    account_id: str
    seq: int
    kind: str
    document: str | None
    on: date
    due_on: date | None
    amount: int
    open_net: int = 0
    """Of a debt what is open and not contested, less tax; of a credit or deposit what is left."""
    open_tax: int = 0
    disputed_net: int = 0
    disputed_tax: int = 0
    written_off: int = 0
    """Given up, recovered or not."""
    recovered: int = 0
    last_on: date = date.min
    """Latest effective date of what moved it; nothing may move it at an earlier date any more."""
    recorded_us: int = 0
    """Instant at which it was last moved."""

    @property
    def item_id(self) -> str:
        """Name of the item."""
        return entry_name(self.account_id, self.seq)

    @property
    def open(self) -> int:
        """What is open and not contested, tax included."""
        return self.open_net + self.open_tax

    @property
    def disputed(self) -> int:
        """What is contested, tax included."""
        return self.disputed_net + self.disputed_tax

    @property
    def is_live(self) -> bool:
        """Whether anything of it is open, contested, or written off and not recovered."""
        return bool(
            self.open_net
            or self.open_tax
            or self.disputed_net
            or self.disputed_tax
            or self.written_off - self.recovered
        )

    def __copy__(self) -> Item:
        return Item(*_fields_of_item(self))


_MAX_ENTRIES: Final = 2**31 - 1
_fields_of_account = attrgetter(*Account.__dataclass_fields__)
_fields_of_item = attrgetter(*Item.__dataclass_fields__)


def entry_name(account_id: str, seq: int) -> str:
    """Return the name of an account's entry.

    Examples
    --------
    >>> entry_name("A-1", 7)
    'A-1:7'
    """
    return f"{account_id}:{seq}"


def split_entry_name(entry_id: str) -> tuple[str, int]:
    """Return the account and the number that an entry's name is made of.

    Raises
    ------
    UnknownEntryError
        It is no such name.

    Examples
    --------
    >>> split_entry_name("A-1:7")
    ('A-1', 7)
    """
    account_id, _, number = str(entry_id).rpartition(":")
    seq = entry_number(number)
    if not account_id or seq is None:
        raise UnknownEntryError(
            f"{entry_id!r:.80} names no entry: write ACCOUNT:NUMBER, like 'A-1:7'. Receipts and "
            "the journal give the names.",
            entry=entry_id,
        )
    return account_id, seq


def entry_number(text: str) -> int | None:
    """Return the number that an entry can have, or None.

    Examples
    --------
    >>> entry_number("7"), entry_number("9" * 40), entry_number("x")
    (7, None, None)
    """
    # Databases count entries in 31 bits.
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_MAX_ENTRIES)):
        return None
    number = int(text)
    return number if number <= _MAX_ENTRIES else None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Return an instant as whole microseconds since 1970.

    Examples
    --------
    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the instant, in UTC, of microseconds since 1970.

    Examples
    --------
    >>> from_micros(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=micros)


def chain_start(tenant: str, account_id: str) -> str:
    """Return what stands for the hash before an account's first entry."""
    seed = json.dumps(["telcrm-ledger", JOURNAL_FORMAT, tenant, account_id])
    return sha256(seed.encode()).hexdigest()


def chain_hash(previous: str, entry: Entry) -> str:
    """Return the hash of an entry: SHA-256 over the hash before it and all that it says.

    Parameters
    ----------
    previous : str
        Hash of the account's entry before, or :func:`chain_start`.
    entry : Entry
        Its own ``hash`` is not read.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return sha256(f"{previous}\n{_dumps(entry[:-1])}".encode()).hexdigest()


_dumps = json.JSONEncoder(separators=(",", ":"), default=date.isoformat).encode


def apply(entry: Entry, account: Account, items: MutableMapping[int, Item]) -> None:
    """Move an account and its items by what an entry posts.

    Parameters
    ----------
    entry : Entry
    account : Account
        Changed in place.
    items : mutable mapping of int to Item
        By number: those that the entry moves. The item that it opens is added.
    """
    if entry.opens:
        kind, document, due_on, amount = entry.opens
        item = Item(entry.account_id, entry.seq, kind, document, entry.on, due_on, amount)
        item.last_on, item.recorded_us = entry.on, entry.recorded_us
        items[entry.seq] = item
    for posting in entry.postings:
        move = _MOVES.get(posting.gl)
        if move is not None:
            move(account, items, posting)
            if posting.item is not None:
                item = items[posting.item]
                item.last_on, item.recorded_us = entry.on, entry.recorded_us
    change = _CHANGES.get(entry.kind)
    if change is not None:
        change(account, entry)
    account.seq, account.hash = entry.seq, entry.hash
    account.last_on = max(account.last_on, entry.on)
    account.recorded_us = entry.recorded_us


def _move_receivable(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.receivable += posting.amount
    item = _item(items, posting)
    if posting.detail == "tax":
        item.open_tax += posting.amount
    else:
        item.open_net += posting.amount


def _move_disputed(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.disputed += posting.amount
    item = _item(items, posting)
    if posting.detail == "tax":
        item.disputed_tax += posting.amount
    else:
        item.disputed_net += posting.amount


def _move_unapplied(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.unapplied -= posting.amount
    _item(items, posting).open_net -= posting.amount


def _move_deposit(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.deposit -= posting.amount
    _item(items, posting).open_net -= posting.amount


def _move_bad_debt(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.written_off += posting.amount
    _item(items, posting).written_off += posting.amount


def _move_recovery(account: Account, items: Mapping[int, Item], posting: Posting) -> None:
    account.written_off += posting.amount
    _item(items, posting).recovered -= posting.amount


def _item(items: Mapping[int, Item], posting: Posting) -> Item:
    return items[cast("int", posting.item)]


def _set_terms(account: Account, entry: Entry) -> None:
    said = entry.command or {}
    limit = said.get("credit_limit")
    account.party_id = said.get("party_id")
    account.customer_class = said.get("customer_class")
    account.credit_limit = limit and Money(limit["amount"], limit["currency"]).minor_units


def _close(account: Account, entry: Entry) -> None:
    account.closed_on = entry.on


def _set_dunning(account: Account, entry: Entry) -> None:
    said = entry.facts
    kept = {"policy": said["policy"], "on": said["on"], "state": said["state"]}
    account.dunning = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


_CHANGES = {
    EntryKind.OPEN_ACCOUNT.value: _set_terms,
    EntryKind.CHANGE_ACCOUNT.value: _set_terms,
    EntryKind.CLOSE_ACCOUNT.value: _close,
    EntryKind.DUNNING.value: _set_dunning,
}

_MOVES = {
    GlAccount.RECEIVABLE.value: _move_receivable,
    GlAccount.DISPUTED.value: _move_disputed,
    GlAccount.UNAPPLIED.value: _move_unapplied,
    GlAccount.DEPOSIT.value: _move_deposit,
    GlAccount.BAD_DEBT.value: _move_bad_debt,
    GlAccount.RECOVERY.value: _move_recovery,
}
