"""What a question is about: which accounts, as of which day, and as it was known when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger.booking.open_books import BOOKS_ACCOUNT
from telcrm.ledger.journal import Account, Entry, to_micros
from telcrm.ledger.stores.protocol import AsOf, LedgerStore

__all__ = [
    "as_known",
    "check_day",
    "counts",
    "customer_account",
    "customer_accounts",
    "existing_accounts",
    "is_whole",
]

_ONE_BY_ONE = 100


def as_known(as_of: date | None, recorded: datetime | None) -> AsOf:
    """Return the limits of a question in the terms of a store.

    Parameters
    ----------
    as_of : date, optional
        What takes effect on or before this day counts; None sets no limit.
    recorded : datetime, optional
        What was recorded at or before this instant counts; aware. None sets no limit.

    Returns
    -------
    AsOf

    Raises
    ------
    ParameterError
        ``as_of`` is no day, or ``recorded`` no aware instant.

    Examples
    --------
    >>> from datetime import UTC
    >>> as_known(date(2026, 3, 31), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    AsOf(on=datetime.date(2026, 3, 31), recorded_us=1000000)
    """
    if as_of is not None:
        check_day("as_of", as_of)
    if recorded is None:
        return AsOf(as_of)
    if not isinstance(recorded, datetime) or recorded.tzinfo is None:
        raise ParameterError(
            f"recorded={recorded!r:.60} is no aware instant: give a datetime with a time zone, "
            "like datetime(2026, 3, 31, 18, tzinfo=UTC).",
            parameter="recorded",
        )
    return AsOf(as_of, to_micros(recorded))


def counts(entry: Entry, known: AsOf) -> bool:
    """Whether an entry belongs to a state of knowledge.

    Parameters
    ----------
    entry : Entry
    known : AsOf

    Returns
    -------
    bool
    """
    return (known.on is None or entry.on <= known.on) and (
        known.recorded_us is None or entry.recorded_us <= known.recorded_us
    )


def is_whole(account: Account, known: AsOf) -> bool:
    """Whether every entry of an account counts, so that what is kept of it is the answer.

    Parameters
    ----------
    account : Account
    known : AsOf

    Returns
    -------
    bool
    """
    return (known.on is None or account.last_on <= known.on) and (
        known.recorded_us is None or account.recorded_us <= known.recorded_us
    )


def check_day(parameter: str, day: object) -> None:
    """Refuse what is no business day; an instant is none.

    Parameters
    ----------
    parameter : str
        Name of the argument, for the message.
    day : object

    Raises
    ------
    ParameterError
    """
    if not isinstance(day, date) or isinstance(day, datetime):
        raise ParameterError(
            f"{parameter}={day!r:.60} is no day: give a datetime.date, like date(2026, 3, 31).",
            parameter=parameter,
        )


def customer_account(store: LedgerStore, account_id: str) -> Account:
    """Return what is kept of an account of a customer, or refuse.

    Parameters
    ----------
    store : LedgerStore
    account_id : str

    Returns
    -------
    Account

    Raises
    ------
    UnknownAccountError
    """
    account = None if account_id == BOOKS_ACCOUNT else store.account(account_id)
    if account is None:
        raise _unknown(account_id)
    return account


def customer_accounts(
    store: LedgerStore, account_ids: Sequence[str] | None = None, *, party_id: str | None = None
) -> dict[str, Account]:
    """Return what is kept of accounts of customers, by name, in the order of names.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional
        None is all of them.
    party_id : str, optional
        Only those of this party.

    Returns
    -------
    dict of str to Account

    Raises
    ------
    UnknownAccountError
        A name is unknown.
    """
    names = _named(account_ids)
    if names is not None and len(names) <= _ONE_BY_ONE:
        found = [customer_account(store, name) for name in names]
        return {
            one.account_id: one for one in found if party_id is None or one.party_id == party_id
        }
    kept = {
        account.account_id: account
        for account in store.accounts(party_id=party_id)
        if account.account_id != BOOKS_ACCOUNT
    }
    if names is None:
        return kept
    if party_id is None and (missing := [name for name in names if name not in kept]):
        raise _unknown(missing[0])
    return {name: kept[name] for name in names if name in kept}


def existing_accounts(store: LedgerStore, account_ids: Sequence[str] | None) -> list[str] | None:
    """Return names of accounts once each, in order, or refuse an unknown one; None stays None.

    Parameters
    ----------
    store : LedgerStore
    account_ids : sequence of str, optional

    Returns
    -------
    list of str or None

    Raises
    ------
    UnknownAccountError
    ParameterError
        It is one text and not a sequence of them.
    """
    if account_ids is None:
        return None
    return list(customer_accounts(store, account_ids))


def _named(account_ids: Sequence[str] | None) -> list[str] | None:
    if account_ids is None:
        return None
    if isinstance(account_ids, str):
        raise ParameterError(
            f"account_ids={account_ids!r:.60} is one name: put it into a list.",
            parameter="account_ids",
        )
    return sorted(set(account_ids))


def _unknown(account_id: str) -> UnknownAccountError:
    return UnknownAccountError(
        f"there is no account {account_id!r:.80}: open it first with open_account.",
        account=account_id,
    )
