"""Strategies for currencies and amounts of money."""

from __future__ import annotations

from hypothesis import strategies as st

from telcrm.domain.currency import Currency
from telcrm.domain.iso4217_table import CODES
from telcrm.domain.money import Money

__all__ = ["currencies", "money"]


def currencies() -> st.SearchStrategy[Currency]:
    """Return a strategy for the currencies in force that can hold an amount.

    All exponents occur: 0 (JPY), 2 (EUR), 3 (KWD) and 4 (CLF). It shrinks to EUR.

    Returns
    -------
    strategy of Currency

    Examples
    --------
    >>> from hypothesis import find
    >>> find(currencies(), lambda currency: currency.exponent == 2)
    Currency('EUR')
    """
    held = sorted(code for code, (_, _, exponent) in CODES.items() if exponent is not None)
    held.sort(key=lambda code: code != "EUR")
    return st.sampled_from(held).map(Currency)


def money(
    currency: Currency | str | None = None,
    *,
    min_minor: int = -(10**12),
    max_minor: int = 10**12,
) -> st.SearchStrategy[Money]:
    """Return a strategy for amounts of money.

    Parameters
    ----------
    currency : Currency or str, optional
        The one currency of all amounts; any by default.
    min_minor, max_minor : int
        Bounds in minor units (cents), both included.

    Returns
    -------
    strategy of Money

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(money("EUR", min_minor=1))
    ... def test_is_positive(amount):
    ...     assert amount > Money.zero("EUR")
    >>> test_is_positive()
    """
    units = st.integers(min_minor, max_minor)
    held = currencies() if currency is None else st.just(currency)
    return st.builds(Money.from_minor, units, held)
