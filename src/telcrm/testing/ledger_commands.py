"""Strategies for what a ledger is asked to book: single commands, and whole histories."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from math import prod
from typing import Final

from hypothesis import strategies as st

from telcrm.domain import Currency
from telcrm.errors import ParameterError
from telcrm.ledger.commands import LedgerCommand, OpenAccount
from telcrm.ledger.journal import entry_name
from telcrm.testing.command_shapes import KINDS, Move, Scribe
from telcrm.testing.money import money

__all__ = ["books", "ledger_accounts", "ledger_commands"]

_FIRST: Final = date(2026, 1, 1)
_CURRENCIES: Final = (Currency("EUR"), Currency("JPY"), Currency("KWD"))
_ROUND: Final = (100, 1, 2_500, 10_000)
"""Few amounts, so that payments often settle a charge exactly."""
_OFTEN: Final = ("charge", "charge", "payment", "payment", "reversal", "write_off", "recovery")
_DAYS: Final = (0, 1, 7, 30)
_RADIXES: Final = (3, 4, 3, 4, len(_DAYS), 5, 2 * len(_ROUND))


def ledger_accounts(
    *,
    account_ids: Sequence[str] | None = None,
    currency: Currency | str | None = None,
    on: date = _FIRST,
) -> st.SearchStrategy[OpenAccount]:
    """Return a strategy for commands that open accounts.

    Parameters
    ----------
    account_ids : sequence of str, optional
        The names to choose from; any valid name by default. The key is ``open-`` and the name.
    currency : Currency or str, optional
        By default one of EUR, JPY and KWD, which have 2, 0 and 3 decimals.
    on : date

    Returns
    -------
    SearchStrategy of OpenAccount

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(ledger_accounts(currency="EUR"))
    ... def test_limit_is_in_the_currency_of_the_account(opening):
    ...     assert opening.credit_limit is None or opening.credit_limit.currency.code == "EUR"
    >>> test_limit_is_in_the_currency_of_the_account()
    """
    if account_ids is None:
        # Without the tilde, with which only telcrm's own accounts begin.
        names = st.text(st.characters(min_codepoint=33, max_codepoint=125), min_size=1, max_size=20)
    else:
        names = st.sampled_from(list(account_ids))
    coins = _CURRENCIES if currency is None else (_coin(currency),)
    return st.sampled_from(coins).flatmap(lambda coin: _openings(names, coin, on))


def _openings(
    names: st.SearchStrategy[str], currency: Currency, on: date
) -> st.SearchStrategy[OpenAccount]:
    return st.builds(
        lambda name, party, kind, limit: OpenAccount(
            key=f"open-{name}",
            on=on,
            account_id=name,
            currency=currency,
            party_id=party,
            customer_class=kind,
            credit_limit=limit,
        ),
        names,
        st.sampled_from((None, "P-1", "P-2")),
        st.sampled_from((None, "hospital")),
        st.none() | money(currency, min_minor=0, max_minor=100_000),
    )


def ledger_commands(
    account_ids: Sequence[str],
    *,
    currency: Currency | str = "EUR",
    kinds: Collection[str] = KINDS,
    references: Mapping[str, Sequence[str]] | None = None,
    first: date = _FIRST,
    last: date = date(2026, 12, 31),
    max_minor: int = 20_000,
) -> st.SearchStrategy[LedgerCommand]:
    """Return a strategy for single commands, valid in themselves; a ledger may refuse some.

    Parameters
    ----------
    account_ids : sequence of str
        At least one.
    currency : Currency or str
        Of all amounts.
    kinds : collection of str
        Which kinds of command; all of them by default. One that has nothing to refer to becomes one
        that brings it about: a release becomes a dispute, and that a charge.
    references : mapping of str to sequence of str, optional
        By account, the names or documents of items that commands may refer to. By default the names
        that the account's entries 2 to 9 have or would have.
    first, last : date
        Bounds of ``on``, both included.
    max_minor : int
        Largest amount in minor units.

    Returns
    -------
    SearchStrategy of LedgerCommand
        Keys are drawn from so many that they hardly ever meet.

    Raises
    ------
    ParameterError
        There is no account, or no command of some kind.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(ledger_commands(["A-1", "A-2"], kinds=["payment"], max_minor=500))
    ... def test_pays_little(command):
    ...     assert command.kind == "payment"
    ...     assert command.amount.minor_units <= 500
    >>> test_pays_little()
    """
    if not account_ids:
        raise ParameterError("account_ids names no account: pass at least one.", account_ids=[])
    known, coin = references, _coin(currency)
    if known is None:
        known = {name: [entry_name(name, seq) for seq in range(2, 10)] for name in account_ids}

    def write(move: Move, on: date, number: int) -> LedgerCommand:
        scribe = Scribe(account_ids, coin, known)
        return scribe.write(move, key=f"key-{number}", on=on, document=f"DOC-{number}")

    return st.builds(
        write, _moves(kinds, max_minor), st.dates(first, last), st.integers(0, 2**64 - 1)
    )


def books(
    *,
    max_accounts: int = 3,
    min_commands: int = 0,
    max_commands: int = 20,
    currency: Currency | str = "EUR",
    kinds: Collection[str] = KINDS[:-1],
    first: date = _FIRST,
    max_minor: int = 20_000,
) -> st.SearchStrategy[list[LedgerCommand]]:
    """Return a strategy for histories: accounts are opened, then commands follow by date.

    Commands refer to what earlier ones booked: a payment to a charge, a reversal to a payment. Not
    all succeed: what an earlier one left open is not foreseen, and closed accounts and periods stay
    closed.

    Parameters
    ----------
    max_accounts : int
    min_commands, max_commands : int
        Bounds of what follows the opening of the accounts. Most histories are short unless the
        lower bound is raised.
    currency : Currency or str
        Of all accounts.
    kinds : collection of str
        Which kinds of command follow; by default all but ``open_account``.
    first : date
        Day on which the accounts are opened.
    max_minor : int
        Largest amount in minor units.

    Returns
    -------
    SearchStrategy of list of LedgerCommand
        Keys are unique, days never go back. It shrinks to few, plain commands. One that has nothing
        to refer to becomes one that brings it about, in the end a charge.

    Raises
    ------
    ParameterError
        There is no command of some kind.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=10)
    ... @given(books(kinds=["charge", "payment"]))
    ... def test_runs_forward(history):
    ...     days = [command.on for command in history]
    ...     assert history[0].kind == "open_account"
    ...     assert days == sorted(days)
    >>> test_runs_forward()
    """
    coin = _coin(currency)

    def write(parties: list[str | None], moves: list[Move]) -> list[LedgerCommand]:
        names = [f"A-{nth}" for nth in range(1, len(parties) + 1)]
        history: list[LedgerCommand] = [
            OpenAccount(
                key=f"open-{name}",
                on=first,
                account_id=name,
                currency=coin,
                party_id=party,
            )
            for name, party in zip(names, parties, strict=True)
        ]
        scribe, on = Scribe(names, coin, {}), first
        for nth, move in enumerate(moves, 1):
            on += timedelta(days=move.days)
            history.append(scribe.write(move, key=f"key-{nth}", on=on, document=f"DOC-{nth}"))
        return history

    moves = st.lists(_moves(kinds, max_minor), min_size=min_commands, max_size=max_commands)
    parties = st.lists(st.sampled_from(("P-1", "P-2", None)), min_size=1, max_size=max_accounts)
    return st.builds(write, parties, moves)


def _coin(currency: Currency | str) -> Currency:
    return Currency(currency) if isinstance(currency, str) else currency


def _moves(kinds: Collection[str], max_minor: int) -> st.SearchStrategy[Move]:
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ParameterError(
            f"kinds holds {', '.join(unknown) or 'nothing'}: choose from {', '.join(KINDS)}.",
            kinds=unknown,
        )
    chosen = st.sampled_from([kind for kind in (*KINDS, *_OFTEN) if kind in kinds])
    return st.builds(_move, chosen, st.integers(0, prod(_RADIXES) - 1), st.integers(1, max_minor))


def _move(kind: str, packed: int, units: int) -> Move:
    # One draw for seven small numbers: a history takes a fifth of the time, and shrinks sooner.
    digits = []
    for radix in _RADIXES:
        packed, digit = divmod(packed, radix)
        digits.append(digit)
    account, other, which, shape, days, remark, amount = digits
    return Move(
        kind=kind,
        account=account,
        other=other,
        days=_DAYS[days],
        units=min(_ROUND[amount], units) if amount < len(_ROUND) else units,
        which=which,
        shape=shape,
        remark=max(remark - 2, 0),
    )
