"""The strategies for money reach what they promise and stay inside it."""

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from telcrm.domain.currency import Currency
from telcrm.domain.money import Money
from telcrm.testing.money import currencies, money


@pytest.mark.parametrize("exponent", [0, 2, 3, 4])
def test_every_exponent_occurs(exponent: int) -> None:
    assert find(currencies(), lambda currency: currency.exponent == exponent)


@given(currencies())
def test_currencies_are_in_force_and_hold_money(currency: Currency) -> None:
    assert currency.withdrawn is None
    assert Money.zero(currency).currency is currency


@given(st.integers(-100, 100), st.integers(0, 100), st.data())
def test_bounds_are_kept(least: int, width: int, data: st.DataObject) -> None:
    value = data.draw(money("KWD", min_minor=least, max_minor=least + width))
    assert least <= value.minor_units <= least + width
    assert value.currency is Currency("KWD")


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_both_signs_and_nothing_occur(sign: int) -> None:
    def has_sign(value: Money) -> bool:
        return (value.minor_units > 0) - (value.minor_units < 0) == sign

    assert find(money("EUR"), has_sign) == Money.from_minor(sign, "EUR")


def test_failures_shrink_to_a_simple_amount() -> None:
    assert find(money(), lambda value: value.minor_units > 5) == Money("0.06", "EUR")
