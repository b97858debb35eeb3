"""Money is exact: nothing is lost, mixed, or rounded unasked."""

import copy
import json
import pickle
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from telcrm.domain.currency import Currency
from telcrm.domain.money import CurrencyPosition, Money, Rounding
from telcrm.errors import (
    CurrencyMismatchError,
    InexactAmountError,
    MinorUnitError,
    MoneyError,
    ParameterError,
    UnknownCurrencyError,
)
from telcrm.testing.money import currencies, money

EUR = money("EUR")
HUGE = money("EUR", min_minor=-(10**60), max_minor=10**60)
WEIGHTS = st.lists(
    st.integers(0, 10**6) | st.decimals(0, 10**6, places=3), min_size=1, max_size=12
).filter(any)


class Bill(BaseModel):
    total: Money


# Making one


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("12.5", "EUR", "12.50"),
        ("+1", "EUR", "1.00"),
        (".5", "EUR", "0.50"),
        (7, "JPY", "7"),
        (Decimal("1E+3"), "JPY", "1000"),
        (Decimal("1.2300000"), "KWD", "1.230"),
        ("-0.00", "EUR", "0.00"),
        (10**30, "CLF", f"{10**30}.0000"),
        ("0.0001", Currency("CLF"), "0.0001"),
        ("9.99", "HRK", "9.99"),
    ],
)
def test_amounts_are_kept_in_canonical_form(
    amount: Decimal | int | str, currency: Currency | str, shown: str
) -> None:
    value = Money(amount, currency)
    assert str(value.amount) == shown
    assert repr(value) == f"Money('{shown}', '{value.currency.code}')"
    assert str(value) == f"{shown} {value.currency.code}"


def test_writing_does_not_matter() -> None:
    same = {Money("1", "EUR"), Money("1.00", "EUR"), Money(1, Currency("EUR"))}
    assert same == {Money.from_minor(100, "EUR")}


@given(st.floats())
def test_floats_are_refused_whatever_their_value(value: float) -> None:
    with pytest.raises(InexactAmountError, match="float"):
        Money(value, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [True, False, None, [], "NaN", "1,50", "", Decimal("Infinity")])
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(MoneyError):
        Money(value, "EUR")


@given(currencies(), st.integers(-(10**20), 10**20).filter(lambda units: units % 10))
def test_finer_than_the_minor_unit_is_refused(currency: Currency, units: int) -> None:
    assert currency.exponent is not None
    fine = Decimal(f"{units}E-{currency.exponent + 1}")
    with pytest.raises(MinorUnitError, match=r"round it with Money\.rounded\("):
        Money(fine, currency)


def test_the_way_to_round_that_the_error_shows_works() -> None:
    with pytest.raises(MinorUnitError) as caught:
        Money("1.005", "EUR")
    advice = str(caught.value).partition("round it with ")[2].partition(" or another")[0]
    names = {"Money": Money, "Rounding": Rounding}
    assert eval(advice, names) == Money("1.01", "EUR")  # noqa: S307


@pytest.mark.parametrize("code", ["XAU", "XDR", "XXX"])
@pytest.mark.parametrize(
    "make",
    [
        lambda code: Money(1, code),
        Money.zero,
        lambda code: Money.from_minor(1, code),
        lambda code: Money.rounded("1.5", code, rounding=Rounding.UP),
        lambda code: Money.sum([], currency=code),
    ],
)
def test_currencies_without_a_minor_unit_are_refused(
    code: str, make: Callable[[str], Money]
) -> None:
    with pytest.raises(MinorUnitError, match="has no minor unit"):
        make(code)


def test_unknown_currency() -> None:
    with pytest.raises(UnknownCurrencyError, match="did you mean 'EUR'"):
        Money(1, "eur")


@pytest.mark.parametrize("units", [1.0, True, "1", Decimal(1), None])
def test_minor_units_are_ints(units: Any) -> None:
    with pytest.raises(InexactAmountError, match="pass an int"):
        Money.from_minor(units, "EUR")


def test_integers_of_another_library_are_integers() -> None:
    three = np.int64(3)
    assert Money(three, "EUR") == Money(3, "EUR")  # type: ignore[arg-type]
    assert Money.from_minor(np.uint8(3), "EUR") == Money("0.03", "EUR")  # type: ignore[arg-type]
    assert Money("2", "EUR") * three == three * Money("2", "EUR") == Money(6, "EUR")  # type: ignore[operator]
    assert Money(1, "EUR").times(three, rounding=Rounding.DOWN) == Money(3, "EUR")  # type: ignore[arg-type]
    assert Money(1, "EUR").split(three) == Money(1, "EUR").split(3)  # type: ignore[arg-type]
    assert Money(1, "EUR").allocate(np.array([1, 3])) == Money(1, "EUR").allocate([1, 3])
    for no_integer in (np.float64(3), np.bool_(True)):
        with pytest.raises(MoneyError):
            Money(no_integer, "EUR")  # type: ignore[arg-type]


