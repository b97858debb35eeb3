"""Ratios are rounded once, whatever the caller's decimal context, and say what they cannot be."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain import Currency, Money
from telcrm.errors import CurrencyMismatchError, ParameterError
from telcrm.ledger.measures.ratio import quotient, require_not_negative, require_positive

EUR = Currency("EUR")


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**40), st.integers(1, 50))
def test_a_quotient_has_28_digits_in_every_context(over: int, under: int, digits: int) -> None:
    with localcontext() as context:
        context.prec = digits
        found = quotient(over, under)
    exact = Fraction(over, under)
    assert abs(Fraction(found) - exact) * 2 * 10**27 <= abs(exact)


def test_whole_quotients_are_exact() -> None:
    assert quotient(6, 3) == Decimal(2)


def test_amounts_below_their_bound_or_of_another_currency_are_refused() -> None:
    zero, less = Money.zero("EUR"), Money("-1", "EUR")
    require_not_negative("debt", zero, EUR)
    require_positive("debt", Money("0.01", "EUR"), EUR)
    with pytest.raises(ParameterError, match=r"debt is -1.00 EUR: it must be 0 or more") as no:
        require_not_negative("debt", less, EUR)
    assert no.value.context == {"parameter": "debt"}
    for amount in (zero, less):
        with pytest.raises(ParameterError, match=r"debt is .* it must be above 0") as no:
            require_positive("debt", amount, EUR)
        assert no.value.context == {"parameter": "debt"}
    for require in (require_not_negative, require_positive):
        with pytest.raises(CurrencyMismatchError):
            require("debt", Money("1", "USD"), EUR)
