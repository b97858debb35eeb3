"""The check of the books finds whatever was changed behind their back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from telcrm.domain import Money
from telcrm.ledger import Ledger
from telcrm.ledger.journal import Account, Entry, Item, chain_hash, chain_start
from telcrm.ledger.stores import MemoryStore
from telcrm.ledger.verification import Verification, verify

DAY = date(2026, 2, 1)
DUE = date(2026, 2, 15)
Journal = tuple[Account, list[Entry], list[Item]]
Change = Callable[[Account, list[Entry], list[Item]], None]


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def some_books() -> Ledger:
    books = Ledger.open("memory://")
    for name in ("A", "B"):
        books.open_account(name, currency="EUR", on=DAY, party_id="P")
    books.charge("A", eur(12), tax=eur(2), on=DAY, due=DUE, key="c1")
    books.pay("A", eur(20), on=DUE, key="p1")
    books.charge("B", eur(5), on=DAY, due=DUE, key="c2")
    books.offset("B", against="A", on=DUE, key="o")
    books.take_deposit("B", eur(9), on=DUE, key="d")
    books.close_period(date(2026, 1, 31), on=DUE, key="close")
    return books


class Tampered(MemoryStore):
    """Hands out journals that somebody changed."""

    def __init__(self, change: Callable[[list[Journal]], object]) -> None:
        super().__init__()
        self.inner = some_books().store
        self.change = change

    def journals(self) -> Iterator[Journal]:
        found = list(self.inner.journals())
        self.change(found)
        return iter(found)

    def closed_through(self) -> date | None:
        return self.inner.closed_through()


def check(change: Callable[[list[Journal]], object]) -> Verification:
    return verify(Tampered(change))


def nothing(_: list[Journal]) -> None:
    pass


def test_clean_books_are_clean_and_sealed() -> None:
    found = check(nothing)
    assert found.ok
    assert (found.accounts, found.entries) == (3, 10)
    assert len(found.seal) == 64
    assert found.seal == some_books_seal(found)


def some_books_seal(found: Verification) -> str:
    # The same commands at another time: other instants, so another seal.
    other = some_books().verify()
    assert other.seal != found.seal
    return found.seal


def rehash(journal: list[Entry], name: str) -> None:
    """Do what a forger who knows the hash would do."""
    previous = chain_start("default", name)
    for place, entry in enumerate(journal):
        journal[place] = entry._replace(hash=chain_hash(previous, entry))
        previous = journal[place].hash


def in_a(change: Change, *, forged: bool = False) -> Callable[[list[Journal]], None]:
    def apply(found: list[Journal]) -> None:
        account, journal, items = found[0]
        assert account.account_id == "A"
        change(account, journal, items)
        if forged:
            rehash(journal, "A")
            account.hash = journal[-1].hash

    return apply


def edit(place: int, **fields: Any) -> Change:
    def change(_: Account, journal: list[Entry], __: list[Item]) -> None:
        journal[place] = journal[place]._replace(**fields)

    return change


def postings(place: int, *lines: int, by: int = 100) -> Change:
    def change(_: Account, journal: list[Entry], __: list[Item]) -> None:
        entry = journal[place]
        kept = list(entry.postings)
        for line in lines:
            kept[line] = kept[line]._replace(amount=kept[line].amount + by)
        journal[place] = entry._replace(postings=tuple(kept))

    return change


def swap(_: Account, journal: list[Entry], __: list[Item]) -> None:
    journal[1], journal[2] = journal[2], journal[1]


def cut_out(_: Account, journal: list[Entry], __: list[Item]) -> None:
    del journal[1]


def cut_off(account: Account, journal: list[Entry], _: list[Item]) -> None:
    journal.pop()
    account.hash = journal[-1].hash


def clear(_: Account, journal: list[Entry], __: list[Item]) -> None:
    journal.clear()


def lose_item(_: Account, __: list[Entry], items: list[Item]) -> None:
    items.pop()


def add_item(_: Account, __: list[Entry], items: list[Item]) -> None:
    items.append(replace(items[0], seq=99))


def keep(**values: object) -> Change:
    def change(account: Account, _: list[Entry], __: list[Item]) -> None:
        for name, value in values.items():
            setattr(account, name, value)

    return change


def keep_item(**values: object) -> Change:
    def change(_: Account, __: list[Entry], items: list[Item]) -> None:
        for name, value in values.items():
            setattr(items[0], name, value)

    return change


@pytest.mark.parametrize(
    ("change", "forged", "rule", "entry"),
    [
        (edit(1, body='{"command":{}}'), False, "hash", "A:2"),
        (edit(1, on=date(2026, 1, 2)), False, "hash", "A:2"),
        (edit(1, key="other"), False, "hash", "A:2"),
        (edit(2, recorded_us=1), True, "recorded", "A:3"),
        (edit(2, currency="USD"), True, "currency", "A:3"),
        (edit(2, balance=0), True, "balance", "A:3"),
        (edit(2, on=date(2026, 1, 1)), True, "order", "A:3"),
        (postings(1, 0), True, "balanced", "A:2"),
        (cut_out, True, "sequence", "A:3"),
        (swap, True, "sequence", "A:3"),
        (cut_off, False, "account", None),
        (clear, False, "opening", None),
        (keep(receivable=1), False, "account", None),
        (keep(credit_limit=1), False, "account", None),
        (lose_item, False, "item", None),
        (add_item, False, "item", None),
        (keep_item(open_net=1), False, "item", None),
        (keep_item(due_on=DAY), False, "item", None),
    ],
)
def test_what_was_changed_is_found(
    change: Change, forged: bool, rule: str, entry: str | None
) -> None:
    found = check(in_a(change, forged=forged))
    assert not found.ok
    assert found.first_break is not None
    assert (found.first_break.rule, found.first_break.entry_id) == (rule, entry)
    assert found.first_break.account_id == "A"
    assert "A" in found.first_break.message


def test_a_payment_made_larger_by_a_forger_takes_more_than_is_open() -> None:
    def more(_: Account, journal: list[Entry], __: list[Item]) -> None:
        entry = journal[2]
        kept = [line._replace(amount=line.amount * 2) for line in entry.postings]
        journal[2] = entry._replace(postings=tuple(kept), balance=entry.balance - 2000)

    found = check(in_a(more, forged=True))
    assert found.first_break is not None
    assert (found.first_break.rule, found.first_break.entry_id) == ("open", "A:3")


def test_one_side_of_an_offset_alone_is_found() -> None:
    found = check(lambda journals: journals.pop(1))
    assert found.first_break is not None
    assert found.first_break.rule == "clearing"
    assert found.first_break.account_id is None


def test_a_period_opened_behind_the_back_is_found() -> None:
    class Reopened(Tampered):
        def closed_through(self) -> date | None:
            return None

    found = verify(Reopened(nothing))
    assert found.first_break is not None
    assert found.first_break.rule == "period"
