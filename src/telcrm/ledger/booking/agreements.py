"""Promises, instalment plans and holds: what keeps debts out of dunning for a while.

They move no money. Which debts they cover, and how much of each was open, is settled when they are
made and kept as facts of the entry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from telcrm.errors import OverAllocationError
from telcrm.ledger.booking.matching import DEBTS
from telcrm.ledger.booking.open_books import OpenBooks, shown
from telcrm.ledger.commands import AgreeInstalments, HoldDunning, PromiseToPay
from telcrm.ledger.journal import Account, EntryKind, Item

__all__ = ["book_hold", "book_instalments", "book_promise"]


def book_promise(books: OpenBooks, command: PromiseToPay) -> None:
    """Note a promise to pay."""
    account = books.account(command.account_id)
    covered = _covered(books, account, command.items)
    units = books.units(account, command.amount)
    owed = sum(item.open for item in covered)
    if units > owed:
        raise OverAllocationError(
            f"{shown(units, account.currency)} is promised on {account.account_id}, but "
            f"{shown(owed, account.currency)} is open of the debts that are meant.",
            account=account.account_id,
            available=owed,
        )
    _note(books, account, EntryKind.PROMISE, command, covered)


def book_instalments(books: OpenBooks, command: AgreeInstalments) -> None:
    """Note an instalment plan; it has to pay off exactly what is open."""
    account = books.account(command.account_id)
    covered = _covered(books, account, command.items)
    planned = sum(books.units(account, part.amount) for part in command.instalments)
    owed = sum(item.open for item in covered)
    if planned != owed:
        raise OverAllocationError(
            f"the instalments add up to {shown(planned, account.currency)}, but "
            f"{shown(owed, account.currency)} is open of the debts of {account.account_id} that "
            "are meant: plan exactly that.",
            account=account.account_id,
            available=owed,
        )
    _note(books, account, EntryKind.INSTALMENT_PLAN, command, covered)


def book_hold(books: OpenBooks, command: HoldDunning) -> None:
    """Note a hold, of the account or of some debts."""
    account = books.account(command.account_id)
    covered = None if command.items is None else _covered(books, account, command.items)
    _note(books, account, EntryKind.DUNNING_HOLD, command, covered)


def _covered(books: OpenBooks, account: Account, references: Sequence[str] | None) -> list[Item]:
    if references is None:
        items = books.debts(account.account_id)
    else:
        named = {
            item.seq: item
            for item in (books.resolve(account.account_id, name, *DEBTS) for name in references)
        }
        items = list(named.values())
    covered = [item for item in items if item.open]
    if not covered:
        raise OverAllocationError(
            f"nothing is open of the debts of {account.account_id} that are meant.",
            account=account.account_id,
            available=0,
        )
    return covered


def _note(
    books: OpenBooks,
    account: Account,
    kind: EntryKind,
    command: PromiseToPay | AgreeInstalments | HoldDunning,
    covered: Sequence[Item] | None,
) -> None:
    covers = None if covered is None else {str(item.seq): item.open for item in covered}
    body = json.dumps(
        {
            "command": json.loads(command.model_dump_json(exclude_none=True)),
            "facts": {"covers": covers},
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
    books.post(account, kind, (), on=command.on, body=body)
