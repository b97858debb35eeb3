"""The statement of an account."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import ACCOUNTS, START, RandomHistory

from telcrm.domain import InvoiceLine, InvoiceLineKind, Money
from telcrm.errors import ParameterError, UnknownAccountError
from telcrm.ledger.balances import balance
from telcrm.ledger.commands import (
    CreditNote,
    Dispute,
    PromiseToPay,
    Refund,
    Reverse,
    TakeDeposit,
    Transfer,
    UseDeposit,
    WriteOff,
)
from telcrm.ledger.statement import StatementGroup, statement


def test_it_shows_what_was_owed_what_happened_and_what_is_owed() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(1, 10), day(1, 25), document="INV-1")
    books.charge("A-1", eur(40), day(2, 10), day(2, 25), document="INV-2")
    books.pay("A-1", eur(50), day(2, 12), document="bank-1")
    books.book(CreditNote, account_id="A-1", amount=eur(5), on=day(2, 13), reason="too much")
    books.charge("A-1", eur(1), day(3, 1), day(3, 25))
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert (sent.opening, sent.closing) == (eur(30), eur(15))
    assert (sent.charges, sent.payments, sent.adjustments) == (eur(40), eur(-50), eur(-5))
    assert (sent.account_id, sent.currency, sent.start, sent.end) == (
        "A-1",
        "EUR",
        day(2, 1),
        day(2, 28),
    )
    assert [(line.document, line.amount, line.balance) for line in sent.lines] == [
        ("INV-2", eur(40), eur(70)),
        ("bank-1", eur(-50), eur(20)),
        (None, eur(-5), eur(15)),
    ]
    assert [line.text for line in sent.lines] == ["", "", "too much"]
    assert "opening 30.00 EUR, 3 lines, closing 15.00 EUR" in repr(sent)
    assert "INV-2" in sent._repr_html_()
    assert sent.to_frame()["balance"].to_list() == [70.0, 20.0, 15.0]


def test_lines_are_in_the_order_of_effect_and_then_of_booking() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(3), day(2, 10), day(2, 25))
    books.charge("A-1", eur(2), day(2, 10), day(2, 25))
    books.charge("A-1", eur(1), day(2, 9), day(2, 25))
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert [line.entry_id for line in sent.lines] == ["A-1:4", "A-1:2", "A-1:3"]


def test_a_bounced_payment_is_taken_back_among_the_payments() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.pay("A-1", eur(30), day(2, 9), document="bank-1")
    books.book(Reverse, entry_id="A-1:3", on=day(2, 14), fee=eur(4), fee_due_on=day(2, 28))
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert (sent.charges, sent.payments, sent.closing) == (eur(34), eur(0), eur(34))
    bounced, fee = sent.lines[2:]
    assert (bounced.group, bounced.document) == (StatementGroup.PAYMENT, "bank-1")
    assert (fee.group, fee.text) == (StatementGroup.CHARGE, "fee for the reversal of A-1:3")


def test_every_kind_of_entry_has_its_place() -> None:
    books = SmallBooks("A-1", "A-2")
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    books.book(TakeDeposit, account_id="A-1", amount=eur(50), on=day(2, 2))
    books.book(UseDeposit, account_id="A-1", amount=eur(10), on=day(2, 3))
    books.book(
        WriteOff, account_id="A-1", amount=eur(20), on=day(2, 4), reason="lost", approver="boss"
    )
    books.book(
        Transfer,
        account_id="A-1",
        to_account_id="A-2",
        on=day(2, 5),
        items=({"item": "A-1:2", "amount": eur(30)},),
    )
    books.book(Dispute, account_id="A-1", item="A-1:2", on=day(2, 6), amount=eur(5))
    books.book(PromiseToPay, account_id="A-1", amount=eur(5), by=day(2, 20), on=day(2, 6))
    books.pay("A-1", eur(60), day(2, 7))
    books.book(Refund, account_id="A-1", amount=eur(25), on=day(2, 8))
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert [(line.kind.value, line.group.value, line.amount) for line in sent.lines] == [
        ("charge", "charge", eur(100)),
        ("deposit_used", "payment", eur(-10)),
        ("write_off", "adjustment", eur(-20)),
        ("transfer", "adjustment", eur(-30)),
        ("payment", "payment", eur(-60)),
        ("refund", "payment", eur(25)),
    ]
    other = statement(books.store, "A-2", start=day(2, 1), end=day(2, 28))
    assert (other.adjustments, other.lines[0].text) == (eur(30), "transfer of A-1:2")


def test_a_deposit_that_bounced_after_it_was_used_is_a_payment_taken_back() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(100), day(2, 1), day(2, 15))
    books.book(TakeDeposit, account_id="A-1", amount=eur(50), on=day(2, 2))
    books.book(UseDeposit, account_id="A-1", amount=eur(10), on=day(2, 3))
    books.book(Reverse, entry_id="A-1:3", on=day(2, 4))
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert [line.group.value for line in sent.lines] == ["charge", "payment", "payment"]
    assert (sent.payments, sent.closing) == (eur(0), eur(100))


def test_invoice_lines_are_the_text_where_no_reason_is_given() -> None:
    books = SmallBooks("A-1")
    lines = [
        InvoiceLine(kind=kind, description=text, net=eur(5), tax=eur(0))
        for kind, text in (
            (InvoiceLineKind.RECURRING, "Plan M"),
            (InvoiceLineKind.USAGE, "Calls"),
        )
    ]
    books.charge("A-1", eur(10), day(2, 1), day(2, 15), lines=lines)
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert sent.lines[0].text == "Plan M; Calls"


def test_a_statement_that_was_sent_can_be_had_again() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    when = books.now
    sent = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    books.pay("A-1", eur(30), day(2, 9))
    later = statement(books.store, "A-1", start=day(2, 1), end=day(2, 28))
    assert later.closing == eur(0)
    assert statement(books.store, "A-1", start=day(2, 1), end=day(2, 28), recorded=when) == sent


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    books = SmallBooks("A-1")
    with pytest.raises(ParameterError, match="before it starts"):
        statement(books.store, "A-1", start=day(2, 2), end=day(2, 1))
    with pytest.raises(UnknownAccountError):
        statement(books.store, "A-2", start=day(2, 1), end=day(2, 1))


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(1, 200))
def test_adjoining_statements_meet_and_each_adds_up(seed: int, length: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    for name, currency in ACCOUNTS.items():
        closing, start = Money.zero(currency), START
        while start <= history.today + timedelta(days=1):
            end = start + timedelta(days=length)
            one = statement(history.store, name, start=start, end=end)
            assert one.opening == closing
            assert one.opening + one.charges + one.payments + one.adjustments == one.closing
            running = one.opening
            for line in one.lines:
                running += line.amount
                assert line.balance == running
                assert start <= line.on <= end
            assert running == one.closing == balance(history.store, name, as_of=end)
            closing, start = one.closing, end + timedelta(days=1)
        assert closing == balance(history.store, name)
