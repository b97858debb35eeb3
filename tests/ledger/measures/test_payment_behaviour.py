"""How accounts have paid."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger.balances import balances
from telcrm.ledger.commands import (
    ClosePeriod,
    Dispute,
    PromiseToPay,
    Recover,
    Reverse,
    WriteOff,
)
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.dunning.run import run_dunning
from telcrm.ledger.journal import ItemKind
from telcrm.ledger.measures.debt_class import DebtClass, DebtClassPolicy, debt_class
from telcrm.ledger.measures.payment_behaviour import PaymentHistory, payment_histories


def history(
    books: SmallBooks, *, as_of: date = date(2026, 6, 1), since: date | None = None
) -> PaymentHistory:
    (found,) = payment_histories(books.store, ["A-1"], as_of=as_of, since=since)
    return found


def test_days_are_weighted_by_what_was_paid() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    books.pay("A-1", eur(300), day(2, 13))
    books.pay("A-1", eur(100), day(2, 25))
    found = history(books)
    assert (found.invoices_paid, found.paid) == (2, eur(400))
    assert found.days_beyond_terms == Decimal(1)  # (300 * -2 + 100 * 10) / 400
    assert found.days_to_pay == Decimal(15)  # (300 * 12 + 100 * 24) / 400
    assert found.days_late_max == 10


def test_an_account_that_pays_early_is_never_late() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    books.pay("A-1", eur(300), day(2, 10))
    found = history(books)
    assert (found.days_beyond_terms, found.days_late_max) == (Decimal(-5), 0)
    assert found.behaviour.invoices_paid == 1


def test_only_what_was_paid_in_the_window_counts() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    books.pay("A-1", eur(300), day(2, 20))
    for since, count in ((day(2, 20), 1), (day(2, 21), 0)):
        assert history(books, since=since).invoices_paid == count
    assert history(books, as_of=day(2, 19)).invoices_paid == 0
    assert history(books, as_of=date(2027, 2, 19)).invoices_paid == 1
    assert history(books, as_of=date(2027, 2, 20)).invoices_paid == 0


def test_fees_and_contested_invoices_are_left_out_of_the_mean() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(5), day(1, 2), day(1, 2), nature=ItemKind.FEE)
    books.pay("A-1", eur(5), day(3, 30))
    contested = books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.book(Dispute, account_id="A-1", item=contested.item_id, amount=eur(1), on=day(2, 2))
    books.pay("A-1", eur(29), day(3, 31))
    found = history(books)
    assert (found.invoices_paid, found.days_late_max) == (0, 0)
    assert found.oldest_open_days == 0


def test_what_is_open_counts_from_its_due_date() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    assert history(books, as_of=day(2, 15)).oldest_open_days == 0
    assert history(books, as_of=day(5, 16)).oldest_open_days == 90
    classed = debt_class(history(books, as_of=day(5, 16)).behaviour, DebtClassPolicy())
    assert classed.debt_class is DebtClass.CHRONIC


def test_notices_are_counted_and_reminders_before_the_due_date_are_not() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    notices = 0
    for number in range(60):
        on = day(2, 1) + timedelta(days=number)
        run = run_dunning(books.store, DunningPolicy(), as_of=on, clock=lambda: books.now)
        for one in run.actions:
            is_notice = one.action.kind.value in ("reminder", "final_notice")
            notices += is_notice and on > day(2, 15)
        assert history(books, as_of=on).times_dunned == notices
    assert notices >= 2
    assert history(books, as_of=day(4, 1), since=day(3, 31)).times_dunned < notices


def test_a_promise_is_broken_once_in_the_window_of_the_day_after() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    for by in (day(3, 10), day(4, 10)):
        books.book(PromiseToPay, account_id="A-1", amount=eur(100), by=by, on=day(3, 1))
    books.pay("A-1", eur(100), day(4, 1))
    assert history(books, as_of=day(3, 10)).promises_broken == 0
    assert history(books, as_of=day(3, 11)).promises_broken == 1
    assert history(books).promises_broken == 1
    assert history(books, since=day(3, 11)).promises_broken == 1
    assert history(books, since=day(3, 12)).promises_broken == 0
    books.book(Reverse, entry_id="A-1:3", on=day(4, 2))
    assert history(books).promises_broken == 0


def test_a_write_off_counts_until_it_is_recovered() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    books.book(
        WriteOff, account_id="A-1", amount=eur(50), on=day(3, 1), reason="lost", approver="boss"
    )
    assert history(books).written_off == eur(50)
    assert history(books, since=day(5, 1)).behaviour.written_off is True
    books.book(Recover, account_id="A-1", amount=eur(50), on=day(4, 1))
    assert history(books).behaviour.written_off is False


def test_all_accounts_are_answered_in_one_run_and_none_of_telcrms_own() -> None:
    books = SmallBooks("A-2", "A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    books.pay("A-1", eur(300), day(2, 20))
    books.book(ClosePeriod, on=day(3, 1), through=day(2, 28))
    found = payment_histories(books.store, as_of=day(3, 1))
    assert [row.account_id for row in found] == ["A-1", "A-2"]
    assert found[0] == history(books, as_of=day(3, 1))
    assert found.to_frame()["days_beyond_terms"].to_list() == [5.0, 0.0]
    assert len(payment_histories(books.store, as_of=date(2025, 1, 1))) == 0


def test_what_was_recorded_later_is_not_known_earlier() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(300), day(2, 1), day(2, 15))
    before = books.now
    books.pay("A-1", eur(300), day(2, 10))
    (found,) = payment_histories(books.store, as_of=day(3, 1), recorded=before)
    assert (found.invoices_paid, found.oldest_open_days) == (0, 14)


def test_bad_windows_and_unknown_accounts_are_refused() -> None:
    books = SmallBooks("A-1")
    with pytest.raises(ParameterError, match="ends after it begins"):
        payment_histories(books.store, as_of=day(2, 1), since=day(2, 2))
    with pytest.raises(UnknownAccountError):
        payment_histories(books.store, ["A-9"], as_of=day(2, 1))


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_behaviour_is_always_one_that_can_be_classed(seed: int) -> None:
    random = RandomHistory(seed)
    random.post(60)
    for on in random.days:
        lost = {row.account_id: row.written_off for row in balances(random.store, as_of=on)}
        all_at_once = payment_histories(random.store, as_of=on)
        for row in all_at_once:
            classed = debt_class(row.behaviour, DebtClassPolicy())
            assert classed.account_id == row.account_id
            assert row.written_off == lost[row.account_id]
            assert row.days_beyond_terms <= row.days_late_max
            assert payment_histories(random.store, [row.account_id], as_of=on)[0] == row
