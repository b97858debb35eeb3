"""Names of accounts in plain-text accounting."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from telcrm.ledger.journal import GlAccount, Posting

__all__ = ["account_name", "legal_part", "shared"]

_OF_CUSTOMERS: Final = {
    GlAccount.RECEIVABLE.value: "Assets:Receivable",
    GlAccount.DISPUTED.value: "Assets:Disputed",
    GlAccount.UNAPPLIED.value: "Liabilities:Unapplied",
    GlAccount.DEPOSIT.value: "Liabilities:Deposit",
}
_SHARED: Final = {
    GlAccount.CASH.value: "Assets:Cash",
    GlAccount.CLEARING.value: "Assets:Clearing",
    GlAccount.TAX.value: "Liabilities:Tax",
    GlAccount.REVENUE.value: "Income:Revenue",
    GlAccount.FEE_INCOME.value: "Income:Fee",
    GlAccount.INTEREST_INCOME.value: "Income:Interest",
    GlAccount.RECOVERY.value: "Income:Recovery",
    GlAccount.BAD_DEBT.value: "Expenses:BadDebt",
    GlAccount.SMALL_BALANCE.value: "Expenses:SmallBalance",
}
# Only these are divided, and then always: an assertion on a name covers all that is below it.
_DIVIDED: Final = frozenset(
    {
        GlAccount.RECEIVABLE.value,
        GlAccount.DISPUTED.value,
        GlAccount.REVENUE.value,
        GlAccount.BAD_DEBT.value,
    }
)
_CAPITALS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS: Final = frozenset("0123456789")
_PLAIN: Final = _CAPITALS | _DIGITS | frozenset("abcdefghijklmnopqrstuvwxyz")


def account_name(posting: Posting, account_id: str) -> str:
    """Return the account that a posting goes to, as beancount and hledger name it.

    Parameters
    ----------
    posting : Posting
    account_id : str
        Whose entry it stands in; what customers owe and own has an account for each.

    Returns
    -------
    str

    Examples
    --------
    >>> account_name(Posting("receivable", "net", 2, None, 100), "A-1")
    'Assets:Receivable:A-1:Net'
    >>> account_name(Posting("revenue", "oneTime", None, None, -100), "A-1")
    'Income:Revenue:OneTime'
    """
    if shared(posting):
        name = _SHARED[posting.gl]
    else:
        name = f"{_OF_CUSTOMERS[posting.gl]}:{legal_part(account_id)}"
    if posting.gl not in _DIVIDED:
        return name
    detail = posting.detail or "other"
    return f"{name}:{detail[0].upper()}{detail[1:]}"


def shared(posting: Posting) -> bool:
    """Return whether all customers' entries post to the account, and not one's alone."""
    return posting.gl in _SHARED


@lru_cache(maxsize=1024)
def legal_part(text: str) -> str:
    """Spell an identifier so that it can be a part of an account's name.

    Parameters
    ----------
    text : str
        Printable ASCII, at least one character.

    Returns
    -------
    str
        Begins with a capital or a digit and goes on with letters, digits and dashes. Different
        identifiers have different spellings.

    Notes
    -----
    Letters, digits, and single dashes between them stay. Anything else is two dashes and its two
    hexadecimal digits (capitals). ``X--`` stands before what would not begin with a capital or a
    digit; no hexadecimal digits follow there, so that too has one meaning.

    Examples
    --------
    >>> [legal_part(text) for text in ("A-1", "VN 17", "a_1")]
    ['A-1', 'VN--2017', 'X--a--5F1']
    """
    parts = []
    for at, letter in enumerate(text):
        if letter in _PLAIN or (letter == "-" and text[at + 1 : at + 2] in _PLAIN):
            parts.append(letter)
        else:
            parts.append(f"--{ord(letter):02X}")
    spelled = "".join(parts)
    return spelled if spelled[0] in _CAPITALS or spelled[0] in _DIGITS else f"X--{spelled}"