@given(HUGE)
def test_minor_units_round_trip(value: Money) -> None:
    assert Money.from_minor(value.minor_units, value.currency) == value
    assert Money(value.amount, "EUR") == value
    assert value.amount * 100 == value.minor_units or abs(value.minor_units) >= 10**20


@given(st.decimals(-(10**9), 10**9, places=6), currencies(), st.sampled_from(Rounding))
def test_rounding_moves_less_than_a_unit(
    value: Decimal, currency: Currency, rounding: Rounding
) -> None:
    unit = Money.from_minor(1, currency).amount
    moved = abs(Money.rounded(value, currency, rounding=rounding).amount - value)
    assert moved < unit
    if rounding.startswith("half"):
        assert moved <= unit / 2


def test_is_immutable() -> None:
    value = Money(1, "EUR")
    for name in ("amount", "currency", "minor_units", "note"):
        with pytest.raises(AttributeError):
            setattr(value, name, 2)


# Adding, comparing


@given(HUGE, HUGE, HUGE)
def test_addition_is_a_commutative_group(a: Money, b: Money, c: Money) -> None:
    nothing = Money.zero("EUR")
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + nothing == a
    assert a - a == nothing
    assert a + (-a) == nothing
    assert a - b == -(b - a)


@given(st.lists(HUGE))
def test_sum_adds_up(items: list[Money]) -> None:
    total = Money.sum(iter(items), currency="EUR")
    assert total.minor_units == sum(item.minor_units for item in items)


@given(HUGE, st.integers(-50, 50))
def test_multiplying_is_adding_again(value: Money, times: int) -> None:
    repeated = Money.sum([value if times > 0 else -value] * abs(times), currency="EUR")
    assert value * times == times * value == repeated


@given(HUGE, HUGE)
def test_order_is_that_of_the_units(a: Money, b: Money) -> None:
    x, y = a.minor_units, b.minor_units
    assert (a < b, a <= b, a == b, a != b, a >= b, a > b) == (
        x < y,
        x <= y,
        x == y,
        x != y,
        x >= y,
        x > y,
    )
    assert abs(a).minor_units == abs(x)
    assert bool(a) is bool(x)
    assert min(a, b).minor_units == min(x, y)


@given(money(), money())
def test_equal_values_have_equal_hashes(a: Money, b: Money) -> None:
    assert (a == b) == ((a.minor_units, a.currency) == (b.minor_units, b.currency))
    assert hash(a) == hash(Money(str(a.amount), a.currency.code))
    if a == b:
        assert hash(a) == hash(b)


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: Money.sum([a, b], currency=a.currency),
    ],
)
def test_currencies_never_mix(operation: Callable[[Money, Money], object]) -> None:
    with pytest.raises(CurrencyMismatchError) as caught:
        operation(Money(1, "EUR"), Money(1, "USD"))
    assert caught.value.context["currencies"] == ("EUR", "USD")


def test_zero_euros_are_not_zero_dollars() -> None:
    assert Money.zero("EUR") != Money.zero("USD")
    assert Money.zero("EUR") != 0


def test_sum_names_the_stranger() -> None:
    with pytest.raises(CurrencyMismatchError, match=r"item 1 is 2\.00 USD"):
        Money.sum([Money(1, "EUR"), Money(2, "USD")], currency="EUR")
    with pytest.raises(MoneyError, match="item 1 is no Money but int"):
        Money.sum([Money(1, "EUR"), 2], currency="EUR")  # type: ignore[list-item]


@pytest.mark.parametrize("other", [1, Decimal(1), "1", None])
@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: b + a,
        lambda a, b: a - b,
        lambda a, b: b - a,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_money_meets_only_money(operation: Callable[[Any, Any], object], other: object) -> None:
    with pytest.raises(TypeError):
        operation(Money(1, "EUR"), other)


@pytest.mark.parametrize("factor", [0.19, Decimal("0.19"), Fraction(1, 3)])
def test_a_factor_that_may_need_rounding_is_sent_to_times(factor: Any) -> None:
    with pytest.raises(InexactAmountError, match=r"use times\(factor, rounding=\.\.\.\)"):
        Money(1, "EUR") * factor
    with pytest.raises(InexactAmountError):
        factor * Money(1, "EUR")


