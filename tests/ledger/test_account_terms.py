"""Terms and dunning as they were."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.books_for_tests import SmallBooks, day, eur
from tests.ledger.random_history import RandomHistory

from telcrm.ledger import account_terms
from telcrm.ledger.account_terms import AccountTerms, terms_as_of
from telcrm.ledger.commands import ChangeAccount
from telcrm.ledger.dunning.policy import DunningPolicy
from telcrm.ledger.dunning.run import run_dunning
from telcrm.ledger.journal import to_micros
from telcrm.ledger.scope import as_known, customer_accounts
from telcrm.ledger.stores.protocol import AsOf


def test_terms_hold_from_the_day_on_which_they_were_changed() -> None:
    books = SmallBooks()
    books.open("A-1", party_id="P-1", credit_limit=eur(10))
    before = books.now
    books.book(ChangeAccount, account_id="A-1", on=day(3, 1), party_id="P-2")
    now = customer_accounts(books.store)

    def asked(known: AsOf) -> tuple[object, ...]:
        return terms_as_of(books.store, now, known)["A-1"][:3]

    assert asked(AsOf()) == asked(AsOf(day(3, 1))) == ("P-2", None, None)
    assert asked(AsOf(day(2, 28))) == ("P-1", None, 1000)
    assert asked(AsOf(None, to_micros(before))) == ("P-1", None, 1000)
    assert terms_as_of(books.store, now, AsOf(date(2025, 12, 31))) == {}


def test_dunning_is_what_it_was() -> None:
    books = SmallBooks("A-1")
    books.charge("A-1", eur(40), day(1, 2), day(1, 10))
    for number in range(60):
        run_dunning(
            books.store,
            DunningPolicy(),
            as_of=day(1, 10) + timedelta(days=number),
            clock=lambda: books.now,
        )
    now = customer_accounts(books.store)
    levels = [
        terms_as_of(books.store, now, AsOf(on))["A-1"].dunning.level
        for on in (day(1, 10), day(1, 20), day(3, 10))
    ]
    assert levels[0] == 0
    assert levels == sorted(levels)
    assert levels[-1] == AccountTerms.of(now["A-1"]).dunning.level > levels[1]


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_after_everything_the_terms_are_those_that_are_kept(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(40)
    now = customer_accounts(history.store)
    with pytest.MonkeyPatch.context() as patch:
        # As if something came later: the terms are read out of the journals again.
        patch.setattr(account_terms, "is_whole", lambda *_: False)
        again = terms_as_of(history.store, now, AsOf())
    assert again == {name: AccountTerms.of(one) for name, one in now.items()}


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_few_accounts_and_many_are_answered_alike(seed: int) -> None:
    history = RandomHistory(seed)
    history.post(40)
    now = customer_accounts(history.store)
    for on in history.days:
        known = as_known(on, None)
        few = terms_as_of(history.store, now, known)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(account_terms, "_ONE_BY_ONE", 0)
            patch.setattr(account_terms, "_PAGE", 3)
            many = terms_as_of(history.store, now, known)
        assert few == many
