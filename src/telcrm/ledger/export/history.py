"""Journals as of a state of knowledge, one account after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.journal import Entry, EntryKind
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

__all__ = ["customer_of", "histories", "history", "terms_of"]

_TERMS = frozenset({EntryKind.OPEN_ACCOUNT, EntryKind.CHANGE_ACCOUNT})


def histories(store: LedgerStore, as_of: AsOf) -> Iterator[list[Entry]]:
    """Run over the accounts of customers by name: the entries of each up to ``as_of``.

    Parameters
    ----------
    store : LedgerStore
    as_of : AsOf

    Yields
    ------
    list of Entry
        By number, the opening first. An account that was not yet opened is left out.
    """
    on, recorded_us = as_of
    for account, journal, _ in store.journals():
        if account.account_id == BOOKS_ACCOUNT:
            continue
        known = [
            entry
            for entry in journal
            if (on is None or entry.on <= on)
            and (recorded_us is None or entry.recorded_us <= recorded_us)
        ]
        if _begins(known):
            yield known


def history(store: LedgerStore, account_id: str, as_of: AsOf) -> list[Entry]:
    """Return the entries of one account up to ``as_of``, by number.

    Parameters
    ----------
    store : LedgerStore
    account_id : str
    as_of : AsOf

    Returns
    -------
    list of Entry
        Empty if the account was not yet opened, or is none of a customer.
    """
    if account_id == BOOKS_ACCOUNT:
        return []
    entries = store.entries(account_id, as_of)
    return entries if _begins(entries) else []


def customer_of(entries: Sequence[Entry]) -> str:
    """Return whose an account is by its entries: the party's, or for want of one its own.

    Parameters
    ----------
    entries : sequence of Entry
        By number, the opening first.

    Returns
    -------
    str
    """
    party_id: str | None = terms_of(entries).get("party_id")
    return party_id or entries[0].account_id


def terms_of(entries: Sequence[Entry]) -> Mapping[str, Any]:
    """Return the command that settled an account's party, class and credit limit last.

    Parameters
    ----------
    entries : sequence of Entry
        By number, the opening first.

    Returns
    -------
    mapping
    """
    return next(entry for entry in reversed(entries) if entry.kind in _TERMS).command or {}


def _begins(entries: Sequence[Entry]) -> bool:
    return bool(entries) and entries[0].seq == 1
