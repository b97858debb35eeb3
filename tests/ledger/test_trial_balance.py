"""The trial balance."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money
from telcrm.errors import ParameterError
from telcrm.ledger.balances import balances
from telcrm.ledger.journal import GlAccount
from telcrm.ledger.trial_balance import TrialBalance, trial_balance


def lines(found: TrialBalance) -> list[tuple[str, str, str]]:
    return [(line.gl.value, line.detail, str(line.balance)) for line in found]


def test_it_has_a_line_for_each_account_and_detail() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(120), day(2, 1), day(2, 15), tax=eur(20))
    books.pay("A-1", eur(60), day(3, 9))
    found = trial_balance(books.store)
    assert lines(found) == [
        ("cash", "", "60.00 EUR"),
        ("receivable", "net", "50.00 EUR"),
        ("receivable", "tax", "10.00 EUR"),
        ("revenue", "service", "-100.00 EUR"),
        ("tax", "", "-20.00 EUR"),
    ]
    assert (found[1].debit, found[1].credit) == (eur(100), eur(50))
    assert found.balance("receivable", "EUR") == eur(60)
    assert found.balance(GlAccount.CASH, "JPY") == Money(0, "JPY")
    assert found.totals == {"EUR": eur(180)}
    assert found.to_frame()["balance"].to_list() == [60.0, 50.0, 10.0, -100.0, -20.0]


def test_a_period_has_only_what_was_posted_in_it() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(120), day(2, 1), day(2, 15))
    books.pay("A-1", eur(60), day(3, 9))
    march = trial_balance(books.store, since=day(3, 1), as_of=day(3, 31))
    assert lines(march) == [("cash", "", "60.00 EUR"), ("receivable", "net", "-60.00 EUR")]


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ParameterError, match="ends after it begins"):
        trial_balance(SmallBooks("A-1").store, since=day(3, 2), as_of=day(3, 1))


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_debits_are_credits_and_customers_accounts_agree(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for on in history.days:
        found = trial_balance(history.store, as_of=on)
        for code in ("EUR", "JPY"):
            mine = [line for line in found if line.debit.currency.code == code]
            assert Money.sum((line.balance for line in mine), currency=code) == Money.zero(code)
            customers = [
                row
                for row in balances(history.store, as_of=on)
                if row.balance.currency.code == code
            ]
            for gl, sign, name in (
                (GlAccount.RECEIVABLE, 1, "receivable"),
                (GlAccount.DISPUTED, 1, "disputed"),
                (GlAccount.UNAPPLIED, -1, "unapplied"),
                (GlAccount.DEPOSIT, -1, "deposit"),
            ):
                held = sum(getattr(row, name).minor_units for row in customers)
                assert found.balance(gl, code).minor_units == sign * held
            assert not found.balance(GlAccount.CLEARING, code)


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_periods_add_up_to_the_whole(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(40)
    whole = trial_balance(history.store)
    for on in history.days:
        before = trial_balance(history.store, as_of=on)
        after = trial_balance(history.store, since=on + timedelta(days=1))
        for gl in GlAccount:
            assert whole.balance(gl, "EUR") == before.balance(gl, "EUR") + after.balance(gl, "EUR")