@pytest.mark.parametrize("factor", [True, "2", None, Money(1, "EUR")])
def test_other_factors_have_no_meaning(factor: Any) -> None:
    with pytest.raises(TypeError):
        Money(1, "EUR") * factor


@given(HUGE, st.decimals(-1000, 1000, places=5), st.sampled_from(Rounding))
def test_times_rounds_the_exact_product_once(
    value: Money, factor: Decimal, rounding: Rounding
) -> None:
    exact = Fraction(value.minor_units) * Fraction(factor)
    product = value.times(factor, rounding=rounding).minor_units
    assert abs(product - exact) < 1
    if rounding is Rounding.FLOOR:
        assert product == exact.__floor__()


def test_another_way_to_round_is_refused() -> None:
    with pytest.raises(ParameterError, match="Choose from: half_up, "):
        Money.rounded("1.005", "EUR", rounding="nearest")  # type: ignore[arg-type]


def test_times_takes_no_float() -> None:
    with pytest.raises(InexactAmountError, match=r"factor 0\.19"):
        Money(1, "EUR").times(0.19, rounding=Rounding.UP)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "grow",
    [
        lambda value: value + value,
        lambda value: value * 10,
        lambda value: value.times(100, rounding=Rounding.UP),
        lambda value: Money(10**99, value.currency),
    ],
)
def test_amounts_have_a_limit(grow: Callable[[Money], Money]) -> None:
    largest = Money.from_minor(10**100 - 1, "EUR")
    assert Money(largest.amount, "EUR") == largest
    with pytest.raises(MoneyError, match=r"reaches 10\*\*100 minor units"):
        grow(largest)


@given(HUGE, HUGE, st.integers(1, 5))
def test_the_callers_decimal_context_has_no_influence(a: Money, b: Money, prec: int) -> None:
    def everything() -> list[object]:
        return [
            a + b,
            a.amount,
            repr(a),
            f"{b:,}",
            Money(str(a.amount), "EUR"),
            a.times("1.23456789", rounding=Rounding.HALF_EVEN),
            Money.rounded(f"{a.amount}7", "EUR", rounding=Rounding.UP),
            a.allocate([Decimal("0.123456"), 7]),
        ]

    plain = everything()
    with localcontext(prec=prec, Emax=9, Emin=-9, rounding="ROUND_UP"):
        assert everything() == plain


# Splitting


@given(HUGE, WEIGHTS)
def test_allocation_loses_no_unit(value: Money, weights: list[int | Decimal]) -> None:
    parts = value.allocate(weights)
    assert len(parts) == len(weights)
    assert Money.sum(parts, currency="EUR") == value
    whole = sum(Fraction(weight) for weight in weights)
    for part, weight in zip(parts, weights, strict=True):
        exact = value.minor_units * Fraction(weight) / whole
        assert abs(part.minor_units - exact) < 1
        if not weight:
            assert not part


@given(HUGE, WEIGHTS)
def test_allocation_mirrors_and_scales(value: Money, weights: list[int | Decimal]) -> None:
    parts = value.allocate(weights)
    assert (-value).allocate(weights) == tuple(-part for part in parts)
    assert value.allocate([weight * 3 for weight in weights]) == parts


@given(EUR, st.integers(1, 40))
def test_split_is_even_and_front_loaded(value: Money, parts: int) -> None:
    shares = [abs(share) for share in value.split(parts)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= Money("0.01", "EUR")
    assert Money.sum(value.split(parts), currency="EUR") == value


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert [part.minor_units for part in Money(5, "JPY").allocate([1, 1, 0, 1])] == [2, 2, 0, 1]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1], [-1], [Decimal("-0.5"), 1]])
def test_weights_without_meaning_are_refused(weights: list[int | Decimal]) -> None:
    with pytest.raises(ParameterError, match="none negative, not all zero"):
        Money(1, "EUR").allocate(weights)


def test_weights_are_exact() -> None:
    with pytest.raises(InexactAmountError, match=r"weight 0\.5"):
        Money(1, "EUR").allocate([0.5, 0.5])  # type: ignore[list-item]


@pytest.mark.parametrize("parts", [0, -1])
def test_nothing_splits_into_no_parts(parts: int) -> None:
    with pytest.raises(ParameterError, match="1 or more"):
        Money(1, "EUR").split(parts)


