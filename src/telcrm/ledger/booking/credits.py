"""Money in and out: payments, refunds, deposits, recoveries."""

from __future__ import annotations

from collections.abc import Sequence

from telcrm.errors import OverAllocationError
from telcrm.ledger.booking.matching import (
    DEBTS,
    follow_up,
    match_postings,
    receivable_postings,
    settle_later,
    shares_for,
    spread_over,
)
from telcrm.ledger.booking.open_books import OpenBooks, shown
from telcrm.ledger.commands import (
    CreditNote,
    Pay,
    Recover,
    Refund,
    ReturnDeposit,
    TakeDeposit,
    UseDeposit,
)
from telcrm.ledger.journal import (
    Account,
    EntryKind,
    GlAccount,
    Item,
    ItemKind,
    ItemOpening,
    Posting,
)

__all__ = [
    "book_credit",
    "book_pay",
    "book_recover",
    "book_refund",
    "book_return_deposit",
    "book_take_deposit",
    "book_use_deposit",
]


def book_pay(books: OpenBooks, command: Pay) -> None:
    """Take money in, settle debts with it, and forgive what is too little to ask for."""
    account = books.account(command.account_id)
    cash = Posting(GlAccount.CASH.value, "", None, None, books.units(account, command.amount))
    settled = book_credit(books, EntryKind.PAYMENT, command, [cash])
    _forgive_small(books, account, settled)


def book_credit(
    books: OpenBooks, kind: EntryKind, command: Pay | CreditNote, contra: Sequence[Posting]
) -> list[Item]:
    """Post a credit against ``contra`` and match it with debts; return the debts it met."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    shares = shares_for(books, account, units, command.to)
    now = [share for share in shares if share.item.last_on <= command.on]
    later = [share for share in shares if share.item.last_on > command.on]
    number = account.seq + 1
    postings = [*contra]
    for share in now:
        postings.extend(receivable_postings(share, number))
    waiting = units - sum(share.amount for share in now)
    if waiting:
        postings.append(Posting(GlAccount.UNAPPLIED.value, "", number, None, -waiting))
    opens = ItemOpening(ItemKind.CREDIT.value, command.document, None, units)
    books.post(account, kind, postings, on=command.on, opens=opens)
    if later:
        settle_later(books, account, books.item(account.account_id, number), later, command.on)
    return [share.item for share in shares]


def _forgive_small(books: OpenBooks, account: Account, items: Sequence[Item]) -> None:
    tolerance = books.policy.tolerance_in(account.currency)
    for item in items:
        if 0 < item.open <= tolerance and not item.disputed:
            postings = [
                Posting("receivable", detail, item.seq, None, -units)
                for detail, units in (("net", item.open_net), ("tax", item.open_tax))
                if units
            ]
            gl = GlAccount.SMALL_BALANCE.value
            postings.append(Posting(gl, "", item.seq, None, item.open))
            books.post(
                account,
                EntryKind.SMALL_BALANCE,
                postings,
                on=item.last_on,
                body=follow_up("what was left is within the tolerance"),
            )


def book_refund(books: OpenBooks, command: Refund) -> None:
    """Pay unapplied credit back."""
    _pay_out(books, EntryKind.REFUND, command, GlAccount.UNAPPLIED, ItemKind.CREDIT)


def book_return_deposit(books: OpenBooks, command: ReturnDeposit) -> None:
    """Pay a deposit back."""
    _pay_out(books, EntryKind.DEPOSIT_RETURNED, command, GlAccount.DEPOSIT, ItemKind.DEPOSIT)


def _pay_out(
    books: OpenBooks,
    kind: EntryKind,
    command: Refund | ReturnDeposit,
    source: GlAccount,
    item_kind: ItemKind,
) -> None:
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    sources = _sources(books, account, command.of, item_kind)
    left = sum(credit.open_net for credit in sources)
    if units > left:
        raise OverAllocationError(
            f"{shown(units, account.currency)} cannot be paid out: {command.of or 'the account'} "
            f"has {shown(left, account.currency)} left to give back on {account.account_id}.",
            account=account.account_id,
            available=left,
        )
    postings = [Posting(GlAccount.CASH.value, "", None, None, -units)]
    used = []
    for credit in sources:
        taken = min(units, credit.open_net)
        if taken:
            used.append(credit)
            postings.append(Posting(source.value, "", credit.seq, None, taken))
            units -= taken
    books.check_not_before(command.on, used)
    books.post(account, kind, postings, on=command.on)


def _sources(
    books: OpenBooks, account: Account, reference: str | None, kind: ItemKind
) -> list[Item]:
    if reference is None:
        return books.credits(account.account_id, kind)
    return [books.resolve(account.account_id, reference, kind)]


def book_take_deposit(books: OpenBooks, command: TakeDeposit) -> None:
    """Take security in; it settles nothing until it is used."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    postings = [
        Posting(GlAccount.CASH.value, "", None, None, units),
        Posting(GlAccount.DEPOSIT.value, "", account.seq + 1, None, -units),
    ]
    opens = ItemOpening(ItemKind.DEPOSIT.value, command.document, None, units)
    books.post(account, EntryKind.DEPOSIT_TAKEN, postings, on=command.on, opens=opens)


def book_use_deposit(books: OpenBooks, command: UseDeposit) -> None:
    """Settle debts out of deposits, the oldest deposit first."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    deposits = _sources(books, account, command.of, ItemKind.DEPOSIT)
    left = sum(deposit.open_net for deposit in deposits)
    shares = shares_for(books, account, units, command.to)
    usable = min(left, sum(share.amount for share in shares))
    if units > usable:
        raise OverAllocationError(
            f"{shown(units, account.currency)} of deposit cannot be used on {account.account_id}: "
            f"{shown(left, account.currency)} is left of it, and what is meant to be settled has "
            f"{shown(sum(share.amount for share in shares), account.currency)} open.",
            account=account.account_id,
            available=usable,
        )
    matches = spread_over(deposits, shares)
    books.check_not_before(command.on, [deposit for deposit, _ in matches])
    books.check_not_before(command.on, [share.item for share in shares])
    postings = [posting for deposit, part in matches for posting in match_postings(deposit, part)]
    books.post(account, EntryKind.DEPOSIT_USED, postings, on=command.on)


def book_recover(books: OpenBooks, command: Recover) -> None:
    """Take money in for debts that were written off, the oldest first."""
    account = books.account(command.account_id)
    units = books.units(account, command.amount)
    if command.to is None:
        debts = sorted(
            books.debts(account.account_id), key=lambda item: (item.due_on or item.on, item.seq)
        )
    else:
        debts = [books.resolve(account.account_id, command.to, *DEBTS)]
    lost = sum(item.written_off - item.recovered for item in debts)
    if units > lost:
        raise OverAllocationError(
            f"{shown(units, account.currency)} cannot be a recovery: of "
            f"{command.to or 'all debts'} on {account.account_id}, "
            f"{shown(lost, account.currency)} is written off and not "
            "recovered. Book the rest as a payment.",
            account=account.account_id,
            available=lost,
        )
    postings = [Posting(GlAccount.CASH.value, "", None, None, units)]
    moved = []
    for item in debts:
        part = min(units, item.written_off - item.recovered)
        if part:
            moved.append(item)
            postings.append(Posting(GlAccount.RECOVERY.value, "", item.seq, None, -part))
            units -= part
    books.check_not_before(command.on, moved)
    books.post(account, EntryKind.RECOVERY, postings, on=command.on)
