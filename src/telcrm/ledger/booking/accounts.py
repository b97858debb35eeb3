"""Accounts opened, changed and closed; debts moved between them; periods closed."""

from __future__ import annotations

from telcrm.errors import (
    AccountNotSettledError,
    CurrencyMismatchError,
    OverAllocationError,
    PostingDateError,
)
from telcrm.ledger.allocation import split_tax
from telcrm.ledger.booking.matching import DEBTS, follow_up, receivable_postings
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT, OpenBooks, shown
from telcrm.ledger.commands import (
    ChangeAccount,
    CloseAccount,
    ClosePeriod,
    OpenAccount,
    ReopenPeriod,
    Target,
    Transfer,
)
from telcrm.ledger.journal import Account, EntryKind, GlAccount, ItemOpening, Posting

__all__ = [
    "book_change_account",
    "book_close_account",
    "book_close_period",
    "book_open_account",
    "book_reopen_period",
    "book_transfer",
]


def book_open_account(books: OpenBooks, command: OpenAccount) -> None:
    """Open an account."""
    account = Account(command.account_id, command.currency.code, command.on)
    books.open_account(account, on=command.on)


def book_change_account(books: OpenBooks, command: ChangeAccount) -> None:
    """Set an account's terms anew."""
    account = books.account(command.account_id)
    if command.credit_limit is not None:
        books.units(account, command.credit_limit)
    books.post(account, EntryKind.CHANGE_ACCOUNT, (), on=command.on)


def book_close_account(books: OpenBooks, command: CloseAccount) -> None:
    """Close an account that is settled."""
    account = books.account(command.account_id)
    if account.receivable or account.disputed or account.unapplied or account.deposit:
        parts = ", ".join(
            f"{shown(units, account.currency)} {what}"
            for units, what in (
                (account.receivable, "open"),
                (account.disputed, "contested"),
                (account.unapplied, "unapplied credit"),
                (account.deposit, "deposit"),
            )
            if units
        )
        raise AccountNotSettledError(
            f"account {account.account_id} has {parts}: settle, refund, return or write it off "
            "before the account is closed.",
            account=account.account_id,
        )
    if account.last_on > command.on:
        raise PostingDateError(
            f"account {account.account_id} has entries with effect up to {account.last_on}: close "
            "it on that day or later.",
            account=account.account_id,
            on=command.on,
            earliest=account.last_on,
        )
    books.post(account, EntryKind.CLOSE_ACCOUNT, (), on=command.on)


def book_transfer(books: OpenBooks, command: Transfer) -> None:
    """Move debts to another account, each with its nature, document and due date."""
    source = books.account(command.account_id)
    target = books.account(command.to_account_id)
    if source.currency != target.currency:
        raise CurrencyMismatchError(
            f"account {source.account_id} is in {source.currency}, {target.account_id} in "
            f"{target.currency}: debts move only within a currency.",
            currencies=(source.currency, target.currency),
        )
    for number, moved in enumerate(command.items):
        _transfer_one(
            books,
            source,
            target,
            moved,
            command,
            body=None if number == 0 else follow_up("transfer"),
        )


def _transfer_one(
    books: OpenBooks,
    source: Account,
    target: Account,
    moved: Target,
    command: Transfer,
    *,
    body: str | None,
) -> None:
    item = books.resolve(source.account_id, moved.item, *DEBTS)
    units = item.open if moved.amount is None else books.units(source, moved.amount)
    books.check_open(item, units, item.open, "open")
    if not units:
        raise OverAllocationError(
            f"nothing of {item.item_id} is open, so nothing of it can be moved.",
            item=item.item_id,
            available=0,
        )
    books.check_not_before(command.on, [item])
    share = split_tax(item, units, books.policy.tax)
    clearing = GlAccount.CLEARING.value
    postings = [*receivable_postings(share, None), Posting(clearing, "", None, None, units)]
    books.post(source, EntryKind.TRANSFER, postings, on=command.on, body=body)
    number = target.seq + 1
    arrived = [
        Posting(posting.gl, posting.detail, number, None, -posting.amount)
        for posting in postings[:-1]
    ]
    opens = ItemOpening(item.kind, item.document, item.due_on, units)
    books.post(
        target,
        EntryKind.TRANSFER,
        [*arrived, Posting(clearing, "", None, None, -units)],
        on=command.on,
        opens=opens,
        body=follow_up(f"transfer of {item.item_id}"),
    )


def book_close_period(books: OpenBooks, command: ClosePeriod) -> None:
    """Let nothing take effect on or before a day any more."""
    account = books.account(BOOKS_ACCOUNT)
    if books.closed_through is not None and command.through < books.closed_through:
        raise PostingDateError(
            f"the books are closed through {books.closed_through} already: reopen_period moves "
            "that back.",
            closed_through=books.closed_through,
        )
    books.post(account, EntryKind.PERIOD_CLOSE, (), on=command.on)
    books.move_period(command.through)


def book_reopen_period(books: OpenBooks, command: ReopenPeriod) -> None:
    """Move the end of what is closed back."""
    closed = books.closed_through
    if closed is None or (command.through is not None and command.through >= closed):
        raise PostingDateError(
            f"the books are closed through {closed}: name an earlier day to open what is after it.",
            closed_through=closed,
        )
    books.post(books.account(BOOKS_ACCOUNT), EntryKind.PERIOD_REOPEN, (), on=command.on)
    books.move_period(command.through)
