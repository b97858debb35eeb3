"""From commands to entries: one transaction for a chunk of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple, Self

from telcrm.errors import KeyConflictError, TelcrmError
from telcrm.ledger.allocation import AllocationPolicy
from telcrm.ledger.booking.accounts import (
    book_change_account,
    book_close_account,
    book_close_period,
    book_open_account,
    book_reopen_period,
    book_transfer,
)
from telcrm.ledger.booking.agreements import book_hold, book_instalments, book_promise
from telcrm.ledger.booking.charges import book_charge, book_credit_note
from telcrm.ledger.booking.credits import (
    book_pay,
    book_recover,
    book_refund,
    book_return_deposit,
    book_take_deposit,
    book_use_deposit,
)
from telcrm.ledger.booking.dunning import look_again
from telcrm.ledger.booking.losses import book_dispute, book_release, book_write_off
from telcrm.ledger.booking.matching import book_allocate, book_offset, book_unallocate
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT, OpenBooks
from telcrm.ledger.booking.reversal import book_reverse
from telcrm.ledger.commands import (
    AccountCommand,
    AgreeInstalments,
    Allocate,
    ChangeAccount,
    Charge,
    CloseAccount,
    ClosePeriod,
    CreditNote,
    Dispute,
    HoldDunning,
    LedgerCommand,
    Offset,
    OpenAccount,
    Pay,
    PromiseToPay,
    Recover,
    Refund,
    ReleaseDispute,
    ReopenPeriod,
    ReturnDeposit,
    Reverse,
    TakeDeposit,
    Transfer,
    Unallocate,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.journal import Account, split_entry_name, to_micros
from telcrm.ledger.receipts import Outcome, PostingStatus, Receipt
from telcrm.ledger.stores.protocol import KeyUse, LedgerStore, StoreTransaction

__all__ = ["Clock", "open_books_account", "post_chunk", "utc_now"]

Clock = Callable[[], datetime]
"""Tells the instant of recording, aware."""

_BOOK: dict[type, Callable[[OpenBooks, Any], None]] = {
    OpenAccount: book_open_account,
    ChangeAccount: book_change_account,
    CloseAccount: book_close_account,
    Charge: book_charge,
    CreditNote: book_credit_note,
    Pay: book_pay,
    Refund: book_refund,
    Reverse: book_reverse,
    Allocate: book_allocate,
    Unallocate: book_unallocate,
    TakeDeposit: book_take_deposit,
    UseDeposit: book_use_deposit,
    ReturnDeposit: book_return_deposit,
    Offset: book_offset,
    Transfer: book_transfer,
    WriteOff: book_write_off,
    Recover: book_recover,
    Dispute: book_dispute,
    ReleaseDispute: book_release,
    PromiseToPay: book_promise,
    AgreeInstalments: book_instalments,
    HoldDunning: book_hold,
    ClosePeriod: book_close_period,
    ReopenPeriod: book_reopen_period,
}


def utc_now() -> datetime:
    """Return the present instant; the clock of a ledger that was given none."""
    return datetime.now(UTC)


def post_chunk(
    store: LedgerStore,
    commands: Sequence[LedgerCommand],
    *,
    policy: AllocationPolicy,
    clock: Clock,
    whole: bool,
    first_index: int = 0,
) -> list[Outcome]:
    """Post commands in one transaction.

    Parameters
    ----------
    store : LedgerStore
    commands : sequence of LedgerCommand
        In order; a later one sees what an earlier one booked.
    policy : AllocationPolicy
    clock : callable
    whole : bool
        Whether one refusal keeps all of them out.
    first_index : int
        Place of the first command among many.

    Returns
    -------
    list of Outcome, one per command
    """
    requests = [
        _Request.of(place, command) for place, command in enumerate(commands, start=first_index)
    ]

    def work(transaction: StoreTransaction) -> list[Outcome]:
        books, known = _open(transaction, store.tenant, commands, policy, clock)
        done: dict[str, tuple[str, Receipt]] = {}
        outcomes = []
        for request in requests:
            outcome = _repeated(books, request, known, done) or _book(books, request)
            if outcome.receipt is not None:
                done.setdefault(request.key, (request.hash, outcome.receipt))
            outcomes.append(outcome)
        if whole and any(outcome.status is PostingStatus.REFUSED for outcome in outcomes):
            return [_rolled_back(outcome, known) for outcome in outcomes]
        if books.posts_anything:
            transaction.append(books.changes())
        return outcomes

    return store.transact(work)


class _Request(NamedTuple):
    place: int
    command: LedgerCommand
    key: str
    json: str
    hash: str

    @classmethod
    def of(cls, place: int, command: LedgerCommand) -> Self:
        text = command.model_dump_json(exclude_none=True)
        return cls(place, command, command.key, text, sha256(text.encode()).hexdigest())


def _open(
    transaction: StoreTransaction,
    tenant: str,
    commands: Sequence[LedgerCommand],
    policy: AllocationPolicy,
    clock: Clock,
) -> tuple[OpenBooks, dict[str, KeyUse]]:
    if any(isinstance(command, ClosePeriod | ReopenPeriod) for command in commands):
        # Before any account is taken: whoever posts holds accounts while it waits for the period.
        transaction.lock_period()
    names = _account_names(transaction, commands)
    accounts = transaction.lock(names)
    closed_through, known = transaction.find_keys([command.key for command in commands])
    books = OpenBooks(
        transaction,
        accounts,
        tenant=tenant,
        policy=policy,
        closed_through=closed_through,
        now_us=to_micros(clock()),
    )
    books.load(_accounts_with_matches(commands, accounts))
    return books, known


def open_books_account(books: OpenBooks, recorded_us: int | None = None) -> None:
    """Open the account of what concerns all accounts."""
    books.begin(BOOKS_ACCOUNT, "", '{"facts":{"because":"first use"}}', recorded_us)
    books.open_account(Account(BOOKS_ACCOUNT, "XXX", date.min), on=date.min)


def _account_names(transaction: StoreTransaction, commands: Iterable[LedgerCommand]) -> list[str]:
    names: set[str] = set()
    for command in commands:
        if isinstance(command, AccountCommand):
            names.update(command.accounts())
        elif isinstance(command, Reverse):
            names.update(_accounts_of_entry(transaction, command.entry_id))
        else:
            names.add(BOOKS_ACCOUNT)
    return sorted(names)


def _accounts_of_entry(transaction: StoreTransaction, entry_id: str) -> set[str]:
    # Entries never change, so they can be read before their accounts are locked.
    try:
        account_id, seq = split_entry_name(entry_id)
    except TelcrmError:
        return set()
    entry = transaction.entry(account_id, seq)
    if entry is None:
        return {account_id}
    steps = transaction.command_entries([entry.key]).get(entry.key, [])
    return {account_id, *(step.account_id for step in steps)}


def _accounts_with_matches(
    commands: Iterable[LedgerCommand], accounts: dict[str, Account]
) -> list[str]:
    """Return the accounts whose items matter; a charge needs none where no credit waits."""
    names = set()
    for command in commands:
        if isinstance(command, AccountCommand):
            for name in command.accounts():
                account = accounts.get(name)
                if account and (not isinstance(command, Charge) or account.unapplied):
                    names.add(name)
    return sorted(names)


def _repeated(
    books: OpenBooks,
    request: _Request,
    known: dict[str, KeyUse],
    done: dict[str, tuple[str, Receipt]],
) -> Outcome | None:
    """Return what came of a command that was posted before, or earlier in this chunk."""
    key = request.key
    if key in known:
        if known[key].request_hash != request.hash:
            return _conflict(request)
        entries = tuple(books.transaction.command_entries([key])[key])
    elif key in done:
        first_hash, first = done[key]
        if first_hash != request.hash:
            return _conflict(request)
        entries = first.entries
    else:
        return None
    return Outcome(request.place, key, PostingStatus.REPLAYED, Receipt(key, entries, replayed=True))


def _book(books: OpenBooks, request: _Request) -> Outcome:
    command, key = request.command, request.key
    recorded_us = None if command.recorded_at is None else to_micros(command.recorded_at)
    if isinstance(command, ClosePeriod) and not books.has(BOOKS_ACCOUNT):
        # The first close is never refused, so the account is not opened for nothing.
        open_books_account(books, recorded_us)
    books.begin(key, request.hash, f'{{"command":{request.json}}}', recorded_us)
    try:
        _BOOK[type(command)](books, command)
        look_again(books, command.on, reversal=isinstance(command, Reverse))
    except TelcrmError as error:
        books.forget()
        return Outcome(request.place, key, PostingStatus.REFUSED, error=error)
    return Outcome(request.place, key, PostingStatus.POSTED, Receipt(key, tuple(books.steps)))


def _conflict(request: _Request) -> Outcome:
    error = KeyConflictError(
        f"the key {request.key!r} was used before, for a command with other content: give each "
        "event a key of its own, and send the same content again when you repeat one.",
        key=request.key,
    )
    return Outcome(request.place, request.key, PostingStatus.REFUSED, error=error)


def _rolled_back(outcome: Outcome, known: dict[str, KeyUse]) -> Outcome:
    if outcome.receipt is not None and outcome.key not in known:
        return replace(outcome, status=PostingStatus.ROLLED_BACK, receipt=None)
    return outcome
