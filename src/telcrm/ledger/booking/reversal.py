"""Taking entries back.

A reversal posts the opposite of an entry. Where the entry opened an item, what the item was matched
with is freed first: the invoices that a bounced payment had settled are open again, at their
original due dates. What followed from the same command goes with it, the last step first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from telcrm.errors import (
    AlreadyReversedError,
    EntryInUseError,
    NotReversibleError,
    PostingDateError,
)
from telcrm.ledger.booking.charges import post_charge
from telcrm.ledger.booking.matching import (
    apply_unapplied,
    follow_up,
    pairs_of,
    unmatch_postings,
)
from telcrm.ledger.booking.open_books import OpenBooks
from telcrm.ledger.commands import Charge, Reverse
from telcrm.ledger.journal import (
    Entry,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    Posting,
    split_entry_name,
)

__all__ = ["book_reverse"]

_FINAL = frozenset(
    {
        EntryKind.OPEN_ACCOUNT,
        EntryKind.CHANGE_ACCOUNT,
        EntryKind.CLOSE_ACCOUNT,
        EntryKind.REVERSAL,
        EntryKind.DUNNING,
        EntryKind.DUNNING_POLICY,
        EntryKind.PERIOD_CLOSE,
        EntryKind.PERIOD_REOPEN,
    }
)
_OF_CUSTOMERS = frozenset(
    {GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED, GlAccount.DEPOSIT}
)


def book_reverse(books: OpenBooks, command: Reverse) -> None:
    """Take an entry back, with what followed from it."""
    account_id, seq = split_entry_name(command.entry_id)
    books.account(account_id)
    entry = books.entry(account_id, seq)
    if any(posting.gl == GlAccount.CLEARING for posting in entry.postings):
        # One side of a pair never goes without the other.
        entry = books.command_entries(entry.key)[0]
    if entry.kind in _FINAL:
        raise NotReversibleError(
            f"{entry.entry_id} is a {entry.kind}, which no reversal takes back. Post the opposite "
            "command instead.",
            entry=entry.entry_id,
            kind=entry.kind,
        )
    before = books.reversal_of(entry)
    if before is not None:
        raise AlreadyReversedError(
            f"{entry.entry_id} was reversed by {before.entry_id} on {before.on}.",
            entry=entry.entry_id,
            reversed_by=before.entry_id,
        )
    reversed_entries = _reverse_all(books, entry, command.on)
    if command.fee is not None and command.fee_due_on is not None:
        fee = Charge(
            key=command.key,
            account_id=account_id,
            on=command.on,
            amount=command.fee,
            due_on=command.fee_due_on,
            nature=ItemKind.FEE,
        )
        body = follow_up(f"fee for the reversal of {entry.entry_id}")
        post_charge(books, account_id, command.fee, command=fee, body=body)
    if any(step.opens for step in reversed_entries):
        for name in sorted({step.account_id for step in reversed_entries}):
            apply_unapplied(books, books.account(name), command.on)


def _reverse_all(books: OpenBooks, entry: Entry, on: date) -> list[Entry]:
    group = [entry]
    if entry.step == 0:
        # A match that followed by itself is freed with the item that it was made for.
        group += [
            step
            for step in books.command_entries(entry.key)[1:]
            if step.kind not in _FINAL
            and step.kind != EntryKind.ALLOCATION
            and books.reversal_of(step) is None
        ]
    for step in group:
        body = None if step is entry else follow_up(f"reversal of {entry.entry_id}")
        _reverse_one(books, step, on, body)
    return group


def _reverse_one(books: OpenBooks, entry: Entry, on: date, body: str | None) -> None:
    account = books.account(entry.account_id)
    if on < entry.on:
        raise PostingDateError(
            f"{entry.entry_id} takes effect on {entry.on}, so nothing takes it back on {on}: use "
            f"on={entry.on} or later.",
            entry=entry.entry_id,
            on=on,
            earliest=entry.on,
        )
    if entry.opens:
        postings = _close_item(books, entry)
    else:
        postings = [posting._replace(amount=-posting.amount) for posting in entry.postings]
    items = {posting.item for posting in postings if posting.item is not None}
    touched = [books.item(account.account_id, seq) for seq in sorted(items)]
    if not entry.opens:
        _check_feasible(books, entry, postings, touched)
    books.check_not_before(on, touched)
    books.post(account, EntryKind.REVERSAL, postings, on=on, reverses=entry.seq, body=body)


def _close_item(books: OpenBooks, entry: Entry) -> list[Posting]:
    """Return the postings that free what an item is matched with and bring it to nothing."""
    item = books.item(entry.account_id, entry.seq)
    postings: list[Posting] = []
    pairs = pairs_of(books, item)
    if item.kind in (ItemKind.CREDIT, ItemKind.DEPOSIT):
        gl = GlAccount.UNAPPLIED if item.kind == ItemKind.CREDIT else GlAccount.DEPOSIT
        for share in pairs.values():
            # Freed and taken back at once: only the debts move.
            postings += [p for p in unmatch_postings(item, [share]) if p.item == share.item.seq]
        if item.open_net:
            postings.append(Posting(gl.value, "", item.seq, None, item.open_net))
    else:
        for number, share in pairs.items():
            source = books.item(entry.account_id, number)
            postings += unmatch_postings(source, [share])
        net = item.open_net + sum(share.net for share in pairs.values())
        tax = item.open_tax + sum(share.tax for share in pairs.values())
        for detail, units in (("net", net), ("tax", tax)):
            if units:
                postings.append(Posting("receivable", detail, item.seq, None, -units))
    postings += [
        posting._replace(amount=-posting.amount)
        for posting in entry.postings
        if posting.gl not in _OF_CUSTOMERS
    ]
    if sum(posting.amount for posting in postings):
        raise _in_use(entry, _users(books, item))
    return postings


def _users(books: OpenBooks, item: Item) -> list[str]:
    """Return the entries that took something of an item otherwise than by matches."""
    names = []
    for entry in books.entries_on_item(item):
        if entry.seq == item.seq or entry.kind == EntryKind.REVERSAL:
            continue
        takes = any(p.item == item.seq and p.counter is None for p in entry.postings)
        if takes and books.reversal_of(entry) is None:
            names.append(entry.entry_id)
    return names


def _in_use(entry: Entry, users: Iterable[str]) -> EntryInUseError:
    first = list(users)
    return EntryInUseError(
        f"{entry.entry_id} cannot be reversed while later entries stand on it. Reverse "
        f"{', '.join(reversed(first)) or 'these'} first.",
        entry=entry.entry_id,
        reverse_first=tuple(reversed(first)),
    )


def _check_feasible(
    books: OpenBooks, entry: Entry, postings: list[Posting], touched: list[Item]
) -> None:
    """Refuse where the opposite of an entry would take what is no longer there."""
    for item in touched:
        moves: defaultdict[tuple[str, str], int] = defaultdict(int)
        for posting in postings:
            if posting.item == item.seq:
                moves[posting.gl, posting.detail] += posting.amount
        left = (
            item.open_net
            + moves["receivable", "net"]
            - moves["unapplied", ""]
            - moves["deposit", ""],
            item.open_tax + moves["receivable", "tax"],
            item.disputed_net + moves["disputed", "net"],
            item.disputed_tax + moves["disputed", "tax"],
            item.written_off
            + moves["bad_debt", "net"]
            + moves["bad_debt", "tax"]
            - (item.recovered - moves["recovery", ""]),
        )
        if min(left) < 0 or not _pairs_stay(books, item, postings):
            later = [
                user.entry_id
                for user in books.entries_on_item(item)
                if user.seq > entry.seq
                and user.kind != EntryKind.REVERSAL
                and books.reversal_of(user) is None
            ]
            raise _in_use(entry, later)


def _pairs_stay(books: OpenBooks, item: Item, postings: list[Posting]) -> bool:
    changes: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for posting in postings:
        if posting.gl == GlAccount.RECEIVABLE and posting.item == item.seq and posting.counter:
            changes[posting.counter][posting.detail == "tax"] -= posting.amount
    if not changes:
        return True
    pairs = pairs_of(books, item)
    for other, (net, tax) in changes.items():
        share = pairs.get(other)
        if (share.net if share else 0) + net < 0 or (share.tax if share else 0) + tax < 0:
            return False
    return True
