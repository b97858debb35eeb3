"""What was agreed with accounts, and how far dunning was, as of a state of knowledge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

from telcrm.ledger.dunning.case import DunningState
from telcrm.ledger.journal import Account, Entry, EntryKind, apply
from telcrm.ledger.scope import counts, is_whole
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

__all__ = ["AccountTerms", "terms_as_of"]

_KINDS = (
    EntryKind.OPEN_ACCOUNT,
    EntryKind.CHANGE_ACCOUNT,
    EntryKind.DUNNING,
)
_PAGE = 5000
_ONE_BY_ONE = 200


class AccountTerms(NamedTuple):
    """What was agreed with an account, and how far dunning is with it."""

    party_id: str | None
    customer_class: str | None
    credit_limit: int | None
    """Minor units; None is no limit."""
    dunning: DunningState
    """The default one where the account was never dunned."""

    @classmethod
    def of(cls, account: Account) -> Self:
        """Take the terms out of what is kept of an account.

        Parameters
        ----------
        account : Account

        Returns
        -------
        AccountTerms

        Examples
        --------
        >>> from datetime import date
        >>> AccountTerms.of(Account("A-1", "EUR", date(2026, 1, 1))).dunning.level
        0
        """
        if account.dunning is None:
            dunning = DunningState()
        else:
            dunning = DunningState.from_dict(json.loads(account.dunning)["state"])
        return cls(account.party_id, account.customer_class, account.credit_limit, dunning)


def terms_as_of(
    store: LedgerStore, accounts: Mapping[str, Account], as_of: AsOf
) -> dict[str, AccountTerms]:
    """Return the terms of accounts as they were.

    Parameters
    ----------
    store : LedgerStore
    accounts : mapping of str to Account
        As they are now, by name.
    as_of : AsOf

    Returns
    -------
    dict of str to AccountTerms
        Of those that were open by then.

    Notes
    -----
    Where nothing came after the day asked for, the terms are those that are kept. For the others
    the entries that change terms are read again: by account where there are few, in one run over
    the feed where there are many.
    """
    then: dict[str, Account] = {}
    moved = {name: one for name, one in accounts.items() if not is_whole(one, as_of)}
    for entry in _changes(store, moved, as_of):
        if entry.seq == 1:
            now = moved[entry.account_id]
            then[entry.account_id] = Account(now.account_id, now.currency, now.opened_on)
        apply(entry, then[entry.account_id], {})
    return {
        name: AccountTerms.of(then.get(name, account))
        for name, account in accounts.items()
        if name in then or name not in moved
    }


def _changes(store: LedgerStore, accounts: Mapping[str, Account], as_of: AsOf) -> Iterator[Entry]:
    if len(accounts) <= _ONE_BY_ONE:
        for name in accounts:
            for entry in store.entries(name, as_of):
                if entry.kind in _KINDS:
                    yield entry
        return
    page = store.feed(None, _PAGE, kinds=_KINDS)
    while page.entries:
        for entry in page.entries:
            if entry.account_id in accounts and counts(entry, as_of):
                yield entry
        page = store.feed(page.cursor, _PAGE, kinds=_KINDS)
