"""Roll rates: published numbers, the laws of a portfolio that ages evenly, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcrm.domain import Money
from telcrm.errors import CurrencyMismatchError, MoneyError, ParameterError
from telcrm.ledger.measures.roll_rates import average_roll_rates, flow_to_loss, roll_rates
from telcrm.testing import money

amounts = money("EUR", min_minor=0, max_minor=10**9)
positive = money("EUR", min_minor=1, max_minor=10**9)
rates = st.decimals(0, 1, places=4)


def balances(*units: int, currency: str = "USD") -> list[Money]:
    return [Money(amount, currency) for amount in units]


def snapshots(of: st.SearchStrategy[Money]) -> st.SearchStrategy[list[list[Money]]]:
    def dates(buckets: int) -> st.SearchStrategy[list[list[Money]]]:
        return st.lists(st.lists(of, min_size=buckets, max_size=buckets), min_size=2, max_size=5)

    return st.integers(2, 5).flatmap(dates)


def test_a_fifth_of_a_million_rolls() -> None:
    # A published worked example: 1,000,000 at 30-59 days, of which 200,000 are at 60-89 a month on.
    assert roll_rates(balances(1_000_000, 0), balances(0, 200_000)) == (Decimal("0.2"),)


def test_an_empty_bucket_has_no_rate() -> None:
    assert roll_rates(balances(0, 100, 0), balances(50, 40, 25)) == (None, Decimal("0.25"))


@given(st.lists(amounts, min_size=2, max_size=6))
def test_a_constant_portfolio_rolls_at_the_ratio_of_its_buckets(constant: list[Money]) -> None:
    rolls = roll_rates(constant, constant)
    for young, old, rate in zip(constant, constant[1:], rolls, strict=False):
        if not young:
            assert rate is None
        else:
            assert rate is not None
            assert abs(rate - old.amount / young.amount) <= Decimal("1e-18") * (1 + rate)
    assert average_roll_rates([constant] * 4) == rolls


@given(st.lists(positive, min_size=2, max_size=6))
def test_the_flow_of_a_constant_portfolio_telescopes(constant: list[Money]) -> None:
    flows = flow_to_loss(roll_rates(constant, constant))
    for balance, flow in zip(constant, flows, strict=True):
        assert flow is not None
        exact = constant[-1].amount / balance.amount
        assert abs(flow - exact) <= Decimal("1e-18") * (1 + exact)


@given(snapshots(amounts))
def test_one_rate_for_each_bucket_but_the_last(history: list[list[Money]]) -> None:
    rolls = average_roll_rates(history)
    assert len(rolls) == len(history[0]) - 1
    for bucket, rate in enumerate(rolls):
        assert (rate is None) == (not any(date[bucket] for date in history[:-1]))
        assert rate is None or rate >= 0


@given(snapshots(positive))
def test_the_average_lies_between_the_rates_of_the_periods(history: list[list[Money]]) -> None:
    single = [roll_rates(*pair) for pair in pairwise(history)]
    for average, periods in zip(
        average_roll_rates(history), zip(*single, strict=True), strict=True
    ):
        known = [rate for rate in periods if rate is not None]
        assert average is not None
        assert min(known) <= average <= max(known)


def test_the_average_weighs_by_balance() -> None:
    # 10 % of 1000 and 20 % of 3000: the mean of the two would be 15 %.
    history = [balances(1000, 0), balances(3000, 100), balances(0, 600)]
    assert average_roll_rates(history) == (Decimal("0.175"),)


@given(st.lists(rates, max_size=6))
def test_flow_is_the_product_to_the_end_and_rises_with_age(rolls: list[Decimal]) -> None:
    flows = flow_to_loss(rolls)
    known = [flow for flow in flows if flow is not None]
    assert len(known) == len(flows) == len(rolls) + 1
    assert known == sorted(known)
    assert known[-1] == 1
    assert abs(known[0] - prod(rolls, start=Decimal(1))) < Decimal("1e-20")


def test_an_unknown_rate_leaves_all_younger_buckets_without_a_flow() -> None:
    half, whole = Decimal("0.5"), Decimal(1)
    flows = flow_to_loss([half, None, half, half])
    assert flows == (None, None, Decimal("0.25"), half, whole)


def test_rates_are_exact_and_not_negative() -> None:
    with pytest.raises(ParameterError, match=r"roll rate of bucket 1 is -0.1"):
        flow_to_loss([Decimal("0.5"), Decimal("-0.1")])
    with pytest.raises(MoneyError, match=r"roll rate 0.5 is of type float"):
        flow_to_loss([0.5])  # type: ignore[list-item]


@pytest.mark.parametrize(
    "history",
    [
        [],
        [balances(1, 2)],
        [balances(1), balances(1)],
        [[], []],
        [balances(1, 2), balances(1, 2, 3)],
    ],
)
def test_too_little_to_compare_is_refused(history: list[list[Money]]) -> None:
    with pytest.raises(ParameterError, match="two or more dates with the same two or more buckets"):
        average_roll_rates(history)


def test_a_negative_balance_or_a_second_currency_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"balance of bucket 1 at date 0 is -2.00 USD"):
        roll_rates(balances(1, -2), balances(1, 2))
    with pytest.raises(CurrencyMismatchError):
        roll_rates(balances(1, 2), balances(1, 2, currency="EUR"))
