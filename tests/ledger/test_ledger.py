"""The face of the ledger: one command, many commands, and who they belong to."""

from collections.abc import Iterator
from datetime import date

import pytest

from telcrm.domain import Money
from telcrm.errors import (
    KeyConflictError,
    OverAllocationError,
    ParameterError,
    UnknownAccountError,
)
from telcrm.ledger import Charge, Ledger, LedgerCommand, OpenAccount, Pay, PostingStatus, Target

DAY = date(2026, 2, 1)
DUE = date(2026, 2, 15)


def eur(amount: int | str) -> Money:
    return Money(amount, "EUR")


def opened(*names: str) -> list[LedgerCommand]:
    return [OpenAccount(key=f"o-{name}", account_id=name, currency="EUR", on=DAY) for name in names]


def charge(key: str, account_id: str, amount: int = 10) -> Charge:
    return Charge(key=key, account_id=account_id, amount=eur(amount), on=DAY, due_on=DUE)


@pytest.fixture(params=["memory://", "sqlite:///crm.db"])
def books(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ledger]:
    monkeypatch.chdir(tmp_path_factory.mktemp("books"))
    with Ledger.open(request.param) as ledger:
        yield ledger


def test_a_later_command_sees_what_an_earlier_one_of_its_chunk_booked(books: Ledger) -> None:
    pay = Pay(key="p", account_id="A", on=DAY, amount=eur(4))
    done = books.post_many([*opened("A"), charge("c", "A"), pay])
    assert (done.posted, done.refused) == (3, ())
    assert books.balance("A") == eur(6)


def test_a_refused_command_leaves_the_others_alone(books: Ledger) -> None:
    too_much = Pay(key="p", account_id="A", on=DAY, amount=eur(1), to=(Target(item="none"),))
    done = books.post_many([*opened("A"), charge("c", "A"), too_much, charge("d", "A")])
    assert (done.posted, done.total) == (3, 4)
    (refused,) = done.refused
    assert (refused.index, refused.key, refused.status) == (2, "p", PostingStatus.REFUSED)
    assert books.balance("A") == eur(20)
    assert books.verify().ok


def test_a_whole_chunk_goes_in_or_stays_out(books: Ledger) -> None:
    commands = [*opened("A"), charge("c", "A"), charge("d", "unknown"), charge("e", "A")]
    outcomes = list(books.post_each(commands, chunk_size=2, whole_chunks=True))
    assert [outcome.status.value for outcome in outcomes] == [
        "posted",
        "posted",
        "refused",
        "rolled_back",
    ]
    assert books.balance("A") == eur(10)
    # What was rolled back left no key behind.
    assert books.post(charge("e", "A")).replayed is False


def test_outcomes_number_the_commands_across_chunks(books: Ledger) -> None:
    commands = [*opened("A"), *(charge(f"c{n}", "A") for n in range(6))]
    outcomes = list(books.post_each(commands, chunk_size=3))
    assert [outcome.index for outcome in outcomes] == list(range(7))
    assert [outcome.key for outcome in outcomes] == [command.key for command in commands]


def test_commands_are_read_as_they_are_needed(books: Ledger) -> None:
    taken = []

    def queue() -> Iterator[LedgerCommand]:
        for command in [*opened("A"), *(charge(f"c{n}", "A") for n in range(5))]:
            taken.append(command.key)
            yield command

    outcomes = books.post_each(queue(), chunk_size=2)
    assert taken == []
    next(outcomes)
    assert len(taken) == 2


def test_progress_is_told_after_each_chunk(books: Ledger) -> None:
    told: list[int] = []
    books.post_many(
        [*opened("A"), *(charge(f"c{n}", "A") for n in range(4))],
        chunk_size=2,
        progress=told.append,
    )
    assert told == [2, 4, 5]


@pytest.mark.parametrize("size", [0, -1, 1.5, True])
def test_a_chunk_holds_at_least_one_command(books: Ledger, size: int) -> None:
    with pytest.raises(ParameterError, match="chunk_size"):
        books.post_each([], chunk_size=size)


def test_the_same_command_twice_is_booked_once(books: Ledger) -> None:
    books.post_many(opened("A"))
    first = books.post(charge("c", "A"))
    again = books.post(charge("c", "A"))
    assert again.replayed
    assert not first.replayed
    assert (again.entries, again.balance) == (first.entries, first.balance)
    assert books.balance("A") == eur(10)
    with pytest.raises(KeyConflictError, match="'c'"):
        books.post(charge("c", "A", 11))


def test_the_same_command_twice_in_a_chunk_is_booked_once(books: Ledger) -> None:
    commands = [*opened("A"), charge("c", "A"), charge("c", "A"), charge("c", "A", 11)]
    statuses = [outcome.status.value for outcome in books.post_each(commands)]
    assert statuses == ["posted", "posted", "replayed", "refused"]
    assert books.balance("A") == eur(10)


def test_a_refused_command_may_come_again_with_other_content(books: Ledger) -> None:
    books.post_many(opened("A"))
    with pytest.raises(UnknownAccountError):
        books.post(charge("c", "B"))
    assert books.post(charge("c", "A")).balance == eur(10)


def test_an_error_of_the_ledger_books_nothing(books: Ledger) -> None:
    books.post_many([*opened("A"), charge("c", "A")])
    before = books.journal("A")
    with pytest.raises(OverAllocationError):
        books.refund("A", eur(1), key="r", on=DAY)
    assert books.journal("A") == before
    assert books.verify().ok


def test_tenants_do_not_see_each_other(tmp_path: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path}/crm.db"
    with Ledger.open(url, tenant="north") as north, Ledger.open(url, tenant="south") as south:
        north.post_many([*opened("A"), charge("c", "A")])
        south.post_many([*opened("A"), charge("c", "A", 7)])
        assert (north.balance("A"), south.balance("A")) == (eur(10), eur(7))
        assert north.verify().ok
        assert south.verify().ok
        assert north.verify().seal != south.verify().seal
