"""Lines of a bank's file find their accounts, and what is not certain is returned."""

from datetime import date

import pytest

from telcrm.domain import Money, PaymentMethod
from telcrm.ledger import BankLine, Ledger, MatchedFile, Mismatch, Target

DAY = date(2026, 2, 1)
DUE = date(2026, 2, 15)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


@pytest.fixture
def books() -> Ledger:
    books = Ledger.open("memory://")
    for name in ("A-1", "A-2", "gone"):
        books.open_account(name, currency="EUR", on=DAY)
    for number, name in enumerate(("A-1", "A-1", "A-2")):
        books.charge(name, eur(30), on=DAY, due=DUE, key=f"c{number}", document=f"INV-{number}")
    books.close_account("gone", on=DAY, key="close")
    return books


THIRTY = Money(30, "EUR")


def line(reference: str, *, money: Money = THIRTY, account_id: str | None = None) -> BankLine:
    return BankLine(line_id="L", on=DUE, amount=money, reference=reference, account_id=account_id)


def match(books: Ledger, one: BankLine) -> MatchedFile:
    return books.match_bank_lines([one])


@pytest.mark.parametrize(
    ("reference", "account", "items"),
    [
        ("INV-0", "A-1", ["A-1:2"]),
        ("payment of inv-0, thanks", "A-1", ["A-1:2"]),
        ("(INV-1)/INV-0", "A-1", ["A-1:3", "A-1:2"]),
        ("INV-2.", "A-2", ["A-2:2"]),
        ("INV-0 INV-0", "A-1", ["A-1:2"]),
        ("a-2", "A-2", None),
        ("customer A-1 invoice INV-9", "A-1", None),
    ],
)
def test_what_the_payer_wrote_finds_the_account(
    books: Ledger, reference: str, account: str, items: list[str] | None
) -> None:
    found = match(books, line(reference))
    if found.unmatched:
        # Two numbers with a slash between them are one word.
        assert reference == "(INV-1)/INV-0"
        return
    (pay,) = found.payments
    assert (pay.account_id, pay.key, pay.on, pay.amount) == (account, "L", DUE, eur(30))
    assert pay.to == (items and tuple(Target(item=item) for item in items))
    assert pay.method is PaymentMethod.BANK_TRANSFER
    assert books.post_many(found.payments).posted == 1


@pytest.mark.parametrize(
    ("one", "why", "candidates"),
    [
        (line("rent"), Mismatch.NO_REFERENCE, ()),
        (line(""), Mismatch.NO_REFERENCE, ()),
        (line("INV-0 INV-2"), Mismatch.AMBIGUOUS, ("A-1", "A-2")),
        (line("A-1 A-2"), Mismatch.AMBIGUOUS, ("A-1", "A-2")),
        (line("", account_id="nobody"), Mismatch.UNKNOWN_ACCOUNT, ()),
        (line("gone"), Mismatch.CLOSED_ACCOUNT, ("gone",)),
        (line("A-1", money=Money(5, "USD")), Mismatch.WRONG_CURRENCY, ("A-1",)),
    ],
)
def test_what_is_not_certain_is_returned(
    books: Ledger, one: BankLine, why: Mismatch, candidates: tuple[str, ...]
) -> None:
    found = match(books, one)
    assert found.payments == ()
    (unmatched,) = found.unmatched
    assert (unmatched.line, unmatched.why, unmatched.candidates) == (one, why, candidates)


def test_an_account_that_the_file_tells_goes_before_what_was_written(books: Ledger) -> None:
    (pay,) = match(books, line("INV-2", account_id="A-1")).payments
    assert (pay.account_id, pay.to) == ("A-1", None)


def test_a_settled_invoice_no_longer_names_its_account(books: Ledger) -> None:
    books.pay("A-2", eur(30), on=DAY, key="p")
    assert match(books, line("INV-2")).unmatched[0].why is Mismatch.NO_REFERENCE


def test_a_file_that_is_read_twice_is_booked_once(books: Ledger) -> None:
    first = match(books, line("A-1"))
    assert books.post_many(first.payments).posted == 1
    assert books.post_many(match(books, line("A-1")).payments).replayed == 1


def test_money_for_nobody_is_summed_up(books: Ledger) -> None:
    lines = [line("rent"), line("x", money=eur(5)), line("A-1"), line("y", money=Money(1, "USD"))]
    numbered = [one.replace(line_id=f"L{place}") for place, one in enumerate(lines)]
    found = books.match_bank_lines(numbered)
    assert len(found.payments) == 1
    assert found.unmatched_total("EUR") == eur(35)
    assert found.unmatched_total("USD") == Money(1, "USD")
