"""Measures of collection: published numbers, the laws between the measures, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telcrm.domain import Money
from telcrm.errors import CurrencyMismatchError, ParameterError
from telcrm.ledger.measures.collections import (
    MonthlySales,
    average_days_delinquent,
    bad_debt_ratio,
    best_possible_dso,
    collection_effectiveness_index,
    dso,
    dso_count_back,
    recovery_rate,
)
from telcrm.testing import money

DIGITS = Decimal("1e-20")
amounts = money("EUR", min_minor=0, max_minor=10**9)
positive = money("EUR", min_minor=1, max_minor=10**9)
days = st.integers(1, 366)


def usd(amount: int | str) -> Money:
    return Money(amount, "USD")


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def months(
    *sales: Money, length: int | None = None, newest: int = 2024 * 12 + 5
) -> list[MonthlySales]:
    """Newest first, back from June 2024."""
    return [
        MonthlySales(
            period=date((newest - back) // 12, (newest - back) % 12 + 1, 1), sales=sold, days=length
        )
        for back, sold in enumerate(sales)
    ]


# Published numbers


def test_days_by_creditguru() -> None:
    # creditguru.com, "Average Days Delinquent": DSO 45, best possible 12, delinquent 33.
    receivables, current, sales = usd(15_000), usd(4_000), usd(10_000)
    assert dso(receivables, sales, days=30) == 45
    assert best_possible_dso(current, sales, days=30) == 12
    assert average_days_delinquent(receivables, sales, current_receivables=current, days=30) == 33


def test_days_by_quadient() -> None:
    # Quadient, "What Is Average Days Delinquent?": DSO 50, best possible 12, delinquent 38.
    receivables, current, sales = usd(25_000), usd(6_000), usd(15_000)
    assert dso(receivables, sales, days=30) == 50
    assert best_possible_dso(current, sales, days=30) == 12
    assert average_days_delinquent(receivables, sales, current_receivables=current, days=30) == 38


def test_count_back_by_benji_pays() -> None:
    # Benji Pays, "Mastering DSO Calculation: The Count-Back Method Explained": receivables 212,000
    # after months of 70,000, 80,000 and 100,000 are 60 days and 32/70 of a month of 30.
    sales = months(usd(100_000), usd(80_000), usd(70_000), length=30)
    assert dso_count_back(usd(212_000), sales).quantize(Decimal("0.01")) == Decimal("73.71")


def test_effectiveness_of_6200_10890_6340_3590() -> None:
    # A published worked example: 10,750 / 13,500.
    index = collection_effectiveness_index(
        beginning=usd(6200), sales=usd(10890), ending_total=usd(6340), ending_current=usd(3590)
    )
    assert index.quantize(Decimal("0.01")) == Decimal("79.63")
    assert abs(Fraction(index) - Fraction(1_075_000, 13_500)) < Fraction(1, 10**20)


# Days sales outstanding


@given(amounts, positive, days)
def test_days_are_the_exact_ratio(receivables: Money, sales: Money, length: int) -> None:
    exact = Fraction(receivables.minor_units * length, sales.minor_units)
    assert abs(Fraction(dso(receivables, sales, days=length)) - exact) <= exact / 10**27


@given(amounts, amounts, positive, days)
def test_best_possible_and_delinquent_days_add_up_to_all(
    current: Money, overdue: Money, sales: Money, length: int
) -> None:
    receivables = current + overdue
    whole = dso(receivables, sales, days=length)
    best = best_possible_dso(current, sales, days=length)
    late = average_days_delinquent(receivables, sales, current_receivables=current, days=length)
    assert 0 <= best <= whole
    assert abs(Fraction(best) + Fraction(late) - Fraction(whole)) <= Fraction(whole) / 10**26


@given(amounts, positive, positive, days)
def test_more_receivables_are_more_days(
    receivables: Money, more: Money, sales: Money, length: int
) -> None:
    assert dso(receivables, sales, days=length) < dso(receivables + more, sales, days=length)


def test_the_callers_decimal_context_has_no_influence() -> None:
    with localcontext() as context:
        context.prec = 3
        assert dso(eur(1), eur(3), days=100) > Decimal("33.333333")


@pytest.mark.parametrize("length", [0, -30, 30.0, True])
def test_days_are_a_whole_number_above_zero(length: int) -> None:
    with pytest.raises(ParameterError, match="days must be a whole number"):
        dso(eur(1), eur(1), days=length)


@pytest.mark.parametrize("sales", [eur(0), eur(-1)])
def test_without_sales_there_are_no_days(sales: Money) -> None:
    for measure in (dso, best_possible_dso):
        with pytest.raises(ParameterError, match=r"credit_sales is .* must be above 0"):
            measure(eur(1), sales, days=30)


def test_receivables_below_zero_or_below_their_current_part_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"^\[TC-PARAM-001\] receivables is -1.00 EUR"):
        dso(eur(-1), eur(1), days=30)
    with pytest.raises(ParameterError, match=r"receivables - current_receivables is -1.00 EUR"):
        average_days_delinquent(eur(4), eur(9), current_receivables=eur(5), days=30)
    with pytest.raises(ParameterError, match=r"current_receivables is -1.00 EUR"):
        average_days_delinquent(eur(4), eur(9), current_receivables=eur(-1), days=30)
    with pytest.raises(ParameterError, match=r"current_receivables is -1.00 EUR"):
        best_possible_dso(eur(-1), eur(1), days=30)


# Counting back


def test_months_count_the_days_of_the_calendar() -> None:
    # June 30, May 31, half of April's 30.
    assert dso_count_back(eur(25), months(eur(10), eur(10), eur(10))) == 76
    # From March 2024 back: February of a leap year has 29.
    assert dso_count_back(eur(20), months(eur(10), eur(10), newest=2024 * 12 + 2)) == 31 + 29


@given(positive, st.integers(1, 12), st.integers(0, 10**6))
def test_even_sales_count_back_to_the_simple_days(
    sold: Money, count: int, part_per_million: int
) -> None:
    # A month of 10**6 times the sales, so that any share of them is a whole amount.
    sold *= 10**6
    receivables = Money.from_minor(sold.minor_units // 10**6 * count * part_per_million, "EUR")
    simple = dso(receivables, sold * count, days=30 * count)
    assert dso_count_back(receivables, months(*[sold] * count, length=30)) == simple


@given(positive, st.integers(1, 12), st.fractions(0, 1))
def test_sales_even_by_the_day_count_back_to_the_simple_days(
    daily: Money, count: int, share: Fraction
) -> None:
    calendar = [month.length_days for month in months(*[daily] * count)]
    sales = months(*[daily * length for length in calendar])
    total = daily * sum(calendar)
    receivables = Money.from_minor(int(total.minor_units * share), "EUR")
    simple = dso(receivables, total, days=sum(calendar))
    assert abs(dso_count_back(receivables, sales) - simple) < DIGITS


@given(st.lists(amounts, min_size=1, max_size=12), st.data())
def test_counting_back_is_bounded_rises_and_ignores_older_months(
    sold: list[Money], data: st.DataObject
) -> None:
    sales = months(*sold)
    total = sum(amount.minor_units for amount in sold)
    less, more = sorted(data.draw(st.tuples(st.integers(0, total), st.integers(0, total))))
    few, many = (dso_count_back(Money.from_minor(units, "EUR"), sales) for units in (less, more))
    assert 0 <= few <= many <= sum(month.length_days for month in sales)
    older = months(*sold, eur(5))
    assert dso_count_back(Money.from_minor(more, "EUR"), older) == many


def test_a_month_without_sales_counts_while_debt_is_older() -> None:
    sales = months(eur(10), eur(0), eur(10), length=30)
    assert dso_count_back(eur(15), sales) == 75
    assert dso_count_back(eur(10), sales) == 30
    assert dso_count_back(eur(0), []) == 0


def test_receivables_older_than_all_sales_given_have_no_days() -> None:
    with pytest.raises(ParameterError, match=r"exceed the sales of all 2 months by 5.00 EUR") as no:
        dso_count_back(eur(25), months(eur(10), eur(10)))
    assert no.value.context == {"rest": eur(5), "months": 2}


def test_months_must_follow_each_other_newest_first() -> None:
    june, may, april = months(eur(1), eur(1), eur(1))
    for sales in ([june, april], [may, june], [june, june]):
        with pytest.raises(ParameterError, match="give every month, newest first"):
            dso_count_back(eur(0), sales)
    january, december = months(eur(1), eur(1), newest=2024 * 12)
    assert dso_count_back(eur(2), [january, december]) == 62


def test_a_month_sells_nothing_below_zero_and_lasts_a_day_at_least() -> None:
    with pytest.raises(ValidationError, match="sales"):
        MonthlySales(period=date(2024, 1, 1), sales=eur(-1))
    with pytest.raises(ValidationError, match="days"):
        MonthlySales(period=date(2024, 1, 1), sales=eur(1), days=0)


# Collection effectiveness


@given(amounts, amounts, st.data())
def test_effectiveness_is_a_percentage(beginning: Money, sales: Money, data: st.DataObject) -> None:
    available = (beginning + sales).minor_units
    total = data.draw(st.integers(0, available))
    current = data.draw(st.integers(0, total))
    given_amounts = {
        "beginning": beginning,
        "sales": sales,
        "ending_total": Money.from_minor(total, "EUR"),
        "ending_current": Money.from_minor(current, "EUR"),
    }
    if current == available:
        with pytest.raises(ParameterError, match=r"ending_current is 0.00 EUR"):
            collection_effectiveness_index(**given_amounts)
        return
    index = collection_effectiveness_index(**given_amounts)
    assert 0 <= index <= 100
    assert (index == 100) == (total == current)
    assert (index == 0) == (total == available)


@pytest.mark.parametrize(
    ("amounts", "named"),
    [
        ((-1, 10, 0, 0), "beginning is -1.00"),
        ((10, -1, 0, 0), "sales is -1.00"),
        ((10, 10, 5, -1), "ending_current is -1.00"),
        ((10, 10, 5, 6), r"ending_total - ending_current is -1.00"),
        ((10, 10, 21, 6), r"beginning \+ sales - ending_total is -1.00"),
    ],
)
def test_amounts_that_do_not_tie_have_no_effectiveness(
    amounts: tuple[int, int, int, int], named: str
) -> None:
    beginning, sales, total, current = map(eur, amounts)
    with pytest.raises(ParameterError, match=named):
        collection_effectiveness_index(
            beginning=beginning, sales=sales, ending_total=total, ending_current=current
        )


# Recoveries and bad debt


@given(positive, st.data())
def test_recoveries_of_a_cohort_are_a_share_of_it(written_off: Money, data: st.DataObject) -> None:
    recovered = data.draw(money("EUR", min_minor=0, max_minor=written_off.minor_units))
    rest = written_off - recovered
    rate = recovery_rate(recovered, written_off)
    assert 0 <= rate <= 1
    assert abs(rate + recovery_rate(rest, written_off) - 1) < DIGITS


def test_recoveries_may_pass_the_write_offs_of_their_period() -> None:
    assert recovery_rate(eur(3), eur(2)) == Decimal("1.5")


def test_recoveries_need_write_offs_and_are_not_negative() -> None:
    with pytest.raises(ParameterError, match=r"written_off is 0.00 EUR"):
        recovery_rate(eur(1), eur(0))
    with pytest.raises(ParameterError, match=r"recovered is -1.00 EUR"):
        recovery_rate(eur(-1), eur(1))


def test_bad_debt_is_a_share_of_sales_and_negative_if_recoveries_were_more() -> None:
    assert bad_debt_ratio(eur(3), eur(200)) == Decimal("0.015")
    assert bad_debt_ratio(eur(-3), eur(200)) == Decimal("-0.015")
    with pytest.raises(ParameterError, match=r"credit_sales is 0.00 EUR"):
        bad_debt_ratio(eur(3), eur(0))


def test_two_currencies_never_meet() -> None:
    e, u = eur(1), usd(1)
    with pytest.raises(CurrencyMismatchError):
        dso(e, u, days=30)
    with pytest.raises(CurrencyMismatchError):
        dso_count_back(e, months(u))
    with pytest.raises(CurrencyMismatchError):
        best_possible_dso(e, u, days=30)
    with pytest.raises(CurrencyMismatchError):
        average_days_delinquent(e, u, current_receivables=e, days=30)
    with pytest.raises(CurrencyMismatchError):
        average_days_delinquent(e, e, current_receivables=u, days=30)
    with pytest.raises(CurrencyMismatchError):
        recovery_rate(e, u)
    with pytest.raises(CurrencyMismatchError):
        bad_debt_ratio(e, u)
    for odd in range(4):
        beginning, sales, total, current = (u if place == odd else e for place in range(4))
        with pytest.raises(CurrencyMismatchError):
            collection_effectiveness_index(
                beginning=beginning, sales=sales, ending_total=total, ending_current=current
            )
