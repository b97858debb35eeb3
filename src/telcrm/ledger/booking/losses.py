"""What is contested and what is given up."""

from __future__ import annotations

from telcrm.domain.apportion import apportion
from telcrm.errors import OverAllocationError
from telcrm.ledger.booking.matching import DEBTS, receivable_postings, shares_for
from telcrm.ledger.booking.open_books import OpenBooks, shown
from telcrm.ledger.commands import Dispute, ReleaseDispute, WriteOff
from telcrm.ledger.journal import EntryKind, GlAccount, Item, Posting

__all__ = ["book_dispute", "book_release", "book_write_off"]


def book_write_off(books: OpenBooks, command: WriteOff) -> None:
    """Give debts up; net and tax apart, since many tax laws give the tax back."""
    account = books.account(command.account_id)
    asked = None if command.amount is None else books.units(account, command.amount)
    units = account.receivable if asked is None else asked
    shares = shares_for(books, account, units, command.to)
    found = sum(share.amount for share in shares)
    if not found or (asked is not None and found < asked):
        raise OverAllocationError(
            f"{shown(units, account.currency)} cannot be written off on {account.account_id}: "
            f"{shown(found, account.currency)} is open and not contested among the debts that are "
            "meant. Release disputes first.",
            account=account.account_id,
            available=found,
        )
    books.check_not_before(command.on, [share.item for share in shares])
    postings = []
    for share in shares:
        for detail, part in (("net", share.net), ("tax", share.tax)):
            if part:
                gl = GlAccount.BAD_DEBT.value
                postings.append(Posting(gl, detail, share.item.seq, None, part))
        postings.extend(receivable_postings(share, None))
    books.post(account, EntryKind.WRITE_OFF, postings, on=command.on)


def book_dispute(books: OpenBooks, command: Dispute) -> None:
    """Move what is contested of a debt out of what is dunned."""
    account = books.account(command.account_id)
    item = books.resolve(account.account_id, command.item, *DEBTS)
    units = item.open if command.amount is None else books.units(account, command.amount)
    if not units:
        raise _nothing(item, "is open, so nothing can be contested")
    books.check_open(item, units, item.open, "open and not contested")
    books.check_not_before(command.on, [item])
    net, tax = apportion(units, [item.open_net, item.open_tax])
    postings = _reclassify(item, net, tax, GlAccount.DISPUTED, GlAccount.RECEIVABLE)
    books.post(account, EntryKind.DISPUTE, postings, on=command.on)


def book_release(books: OpenBooks, command: ReleaseDispute) -> None:
    """Move what was contested back."""
    account = books.account(command.account_id)
    item = books.resolve(account.account_id, command.item, *DEBTS)
    units = item.disputed if command.amount is None else books.units(account, command.amount)
    if not units:
        raise _nothing(item, "is contested, so nothing can be released")
    if units > item.disputed:
        raise OverAllocationError(
            f"{shown(units, account.currency)} cannot be released of {item.item_id}: "
            f"{shown(item.disputed, account.currency)} is contested.",
            item=item.item_id,
            available=item.disputed,
        )
    books.check_not_before(command.on, [item])
    net, tax = apportion(units, [item.disputed_net, item.disputed_tax])
    postings = _reclassify(item, net, tax, GlAccount.RECEIVABLE, GlAccount.DISPUTED)
    books.post(account, EntryKind.DISPUTE_RELEASE, postings, on=command.on)


def _reclassify(item: Item, net: int, tax: int, to: GlAccount, source: GlAccount) -> list[Posting]:
    return [
        Posting(gl.value, detail, item.seq, None, sign * units)
        for detail, units in (("net", net), ("tax", tax))
        if units
        for gl, sign in ((to, 1), (source, -1))
    ]


def _nothing(item: Item, what: str) -> OverAllocationError:
    return OverAllocationError(f"nothing of {item.item_id} {what}.", item=item.item_id, available=0)