# Showing


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, "-1,234,567.50 EUR"),
        ({"thousands": ""}, "-1234567.50 EUR"),
        ({"thousands": ".", "decimal": ","}, "-1.234.567,50 EUR"),
        ({"position": CurrencyPosition.BEFORE}, "EUR -1,234,567.50"),
        ({"position": "omitted"}, "-1,234,567.50"),
    ],
)
def test_format(options: dict[str, Any], shown: str) -> None:
    assert Money("-1234567.5", "EUR").format(**options) == shown


def test_format_without_decimals() -> None:
    assert Money(1234, "JPY").format(decimal=",") == "1,234 JPY"


def test_format_refuses_another_position() -> None:
    with pytest.raises(ParameterError, match=r"'left' .*Choose from: after, before, omitted"):
        Money(1, "EUR").format(position="left")  # type: ignore[arg-type]


def test_format_specification() -> None:
    value = Money("1234.5", "EUR")
    assert f"{value}" == "1234.50 EUR"
    assert f"{value:,}" == "1,234.50 EUR"
    assert f"{value:>14,}" == "  1,234.50 EUR"
    assert f"{value:*<12}" == "1234.50 EUR*"


@given(HUGE)
def test_the_repr_makes_it_again(value: Money) -> None:
    assert eval(repr(value), {"Money": Money}) == value  # noqa: S307


@given(money())
def test_pickle_and_copy(value: Money) -> None:
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301
    assert copy.copy(value) == copy.deepcopy(value) == value


# In records


@given(money())
def test_json_round_trip_is_exact(value: Money) -> None:
    bill = Bill(total=value)
    assert Bill.model_validate_json(bill.model_dump_json()) == bill
    assert json.loads(bill.model_dump_json())["total"] == {
        "amount": str(value.amount),
        "currency": value.currency.code,
    }
    assert bill.model_dump()["total"] == value


def test_strict_records_take_the_same_json() -> None:
    class StrictBill(BaseModel, strict=True):
        total: Money

    bill = StrictBill(total=Money("0.10", "EUR"))
    assert StrictBill.model_validate_json(bill.model_dump_json()) == bill
    assert StrictBill.model_validate(bill.model_dump()) == bill


@pytest.mark.parametrize("amount", ['"12.5"', '"12.50"', '"+12.5000"'])
def test_json_amounts_may_be_written_freely(amount: str) -> None:
    bill = Bill.model_validate_json(f'{{"total": {{"amount": {amount}, "currency": "EUR"}}}}')
    assert bill.total == Money("12.50", "EUR")


def test_json_amounts_may_be_whole_numbers() -> None:
    text = f'{{"total": {{"amount": {10**30}, "currency": "JPY"}}}}'
    assert Bill.model_validate_json(text).total == Money(10**30, "JPY")


@pytest.mark.parametrize(
    ("total", "message"),
    [
        ('{"amount": 12.5, "currency": "EUR"}', "TC-MONEY-002"),
        ('{"amount": 12.0, "currency": "EUR"}', "TC-MONEY-002"),
        ('{"amount": true, "currency": "EUR"}', "TC-MONEY-001"),
        ('{"amount": null, "currency": "EUR"}', "TC-MONEY-001"),
        ('{"amount": "NaN", "currency": "EUR"}', "TC-MONEY-001"),
        ('{"amount": "0.001", "currency": "EUR"}', "TC-MONEY-005"),
        ('{"amount": "1", "currency": "XAU"}', "TC-MONEY-005"),
        ('{"amount": "1", "currency": "eur"}', "TC-MONEY-004"),
        ('{"amount": "1"}', r"total\.currency\n  Field required"),
        ('{"currency": "EUR"}', r"total\.amount\n  Field required"),
        ('{"amount": "1", "currency": "EUR", "unit": "EUR"}', r"total\.unit\n  Extra"),
        ("12.5", "of type float: pass a Money"),
        ('"12.50 EUR"', "of type str: pass a Money"),
        ("null", "of type NoneType: pass a Money"),
    ],
)
def test_json_that_is_no_money_is_refused(total: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Bill.model_validate_json(f'{{"total": {total}}}')


def test_json_schema_says_what_is_read_and_what_is_written() -> None:
    read = TypeAdapter(Money).json_schema(mode="validation")
    written = TypeAdapter(Money).json_schema(mode="serialization")
    assert read["required"] == written["required"] == ["amount", "currency"]
    assert [kind["type"] for kind in read["properties"]["amount"]["anyOf"]] == ["string", "integer"]
    assert written["properties"]["amount"]["type"] == "string"
