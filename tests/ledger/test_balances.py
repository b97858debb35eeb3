"""What accounts owe and hold."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import ACCOUNTS, RandomHistory

from telcrm.domain import Money
from telcrm.ledger.balances import balance, balances
from telcrm.ledger.commands import ClosePeriod, TakeDeposit, WriteOff
from telcrm.ledger.journal import GlAccount

IN_BALANCE = (GlAccount.RECEIVABLE, GlAccount.DISPUTED, GlAccount.UNAPPLIED)


def test_a_balance_is_of_the_day_and_of_the_instant() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    before_payment = books.now
    books.pay("A-1", eur(50), day(2, 9))
    assert balance(books.store, "A-1") == eur(-20)
    assert balance(books.store, "A-1", as_of=day(2, 8)) == eur(30)
    assert balance(books.store, "A-1", recorded=before_payment) == eur(30)
    assert balance(books.store, "A-1", as_of=day(1, 31), recorded=before_payment) == eur(0)
    assert balance(books.store, "A-1", as_of=date(2020, 1, 1)) == eur(0)


def test_what_is_not_in_the_balance_stands_beside_it() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.book(TakeDeposit, account_id="A-1", amount=eur(7), on=day(2, 2))
    books.book(
        WriteOff, account_id="A-1", amount=eur(4), on=day(2, 3), reason="lost", approver="boss"
    )
    (found,) = balances(books.store)
    assert found.balance == found.receivable == eur(26)
    assert (found.deposit, found.written_off, found.disputed) == (eur(7), eur(4), eur(0))


def test_a_list_has_the_accounts_that_were_open_and_none_of_telcrms_own() -> None:
    books = SmallBooks("A-2")
    books.open("A-1", currency="JPY")
    books.book(ClosePeriod, on=day(2, 1), through=day(1, 31))
    assert [row.account_id for row in balances(books.store)] == ["A-1", "A-2"]
    assert [row.account_id for row in balances(books.store, ["A-2"])] == ["A-2"]
    assert len(balances(books.store, [])) == 0
    assert len(balances(books.store, as_of=date(2025, 12, 31))) == 0
    assert balances(books.store).to_frame()["currency"].to_list() == ["JPY", "EUR"]


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_a_balance_is_the_sum_of_the_postings_that_count(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    store = history.store
    for on in history.days:
        rows = {row.account_id: row.balance for row in balances(store, as_of=on)}
        for name, currency in ACCOUNTS.items():
            journal = history.asked.journal(name, as_of=on)
            units = sum(
                line.amount for one in journal for line in one.postings if line.gl in IN_BALANCE
            )
            assert balance(store, name, as_of=on) == Money.from_minor(units, currency)
            assert rows.get(name, Money.zero(currency)) == Money.from_minor(units, currency)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_after_everything_the_balance_is_the_present_one(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for name in ACCOUNTS:
        (row,) = balances(history.store, [name], as_of=history.days[-1], recorded=history.now)
        assert row.balance == balance(history.store, name)
        account = history.asked.account(name)
        assert row.balance.minor_units == account.balance
        assert row.written_off.minor_units == account.written_off
        assert row.deposit.minor_units == account.deposit
