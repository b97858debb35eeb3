"""What is open."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.domain import Money
from telcrm.ledger.balances import balances
from telcrm.ledger.commands import Dispute, TakeDeposit
from telcrm.ledger.journal import ItemKind
from telcrm.ledger.open_items import OpenItems, deposits, open_items, unapplied


def test_a_debt_is_open_until_it_is_paid_in_full() -> None:
    books = SmallBooks("A-1")
    bill = books.charge("A-1", eur(30), day(2, 1), day(2, 15), document="INV-1")
    books.pay("A-1", eur(10), day(2, 9))
    (item,) = open_items(books.store, as_of=day(3, 1))
    assert (item.item_id, item.kind, item.document) == (bill.item_id, ItemKind.SERVICE, "INV-1")
    assert (item.amount, item.open, item.disputed) == (eur(30), eur(20), eur(0))
    assert (item.on, item.due_on, item.days_past_due) == (day(2, 1), day(2, 15), 14)
    books.pay("A-1", eur(20), day(2, 20))
    assert len(open_items(books.store)) == 0
    assert len(open_items(books.store, as_of=day(2, 19))) == 1


def test_days_past_due_need_a_day_and_begin_the_day_after() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    found = {
        on: open_items(books.store, as_of=on)[0].days_past_due
        for on in (day(2, 1), day(2, 15), day(2, 16))
    }
    assert list(found.values()) == [0, 0, 1]
    assert open_items(books.store)[0].days_past_due is None


def test_a_contested_debt_is_listed_when_nothing_else_of_it_is_open() -> None:
    books = SmallBooks("A-1")
    bill = books.charge("A-1", eur(30), day(2, 1), day(2, 15))
    books.book(Dispute, account_id="A-1", on=day(2, 3), item=bill.item_id)
    (item,) = open_items(books.store)
    assert (item.open, item.disputed) == (eur(0), eur(30))


def test_credits_and_deposits_have_lists_of_their_own() -> None:
    books = SmallBooks("A-1", "A-2")
    payment = books.pay("A-1", eur(5), day(2, 1))
    deposit = books.book(TakeDeposit, account_id="A-1", amount=eur(9), on=day(2, 1))
    books.pay("A-2", eur(6), day(2, 1))
    (credit,) = unapplied(books.store, ["A-1"], as_of=day(2, 1))
    assert (credit.item_id, credit.open, credit.due_on) == (payment.item_id, eur(5), None)
    assert credit.days_past_due is None
    (security,) = deposits(books.store)
    assert (security.item_id, security.open) == (deposit.item_id, eur(9))
    assert len(unapplied(books.store)) == 2
    assert len(open_items(books.store)) == 0


def test_a_frame_has_a_row_for_each_item() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(30), day(2, 1), day(2, 15), document="INV-1")
    frame = open_items(books.store, as_of=day(3, 1)).to_frame()
    assert frame.to_dicts() == [
        {
            "account_id": "A-1",
            "item_id": "A-1:2",
            "kind": "service",
            "document": "INV-1",
            "on": day(2, 1),
            "due_on": day(2, 15),
            "currency": "EUR",
            "amount": 30.0,
            "open": 30.0,
            "disputed": 0.0,
            "days_past_due": 14,
        }
    ]


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_open_items_add_up_to_what_the_account_owes_and_holds(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(50)
    store = history.store
    for on in history.days:
        debts, waiting, held = (ask(store, as_of=on) for ask in (open_items, unapplied, deposits))
        for row in balances(store, as_of=on):
            assert _open(debts, row.account_id, row.balance) == row.receivable
            assert _open(waiting, row.account_id, row.balance) == row.unapplied
            assert _open(held, row.account_id, row.balance) == row.deposit
            contested = (item.disputed for item in debts if item.account_id == row.account_id)
            assert Money.sum(contested, currency=row.balance.currency) == row.disputed
        for item in (*debts, *waiting, *held):
            assert Money.zero(item.open.currency) <= item.open <= item.amount


def _open(items: OpenItems, account_id: str, like: Money) -> Money:
    return Money.sum(
        (item.open for item in items if item.account_id == account_id), currency=like.currency
    )
