"""Receipts, outcomes and the actions in them."""

from __future__ import annotations

from tests.ledger.books_for_tests import SmallBooks, day, eur

from telcrm.errors import UnknownAccountError
from telcrm.ledger.commands import ClosePeriod, Pay
from telcrm.ledger.dunning.case import ActionKind
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.ledger import Ledger
from telcrm.ledger.receipts import BulkResult, Outcome, PostingStatus, actions_in


def test_a_receipt_names_what_was_asked_for_and_the_balance_after_all_that_followed() -> None:
    books = SmallBooks("A")
    books.pay("A", eur(5), day(2, 1))
    receipt = books.charge("A", eur(8), day(2, 2), day(2, 15))
    assert receipt.entry.kind == "charge"
    assert (receipt.entry_id, receipt.item_id) == ("A:3", "A:3")
    assert len(receipt.entries) == 2
    assert receipt.balance == eur(3)
    assert receipt.actions == ()
    assert not receipt.replayed


def test_a_payment_that_restores_service_says_so() -> None:
    books = SmallBooks("A")
    ledger = Ledger(books.store)
    books.charge("A", eur(8), day(2, 1), day(2, 15))
    policy = DunningPolicy()
    for on in (day(2, 25), day(3, 10), day(3, 31)):
        ledger.run_dunning(policy, as_of=on)
    receipt = books.pay("A", eur(8), day(4, 1))
    assert [one.action.kind for one in receipt.actions] == [
        ActionKind.RESTORED,
        ActionKind.DELISTED,
    ]
    (entry,) = receipt.entries[1:]
    assert {one.entry_id for one in receipt.actions} == {entry.entry_id}
    assert [one.account_id for one in actions_in(entry)] == ["A", "A"]
    assert list(actions_in(receipt.entry)) == []


def test_a_receipt_of_a_closed_period_can_be_looked_at() -> None:
    receipt = SmallBooks("A").book(ClosePeriod, on=day(2, 1), through=day(1, 31))
    assert receipt.balance is None


def test_a_bulk_result_counts() -> None:
    outcome = Outcome(3, "k", PostingStatus.REFUSED, error=UnknownAccountError("no"))
    result = BulkResult(posted=5, replayed=2, refused=(outcome,))
    assert result.total == 8
    assert repr(result) == "BulkResult(posted=5, replayed=2, refused=1)"


def test_what_is_refused_in_bulk_keeps_its_place_and_reason() -> None:
    ledger = Ledger.open("memory://")
    pay = [Pay(key=f"k{n}", account_id="A", amount=eur(1), on=day(2, 1)) for n in range(3)]
    ledger.open_account("A", currency="EUR", on=day(1, 1))
    result = ledger.post_many([pay[0], pay[1].replace(account_id="B"), pay[2]], chunk_size=2)
    assert (result.posted, result.replayed) == (2, 0)
    ((place, key, error),) = [(one.index, one.key, one.error) for one in result.refused]
    assert (place, key, type(error)) == (1, "k1", UnknownAccountError)
