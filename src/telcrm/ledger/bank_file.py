"""Matching the lines of a bank or collection file to accounts, by what the payer wrote.

>>> from telcrm.domain import Money
>>> line = BankLine(line_id="7", on=date(2026, 3, 2), amount=Money("25", "EUR"),
...                 reference="Invoice INV-2026-001 thanks")
>>> line.words
('INVOICE', 'INV-2026-001', 'THANKS')
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from telcrm.domain import Money, PaymentMethod, PositiveMoney, Record
from telcrm.ledger.commands import CommandKey, Pay, Target
from telcrm.ledger.journal import Account
from telcrm.ledger.stores.protocol import AsOf, ItemState, LedgerStore

__all__ = ["BankLine", "MatchedFile", "Mismatch", "Unmatched", "match_bank_lines"]

_WORDS = re.compile(r"[A-Z0-9][A-Z0-9_/.:-]*[A-Z0-9]|[A-Z0-9]")


class BankLine(Record):
    """One line of money received, as the bank or the collection partner reports it."""

    line_id: CommandKey
    """Unique in all files: it becomes the key of the payment, so a file may be read twice."""
    on: date
    """Value date."""
    amount: PositiveMoney
    reference: Annotated[str, StringConstraints(max_length=1000)] = ""
    """What the payer wrote."""
    account_id: str | None = None
    """The account, where the file tells it, as a payment terminal does."""
    method: PaymentMethod = PaymentMethod.BANK_TRANSFER

    @property
    def words(self) -> tuple[str, ...]:
        """What in the reference may be a number of an invoice or an account, in capitals."""
        return tuple(_WORDS.findall(self.reference.upper()))


class Mismatch(StrEnum):
    """Why a line was not matched."""

    NO_REFERENCE = "no_reference"
    """Nothing in the reference is an account, or an invoice that is open."""
    AMBIGUOUS = "ambiguous"
    """The reference names several accounts."""
    UNKNOWN_ACCOUNT = "unknown_account"
    """The file names an account that the ledger does not have."""
    CLOSED_ACCOUNT = "closed_account"
    WRONG_CURRENCY = "wrong_currency"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A line for a person to look at."""

    line: BankLine
    why: Mismatch
    candidates: tuple[str, ...] = ()
    """Accounts that it may be for."""


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """What became of the lines of a file."""

    payments: tuple[Pay, ...]
    """For :meth:`Ledger.post_many`."""
    unmatched: tuple[Unmatched, ...]

    def unmatched_total(self, currency: str) -> Money:
        """Return the sum of the lines in a currency that were not matched."""
        amounts = (one.line.amount for one in self.unmatched)
        return Money.sum(
            (money for money in amounts if money.currency.code == currency), currency=currency
        )


def match_bank_lines(store: LedgerStore, lines: Iterable[BankLine]) -> MatchedFile:
    """Match lines with accounts: by the file, else by invoice number, else by account number.

    Invoices that are open and named in the reference are settled first, in the order in which they
    are named; what is left is unapplied. Upper and lower case are the same. Nothing is guessed: a
    line that names two accounts, or none, is returned unmatched.

    Parameters
    ----------
    store : LedgerStore
    lines : iterable of BankLine

    Returns
    -------
    MatchedFile
    """
    kept = list(lines)
    wanted = {word for line in kept for word in line.words}
    wanted |= {line.account_id.upper() for line in kept if line.account_id}
    accounts, by_word = _accounts(store, wanted)
    documents = _documents(store, wanted)
    payments: list[Pay] = []
    unmatched: list[Unmatched] = []
    for line in kept:
        found = _match(line, accounts, by_word, documents)
        if isinstance(found, Pay):
            payments.append(found)
        else:
            unmatched.append(found)
    return MatchedFile(tuple(payments), tuple(unmatched))


def _accounts(
    store: LedgerStore, wanted: set[str]
) -> tuple[dict[str, Account], dict[str, list[str]]]:
    accounts = {account.account_id: account for account in store.accounts()}
    by_word: defaultdict[str, list[str]] = defaultdict(list)
    for name in accounts:
        if name.upper() in wanted:
            by_word[name.upper()].append(name)
    return accounts, by_word


def _documents(store: LedgerStore, wanted: set[str]) -> dict[str, list[ItemState]]:
    documents: defaultdict[str, list[ItemState]] = defaultdict(list)
    for item in store.item_states(None, AsOf()):
        is_open_debt = item.due_on is not None and item.open
        if is_open_debt and item.document and item.document.upper() in wanted:
            documents[item.document.upper()].append(item)
    return documents


def _match(
    line: BankLine,
    accounts: dict[str, Account],
    by_word: dict[str, list[str]],
    documents: dict[str, list[ItemState]],
) -> Pay | Unmatched:
    named = [item for word in line.words for item in documents.get(word, ())]
    if line.account_id is not None:
        if line.account_id not in accounts:
            return Unmatched(line, Mismatch.UNKNOWN_ACCOUNT)
        candidates = [line.account_id]
    else:
        candidates = [item.account_id for item in named]
        candidates = candidates or [name for word in line.words for name in by_word.get(word, ())]
    distinct = sorted(set(candidates))
    if not distinct:
        return Unmatched(line, Mismatch.NO_REFERENCE)
    if len(distinct) > 1:
        return Unmatched(line, Mismatch.AMBIGUOUS, tuple(distinct))
    return _payment(line, accounts[distinct[0]], named)


def _payment(line: BankLine, account: Account, named: Sequence[ItemState]) -> Pay | Unmatched:
    if account.closed_on is not None:
        return Unmatched(line, Mismatch.CLOSED_ACCOUNT, (account.account_id,))
    if account.currency != line.amount.currency.code:
        return Unmatched(line, Mismatch.WRONG_CURRENCY, (account.account_id,))
    items = dict.fromkeys(
        f"{item.account_id}:{item.seq}" for item in named if item.account_id == account.account_id
    )
    return Pay(
        key=line.line_id,
        account_id=account.account_id,
        on=line.on,
        amount=line.amount,
        method=line.method,
        reason=line.reference[:256] or None,
        to=tuple(Target(item=name) for name in items) or None,
    )
